/* SPDX-License-Identifier: MIT
 *
 * scope-weights.h: figures of a model's weights, of checkpoints that nothing was recorded of yet:
 * how alike its experts are for their routers, and a map of them.
 *
 * Signal "drawn": they are there, as far as there are any.
 */
#ifndef SCOPE_WEIGHTS_H
#define SCOPE_WEIGHTS_H

#include <gtk/gtk.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_WEIGHTS (scope_weights_get_type())
G_DECLARE_FINAL_TYPE(ScopeWeights, scope_weights, SCOPE, WEIGHTS, GtkBox)

/* Draws what can be drawn of the weights at `path`; nothing where they have no routers. */
void scope_weights_show(ScopeWeights *weights, const char *path);
/* Whether there is a figure, and what is done with it: the one that has the keyboard, or the first.
 * Without one, don't ask. */
bool scope_weights_has_figure(ScopeWeights *weights);
void scope_weights_export(ScopeWeights *weights);
void scope_weights_copy(ScopeWeights *weights);
/* (transfer full) */
char *scope_weights_get_command(ScopeWeights *weights);

G_END_DECLS

#endif
