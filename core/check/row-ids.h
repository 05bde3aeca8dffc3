/* SPDX-License-Identifier: MIT
 *
 * row-ids.h: whether a token id always comes with one row. A router that looks at context gives an
 * id other experts in other places; rows that an engine makes up don't change.
 */
#ifndef MOESCOPE_CHECK_ROW_IDS_H
#define MOESCOPE_CHECK_ROW_IDS_H

#include <moescope/check.h>

/* Begins zeroed. */
typedef struct MoeRowIds {
    uint64_t *rows; /* [n] by id: 0: not seen, 1: with several rows, else its row and the number */
    int64_t n;
    int64_t several, same; /* ids that came with several rows; more than once, with one */
} MoeRowIds;

/* Takes in that a token with this id has this row. */
void moe__row_ids_add(MoeRowIds *ids, int32_t id, uint64_t row);
/* Whether an id came with one row only, and that says something: most ids that came again didn't.
 * Routers may be made to hash ids. */
bool moe__row_ids_same(const MoeRowIds *ids, int32_t id);
void moe__row_ids_clear(MoeRowIds *ids);

#endif
