/* SPDX-License-Identifier: MIT
 *
 * chosen.h: checking a part of a trace's tokens.
 */
#ifndef MOESCOPE_CHECK_CHOSEN_H
#define MOESCOPE_CHECK_CHOSEN_H

#include <moescope/check.h>

/* Memory of the rows that were chosen last. Begins zeroed. */
typedef struct MoeChosen {
    MoeTraceView view;
    GPtrArray *owned;
} MoeChosen;
void moe__chosen_clear(MoeChosen *chosen);

/* How many of a chunk's tokens are chosen; bits NULL: none. */
int64_t moe__chosen_of(const uint64_t *bits, int64_t tokens);
/* Their ids. (transfer full) */
int32_t *moe__chosen_ids(const int32_t *id, const uint64_t *bits, int64_t tokens);
/* Points the rows to theirs alone, ids apart, until the next call. */
void moe__chosen_rows(MoeChosen *chosen, const uint64_t *bits, MoeCheckRows *rows);
/* Where in the trace a token is that is the index-th of the chosen ones. */
void moe__chosen_place(const MoeTrace *trace, const MoeTokenSet *set, int64_t index, int *chunk,
                       int64_t *token);

#endif
