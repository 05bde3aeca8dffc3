/* SPDX-License-Identifier: MIT
 *
 * scope-appearance.h: light or dark, as the desktop prefers.
 */
#ifndef SCOPE_APPEARANCE_H
#define SCOPE_APPEARANCE_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Follows the desktop's preference for as long as the program runs. `bus` may be NULL: then, and
 * where no desktop portal answers, GTK's own settings decide. */
void scope_appearance_follow(GDBusConnection *bus);

G_END_DECLS

#endif
