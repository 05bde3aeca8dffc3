/* SPDX-License-Identifier: MIT
 *
 * The load of a router over training: recorded steps brought together into columns.
 */
#include "figure/load-story.h"

static void
fill_columns(LoadStory *story, int64_t steps)
{
    int experts = story->info->experts;
    for (int64_t i = 0; i < steps; i++) {
        const MoeSummaryCell *cell = moe_states_cell(story->states, i);
        int64_t *count = story->count + i / story->per * experts;
        if (i % story->per == 0)
            story->step[i / story->per] = (double)moe_states_step(story->states, i);
        for (int e = 0; e < experts; e++)
            count[e] += cell->count[e];
    }
}

bool
moe__load_story_read(const MoeTrace *trace, int router, int most, LoadStory *story, GError **error)
{
    *story = (LoadStory){.info = moe_trace_router(trace, router)};
    story->states = moe_states_read(trace, router, error);
    if (!story->states)
        return false;
    int64_t steps = moe_states_count(story->states);
    story->per = (steps + most - 1) / most;
    story->columns = (int)((steps + story->per - 1) / story->per);
    story->step = g_new0(double, (gsize)story->columns);
    story->count = g_new0(int64_t, (gsize)story->columns * (gsize)story->info->experts);
    fill_columns(story, steps);
    return true;
}

void
moe__load_story_clear(gpointer data)
{
    LoadStory *story = data;
    moe_states_free(story->states);
    g_free(story->step);
    g_free(story->count);
}
