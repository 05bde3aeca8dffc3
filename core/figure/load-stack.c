/* SPDX-License-Identifier: MIT
 *
 * Load over training as areas that add up to 1: a collapse shows as one area that takes over. Few
 * experts have an area each; many are ranked by load at each step, the areas being eighths of them,
 * which says how much the busiest have.
 */
#include "figure/load-story.h"

#include <math.h>

#define GROUPS 8
/* Where areas would end: more lines than this would be a grating. */
#define MOST_LINES 16
/* Room for numbers at the right, as a share of the axis. */
#define ROOM        0.1
#define ROOM_GROUPS 0.2

/* The words of an area, at its right end. */
typedef struct Name {
    char *text;
    double middle, height;
} Name;

static void
name_clear(gpointer data)
{
    g_free(((Name *)data)->text);
}

/* Where there isn't room for all, that of the higher area counts. */
static int
by_height(const void *a, const void *b)
{
    const Name *x = a, *y = b;
    return (x->height < y->height) - (x->height > y->height);
}

static int
descending(const void *a, const void *b)
{
    return moe__kit_by_number(b, a);
}

/* The areas of a panel, from the bottom up. */
typedef struct Stack {
    MoeScene *scene;
    int panel, areas;
    bool ranked; /* areas are of ranks, not of numbers */
    const LoadStory *story;
    double *share;      /* [columns × experts shown] in their order, or from the busiest down */
    double *low, *high; /* [columns] of the area at hand */
    GArray *names;      /* of Name */
} Stack;

static int
shown(const Stack *stack)
{
    return (int)stack->story->shown->len;
}

static void
fill_shares(Stack *stack)
{
    int experts = stack->story->info->experts, n = shown(stack);
    for (int c = 0; c < stack->story->columns; c++) {
        const int64_t *count = stack->story->count + c * experts;
        double *share = stack->share + c * n, picks = 0;
        for (int e = 0; e < experts; e++)
            picks += (double)count[e];
        for (int i = 0; i < n; i++)
            share[i] =
                picks > 0 ? (double)count[g_array_index(stack->story->shown, int, i)] / picks : NAN;
        if (stack->ranked)
            qsort(share, (size_t)n, sizeof(*share), descending);
    }
}

/* Experts before area i. */
static int
first_of(const Stack *stack, int i)
{
    return (int)((int64_t)i * shown(stack) / stack->areas);
}

static MoeColour
colour_of(const Stack *stack, int area)
{
    if (!stack->ranked)
        return moe_colour_category(area, stack->areas);
    return moe_colour_at(MOE_COLOURS_VIRIDIS, 0.05 + 0.9 * area / MAX(stack->areas - 1, 1));
}

/* "3", or the ranks "9–16"; and in words. */
static void
name_area(const Stack *stack, int area, char **name, char **words)
{
    int first = first_of(stack, area), last = first_of(stack, area + 1) - 1;
    int layer = stack->story->info->layer;
    if (!stack->ranked) {
        int expert = g_array_index(stack->story->shown, int, first);
        *name = g_strdup_printf("%d", expert);
        *words = g_strdup_printf("step {at}, layer %d, expert %d: {width} of picks", layer, expert);
        return;
    }
    *name = first == last ? g_strdup_printf("%d", first + 1)
                          : g_strdup_printf("%d\xe2\x80\x93%d", first + 1, last + 1);
    *words = g_strdup_printf("step {at}, layer %d, experts ranked %s by load: {width} of picks",
                             layer, *name);
}

/* Puts an area on top of what is there. */
static void
add_area(Stack *stack, int area)
{
    const LoadStory *story = stack->story;
    int last = story->columns - 1;
    for (int c = 0; c <= last; c++) {
        stack->high[c] = stack->low[c];
        for (int e = first_of(stack, area); e < first_of(stack, area + 1); e++)
            stack->high[c] += stack->share[c * shown(stack) + e];
    }
    g_autofree char *words = NULL;
    Name name = {.middle = (stack->low[last] + stack->high[last]) / 2,
                 .height = stack->high[last] - stack->low[last]};
    name_area(stack, area, &name.text, &words);
    g_array_append_val(stack->names, name);
    MoeColour colour = colour_of(stack, area);
    MoeArea shape = {.n = story->columns,
                     .at = story->step,
                     .low = stack->low,
                     .high = stack->high,
                     .ink = {.own = &colour, .name = name.text, .unlisted = true},
                     .words = words};
    if (!stack->ranked)
        shape.ink.key = (MoeKey){"expert", strtod(name.text, NULL), NULL};
    moe_scene_add_area(stack->scene, stack->panel, &shape);
    for (int c = 0; c <= last; c++)
        stack->low[c] = stack->high[c];
}

/* Where areas would end if load were even. */
static void
add_levels(const Stack *stack)
{
    const LoadStory *story = stack->story;
    const double x[2] = {story->step[0], story->step[story->columns - 1]};
    int stride = stack->areas > MOST_LINES ? stack->areas / (MOST_LINES / 2) : 1;
    for (int i = stride; i < stack->areas; i += stride) {
        double end = (double)first_of(stack, i) / story->info->experts, y[2] = {end, end};
        MoeLine line = {.n = 2,
                        .x = x,
                        .y = y,
                        .ink = {.plain = true, .opacity = 0.6, .dashed = true, .name = "uniform"},
                        .words = "under uniform load the area would end at {y}"};
        moe_scene_add_line(stack->scene, stack->panel, &line);
    }
}

static void
add_names(const Stack *stack, double at)
{
    guint n = stack->names->len;
    g_autofree double *x = g_new(double, n), *y = g_new(double, n);
    g_autofree const char **texts = g_new(const char *, n);
    g_array_sort(stack->names, by_height);
    for (guint i = 0; i < n; i++) {
        const Name *name = &g_array_index(stack->names, Name, i);
        x[i] = at;
        y[i] = name->middle;
        texts[i] = name->text;
    }
    MoeLabels labels = {.n = (int)n, .x = x, .y = y, .texts = texts, .anchor = MOE_ANCHOR_START};
    moe_scene_add_labels(stack->scene, stack->panel, &labels);
}

static void
fill_panel(Stack *stack, double at)
{
    gsize columns = (gsize)stack->story->columns, experts = (gsize)shown(stack);
    g_autofree double *low = g_new0(double, columns), *high = g_new0(double, columns);
    g_autofree double *share = g_new(double, columns *experts);
    g_autoptr(GArray) names = g_array_new(FALSE, FALSE, sizeof(Name));
    g_array_set_clear_func(names, name_clear);
    stack->low = low;
    stack->high = high;
    stack->share = share;
    stack->names = names;
    fill_shares(stack);
    for (int i = 0; i < stack->areas; i++)
        add_area(stack, i);
    add_levels(stack);
    add_names(stack, at);
}

void
moe__load_stack_add(MoeScene *scene, const LoadStory *story, int most)
{
    Stack stack = {.scene = scene, .story = story};
    int experts = shown(&stack);
    stack.areas = experts <= most ? experts : MIN(GROUPS, experts);
    stack.ranked = experts > most;
    double first = story->step[0], last = story->step[story->columns - 1];
    double span = MAX(last - first, 1), room = stack.ranked ? ROOM_GROUPS : ROOM;
    MoeAxis x = {.label = "step", .min = first, .max = last + room * span};
    MoeAxis y = {.label = "share of picks", .max = 1};
    g_autofree char *title = g_strdup_printf("layer %d", story->info->layer);
    stack.panel = moe_scene_add_panel(scene, title, NULL, &x, &y);
    fill_panel(&stack, last + 0.015 * span);
}
