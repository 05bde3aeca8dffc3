/* SPDX-License-Identifier: MIT
 *
 * Load over training, a panel a router: a heat map of experts downwards and steps across, where a
 * collapse shows as rows that fade out and the work of a balance loss as rows that even out; areas
 * that add up to 1; or ridges.
 */
#include "figure/load-story.h"

/* The option view, in its order. */
typedef enum { HEAT, STACK, RIDGE } LoadView;

/* So many layers are shown where they aren't chosen; heat maps take less room. */
#define PANELS 4

/* Steps at equal distances are numbers, others names, which `names` then keeps. */
static MoeAxis
step_axis(const LoadStory *story, char **names)
{
    MoeAxis axis = {.type = MOE_AXIS_BAND, .label = "step", .bands = story->columns};
    axis.first = story->step[0];
    axis.step = story->columns > 1 ? story->step[1] - story->step[0] : 1;
    bool regular = axis.step > 0;
    for (int c = 0; c < story->columns; c++) {
        regular &= story->step[c] == axis.first + c * axis.step;
        names[c] = g_strdup_printf("%.0f", story->step[c]);
    }
    if (!regular) {
        axis.step = 1;
        axis.names = (const char *const *)names;
    }
    return axis;
}

static void
add_heat(MoeScene *scene, const LoadStory *story, const LoadNumbers *numbers)
{
    g_auto(GStrv) names = g_new0(char *, (gsize)story->columns + 1), experts = NULL;
    MoeAxis x = step_axis(story, names);
    MoeAxis y = moe__experts_axis(story->shown, "expert", &experts);
    g_autofree char *title = g_strdup_printf("layer %d", story->info->layer);
    g_autofree char *words =
        g_strdup_printf("%s {column}, expert {row}, layer %d: {0} of picks ({1}\xc3\x97 uniform)",
                        story->per > 1 ? "steps from" : "step", story->info->layer);
    MoeCells cells = {
        .rows = (int)story->shown->len,
        .columns = story->columns,
        .values = numbers->value,
        .numbers = {numbers->share, numbers->ratio},
        .words = words,
    };
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, title, NULL, &x, &y), &cells);
}

static LoadNumbers
numbers_of(const LoadStory *story, LoadLook *look)
{
    int experts = story->info->experts, columns = story->columns, rows = (int)story->shown->len;
    const int *which = (const int *)(const void *)story->shown->data;
    LoadNumbers numbers = moe__load_numbers((size_t)rows * (size_t)columns);
    for (int c = 0; c < columns; c++)
        moe__load_place(&numbers, (size_t)c, (size_t)columns, story->count + c * experts, experts,
                        which, rows, look);
    return numbers;
}

/* --- What stands below ------------------------------------------------------------------------*/

/* "120 recorded steps, N = 2,000 picks a layer and step, before drops". (transfer full) */
static char *
size_of(const GArray *stories)
{
    int64_t low = G_MAXINT64, high = 0, steps = 0, per = 1;
    for (guint i = 0; i < stories->len; i++) {
        const LoadStory *story = &g_array_index(stories, LoadStory, i);
        steps = MAX(steps, story->steps);
        per = MAX(per, story->per);
        low = MIN(low, story->low);
        high = MAX(high, story->high);
    }
    g_autofree char *count = moe__number_count(steps), *picks = moe__kit_counts(low, high);
    g_autofree char *added =
        per > 1 ? g_strdup_printf(", up to %" G_GINT64_FORMAT " brought together", per)
                : g_strdup("");
    return g_strdup_printf("%s recorded steps%s; N" NBSP "=" NBSP
                           "%s picks a layer and step, before drops",
                           count, added, picks);
}

static void
set_caption(const Kit *kit, MoeScene *scene, const GArray *stories, LoadView view, Norm norm)
{
    g_autofree int *experts = g_new(int, stories->len);
    for (guint i = 0; i < stories->len; i++)
        experts[i] = g_array_index(stories, LoadStory, i).info->experts;
    guint shown = g_array_index(stories, LoadStory, 0).shown->len;
    bool ranked = (int)shown > (int)moe_figure_options_real(kit->options, "areas");
    g_autofree char *uniform = moe__load_uniform(experts, (int)stories->len);
    g_autofree char *size = size_of(stories);
    g_autofree char *heat = g_strconcat(moe__load_what(norm), ", over training", NULL);
    const char *whats[] = {
        [HEAT] = heat,
        [STACK] = ranked ? "Share of each layer\xe2\x80\x99s picks that experts receive, ranked by "
                           "load at each step, the busiest at the bottom"
                         : "Share of each layer\xe2\x80\x99s picks that an expert receives, over "
                           "training",
        [RIDGE] = "How loads are distributed over experts and steps, each ridge smoothed and "
                  "scaled to the same height; of the highest loads 0.5" NBSP "% are off the axis",
    };
    const char *nulls[] = {
        [HEAT] = "",
        [STACK] = "dashed: where areas would end under uniform load; ",
        [RIDGE] = "dashed: uniform load; grey: uniformly random picks, as many; ",
    };
    g_autofree char *chance = g_strconcat(nulls[view], uniform, NULL);
    moe__kit_caption_sized(kit, scene, whats[view], size, chance);
}

/* --- Building ---------------------------------------------------------------------------------*/

static bool
add_heats(MoeScene *scene, const GArray *stories, LoadLook *look, GError **error)
{
    g_autofree int *experts = g_new(int, stories->len);
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(LoadNumbers));
    g_array_set_clear_func(numbers, (GDestroyNotify)moe__load_numbers_clear);
    for (guint i = 0; i < stories->len; i++) {
        const LoadStory *story = &g_array_index(stories, LoadStory, i);
        LoadNumbers each = numbers_of(story, look);
        g_array_append_val(numbers, each);
        experts[i] = story->info->experts;
    }
    if (!moe__load_found(look, moe__figure_load_over_training.name, error))
        return false;
    moe__load_set_scale(scene, look, experts, (int)stories->len);
    for (guint i = 0; i < stories->len; i++)
        add_heat(scene, &g_array_index(stories, LoadStory, i),
                 &g_array_index(numbers, LoadNumbers, i));
    return true;
}

static MoeScene *
scene_of(const Kit *kit, const GArray *stories, LoadView view, GError **error)
{
    g_autoptr(MoeScene) scene = moe_scene_new(moe__figure_load_over_training.title);
    LoadLook look = moe__load_look(kit->options);
    int most = (int)moe_figure_options_real(kit->options, "areas");
    double highest = 2;
    if (view == HEAT && !add_heats(scene, stories, &look, error))
        return NULL;
    for (guint i = 0; i < stories->len && view == RIDGE; i++)
        highest = MAX(highest, moe__load_ridge_highest(&g_array_index(stories, LoadStory, i)));
    for (guint i = 0; i < stories->len && view != HEAT; i++) {
        const LoadStory *story = &g_array_index(stories, LoadStory, i);
        if (view == STACK)
            moe__load_stack_add(scene, story, most);
        else
            moe__load_ridge_add(scene, story, 1.04 * highest);
    }
    set_caption(kit, scene, stories, view, look.norm);
    return g_steal_pointer(&scene);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init_trace(&kit, &moe__figure_load_over_training, input, options, error))
        return NULL;
    LoadView view = (LoadView)moe_figure_options_choice(options, "view");
    if (view != HEAT && moe__kit_all_layers(&kit))
        moe__kit_thin(kit.routers, PANELS);
    const char *most = view == RIDGE ? "ridges" : "columns";
    g_autoptr(GArray) stories = g_array_new(FALSE, FALSE, sizeof(LoadStory));
    g_array_set_clear_func(stories, moe__load_story_clear);
    for (guint i = 0; i < kit.routers->len; i++) {
        LoadStory story;
        int columns = (int)moe_figure_options_real(options, most);
        bool read = moe__load_story_read(&kit, i, columns, view == RIDGE, &story, error);
        g_array_append_val(stories, story);
        if (!read)
            return NULL;
    }
    return scene_of(&kit, stories, view, error);
}

static const MoeField fields[] = {
    {.name = "view",
     .type = MOE_FIELD_CHOICE,
     .fallback = "heat",
     .choices = "heat | stack | ridge",
     .help = "experts by steps as a heat map; shares as areas that add up to 1; or the "
             "distribution of loads, a ridge a stretch of steps"},
    LOAD_FIELDS,
    SORT_FIELD("index", "index | load"),
    {.name = "columns",
     .type = MOE_FIELD_INT,
     .fallback = "200",
     .min = 2,
     .max = 10000,
     .help = "heat, stack: at most so many columns; more recorded steps are added up"},
    {.name = "areas",
     .type = MOE_FIELD_INT,
     .fallback = "16",
     .min = 1,
     .max = 256,
     .help = "stack: up to so many experts have an area each; more are ranked, in eighths"},
    {.name = "ridges",
     .type = MOE_FIELD_INT,
     .fallback = "10",
     .min = 2,
     .max = 40,
     .help = "ridge: at most so many stretches of steps"},
};

const MoeFigure moe__figure_load_over_training = {
    .struct_size = sizeof(MoeFigure),
    .name = "load-over-training",
    .title = "Expert load over training",
    .help = "load of each expert by training step, a panel a router (heat map, stacked areas or "
            "ridges): how load evens out or collapses",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_EXPERTS | MOE_FIGURE_CAPTION,
    .build = build,
};
