/* SPDX-License-Identifier: MIT
 *
 * scale.h: from data to places on the page and back, and where ticks go.
 */
#ifndef FIGURE_SCALE_H
#define FIGURE_SCALE_H

#include <moescope/figure.h>

/* An axis laid from `start` to `end`; a y axis has its start at the bottom unless it has bands. */
typedef struct Scale {
    const MoeAxis *axis;
    double start, end;
} Scale;

/* Place of a value; on a BAND axis of an edge, 0 … bands. */
double moe__scale_at(const Scale *scale, double value);
/* The value, or the band as a fraction, at a place. */
double moe__scale_invert(const Scale *scale, double place);
/* Band under a place, or -1. */
int moe__scale_band(const Scale *scale, double place);

/* Whether the axis has a line and ticks: bands have labels alone, bare ones nothing. */
bool moe__axis_ruled(const MoeAxis *axis);
/* The label of band `i`. (transfer full) */
char *moe__axis_band_label(const MoeAxis *axis, int i);
bool moe__axis_equal(const MoeAxis *a, const MoeAxis *b);

/* Ticks at multiples of a step. */
typedef struct Ticks {
    double first, step;
    int n;
} Ticks;
/* The ticks in min … max with the smallest step of 1, 2 or 5 times a power of ten, not below
 * `smallest` (0: any), that gives at most `most` (at least 2) of them. */
Ticks moe__ticks(double min, double max, int most, double smallest);
double moe__ticks_at(const Ticks *ticks, int i);
/* Ticks of a LOG axis: powers of ten, every so many, or with 2 and 5 between, at most `most`; those
 * of a linear axis where that gives hardly any. Fills values[most] and returns how many. */
int moe__ticks_log(double min, double max, int most, double *values);

/* Which bands are labelled when at most `most` labels fit: every stride-th from `first`. */
typedef struct BandTicks {
    int first, stride;
} BandTicks;
BandTicks moe__band_ticks(const MoeAxis *axis, int most);

#endif
