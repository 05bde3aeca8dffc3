/* SPDX-License-Identifier: MIT
 *
 * scope-together.h: several files that are opened at once may be parts of one recording (the ranks
 * of a run, the domains of a text): then they are read as one.
 */
#ifndef SCOPE_TOGETHER_H
#define SCOPE_TOGETHER_H

#include <gtk/gtk.h>
#include <stdbool.h>

G_BEGIN_DECLS

/* A list of one. (transfer full) */
GListModel *scope_together_one(GFile *file);
/* Whether these may be one: two files or more, each what another program wrote. Reads how they
 * begin. */
bool scope_together_may(GListModel *files);

/* Called unless the user thinks better of it. */
typedef void (*ScopeTogetherAnswer)(GtkWindow *window, GListModel *files, bool as_one);
/* Asks in front of the window whether they are. */
void scope_together_ask(GtkWindow *window, GListModel *files, ScopeTogetherAnswer answer);

G_END_DECLS

#endif
