/* SPDX-License-Identifier: MIT
 *
 * How many experts get more than so much: activation(θ), the share of experts whose load is above θ
 * times uniform, a line a layer, beside what a uniformly random router would show.
 */
#include "figure/depth.h"
#include "stats/chance.h"

#include <math.h>

/* Points of the curve of chance, and the least θ that the axis goes down to. */
#define POINTS 200
#define LEAST  0.01

typedef struct Range {
    double least, most; /* of loads above 0, in multiples of uniform */
} Range;

static const MoeSummaryCell *
cell_of(const Kit *kit, guint i)
{
    return moe_summary_cell(kit->summary, moe__kit_router(kit, i), kit->domain);
}

static double
load_of(const MoeSummaryCell *cell, int e)
{
    return (double)cell->count[e] * cell->experts / (double)cell->picks;
}

static Range
range_of(const Kit *kit)
{
    Range range = {INFINITY, 0};
    for (guint i = 0; i < kit->routers->len; i++) {
        const MoeSummaryCell *cell = cell_of(kit, i);
        for (int e = 0; e < cell->experts && cell->picks > 0; e++) {
            double load = load_of(cell, e);
            range.most = MAX(range.most, load);
            if (load > 0)
                range.least = MIN(range.least, load);
        }
    }
    return (Range){CLAMP(range.least / 1.3, LEAST, 0.5), MAX(1.3 * range.most, 2)};
}

/* The curve falls by 1/E at each expert's load, and is level in between. */
static void
add_layer(const Kit *kit, MoeScene *scene, int panel, guint i, const Range *range)
{
    const MoeSummaryCell *cell = cell_of(kit, i);
    if (cell->picks == 0)
        return;
    int n = 1, experts = cell->experts;
    g_autoptr(GArray) loads = g_array_new(FALSE, FALSE, sizeof(double));
    for (int e = 0; e < experts; e++) {
        double load = load_of(cell, e);
        g_array_append_val(loads, load);
    }
    g_array_sort(loads, moe__kit_by_number);
    g_autofree double *x = g_new(double, (gsize)experts + 2),
                      *y = g_new(double, (gsize)experts + 2);
    x[0] = range->least;
    y[0] = moe_load_activation(cell->count, experts, range->least / experts);
    for (int e = 0; e < experts; e++) {
        double load = g_array_index(loads, double, e);
        if (load <= range->least)
            continue;
        x[n] = load;
        y[n++] = (experts - e - 1.0) / experts;
    }
    x[n] = range->most;
    y[n++] = 0;
    MoeColour own;
    g_autofree char *name = NULL, *title = moe__kit_title(kit, i);
    g_autofree char *words =
        g_strdup_printf("%s: {y} of experts get more than {x} times uniform", title);
    MoeLine line = {.n = n, .x = x, .y = y, .steps = true, .words = words};
    line.ink = moe__depth_ink(kit, i, &own, &name);
    moe_scene_add_line(scene, panel, &line);
}

/* Layers hardly differ in T and k; where they do, the curve of the first stands for them. */
static void
add_chance(const Kit *kit, MoeScene *scene, int panel, const Range *range)
{
    const MoeSummaryCell *cell = cell_of(kit, 0);
    if (cell->picks == 0)
        return;
    static const MoeColour grey = {0.45, 0.45, 0.45};
    g_auto(MoeChance) chance = moe__chance_of(cell);
    double x[POINTS], y[POINTS];
    for (int i = 0; i < POINTS; i++) {
        x[i] = range->least * pow(range->most / range->least, i / (POINTS - 1.0));
        y[i] = moe__chance_activation(&chance, x[i] / cell->experts);
    }
    MoeLine line = {.n = POINTS,
                    .x = x,
                    .y = y,
                    .ink = {.own = &grey, .dashed = true, .name = "uniform router"},
                    .words = "uniform router: {y} of experts get more than {x} times uniform"};
    moe_scene_add_line(scene, panel, &line);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init(&kit, &moe__figure_activation_curve, input, options, error))
        return NULL;
    Range range = range_of(&kit);
    if (moe_summary_tokens_counted(kit.summary) == 0) {
        moe__kit_missing(&kit, "picks", "record some tokens", error);
        return NULL;
    }
    MoeScene *scene = moe_scene_new(moe__figure_activation_curve.title);
    MoeAxis x = {.type = MOE_AXIS_LOG,
                 .label = "\xce\xb8, multiples of uniform load",
                 .min = range.least,
                 .max = range.most};
    MoeAxis y = {.label = "share of experts above \xce\xb8", .min = 0, .max = 1.02};
    int panel = moe_scene_add_panel(scene, NULL, NULL, &x, &y);
    moe__depth_set_scale(&kit, scene);
    for (guint i = 0; i < kit.routers->len; i++)
        add_layer(&kit, scene, panel, i, &range);
    add_chance(&kit, scene, panel, &range);
    moe__kit_caption(&kit, scene,
                     "Share of experts whose load is above \xce\xb8 times uniform, a line a layer",
                     "dashed: what a uniformly random router would show at this T");
    return scene;
}

const MoeFigure moe__figure_activation_curve = {
    .struct_size = sizeof(MoeFigure),
    .name = "activation-curve",
    .title = "Experts in use",
    .help = "share of experts whose load is above \xce\xb8 times uniform, over \xce\xb8, a line a "
            "layer",
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_DOMAIN | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_LOAD,
    .build = build,
};
