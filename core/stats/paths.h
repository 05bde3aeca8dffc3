/* SPDX-License-Identifier: MIT
 *
 * paths.h: which experts units choose first, from the first router to the last.
 */
#ifndef MOESCOPE_STATS_PATHS_H
#define MOESCOPE_STATS_PATHS_H

#include <moescope/trace.h>

/* Units that are looked at, of the last tokens of a step: what is read of all routers at
 * once is bounded. */
#define MOE_PATHS_UNITS 65536

typedef struct MoePaths {
    int64_t units;    /* with first choices at all routers */
    int64_t distinct; /* paths among them */
    double entropy;   /* -Σ p ln p over paths, nats, plug-in */
} MoePaths;

/* Whether all routers split tokens alike: else no unit goes through all. */
bool moe__paths_defined(const MoeTrace *trace);
/* Follows units through a trace, of a step, or the last one (NULL). `shuffled`: each router's first
 * choices come in any order, so that they keep their load and know nothing of each other. Fails
 * with MOE_ERROR_DATA where there are no paths, and as moe_trace_view(). */
bool moe__paths_count(const MoeTrace *trace, const int64_t *step, bool shuffled, MoePaths *paths,
                      GError **error);
/* Of the same units, also without each group of documents (moe__document_group() modulo
 * MOE_PATHS_GROUPS): without[MOE_PATHS_GROUPS]. */
enum { MOE_PATHS_GROUPS = 16 };
bool moe__paths_apart(const MoeTrace *trace, const int64_t *step, MoePaths *paths,
                      MoePaths *without, GError **error);
/* Expectations of `units` that are spread evenly over as many paths as there are. */
double moe__paths_uniform_distinct(double units, double paths);
double moe__paths_uniform_entropy(double units, double paths);

#endif
