/* SPDX-License-Identifier: MIT
 *
 * routed.h: random decisions of one router with all that is odd in traces: documents that end
 * anywhere, gaps in positions, tokens of no domain, units without picks, experts picked twice.
 * Tests count them the slow way.
 */
#ifndef MOESCOPE_TESTS_ROUTED_H
#define MOESCOPE_TESTS_ROUTED_H

#include <moescope/metrics.h>

enum { ROUTED_DOMAINS = 2, ROUTED_STEPS = 2 };

typedef struct Routed {
    MoeRouterInfo info;
    int64_t tokens, units;
    int slots;
    int32_t *id, *doc, *pos, *domain, *step; /* [tokens]; pos and step may be set to NULL */
    int32_t *expert;                         /* [units × slots] */
    float *gate;                             /* [units × slots] */
    uint8_t *dropped;                        /* [units × slots], or NULL */
    float *entropy, *margin, *logits;        /* [units], [units × experts], or NULL */
} Routed;

/* k 0: varies. */
Routed *routed_new(uint64_t seed, int64_t tokens, int experts, int k, int heads);
void routed_free(Routed *routed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Routed, routed_free)

/* Writes tokens first … first + n - 1, in chunks of `each`, and opens that. */
MoeTrace *routed_trace(const Routed *routed, int64_t first, int64_t n, int64_t each);
/* Counts them; `step` -1: of any step. */
MoeSummary *routed_count(const Routed *routed, int64_t each, unsigned tallies, int step);

/* Whether a token belongs to a cell: of a domain, MOE_DOMAIN_UNKNOWN or MOE_DOMAIN_ALL; `step` -1:
 * any. */
bool routed_in(const Routed *routed, int64_t token, int domain, int step);
/* Marks the unit's picks in there[experts] and returns how many there are. */
int routed_set(const Routed *routed, int64_t unit, bool *there);

void routed_begin(void);
void routed_end(void);

#endif
