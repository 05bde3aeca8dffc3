/* SPDX-License-Identifier: MIT
 *
 * chance-caches.h: what caches of experts would find if units picked apart from each other.
 */
#ifndef MOESCOPE_STATS_CHANCE_CACHES_H
#define MOESCOPE_STATS_CHANCE_CACHES_H

#include <moescope/summary.h>

typedef enum { MOE_CACHE_LRU, MOE_CACHE_LFU, MOE_CACHE_BELADY } MoeCachePolicy;

/* The share of picks found in a cache of `size` experts that is empty where a document begins, of
 * drawn units that make as many picks as those of the cell do in the mean, in documents as long as
 * its own are. Each expert has its share of the picks, or 1/E where `uniform`. The draws are the
 * same each time; about 2000 units, so to some per mille of 1, less of a cache that sees ahead. NaN
 * where the cell has no picks, or too many experts. */
double moe__cache_by_chance(const MoeSummaryCell *cell, const MoeDocumentCell *documents,
                            MoeCachePolicy policy, int size, bool uniform);

/* The share of the n largest of the experts' counts in segments of MOE_SEGMENT such units. */
double moe__segment_by_chance(const MoeSummaryCell *cell, int n);

#endif
