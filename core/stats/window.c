/* SPDX-License-Identifier: MIT
 *
 * window.c: units of a router as sets of bits, some thousands at a time.
 */
#include "stats/window.h"
#include "stats/picks.h"
#include "stats/sets.h"

#include <string.h>

/* Words of picks that a window holds if tokens are small: half a second-level cache. */
#define WINDOW_WORDS 32768

MoeWindow *
moe__window_new(const MoeTallyShape *shape)
{
    MoeWindow *window = g_new0(MoeWindow, 1);
    window->words = (shape->experts + 63) / 64;
    window->heads = shape->heads;
    int64_t units = shape->heads, wide = units * window->words;
    window->most = MOE_WINDOW_BACK + MAX(MOE_WINDOW_BACK, WINDOW_WORDS / wide);
    window->picks = g_new(uint64_t, (gsize)(window->most * wide));
    window->first = g_new(int32_t, (gsize)(window->most * units));
    window->back = g_new(uint8_t, (gsize)window->most);
    return window;
}

void
moe__window_free(MoeWindow *window)
{
    if (!window)
        return;
    g_free(window->picks);
    g_free(window->first);
    g_free(window->back);
    g_free(window);
}

/* Keeps the last MOE_WINDOW_BACK tokens, and puts them first. */
static void
shift(MoeWindow *window)
{
    int64_t from = window->end - MOE_WINDOW_BACK, units = window->heads;
    gsize wide = (gsize)(units * window->words), kept = MOE_WINDOW_BACK;
    memmove(window->picks, window->picks + (gsize)from * wide, kept * wide * sizeof(uint64_t));
    memmove(window->first, window->first + from * units, kept * (gsize)units * sizeof(int32_t));
    memmove(window->back, window->back + from, kept);
    window->end = MOE_WINDOW_BACK;
}

static void
fill_picks(MoeWindow *window, const MoeTallyChunk *chunk, int64_t first, int64_t n)
{
    int64_t units = n * window->heads, from = first * window->heads;
    uint64_t *picks = window->picks + window->end * window->heads * window->words;
    int32_t *choice = window->first + window->end * window->heads;
    if (chunk->sets)
        memcpy(picks, chunk->sets + from * window->words,
               (gsize)(units * window->words) * sizeof *picks);
    else
        moe__sets_fill(chunk->view, from, units, window->words, picks);
    for (int64_t u = 0; u < units; u++)
        choice[u] = chunk->view->k > 0 ? moe__pick(chunk->view, from + u) : -1;
}

int64_t
moe__window_take(MoeWindow *window, const MoeTallyChunk *chunk, int64_t first, int64_t n)
{
    if (window->end == window->most)
        shift(window);
    int64_t taken = MIN(n, window->most - window->end);
    for (int64_t t = 0; t < taken; t++) {
        int64_t back = moe__sequence_add(&window->sequence, chunk, first + t);
        window->back[window->end + t] = (uint8_t)MIN(back, MOE_WINDOW_BACK);
    }
    fill_picks(window, chunk, first, taken);
    window->end += taken;
    return taken;
}
