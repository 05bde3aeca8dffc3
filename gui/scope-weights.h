/* SPDX-License-Identifier: MIT
 *
 * scope-weights.h: figures of a model's weights, of checkpoints that nothing was recorded of yet:
 * how alike its experts are for their routers, and a map of them.
 */
#ifndef SCOPE_WEIGHTS_H
#define SCOPE_WEIGHTS_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_WEIGHTS (scope_weights_get_type())
G_DECLARE_FINAL_TYPE(ScopeWeights, scope_weights, SCOPE, WEIGHTS, GtkBox)

/* Draws what can be drawn of the weights at `path`; nothing where they have no routers. */
void scope_weights_show(ScopeWeights *weights, const char *path);

G_END_DECLS

#endif
