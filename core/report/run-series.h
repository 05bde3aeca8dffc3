/* SPDX-License-Identifier: MIT
 *
 * run-series.h: what a run wrote down step by step, told by its two ends.
 */
#ifndef REPORT_RUN_SERIES_H
#define REPORT_RUN_SERIES_H

#include "report/section.h"

/* The first and the last value that is a number. */
typedef struct SeriesEnds {
    double first_step, first, last_step, last;
} SeriesEnds;

/* Takes one value more; `any`: whether there was one before, and is one now. */
void moe__series_take(SeriesEnds *ends, bool *any, double step, double value);
/* Of [n, 2] pairs of step and value; false: none is a number. */
bool moe__series_ends(const double *pairs, int64_t n, SeriesEnds *ends);

/* Of a trace's series; false: it has none of that name. */
bool moe__series_of_trace(const MoeTrace *trace, const char *name, SeriesEnds *ends);
/* The series of what runs are compared by. */
#define VALIDATION "validation_bits_per_byte"

/* A table of series, a row each. */
RowTable moe__series_table(void);
void moe__series_row(RowTable *table, const char *name, const SeriesEnds *ends);

/* "The training loss fell from 5.58 to 2.38 nats a token in 300 steps." NULL: no such series.
 * (transfer full) */
char *moe__series_say_loss(const SeriesEnds *loss, const SeriesEnds *validation);
/* The number that an index has of a run. */
void moe__series_headline(const SeriesEnds *validation, MoeDocument *document);

#endif
