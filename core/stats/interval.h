/* SPDX-License-Identifier: MIT
 *
 * interval.h: from resampled values to an interval, and the quantiles that takes.
 */
#ifndef MOESCOPE_STATS_INTERVAL_H
#define MOESCOPE_STATS_INTERVAL_H

#include <moescope/resample.h>

/* What 0 stands for in the options (NULL: all zeros): 200 replicates, 0.95. */
MoeResampleOptions moe__resample_defaults(const MoeResampleOptions *options);

/* The value that a standard normal variable, or one of Student's t with `freedom` degrees (at least
 * 7), stays below with probability p, 0 < p < 1. */
double moe__normal_quantile(double p);
double moe__student_quantile(double p, int freedom);

/* The bootstrap interval of `value`, within low … high, from the values of n replicates of `groups`
 * groups: value - (q_high - mean) … value + (mean - q_low), quantiles and mean those of the
 * replicates, which it sorts. Where the metric isn't defined in half of the replicates or more,
 * there is none. Few groups vary less than what they are drawn from, so deviations are stretched by
 * sqrt(G / (G - 1)) t / z (Hesterberg 2015, arXiv 1411.5279, section 4). */
MoeInterval moe__bootstrap_interval(double value, double *replicates, int n, int groups,
                                    double level, double low, double high);

#endif
