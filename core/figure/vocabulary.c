/* SPDX-License-Identifier: MIT
 *
 * How far each layer sorts tokens by their id: vocabulary specialisation (Muennighoff et al.,
 * OLMoE, 2024, arXiv 2409.02060, section 5.3) in three means, a panel each, beside what chance
 * would show.
 */
#include "figure/kit.h"

#include <math.h>
#include <moescope/metrics.h>

/* Dots over more bars than this are smaller than these are wide. */
#define CROWD 12

typedef struct Mean {
    const char *metric, *name, *words;
} Mean;

static const Mean means[] = {
    {"vocabulary-weighted", "weighted by count",
     "layer {band}: {value} of the tokens go to their id\xe2\x80\x99s favourite expert"},
    {"vocabulary-often", "ids seen 10 times or more",
     "layer {band}: the ids seen 10 times or more go to their favourite expert in {value} of "
     "cases, in the mean"},
    {"vocabulary", "all ids",
     "layer {band}: ids go to their favourite expert in {value} of cases, in the mean"},
};

/* A number a router and kind. */
typedef struct Column {
    double *value, *chance, *at;
} Column;

static void
column_clear(Column *column)
{
    g_free(column->value);
    g_free(column->chance);
    g_free(column->at);
}

static Column
column_of(const Kit *kit, const Mean *mean, bool shuffled)
{
    gsize n = kit->routers->len;
    Column column = {g_new(double, n), g_new(double, n), g_new(double, n)};
    const MoeMetric *metric = moe_metric_find(mean->metric);
    g_autofree const MoeSummaryCell **domains =
        g_new0(const MoeSummaryCell *, (gsize)moe_summary_domains(kit->summary) + 1);
    for (gsize i = 0; i < n; i++) {
        MoeMetricCell cell = moe_metric_cell(kit->summary, NULL, moe__kit_router(kit, (guint)i),
                                             MOE_DOMAIN_ALL, domains);
        column.value[i] = metric ? moe_metric_value(metric, &cell) : NAN;
        column.chance[i] = !metric    ? NAN
                           : shuffled ? moe_metric_shuffled(metric, &cell)
                                      : moe_metric_uniform(metric, &cell);
        column.at[i] = (double)i + 0.5;
    }
    return column;
}

static double
highest(const Column *column, guint n)
{
    double most = 0;
    for (guint i = 0; i < n; i++) {
        most = isfinite(column->value[i]) ? MAX(most, column->value[i]) : most;
        most = isfinite(column->chance[i]) ? MAX(most, column->chance[i]) : most;
    }
    return most;
}

static void
add_mean(int layers, MoeScene *scene, int panel, const Mean *mean, const Column *column)
{
    MoeBars bars = {.n = layers, .value = column->value, .words = mean->words};
    moe_scene_add_bars(scene, panel, &bars);
}

static void
add_chance(int layers, MoeScene *scene, int panel, const Column *column, const char *chance)
{
    g_autofree double *area = g_new(double, (gsize)layers);
    for (int i = 0; i < layers; i++)
        area[i] = layers > CROWD ? 0.45 : 1;
    MoePoints dots = {.n = layers,
                      .x = column->at,
                      .y = column->chance,
                      .area = area,
                      .ink = {.plain = true, .name = chance},
                      .words = "{name}: {y}"};
    moe_scene_add_points(scene, panel, &dots);
}

static bool
counted(const Kit *kit)
{
    for (guint i = 0; i < kit->routers->len; i++) {
        const MoeTokenCell *cell = moe_summary_tokens(kit->summary, moe__kit_router(kit, i));
        if (cell && cell->ids > 0)
            return true;
    }
    return false;
}

static MoeScene *
scene_of(const Kit *kit, bool shuffled)
{
    guint n = kit->routers->len;
    Column columns[G_N_ELEMENTS(means)];
    double most = 0;
    for (int m = 0; m < (int)G_N_ELEMENTS(means); m++) {
        columns[m] = column_of(kit, &means[m], shuffled);
        most = MAX(most, highest(&columns[m], n));
    }
    g_auto(GStrv) names = g_new0(char *, (gsize)n + 1);
    for (guint i = 0; i < n; i++)
        names[i] = g_strdup_printf("%d", moe__kit_info(kit, i)->layer);
    MoeAxis x = {.type = MOE_AXIS_BAND,
                 .label = "layer",
                 .bands = (int)n,
                 .names = (const char *const *)names};
    MoeAxis y = {.label = "to the favourite expert", .max = most > 0 ? MIN(1.05 * most, 1) : 1};
    MoeScene *scene = moe_scene_new(moe__figure_vocabulary.title);
    for (int m = 0; m < (int)G_N_ELEMENTS(means); m++) {
        int panel = moe_scene_add_panel(scene, means[m].name, NULL, &x, &y);
        add_mean((int)n, scene, panel, &means[m], &columns[m]);
        add_chance((int)n, scene, panel, &columns[m], shuffled ? "shuffled" : "uniformly random");
        column_clear(&columns[m]);
    }
    return scene;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init(&kit, &moe__figure_vocabulary, input, options, error))
        return NULL;
    if (!counted(&kit)) {
        moe__kit_missing(&kit, "tokens of known id", "record the column id of the tokens", error);
        return NULL;
    }
    bool shuffled = moe_figure_options_choice(options, "null") == 0;
    MoeScene *scene = scene_of(&kit, shuffled);
    moe__kit_caption(&kit, scene,
                     "Vocabulary specialisation: how often a token goes, as first choice, to the "
                     "expert that its id goes to most often",
                     shuffled ? "dots: a router of the same load that takes no notice of the token"
                              : "dots: a uniformly random router");
    return scene;
}

static const MoeField fields[] = {
    {.name = "null",
     .type = MOE_FIELD_CHOICE,
     .fallback = "shuffled",
     .choices = "shuffled | uniform",
     .help = "chance that the dots show: a router of the same load, or of even load"},
};

const MoeFigure moe__figure_vocabulary = {
    .struct_size = sizeof(MoeFigure),
    .name = "vocabulary",
    .title = "Vocabulary specialisation",
    .help = "bars by layer, a panel a mean: how far routers sort tokens by their id, beside chance",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_TOKENS,
    .build = build,
};
