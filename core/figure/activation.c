/* SPDX-License-Identifier: MIT
 *
 * How much each expert is used, with intervals: a bar an expert, a panel a layer, uniform load and
 * the band that a uniformly random router would stay in beside them.
 */
#include "figure/kit.h"

#include <math.h>
#include <moescope/resample.h>

/* So many layers are shown where they aren't chosen. */
#define PANELS 12

typedef struct Bar {
    double share, low, high;
} Bar;

/* Shares with Wilson's intervals: of units that pick the expert, over k, as shares of picks. */
static Bar
bar_of(const MoeSummaryCell *cell, int e)
{
    double a_unit = (double)cell->picks / (double)cell->units;
    MoeInterval interval = moe_wilson(MIN(cell->count[e], cell->units), cell->units, 0.95);
    return (Bar){(double)cell->count[e] / (double)cell->picks, interval.low / a_unit,
                 interval.high / a_unit};
}

static void
add_chance(MoeScene *scene, int panel, const MoeSummaryCell *cell, int bars)
{
    double uniform = 1.0 / cell->experts;
    double spread = 1.96 * moe_null_cv_varying(cell->making, cell->experts) * uniform;
    MoeRule band = {.value = MAX(uniform - spread, 0), .high = uniform + spread};
    moe_scene_add_rule(scene, panel, &band);
    moe__kit_add_level(scene, panel, 0, bars, uniform, "uniform");
}

static void
add_panel(const Kit *kit, MoeScene *scene, guint i, const MoeAxis *y)
{
    const MoeSummaryCell *cell =
        moe_summary_cell(kit->summary, moe__kit_router(kit, i), kit->domain);
    g_autoptr(GArray) experts = moe__kit_experts(kit, i, moe__sort(kit->options));
    int n = (int)experts->len;
    g_autofree double *share = g_new(double, n), *low = g_new(double, n), *high = g_new(double, n);
    for (int place = 0; place < n; place++) {
        Bar bar = bar_of(cell, g_array_index(experts, int, place));
        share[place] = bar.share;
        low[place] = bar.low;
        high[place] = bar.high;
    }
    g_auto(GStrv) names = NULL;
    MoeAxis x = moe__experts_axis(experts, "expert", &names);
    g_autofree char *title = moe__kit_title(kit, i);
    g_autofree char *words =
        g_strdup_printf("%s, expert {band}: {value} of picks ({low} to {high})", title);
    MoeBars mark = {
        .n = n, .value = share, .low = low, .high = high, .ink = {.colour = 0}, .words = words};
    int panel = moe_scene_add_panel(scene, title, NULL, &x, y);
    moe_scene_add_bars(scene, panel, &mark);
    add_chance(scene, panel, cell, n);
}

/* One scale for all layers, so that they can be compared. */
static double
highest(const Kit *kit)
{
    double most = 0;
    for (guint i = 0; i < kit->routers->len; i++) {
        const MoeSummaryCell *cell =
            moe_summary_cell(kit->summary, moe__kit_router(kit, i), kit->domain);
        for (int e = 0; e < cell->experts && cell->picks > 0; e++)
            most = MAX(most, (double)cell->count[e] / (double)cell->picks);
    }
    return most;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init(&kit, &moe__figure_activation, input, options, error))
        return NULL;
    double most = highest(&kit);
    if (most == 0) {
        moe__kit_missing(&kit, "picks", "record some tokens", error);
        return NULL;
    }
    MoeScene *scene = moe_scene_new(moe__figure_activation.title);
    MoeAxis y = {.label = "share of picks", .min = 0, .max = 1.08 * most};
    g_autoptr(GArray) shown = moe__kit_shown(&kit, PANELS);
    for (guint i = 0; i < shown->len; i++) {
        guint layer = (guint)g_array_index(shown, int, i);
        if (moe_summary_cell(kit.summary, moe__kit_router(&kit, layer), kit.domain)->picks > 0)
            add_panel(&kit, scene, layer, &y);
    }
    moe__kit_caption(
        &kit, scene,
        "Share of each layer\xe2\x80\x99s picks that an expert receives, with Wilson\xe2\x80\x99s "
        "95" NBSP "% interval (as if tokens were independent)",
        "grey: where 95" NBSP "% of experts would lie if picks were uniformly random");
    return scene;
}

static const MoeField fields[] = {
    SORT_FIELD("index", "index | load | domain"),
};

const MoeFigure moe__figure_activation = {
    .struct_size = sizeof(MoeFigure),
    .name = "activation",
    .title = "Expert activation",
    .help =
        "bars of each expert's share of picks, with intervals and the band of chance, a panel a "
        "layer",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_EXPERTS | MOE_FIGURE_DOMAIN | MOE_FIGURE_STEPS |
              MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_LOAD,
    .build = build,
};
