/* SPDX-License-Identifier: MIT
 *
 * token-rows.h: a table of counts by token id that grows with the ids that occur. Most ids are rare
 * and most of their counts small, so a count is a byte: a unit's picks are then added to its id's
 * row by a few vector instructions. Counts that pass 255 carry over to wide rows.
 */
#ifndef MOESCOPE_STATS_TOKEN_ROWS_H
#define MOESCOPE_STATS_TOKEN_ROWS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Of an id: rows are numbered as ids occur. */
typedef struct MoeTokenSlot {
    int32_t id; /* -1: free */
    int32_t row;
} MoeTokenSlot;

typedef struct MoeTokenRows {
    int width;         /* bytes of a set of counts: experts, rounded up to 64 */
    int per_slab;      /* rows of a slab; a power of two */
    GPtrArray *slabs;  /* of rows: picks[width], first choices[width], aligned to 64 bytes */
    GArray *ids;       /* of int32_t: of each row */
    GArray *wide_of;   /* of int32_t: each row's wide row, -1: none */
    GArray *wide;      /* of uint32_t: carries, in units of 256, [2 × width] a wide row */
    MoeTokenSlot *map; /* open addressing */
    uint32_t size;     /* of the map; a power of two */
} MoeTokenRows;

void moe__token_rows_init(MoeTokenRows *rows, int experts);
void moe__token_rows_clear(MoeTokenRows *rows);
/* Takes all rows away. */
void moe__token_rows_reset(MoeTokenRows *rows);
/* Bytes that they take. */
size_t moe__token_rows_size(const MoeTokenRows *rows);

/* The row of an id, made if there is none. */
int32_t moe__token_rows_find(MoeTokenRows *rows, int32_t id);
static inline uint8_t *
moe__token_rows_at(const MoeTokenRows *rows, int32_t row)
{
    return (uint8_t *)rows->slabs->pdata[row / rows->per_slab] +
           (size_t)(row % rows->per_slab) * 2 * (size_t)rows->width;
}
/* Notes that byte `at` of a row has wrapped. */
void moe__token_rows_carry(MoeTokenRows *rows, int32_t row, int at);
/* The count of byte `at` of a row. */
int64_t moe__token_rows_count(const MoeTokenRows *rows, int32_t row, int at);
/* Numbers of the rows by ascending id. (transfer full) */
int32_t *moe__token_rows_sorted(const MoeTokenRows *rows);
/* Drops the rows of the higher half of the ids; returns the lowest of those, which isn't the lowest
 * of all. There have to be two rows. */
int32_t moe__token_rows_halve(MoeTokenRows *rows);

#endif
