/* SPDX-License-Identifier: MIT
 *
 * scope-welcome.h: what a window shows that has nothing open: how to open something, what was
 * opened before, and samples for who has nothing at hand.
 *
 * Signal "made" (GFile *): a sample is there. Signal "failed" (const char *): or why it isn't.
 */
#ifndef SCOPE_WELCOME_H
#define SCOPE_WELCOME_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_WELCOME (scope_welcome_get_type())
G_DECLARE_FINAL_TYPE(ScopeWelcome, scope_welcome, SCOPE, WELCOME, GtkWidget)

/* Makes the sample that is trained, or finds it made; "made" or "failed" follows. */
void scope_welcome_train(ScopeWelcome *welcome);
/* Looks again what was opened before. */
void scope_welcome_refresh(ScopeWelcome *welcome);

G_END_DECLS

#endif
