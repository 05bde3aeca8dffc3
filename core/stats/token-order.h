/* SPDX-License-Identifier: MIT
 *
 * token-order.h: the tokens of a chunk in the order of their ids. It is found once for all routers;
 * what is counted by id then goes from row to row, and not from token to token across the table.
 */
#ifndef MOESCOPE_STATS_TOKEN_ORDER_H
#define MOESCOPE_STATS_TOKEN_ORDER_H

#include "stats/tally.h"

/* The tokens of one id. */
typedef struct MoeTokenGroup {
    int32_t id;
    uint32_t first; /* in `token`; they end where the next group's begin */
} MoeTokenGroup;

/* Behind the last token stand so many more, which may be looked at, but mean nothing. */
#define MOE_TOKEN_ORDER_BEYOND 16

struct MoeTokenOrder {
    uint32_t *token; /* by id, then as they come; unknown ids (< 0) are left out */
    int64_t groups;
    MoeTokenGroup *group; /* [groups + 1] by id; the last one is the end */
};

/* Of the tokens that runs cover; token numbers are below 2^32. */
void moe__token_order_init(MoeTokenOrder *order, const int32_t *id, const MoeTallyRun *runs,
                           int64_t n_runs);
void moe__token_order_clear(MoeTokenOrder *order);

#endif
