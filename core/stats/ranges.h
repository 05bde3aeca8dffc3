/* SPDX-License-Identifier: MIT
 *
 * ranges.h: what values a metric can have in a cell of so many experts, domains, heads.
 */
#ifndef MOESCOPE_STATS_RANGES_H
#define MOESCOPE_STATS_RANGES_H

#include <moescope/metrics.h>

typedef double (*MoeLoadFunc)(const int64_t *count, int experts);

/* Of a measure of the load that is extreme where the load is even and where as few experts as can
 * be take all: most of them are Schur-convex or -concave. No expert gets more than one pick of a
 * unit, so that one has at most a share of units / picks. */
void moe__range_of_load(const MoeSummaryCell *cell, MoeLoadFunc measure, double *low, double *high);
/* The same where one expert may take all (gates). */
void moe__range_of_shares(int experts, MoeLoadFunc measure, double *low, double *high);

/* As MoeMetric.range: 0 … ln E; 1 … E. */
void moe__range_entropy(const MoeMetric *metric, const MoeMetricCell *cell, double *low,
                        double *high);
void moe__range_experts(const MoeMetric *metric, const MoeMetricCell *cell, double *low,
                        double *high);
/* Information between experts and one of `others`: at most ln min(E, others); low stays. */
void moe__range_information(int experts, int others, double *high);

#endif
