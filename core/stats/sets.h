/* SPDX-License-Identifier: MIT
 *
 * sets.h: a unit's picks as a set of bits. What units share, who is picked together and which
 * experts a token takes are then a few operations on words, whatever k is; and a pick that stands
 * twice is in the set once.
 */
#ifndef MOESCOPE_STATS_SETS_H
#define MOESCOPE_STATS_SETS_H

#include <moescope/trace.h>

/* With more experts than this, sets are more work than lists of picks. */
#define MOE_SETS_EXPERTS 2048

/* Words of a set: expert e is bit e % 64 of word e / 64. 0: too many experts. */
int moe__sets_words(int experts);
/* The sets of units first … first + n - 1 of a view: sets[n × words]. */
void moe__sets_fill(const MoeTraceView *view, int64_t first, int64_t n, int words, uint64_t *sets);
/* Σ |A ∩ B| over n words of two lists of sets. */
int64_t moe__sets_shared(const uint64_t *a, const uint64_t *b, int64_t n);

#endif
