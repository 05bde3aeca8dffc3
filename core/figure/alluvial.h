/* SPDX-License-Identifier: MIT
 *
 * alluvial.h: columns of experts with places of their own, between which units move.
 */
#ifndef FIGURE_ALLUVIAL_H
#define FIGURE_ALLUVIAL_H

#include "figure/flow.h"

/* Of the height: the gaps between a column's nodes together. */
#define GAPS 0.14

typedef struct Node {
    int expert; /* -1: the others */
    double units, low, high;
    double in, out; /* where the next ribbon ends or begins */
} Node;

typedef struct Column {
    int router, n;
    Node *nodes;  /* [n] from the top */
    int *node_of; /* [experts] by the order of choosing, then of standing */
} Column;

typedef struct Alluvial {
    const Kit *kit;
    GArray *columns;  /* of Column */
    GPtrArray *moves; /* of int64_t *, one less */
} Alluvial;

/* Columns of the routers of the kit that the figure shows, without nodes. */
void moe__alluvial_init(Alluvial *alluvial, const Kit *kit);
void moe__alluvial_clear(Alluvial *alluvial);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Alluvial, moe__alluvial_clear)
/* Counts the moves and places the nodes: of a column's experts the `most` busiest. The errors of
 * moe__flow_moves(). */
bool moe__alluvial_place(Alluvial *alluvial, int most, GError **error);

Column *moe__alluvial_column(const Alluvial *alluvial, guint i);
int moe__alluvial_experts(const Alluvial *alluvial, guint i);
/* Units between the nodes of columns i and i + 1, [n × n']. (transfer full) */
double *moe__alluvial_ribbons(const Alluvial *alluvial, guint i);
/* Units of all nodes. */
double moe__alluvial_total(const Column *column);

#endif
