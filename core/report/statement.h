/* SPDX-License-Identifier: MIT
 *
 * statement.h: numbers of layers, and sentences derived from them.
 */
#ifndef REPORT_STATEMENT_H
#define REPORT_STATEMENT_H

#include <moescope/resample.h>

/* A metric of a router, over all tokens. */
typedef struct Measured {
    double value, uniform, shuffled;
    MoeInterval interval;
} Measured;

/* Which router that is. */
typedef struct Place {
    int layer, experts, k; /* k 0: varies */
} Place;

/* A sentence on the layer where a metric is lowest or highest. In its texts stand {layer} ("layer
 * 7"), {Layer}, {value} (with its interval), {chance}, {experts}, {k}; and in `others`, for several
 * layers, {low}, {high}, {median}; of two, "median layer" becomes "other layer", and what follows a
 * comma is left out. */
typedef struct Statement {
    const char *metric;
    bool lowest;
    bool beyond;  /* not the highest layer: the one that is most above chance */
    bool uniform; /* which chance: of a uniform router, or of a shuffled one */
    bool share; /* less a bias, so that few tokens bring it above 1, or below 0: no sentence then */
    bool main;  /* stands in the summary too */
    const char *says;   /* "{Layer} uses {value} of {experts} experts effectively" */
    const char *chance; /* "; a uniform router would show {chance} at this T" */
    const char *same;   /* instead, where chance lies in the interval */
    const char *others; /* "; the layers lie between {low} and {high}" */
    const char *none;   /* the whole sentence where the metric is 0 everywhere; "": none at all */
} Statement;

/* The sentence of n layers, or NULL where no layer has a value. (transfer full) */
char *moe__statement_say(const Statement *statement, const char *unit, const Measured *measured,
                         const Place *places, int n);

#endif
