/* SPDX-License-Identifier: MIT
 *
 * curve.h: values over training steps as a line, and axes that suit it.
 */
#ifndef FIGURE_CURVE_H
#define FIGURE_CURVE_H

#include <moescope/figure.h>

/* Points of a line, thinned. */
typedef struct MoeCurve {
    int n;
    int64_t recorded, per; /* values in the trace, and how many of them make a point */
    double *step, *value;
} MoeCurve;

/* The range of what is finite. */
typedef struct MoeRange {
    double min, max;
} MoeRange;
#define MOE_RANGE_EMPTY ((MoeRange){INFINITY, -INFINITY})

/* A series as n pairs (step, value). Fails with the errors of moe_trace_join(), MOE_ERROR_FORMAT if
 * it isn't pairs. (transfer full) */
double *moe__series_read(const MoeTrace *trace, const char *name, int64_t *n, GError **error);

/* At most `most` points of n pairs (step, value). Runs of values become their mean, at their mean
 * step; values that aren't finite are left out, and a run of nothing else breaks the line. */
void moe__curve_thin(const double *pairs, int64_t n, int most, MoeCurve *out);
/* A GDestroyNotify for the contents. */
void moe__curve_clear(gpointer curve);

void moe__range_extend(MoeRange *range, const double *values, int n);
/* Whether there was anything, and its axis is within reach of doubles. */
bool moe__range_valid(MoeRange range);
/* With a share of it as air at both ends; what hardly changes has its place in the middle. */
MoeAxis moe__axis_over(MoeRange range, double air, const char *label);

#endif
