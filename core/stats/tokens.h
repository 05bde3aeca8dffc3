/* SPDX-License-Identifier: MIT
 *
 * tokens.h: counting which experts the token ids of one router take, within bounded memory.
 */
#ifndef MOESCOPE_STATS_TOKENS_H
#define MOESCOPE_STATS_TOKENS_H

#include "stats/tally.h"

#include <moescope/tokens.h>

/* Counts one router after another: ids and memory are kept from one to the next. Where a router's
 * ids don't fit the budget, the highest are left out, and it has to be gone through again for them,
 * from the first chunk:
 *
 *   moe__tokens_begin(walk, info);
 *   do
 *       for (all chunks)
 *           moe__tokens_count(walk, &chunk);
 *   while (moe__tokens_again(walk));
 *   cell = moe__tokens_end(walk, &table);
 */
typedef struct MoeTokenWalk MoeTokenWalk;

/* For all threads together; but a thread has MOE_TOKENS_BUDGET_LEAST at least. */
#define MOE_TOKENS_BUDGET       (96 << 20)
#define MOE_TOKENS_BUDGET_LEAST (8 << 20)

/* `keep`: tables are wanted. `budget`: bytes that counting may take (a table comes on top).
 * (transfer full) */
MoeTokenWalk *moe__tokens_new(bool keep, size_t budget);
void moe__tokens_free(MoeTokenWalk *walk);
/* Begins a router; what wasn't ended before is dropped. */
void moe__tokens_begin(MoeTokenWalk *walk, const MoeRouterInfo *info);
/* Counts the units of the chunk's runs; without ids, none. */
void moe__tokens_count(MoeTokenWalk *walk, const MoeTallyChunk *chunk);
/* Whether ids were left out; if so, gets ready for them. */
bool moe__tokens_again(MoeTokenWalk *walk);
/* What follows from the counts, and the table, NULL if none is wanted. (transfer full) */
MoeTokenCell *moe__tokens_end(MoeTokenWalk *walk, MoeTokenTable **table);

/* --- Tables and cells -------------------------------------------------------------------------*/

/* A copy, sorted and with pairs that stand twice added up. Fails with MOE_ERROR_DATA on an expert
 * out of range or a negative id or count. (transfer full) */
MoeTokenTable *moe__token_table_copy(const MoeTokenTable *table, int experts, GError **error);
/* The sum of two tables of one router. (transfer full) */
MoeTokenTable *moe__token_table_add(const MoeTokenTable *a, const MoeTokenTable *b);
void moe__token_table_free(MoeTokenTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTokenTable, moe__token_table_free)

/* What follows from a table of a router with this k (0: varies). (transfer full) */
MoeTokenCell *moe__token_cell(const MoeTokenTable *table, int k);
/* An empty one. (transfer full) */
MoeTokenCell *moe__token_cell_new(int experts);
void moe__token_cell_free(MoeTokenCell *cell);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTokenCell, moe__token_cell_free)

#endif
