/* SPDX-License-Identifier: MIT
 *
 * scope-relatives.h: the other experts of a layer, and what each has to do with one of them. Made
 * in a thread.
 */
#ifndef SCOPE_RELATIVES_H
#define SCOPE_RELATIVES_H

#include "scope-steps.h"
#include "scope-table.h"

G_BEGIN_DECLS

typedef struct ScopeRelativesQuery {
    int router, expert; /* of the layer; expert -1: its busiest */
    ScopeSteps steps;
} ScopeRelativesQuery;

/* The columns of its rows, which stand for the experts. (transfer none) */
const ScopeColumn *scope_relatives_columns(int *n);
/* The expert of a layer that gets most picks, the first of several, as figure "expert" has it; -1
 * with an error. In a thread. */
int scope_relatives_busiest(MoeFigureInput *input, ScopeSteps steps, int router, GError **error);
/* A ScopeWork: data is a ScopeRelativesQuery. (transfer full, a GListStore of ScopeRow) */
gpointer scope_relatives_find(MoeFigureInput *input, gpointer data, GError **error);

G_END_DECLS

#endif
