/* SPDX-License-Identifier: MIT
 *
 * scope-compared.h: two routings of the same tokens as rows of tables. Made in threads, of the
 * first two inputs.
 */
#ifndef SCOPE_COMPARED_H
#define SCOPE_COMPARED_H

#include "scope-steps.h"
#include "scope-table.h"

G_BEGIN_DECLS

typedef struct ScopeCompared {
    GListStore *layers;  /* of ScopeRow: how far the routers of each layer agree */
    GListStore *matched; /* which experts go together, all layers */
} ScopeCompared;

const ScopeColumn *scope_compared_layer_columns(int *n);
const ScopeColumn *scope_compared_matched_columns(int *n);
const ScopeColumn *scope_compared_moved_columns(int *n);

/* What is compared of the two; the filter is the input's. */
typedef struct ScopeComparedQuery {
    int layer; /* of moved tokens */
    ScopeSteps steps;
} ScopeComparedQuery;

/* A ScopeWork: data is a ScopeComparedQuery. (transfer full, ScopeCompared) */
gpointer scope_compared_find(MoeFigureInput *input, gpointer data, GError **error);
void scope_compared_free(gpointer compared);
/* A ScopeWork: data is a ScopeComparedQuery. (transfer full, GListStore) */
gpointer scope_compared_find_moved(MoeFigureInput *input, gpointer data, GError **error);

G_END_DECLS

#endif
