/* SPDX-License-Identifier: MIT
 *
 * Counts of pairs of experts in neighbouring recorded layers: transitions, and the load of both
 * layers, which pairs hold too.
 */
#ifndef MOE_IMPORT_COUNTS_FLOW_H
#define MOE_IMPORT_COUNTS_FLOW_H

#include <moescope/import.h>

typedef struct MoeCountsFlow {
    MoeImport *import;
    MoeSummary *summary;
    int experts, routers, domains;
    int64_t total;
    int64_t *left, *right; /* [domains + 1][routers][experts]: picks in pairs with the next router,
                              and with the one before; the first domain: unknown */
} MoeCountsFlow;

/* Makes room; `summary` has transitions, and as many experts in every router. */
void moe__counts_flow_begin(MoeCountsFlow *flow, MoeImport *import, MoeSummary *summary);
void moe__counts_flow_clear(MoeCountsFlow *flow);
/* Adds `count` tokens whose pick in the router before `router` is a, in `router` b. Ids are in
 * range. Fails with MOE_ERROR_DATA on a count below 0, and on more than 2^62 in all. */
bool moe__counts_flow_add(MoeCountsFlow *flow, int router, int domain, int a, int b, int64_t count,
                          GError **error);
/* Adds the load. Fails with MOE_ERROR_DATA where the pairs on either side of a layer give it
 * different loads. */
bool moe__counts_flow_end(MoeCountsFlow *flow, GError **error);

#endif
