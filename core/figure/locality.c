/* SPDX-License-Identifier: MIT
 *
 * How alike the picks of nearby tokens are: repetition by distance, a panel a measure, a line a
 * layer, beside what a uniform router and a shuffled one would show (after Mixtral's table 5, Jiang
 * et al. 2024, arXiv 2401.04088).
 */
#include "figure/depth.h"

#include <math.h>
#include <moescope/metrics.h>

typedef struct Measure {
    const char *name; /* of the metric at lag 1 */
    const char *title, *axis, *told;
} Measure;

static const Measure measures[] = {
    {"same-first", "same first choice", "share of pairs",
     "{y} of pairs choose the same expert first"},
    {"any-shared", "any expert shared", "share of pairs", "{y} of pairs share an expert"},
    {"jaccard", "Jaccard index", "mean of pairs", "a mean Jaccard index of {y}"},
};

/* One measure of one router at all lags. */
typedef struct Curve {
    double value[MOE_LAGS], uniform[MOE_LAGS], shuffled[MOE_LAGS];
} Curve;

static Curve
curve_of(const Kit *kit, guint i, const Measure *measure)
{
    Curve curve;
    g_autofree const MoeSummaryCell **domains =
        g_new(const MoeSummaryCell *, (gsize)MAX(moe_summary_domains(kit->summary), 1));
    MoeMetricCell cell =
        moe_metric_cell(kit->summary, NULL, moe__kit_router(kit, i), kit->domain, domains);
    for (int lag = 0; lag < MOE_LAGS; lag++) {
        g_autofree char *name =
            lag == 0 ? g_strdup(measure->name) : g_strdup_printf("%s@%d", measure->name, 1 << lag);
        const MoeMetric *metric = moe_metric_find(name);
        curve.value[lag] = metric ? moe_metric_value(metric, &cell) : NAN;
        curve.uniform[lag] = metric ? moe_metric_uniform(metric, &cell) : NAN;
        curve.shuffled[lag] = metric ? moe_metric_shuffled(metric, &cell) : NAN;
    }
    return curve;
}

/* What chance would show: nulls don't depend on the lag, but on the layer. */
typedef struct Nulls {
    double uniform, low, high; /* low, high: of shuffled layers */
    double most;               /* of all that is shown */
} Nulls;

static Nulls
nulls_of(const Curve *curves, guint n)
{
    Nulls nulls = {NAN, INFINITY, -INFINITY, 0};
    for (guint i = 0; i < n; i++)
        for (int lag = 0; lag < MOE_LAGS; lag++) {
            nulls.uniform = fmax(nulls.uniform, curves[i].uniform[lag]);
            nulls.low = fmin(nulls.low, curves[i].shuffled[lag]);
            nulls.high = fmax(nulls.high, curves[i].shuffled[lag]);
            nulls.most = fmax(nulls.most, curves[i].value[lag]);
        }
    nulls.most = fmax(nulls.most, fmax(nulls.uniform, nulls.high));
    return nulls;
}

static void
add_layer(const Kit *kit, MoeScene *scene, int panel, guint i, const Measure *measure,
          const Curve *curve)
{
    double x[MOE_LAGS];
    for (int lag = 0; lag < MOE_LAGS; lag++)
        x[lag] = lag + 0.5;
    MoeColour own;
    g_autofree char *name = NULL, *title = moe__kit_title(kit, i);
    g_autofree char *shuffled = moe__number_short(curve->shuffled[0]);
    g_autofree char *words =
        g_strdup_printf("%s, {x} tokens apart: %s (shuffled: %s)", title, measure->told, shuffled);
    MoeInk ink = moe__depth_ink(kit, i, &own, &name);
    MoeLine line = {.n = MOE_LAGS, .x = x, .y = curve->value, .ink = ink, .words = words};
    moe_scene_add_line(scene, panel, &line);
}

static void
add_nulls(MoeScene *scene, int panel, const Nulls *nulls)
{
    static const MoeColour grey = {0.6, 0.6, 0.6};
    const double at[2] = {0, MOE_LAGS}, low[2] = {nulls->low, nulls->low},
                 high[2] = {nulls->high, nulls->high};
    MoeArea shuffled = {.n = 2,
                        .at = at,
                        .low = low,
                        .high = high,
                        .ink = {.own = &grey, .opacity = 0.35, .name = "shuffled"},
                        .words = "shuffled layers: {low} to {high}"};
    if (isfinite(nulls->low))
        moe_scene_add_area(scene, panel, &shuffled);
    if (isfinite(nulls->uniform))
        moe__kit_add_level(scene, panel, 0, MOE_LAGS, nulls->uniform, "uniform");
}

static void
add_panel(const Kit *kit, MoeScene *scene, const Measure *measure)
{
    static const char *const lags[MOE_LAGS] = {"1", "2", "4", "8", "16", "32", "64"};
    guint n = kit->routers->len;
    g_autofree Curve *curves = g_new(Curve, n);
    for (guint i = 0; i < n; i++)
        curves[i] = curve_of(kit, i, measure);
    Nulls nulls = nulls_of(curves, n);
    MoeAxis x = {.type = MOE_AXIS_BAND,
                 .label = "tokens apart",
                 .bands = MOE_LAGS,
                 .names = lags,
                 .key = "lag"};
    MoeAxis y = {.label = measure->axis, .min = 0, .max = 1.08 * nulls.most};
    int panel = moe_scene_add_panel(scene, measure->title, NULL, &x, &y);
    add_nulls(scene, panel, &nulls);
    for (guint i = 0; i < n; i++)
        add_layer(kit, scene, panel, i, measure, &curves[i]);
}

static bool
has_pairs(const Kit *kit)
{
    for (guint i = 0; i < kit->routers->len; i++) {
        const MoeOrderCell *order =
            moe_summary_order(kit->summary, moe__kit_router(kit, i), kit->domain);
        if (order && order->pairs[0] > 0)
            return true;
    }
    return false;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init(&kit, &moe__figure_locality, input, options, error))
        return NULL;
    if (!has_pairs(&kit)) {
        moe__kit_missing(&kit, "neighbouring tokens",
                         "record tokens in their order, in documents of two or more", error);
        return NULL;
    }
    MoeScene *scene = moe_scene_new(moe__figure_locality.title);
    moe__depth_set_scale(&kit, scene);
    for (gsize i = 0; i < G_N_ELEMENTS(measures); i++)
        add_panel(&kit, scene, &measures[i]);
    moe__kit_caption(&kit, scene,
                     "How alike the picks of two tokens of a document are, by their distance, a "
                     "line a layer",
                     "dashed: uniformly random picks; grey: where layers would lie if picks kept "
                     "their loads but took no notice of the token before");
    return scene;
}

const MoeFigure moe__figure_locality = {
    .struct_size = sizeof(MoeFigure),
    .name = "locality",
    .title = "Locality of picks",
    .help = "how often tokens 1 to 64 apart pick the same experts, a line a layer, with the values "
            "of chance",
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_DOMAIN | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_ORDER,
    .build = build,
};
