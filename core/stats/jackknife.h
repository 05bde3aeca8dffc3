/* SPDX-License-Identifier: MIT
 *
 * jackknife.h: intervals of what can't be put together anew many times: each of a few groups of
 * documents is left out in turn (delete-a-group jackknife: Kott 2001; Efron & Tibshirani 1993,
 * chapter 11).
 */
#ifndef MOESCOPE_STATS_JACKKNIFE_H
#define MOESCOPE_STATS_JACKKNIFE_H

#include "stats/columns.h"

#include <moescope/resample.h>

/* Documents by their group (groups.h) modulo this; a power of two below MOE_SUMMARY_GROUPS. */
enum { MOE_JACKKNIFE_GROUPS = 16 };

/* The metric's interval from its values without each of n groups: value ± t sqrt((n - 1) / n Σ (θ_g
 * - θ̄)²), t Student's with n - 1 degrees of freedom, within low … high. None where the metric isn't
 * defined without some group, or there are fewer than MOE_RESAMPLE_LEAST. */
MoeInterval moe__jackknife_interval(double value, const double *without, int n, double level,
                                    double low, double high);

/* What metrics of token ids are of a router without each group that has tokens: without[metric ×
 * MOE_JACKKNIFE_GROUPS], and of all of them: value[metric], with its range. Returns the number of
 * groups, -1 with *error. `columns` has ids, documents, runs and the order of tokens. */
typedef struct MoeLeftOut {
    int n; /* metrics */
    const MoeMetric *const *metrics;
    double *value, *low, *high; /* [n] */
    double *without;            /* [n × MOE_JACKKNIFE_GROUPS], the first `groups` of each */
} MoeLeftOut;
int moe__jackknife_tokens(const MoeTrace *trace, const MoeColumns *columns, int router,
                          MoeLeftOut *out, GError **error);
/* The same of paths through all routers, at a step, or the last one (NULL). */
int moe__jackknife_paths(const MoeTrace *trace, const int64_t *step, MoeLeftOut *out,
                         GError **error);

#endif
