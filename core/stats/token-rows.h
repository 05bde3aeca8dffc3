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

/* Ids below this are looked up in an array, as a vocabulary's are; others in a hash table. */
#define MOE_TOKENS_NEAR (1 << 20)

typedef struct MoeTokenSlot {
    int32_t id;  /* -1: free */
    int32_t row; /* rows are numbered as ids occur */
} MoeTokenSlot;

typedef struct MoeTokenRows {
    int width;        /* bytes of a set of counts: experts, rounded up to 64 */
    int slab_bits;    /* rows of a slab, as a power of two */
    GPtrArray *slabs; /* of rows: picks[width], first choices[width], aligned */
    GArray *ids;      /* of int32_t: of each row */
    int32_t *order;   /* [n_ordered] numbers of the rows by ascending id */
    guint n_ordered; /* rows that there were when they were sorted; 0: they have been moved since */
    GArray *wide_of; /* of int32_t: each row's wide row, -1: none */
    GArray *wide;    /* of uint32_t: carries, in units of 256, [2 × width] a wide row */
    int32_t *near;   /* [n_near] rows of near ids, -1: none */
    int32_t n_near;  /* a power of two, or 0 */
    MoeTokenSlot *far; /* [far_size] open addressing */
    uint32_t far_size; /* a power of two */
    uint32_t n_far;
} MoeTokenRows;

void moe__token_rows_init(MoeTokenRows *rows, int experts);
void moe__token_rows_clear(MoeTokenRows *rows);
/* Takes all rows away. */
void moe__token_rows_reset(MoeTokenRows *rows);
/* Bytes that they take. */
size_t moe__token_rows_size(const MoeTokenRows *rows);

/* The row of an id, made if there is none. */
int32_t moe__token_rows_find_slowly(MoeTokenRows *rows, int32_t id);
static inline int32_t
moe__token_rows_find(MoeTokenRows *rows, int32_t id)
{
    int32_t row = id < rows->n_near ? rows->near[id] : -1;
    return row >= 0 ? row : moe__token_rows_find_slowly(rows, id);
}
static inline uint8_t *
moe__token_rows_at(const MoeTokenRows *rows, int32_t row)
{
    size_t within = (size_t)row & (((size_t)1 << rows->slab_bits) - 1);
    return (uint8_t *)rows->slabs->pdata[row >> rows->slab_bits] + within * 2 * (size_t)rows->width;
}
/* Notes that byte `at` of a row has wrapped. */
void moe__token_rows_carry(MoeTokenRows *rows, int32_t row, int at);
/* The count of byte `at` of a row. */
int64_t moe__token_rows_count(const MoeTokenRows *rows, int32_t row, int at);
/* Sets all counts to 0; rows stay with their ids. */
void moe__token_rows_zero(MoeTokenRows *rows);
/* Numbers of the rows by ascending id; valid until a row is made or dropped. (transfer none) */
const int32_t *moe__token_rows_sorted(MoeTokenRows *rows);
/* Drops the rows of the higher half of the ids; returns the lowest of those, which isn't the lowest
 * of all. There have to be two rows. */
int32_t moe__token_rows_halve(MoeTokenRows *rows);

#endif
