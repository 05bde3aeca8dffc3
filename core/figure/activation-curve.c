/* SPDX-License-Identifier: MIT
 *
 * How many experts get more than so much: activation(θ), the share of experts whose load is above θ
 * times uniform, or that get more than θ picks a unit, or a token, a line a layer, beside what a
 * uniformly random router would show.
 */
#include "figure/depth.h"
#include "stats/chance.h"

#include <math.h>

/* Points of the curve of chance, and the least θ that the axis goes down to. */
#define POINTS 200
#define LEAST  0.01

/* The option theta, in its order. */
typedef enum {
    OF_UNIFORM,
    OF_UNITS,
    OF_TOKENS,
} Theta;

/* What each calls θ: of the axis, and of a value. */
static const char *const labels[] = {
    [OF_UNIFORM] = "\xce\xb8, multiples of uniform load",
    [OF_UNITS] = "\xce\xb8, picks a unit",
    [OF_TOKENS] = "\xce\xb8, picks a token (all its sub-tokens together)",
};
static const char *const measured[] = {
    [OF_UNIFORM] = "times uniform", [OF_UNITS] = "picks a unit", [OF_TOKENS] = "picks a token"};

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

/* What uniform load is called. */
static double
uniform_as(const Kit *kit, guint i, Theta theta)
{
    const MoeSummaryCell *cell = cell_of(kit, i);
    if (theta == OF_UNIFORM || cell->units == 0)
        return 1;
    double picks = (double)cell->picks / (double)cell->units / cell->experts;
    return theta == OF_TOKENS ? picks * moe__kit_info(kit, i)->units_per_token : picks;
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
add_layer(const Kit *kit, MoeScene *scene, int panel, guint i, const Range *range, Theta theta)
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
    for (int p = 0; p < n; p++)
        x[p] *= uniform_as(kit, i, theta);
    MoeColour own;
    g_autofree char *name = NULL, *title = moe__kit_title(kit, i);
    g_autofree char *words =
        g_strdup_printf("%s: {y} of experts get more than {x} %s", title, measured[theta]);
    MoeLine line = {.n = n, .x = x, .y = y, .steps = true, .words = words};
    line.ink = moe__depth_ink(kit, i, &own, &name);
    moe_scene_add_line(scene, panel, &line);
}

/* Layers hardly differ in T and k; where they do, the curve of the first stands for them. */
static void
add_chance(const Kit *kit, MoeScene *scene, int panel, const Range *range, Theta theta)
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
        x[i] *= uniform_as(kit, 0, theta);
    }
    g_autofree char *words =
        g_strdup_printf("uniform router: {y} of experts get more than {x} %s", measured[theta]);
    MoeLine line = {.n = POINTS,
                    .x = x,
                    .y = y,
                    .ink = {.own = &grey, .dashed = true, .name = "uniform router"},
                    .words = words};
    moe_scene_add_line(scene, panel, &line);
}

static MoeAxis
axis_of(const Kit *kit, const Range *range, Theta theta)
{
    MoeAxis axis = {.type = MOE_AXIS_LOG, .label = labels[theta], .min = INFINITY};
    for (guint i = 0; i < kit->routers->len; i++) {
        axis.min = MIN(axis.min, range->least * uniform_as(kit, i, theta));
        axis.max = MAX(axis.max, range->most * uniform_as(kit, i, theta));
    }
    return axis;
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
    static const char *const captions[] = {
        [OF_UNIFORM] =
            "Share of experts whose load is above \xce\xb8 times uniform, a line a layer",
        [OF_UNITS] = "Share of experts that get more than \xce\xb8 picks a unit, a line a layer",
        [OF_TOKENS] = ("Share of experts that get more than \xce\xb8 picks a token, all its "
                       "sub-tokens together, a line a layer")};
    Theta theta = (Theta)moe_figure_options_choice(options, "theta");
    MoeScene *scene = moe_scene_new(moe__figure_activation_curve.title);
    MoeAxis x = axis_of(&kit, &range, theta);
    MoeAxis y = {.label = "share of experts above \xce\xb8", .min = 0, .max = 1.02};
    int panel = moe_scene_add_panel(scene, NULL, NULL, &x, &y);
    moe__depth_set_scale(&kit, scene);
    for (guint i = 0; i < kit.routers->len; i++)
        add_layer(&kit, scene, panel, i, &range, theta);
    add_chance(&kit, scene, panel, &range, theta);
    moe__kit_caption(&kit, scene, captions[theta],
                     "dashed: what a uniformly random router would show at this T");
    return scene;
}

static const MoeField fields[] = {
    {.name = "theta",
     .type = MOE_FIELD_CHOICE,
     .fallback = "uniform",
     .choices = "uniform | units | tokens",
     .help =
         "\xce\xb8 in multiples of uniform load (n E/N), in picks a unit (a sub-token where heads "
         "split tokens), or in picks a token"},
};

const MoeFigure moe__figure_activation_curve = {
    .struct_size = sizeof(MoeFigure),
    .name = "activation-curve",
    .title = "Experts in use",
    .help = "share of experts whose load is above \xce\xb8 times uniform, over \xce\xb8, a line a "
            "layer",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_DOMAIN | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_LOAD,
    .build = build,
};
