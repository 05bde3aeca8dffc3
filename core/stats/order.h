/* SPDX-License-Identifier: MIT
 *
 * order.h: counting units in their order, a router at a time.
 */
#ifndef MOESCOPE_STATS_ORDER_H
#define MOESCOPE_STATS_ORDER_H

#include <moescope/order.h>

struct MoeOrder {
    int n_routers, n_domains;
    bool by_domain;
    MoeOrderCell *cells; /* [routers × (2 + domains)]: all, unknown, then the domains */
};

/* Where the walk through one router's units is: the token before, and what it picked. */
typedef struct MoeOrderWalk {
    bool begun; /* there is a token before */
    int32_t doc, pos, step;
    int units_per_token, experts;
    GArray **before; /* [units_per_token], of int32_t: picks of the token before */
    GArray *row;     /* of int32_t: those of the unit at hand, each once */
    int64_t *marked; /* [experts] the last unit for which it was among the picks before */
    int64_t *taken;  /* [experts] the last unit that picked it */
    int64_t unit;    /* the one at hand, counted from 1 */
} MoeOrderWalk;

MoeOrderWalk *moe__order_walk_new(const MoeRouterInfo *info);
void moe__order_walk_free(MoeOrderWalk *walk);

/* Counts a chunk of one router. doc, pos: [tokens] or NULL; `step` NULL: all tokens. */
void moe__order_count(MoeOrder *order, int router, MoeOrderWalk *walk, const MoeTraceView *view,
                      const int32_t *doc, const int32_t *pos, const int32_t *step);

#endif
