/* SPDX-License-Identifier: MIT
 *
 * resample.h: how far a metric would move if other documents had been read: a block bootstrap over
 * documents (Künsch 1989; Efron & Tibshirani 1993, chapter 8). Tokens of one document depend on
 * each other, so documents are drawn with replacement, whole; where there are more of them than a
 * summary has groups, groups of documents.
 */
#ifndef MOESCOPE_RESAMPLE_H
#define MOESCOPE_RESAMPLE_H

#include <moescope/metrics.h>

G_BEGIN_DECLS

/* Fewer groups than this with tokens in them give no interval: it would be too narrow. */
#define MOE_RESAMPLE_LEAST 8

typedef struct MoeResampleOptions {
    int replicates; /* 0: 200 */
    double level;   /* 0: 0.95 */
    uint64_t seed;
} MoeResampleOptions;

typedef struct MoeInterval {
    double low, high; /* NaN: none (too few documents, no cells by group, metric not defined) */
    int groups;       /* groups of documents that were drawn from */
} MoeInterval;

/* Intervals of n metrics of a router in a domain (or MOE_DOMAIN_ALL): of the metric's expectation
 * over as many tokens as these, which is what nulls are given for; a bias that all samples of this
 * size share (entropies are low, extremes are high) isn't taken out of it. Replicates scatter about
 * their mean as the value does about that expectation, so the interval is
 * value - (q_high - mean) … value + (mean - q_low), within the metric's range (moe_metric_range()).
 * (The basic interval, 2 value - q_high …, would correct for bias once, which is too little for a
 * CV near 0 and twice for what is corrected already.) Fills intervals[n]. Metrics of tokens
 * (MOE_TALLY_TOKENS) and of paths have none here: moe_metric_trace_intervals(). */
MOE_API void moe_metric_intervals(const MoeSummary *summary, int router, int domain,
                                  const MoeMetric *const *metrics, int n,
                                  const MoeResampleOptions *options, MoeInterval *intervals);
/* The same of one kind of the router's experts (`kinds` NULL: of all). */
MOE_API void moe_metric_kind_intervals(const MoeSummary *summary, int router, int domain,
                                       const MoeKinds *kinds, int kind,
                                       const MoeMetric *const *metrics, int n,
                                       const MoeResampleOptions *options, MoeInterval *intervals);

/* Groups of documents that the summary keeps apart for a metric: fewer than MOE_RESAMPLE_LEAST
 * where its tables would take too much, and there is no interval; 0 where there never is one here.
 */
MOE_API int moe_metric_groups(const MoeSummary *summary, const MoeMetric *metric);

/* Intervals of those of n metrics that no summary keeps apart by documents (token ids, paths
 * through all routers; moe_metric_interval_needs_trace()), of the trace that was counted, by its
 * options (NULL: all of it): each of 16 groups of documents is left out in turn (delete-a-group
 * jackknife, Kott 2001; replicates, seed don't matter). They are of the value of all documents, and
 * within the metric's range. Fills intervals[n_routers × n]; those of other metrics are NaN, and
 * those of paths of all routers but the last, where routers split tokens differently, or where the
 * options have a filter. It takes another pass over the ids of the trace, or several, so that
 * memory is bounded. Fails with the errors of moe_summary_from_trace(). */
MOE_API bool moe_metric_trace_intervals(const MoeTrace *trace, const MoeSummaryOptions *counted,
                                        const int *routers, int n_routers,
                                        const MoeMetric *const *metrics, int n,
                                        const MoeResampleOptions *options, MoeInterval *intervals,
                                        GError **error);

/* Wilson's score interval (Wilson 1927) of a share of `n` independent trials, `successes` of which
 * hit; level as above. */
MOE_API MoeInterval moe_wilson(int64_t successes, int64_t n, double level);

/* p-values, two-sided, by experts [experts] of a router: that the share of picks is 1/E
 * (MOE_DOMAIN_ALL), or, in a domain, that of all tokens outside it. Shares scatter as groups of
 * documents do (the linearised variance of a ratio: Cochran 1977, equation 6.13), against Student's
 * t with a degree of freedom less than the groups (of the part that has fewer). NaN where fewer
 * than MOE_RESAMPLE_LEAST groups have picks, and where groups don't scatter, as of an expert
 * without any.
 */
MOE_API void moe_share_tests(const MoeSummary *summary, int router, int domain, double *p);
/* Of n tests the least rate of false discoveries at which each would be one (Benjamini & Hochberg
 * 1995): q_(i) = min_{j ≥ i} n p_(j) / j. NaN stays NaN, and isn't a test. */
MOE_API void moe_benjamini_hochberg(const double *p, int n, double *q);

G_END_DECLS

#endif
