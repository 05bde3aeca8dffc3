/* SPDX-License-Identifier: MIT
 *
 * Picks: made by a select part, counted and dispatched here and nowhere else.
 */
#include "moe/picks.h"

#include <string.h>

void
moe__picks_new(MoePicks *picks, MoeArena *arena, int64_t units, int experts, int k)
{
    size_t n = (size_t)(units * k);
    *picks = (MoePicks){.units = units, .experts = experts, .k = k};
    picks->expert = moe_arena_alloc(arena, n * sizeof *picks->expert);
    memset(picks->expert, 0xff, n * sizeof *picks->expert);
    picks->dropped = moe_arena_alloc0(arena, n);
    picks->place = moe_arena_alloc(arena, n * sizeof *picks->place);
    picks->load = moe_arena_alloc0(arena, (size_t)experts * sizeof *picks->load);
    picks->first = moe_arena_alloc0(arena, (size_t)experts * sizeof *picks->first);
    picks->overflow = moe_arena_alloc0(arena, (size_t)experts * sizeof *picks->overflow);
}

static void
count(MoePicks *picks)
{
    for (int64_t u = 0; u < picks->units; u++)
        for (int j = 0; j < picks->k; j++) {
            int32_t e = picks->expert[u * picks->k + j];
            if (e < 0)
                continue;
            g_assert(e < picks->experts);
            picks->load[e]++;
            picks->first[e] += j == 0;
            picks->overflow[e] += picks->dropped[u * picks->k + j];
        }
}

void
moe__picks_dispatch(MoePicks *picks, MoeArena *arena)
{
    count(picks);
    int64_t *offset = moe_arena_alloc(arena, (size_t)(picks->experts + 1) * sizeof *offset);
    g_autofree int64_t *next = g_new(int64_t, picks->experts);
    offset[0] = 0;
    for (int e = 0; e < picks->experts; e++) {
        next[e] = offset[e];
        offset[e + 1] = offset[e] + picks->load[e] - picks->overflow[e];
    }
    int32_t *row = moe_arena_alloc(arena, (size_t)offset[picks->experts] * sizeof *row);
    for (int64_t i = 0; i < picks->units * picks->k; i++) {
        int32_t e = picks->expert[i];
        if (e < 0 || picks->dropped[i]) {
            picks->place[i] = -1;
            continue;
        }
        row[next[e]] = (int32_t)(i / picks->k);
        picks->place[i] = (int32_t)next[e]++;
    }
    picks->groups = (MoeGroups){.groups = picks->experts, .offset = offset, .row = row};
}

void
moe__picks_keep_gates(MoePicks *picks, MoeArena *arena, const float *gates)
{
    int64_t n = picks->units * picks->k;
    picks->gate = moe_arena_alloc(arena, (size_t)n * sizeof *picks->gate);
    for (int64_t i = 0; i < n; i++)
        picks->gate[i] = picks->place[i] < 0 ? 0 : gates[i];
}
