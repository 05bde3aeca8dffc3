/* SPDX-License-Identifier: MIT
 *
 * cells.h: cells of any tally, by the description of its fields.
 */
#ifndef MOESCOPE_STATS_CELLS_H
#define MOESCOPE_STATS_CELLS_H

#include "stats/tally.h"

int64_t moe__axis_length(MoeTallyAxis axis, const MoeTallyShape *shape);
/* Elements of a field in a cell of this shape. */
int64_t moe__field_length(const MoeTallyField *field, const MoeTallyShape *shape);
/* Where the field's elements are: int64_t or double. */
void *moe__field_data(const MoeTallyField *field, const void *cell);

/* A cell of zeros that belongs to no table. (transfer full) */
void *moe__cell_new(const MoeTally *tally, const MoeTallyShape *shape);
void moe__cell_free(const MoeTally *tally, void *cell);
void moe__cell_clear(const MoeTally *tally, const MoeTallyShape *shape, void *cell);
/* Adds `times` × the sums of `from`. */
void moe__cell_add(const MoeTally *tally, const MoeTallyShape *shape, void *into, const void *from,
                   int64_t times);
/* Whether nothing was counted. */
bool moe__cell_is_empty(const MoeTally *tally, const MoeTallyShape *shape, const void *cell);

/* 8-byte words that the fields of a struct point to. */
int64_t moe__cell_words(const MoeTally *tally, const MoeTallyShape *shape);
/* Makes a struct of zeros a cell, its fields pointing to `words`; returns the words behind. */
char *moe__cell_lay_out(const MoeTally *tally, const MoeTallyShape *shape, char *cell, char *words);

#endif
