/* SPDX-License-Identifier: MIT */
#include "stats/choices.h"

#include "stats/picks.h"
#include "tensor/cpu.h"

/* Of the first column as it is on disk. */
MOE_CLONES static void
choices_of_bytes(const uint8_t *restrict expert, int64_t n, uint16_t *restrict first)
{
    for (int64_t u = 0; u < n; u++)
        first[u] = expert[u] == UINT8_MAX ? MOE_NO_CHOICE : expert[u];
}

static void
fill(const MoeTraceView *view, uint16_t *first)
{
    if (view->k > 0 && view->expert8) {
        choices_of_bytes(view->expert8, view->units, first);
        return;
    }
    for (int64_t unit = 0; unit < view->units; unit++) {
        int32_t expert = view->k > 0 ? moe__pick(view, unit) : -1;
        first[unit] = expert < 0 ? MOE_NO_CHOICE : (uint16_t)expert;
    }
}

const uint16_t *
moe__choices_make(MoeChoices *choices, const MoeTraceView *view)
{
    if (view->units > choices->room) {
        g_free(choices->first);
        choices->first = g_new(uint16_t, (gsize)view->units);
        choices->room = view->units;
    }
    fill(view, choices->first);
    return choices->first;
}

void
moe__choices_clear(MoeChoices *choices)
{
    g_clear_pointer(&choices->first, g_free);
    choices->room = 0;
}
