/* SPDX-License-Identifier: MIT */
#include "stats/choices.h"

#include "stats/picks.h"

const uint16_t *
moe__choices_make(MoeChoices *choices, const MoeTraceView *view)
{
    if (view->units > choices->room) {
        g_free(choices->first);
        choices->first = g_new(uint16_t, (gsize)view->units);
        choices->room = view->units;
    }
    for (int64_t unit = 0; unit < view->units; unit++) {
        int32_t expert = view->k > 0 ? moe__pick(view, unit) : -1;
        choices->first[unit] = expert < 0 ? MOE_NO_CHOICE : (uint16_t)expert;
    }
    return choices->first;
}

void
moe__choices_clear(MoeChoices *choices)
{
    g_clear_pointer(&choices->first, g_free);
    choices->room = 0;
}
