/* SPDX-License-Identifier: MIT
 *
 * best-contexts.h: the best of a stream of contexts, so many of each token id, in memory for the
 * best alone. Whoever is put out of the list has `top` better ones before it that can only be
 * replaced by still better ones, so that the list is that of the whole stream.
 */
#ifndef MOESCOPE_STATS_BEST_CONTEXTS_H
#define MOESCOPE_STATS_BEST_CONTEXTS_H

#include <moescope/concordance.h>

typedef struct MoeBestContexts {
    GArray *list; /* of MoeContext without ids, best first */
    guint top, each;
} MoeBestContexts;

/* `each` 0: any number. */
void moe__best_contexts_init(MoeBestContexts *best, int top, int each);
void moe__best_contexts_add(MoeBestContexts *best, const MoeContext *context);

#endif
