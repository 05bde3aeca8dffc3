/* SPDX-License-Identifier: MIT
 *
 * Which blocks of units are full, and counting what is found in them.
 */
#include "check/blocks.h"

#include "tensor/cpu.h"

MOE_CLONES static bool
blocks_all_picks(const int32_t *expert, int64_t n)
{
    int32_t signs = 0;
    for (int64_t i = 0; i < n; i++)
        signs |= expert[i];
    return signs >= 0;
}

MOE_CLONES static bool
blocks_no_drop(const uint8_t *dropped, int64_t n)
{
    uint8_t any = 0;
    for (int64_t i = 0; i < n; i++)
        any |= dropped[i];
    return any == 0;
}

static bool
is_full(const MoeTraceView *view, int64_t first, int64_t n)
{
    bool full = view->k > 0;
    for (int slot = 0; full && slot < view->k; slot++) {
        int64_t at = slot * view->units + first;
        full = blocks_all_picks(view->expert + at, n) &&
               (!view->dropped || blocks_no_drop(view->dropped + at, n));
    }
    return full;
}

void
moe__blocks_find_full(const MoeTraceView *view, uint8_t *full)
{
    for (int64_t u = 0; u < view->units; u += MOE_CHECK_BLOCK)
        full[u / MOE_CHECK_BLOCK] = is_full(view, u, MIN(MOE_CHECK_BLOCK, view->units - u));
}

bool
moe__blocks_all_full(const MoeCheckRun *run, const MoeCheckRows *rows)
{
    bool all = true;
    for (MoeBlock block = {0}; all && moe__block_next(run, rows, &block);)
        all = block.full;
    return all;
}

/* --- Hits -------------------------------------------------------------------------------------*/

static void
note_first(MoeHits *hits, const MoeCheckRows *rows, int64_t unit)
{
    hits->token = rows->first + unit / rows->info->units_per_token;
    hits->chunk = rows->chunk;
}

void
moe__hits_count_alike(MoeHits *hits, const MoeCheckRows *rows, int64_t first, int64_t n, bool hit)
{
    hits->all += n;
    if (!hit || n == 0)
        return;
    if (hits->count == 0)
        note_first(hits, rows, first);
    hits->count += n;
}

MOE_CLONES static int32_t
blocks_count_flags(const int32_t *flag, int64_t n)
{
    int32_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += flag[i];
    return sum;
}

void
moe__hits_count_flags(MoeHits *hits, const MoeCheckRows *rows, int64_t first, int64_t n,
                      const int32_t *flag)
{
    int32_t some = blocks_count_flags(flag, n);
    hits->all += n;
    if (some == 0)
        return;
    int64_t at = 0;
    while (!flag[at])
        at++;
    if (hits->count == 0)
        note_first(hits, rows, first + at);
    hits->count += some;
}

/* --- Numbers ----------------------------------------------------------------------------------*/

MOE_CLONES static bool
blocks_any_other(const float *x, int64_t n, float value)
{
    int32_t other = 0;
    for (int64_t i = 0; i < n; i++)
        other |= x[i] != value;
    return other;
}

bool
moe__any_other(const float *x, int64_t n, float value)
{
    return blocks_any_other(x, n, value);
}
