/* SPDX-License-Identifier: MIT
 *
 * scope-busy.h: what lies over a figure that is about to be replaced: a spinner, once that takes
 * longer, and how far it is where that is known. What is done at once doesn't flicker.
 */
#ifndef SCOPE_BUSY_H
#define SCOPE_BUSY_H

#include <gtk/gtk.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_BUSY (scope_busy_get_type())
G_DECLARE_FINAL_TYPE(ScopeBusy, scope_busy, SCOPE, BUSY, GtkBox)

void scope_busy_set(ScopeBusy *busy, bool on);
/* 0 … 1; nothing is shown of it where the spinner isn't. */
void scope_busy_set_done(ScopeBusy *busy, double done);

G_END_DECLS

#endif
