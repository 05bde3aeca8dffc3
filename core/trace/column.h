/* SPDX-License-Identifier: MIT
 *
 * column.h: one column of the chunk that is being recorded. Rows are appended as the model yields
 * them, converted to the type on disk; a slot-major column is transposed when it is written.
 */
#ifndef MOESCOPE_TRACE_COLUMN_H
#define MOESCOPE_TRACE_COLUMN_H

#include <moescope/trace.h>

/* What the rows arrive as. */
typedef enum {
    MOE_FROM_SAME,   /* the column's own type */
    MOE_FROM_EXPERT, /* int32_t, -1: no pick, to u8 or u16 with the top value for "no pick" */
    MOE_FROM_FLOAT,  /* float, to f16, f32 or f64 */
    MOE_FROM_DOUBLE, /* double, to the same */
} MoeColumnSource;

enum { MOE_ROW_AXES = 3 };

typedef struct MoeColumn {
    const char *folder; /* member FOLDER/00000.NAME.npy */
    char *name;
    MoeType type;
    MoeColumnSource source;
    int axes; /* of a row; 0: one value */
    int64_t shape[MOE_ROW_AXES];
    int rows_per_item; /* units a token, or 1 */
    bool slot_major;   /* [shape[0], rows] on disk: rows with one axis */
    bool sparse;       /* left out where it holds nothing but zeros */
    bool given;        /* it is part of this chunk */
    int64_t rows;
    uint8_t *bytes;
    size_t capacity;
} MoeColumn;

/* Appends items first … first + n - 1 of `values`; NULL appends zeros. */
void moe__column_append(MoeColumn *column, const void *values, int64_t first, int64_t n);
/* Begins a new chunk; keeps the memory. */
void moe__column_reset(MoeColumn *column);
void moe__column_clear(MoeColumn *column);
/* Whether the column has to be written. */
bool moe__column_counts(const MoeColumn *column);
/* The highest number of leading slots that any row of an expert column uses, at least 1. */
int moe__column_used_slots(const MoeColumn *column);
/* The column as .npy bytes, of slot-major ones the first `slots` slots only. NULL if memory runs
 * out. (transfer full) */
uint8_t *moe__column_encode(const MoeColumn *column, int slots, uint64_t *length);

#endif
