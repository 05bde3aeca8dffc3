/* SPDX-License-Identifier: MIT
 *
 * The load of a router over training: recorded steps brought together into columns.
 */
#include "figure/load-story.h"

static void
fill_columns(LoadStory *story)
{
    int experts = story->info->experts;
    story->low = G_MAXINT64;
    for (int64_t i = 0; i < story->steps; i++) {
        const MoeSummaryCell *cell = moe_states_cell(story->states, i);
        int64_t *count = story->count + i / story->per * experts;
        if (i % story->per == 0)
            story->step[i / story->per] = (double)moe_states_step(story->states, i);
        for (int e = 0; e < experts; e++)
            count[e] += cell->count[e];
        story->low = MIN(story->low, cell->picks);
        story->high = MAX(story->high, cell->picks);
    }
}

/* The busiest of the whole training first, if the options say so. */
static void
arrange(LoadStory *story)
{
    int experts = story->info->experts;
    g_autofree Rank *ranks = g_new0(Rank, story->shown->len);
    for (guint i = 0; i < story->shown->len; i++) {
        ranks[i].expert = g_array_index(story->shown, int, i);
        for (int c = 0; c < story->columns; c++)
            ranks[i].weight += (double)story->count[c * experts + ranks[i].expert];
    }
    moe__experts_rank(story->shown, ranks);
}

static bool
choose_experts(const Kit *kit, LoadStory *story, GError **error)
{
    story->shown = moe__experts_chosen(kit->options, story->info->experts);
    if (story->shown->len > 0)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure %s: experts=%s picks none of the %d experts of layer %d", kit->figure->name,
                moe_figure_options_text(kit->options, "experts"), story->info->experts,
                story->info->layer);
    return false;
}

bool
moe__load_story_read(const Kit *kit, guint i, int most, bool keep, LoadStory *story, GError **error)
{
    *story = (LoadStory){.info = moe__kit_info(kit, i)};
    if (!choose_experts(kit, story, error))
        return false;
    story->states = moe_states_read(kit->trace, moe__kit_router(kit, i), error);
    if (!story->states) {
        g_prefix_error(error, "figure %s: %s: ", kit->figure->name,
                       moe_figure_input_name(kit->input, 0));
        return false;
    }
    story->steps = moe_states_count(story->states);
    story->per = (story->steps + most - 1) / most;
    story->columns = (int)((story->steps + story->per - 1) / story->per);
    story->step = g_new0(double, (gsize)story->columns);
    story->count = g_new0(int64_t, (gsize)story->columns * (gsize)story->info->experts);
    fill_columns(story);
    if (moe__sorts_by(kit->options, SORT_LOAD))
        arrange(story);
    if (!keep)
        g_clear_pointer(&story->states, moe_states_free);
    return true;
}

void
moe__load_story_clear(gpointer data)
{
    LoadStory *story = data;
    g_clear_pointer(&story->shown, g_array_unref);
    moe_states_free(story->states);
    g_free(story->step);
    g_free(story->count);
}
