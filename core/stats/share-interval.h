/* SPDX-License-Identifier: MIT
 *
 * share-interval.h: how far an expert's share of picks would move if other documents had been read.
 */
#ifndef MOESCOPE_STATS_SHARE_INTERVAL_H
#define MOESCOPE_STATS_SHARE_INTERVAL_H

#include <moescope/resample.h>

/* Fills low[experts] and high[experts] with 95 % intervals of c_e / N in a domain (or
 * MOE_DOMAIN_ALL) of a router, from its groups of documents by the linearised variance of a ratio,
 *   G / (G - 1) Σ_g (c_ge - p_e n_g)² / N²   (Cochran 1977, Sampling Techniques, equation 6.13),
 * and Student's t with G - 1 degrees, within 0 … 1: one pass over the groups, where a bootstrap
 * takes hundreds. NaN where all groups have the same share, as of an expert without picks. Returns
 * false, with NaN everywhere, where fewer than MOE_RESAMPLE_LEAST groups have picks. */
bool moe__share_intervals(const MoeSummary *summary, int router, int domain, double *low,
                          double *high);

#endif
