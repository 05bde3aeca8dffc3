/* SPDX-License-Identifier: MIT
 *
 * Metrics by layer: any of the registry, a panel each, with the interval over documents and what a
 * uniform router would show.
 */
#include "figure/kit.h"
#include "figure/layer-curve.h"
#include "figure/plain-words.h"

#include <math.h>
#include <moescope/resample.h>

#define UNIFORM "dashed: a uniformly random router with as many picks"

/* More panels than this aren't read. */
#define MOST 12

/* One metric of all chosen routers. */
static LayerCurve
curve_of(const Kit *kit, const MoeMetric *metric, const MoeTrace *trace)
{
    LayerCurve curve = moe__layer_curve((int)kit->routers->len);
    static const MoeResampleOptions options = {0};
    g_autofree const MoeSummaryCell **domains =
        g_new(const MoeSummaryCell *, (gsize)MAX(moe_summary_domains(kit->summary), 1));
    for (int i = 0; i < curve.n; i++) {
        int router = moe__kit_router(kit, (guint)i);
        MoeMetricCell cell = moe_metric_cell(kit->summary, trace, router, MOE_DOMAIN_ALL, domains);
        MoeInterval interval;
        moe_metric_intervals(kit->summary, router, MOE_DOMAIN_ALL, &metric, 1, &options, &interval);
        curve.value[i] = moe_metric_value(metric, &cell);
        curve.chance[i] = moe_metric_uniform(metric, &cell);
        curve.low[i] = interval.low;
        curve.high[i] = interval.high;
    }
    return curve;
}

/* --- A panel ----------------------------------------------------------------------------------*/

/* Whether values are numbers of experts, not the effective ones, which lie in between. */
static bool
counts(const LayerCurve *curve, const char *unit)
{
    bool whole = g_str_equal(unit, "experts");
    for (int i = 0; i < curve->n; i++)
        whole &= !isfinite(curve->value[i]) || curve->value[i] == round(curve->value[i]);
    return whole;
}

static MoeAxis
axis_of(const LayerCurve *curve, const char *unit)
{
    double low = INFINITY, high = -INFINITY;
    const double *const all[] = {curve->value, curve->chance, curve->low, curve->high};
    for (gsize a = 0; a < G_N_ELEMENTS(all); a++)
        for (int i = 0; i < curve->n; i++)
            if (isfinite(all[a][i])) {
                low = fmin(low, all[a][i]);
                high = fmax(high, all[a][i]);
            }
    bool apart = high - low > 1e-9 * fmax(fabs(high), 1); /* chance may be all but 0 */
    double air = apart ? 0.08 * (high - low) : 0.1 * fabs(high);
    MoeAxis axis = {.label = unit, .min = low - air, .max = high + air};
    bool nothing = !apart && fabs(high) < 1e-9;
    if (nothing) /* what would be more than zero: one */
        axis.max = 1;
    if (low >= 0 && (nothing || axis.min < 0.35 * high))
        axis.min = low > 0 ? 0 : -0.05 * axis.max; /* dots at 0 stay clear of the labels */
    axis.whole = counts(curve, unit);
    return axis;
}

static void
add_layers(MoeScene *scene, int panel, const MoeMetric *metric, const LayerCurve *curve)
{
    const MoeColour own = moe_colour_qualitative(0);
    g_autofree char *words = g_strdup_printf("layer {x}: %s {y} %s", metric->name, metric->unit);
    MoeArea band = {.n = curve->n,
                    .at = curve->at,
                    .low = curve->low,
                    .high = curve->high,
                    .ink = {.own = &own, .opacity = 0.25, .name = "95" NBSP "% interval"},
                    .words = "layer {at}: 95" NBSP "% interval {low} to {high}"};
    MoeLine line = {
        .n = curve->n, .x = curve->at, .y = curve->value, .ink = {.own = &own}, .words = words};
    MoePoints points = {
        .n = curve->n, .x = curve->at, .y = curve->value, .ink = {.own = &own}, .words = words};
    if (moe__layer_curve_has_intervals(curve))
        moe_scene_add_area(scene, panel, &band);
    moe_scene_add_line(scene, panel, &line);
    moe_scene_add_points(scene, panel, &points);
}

static void
add_uniform(MoeScene *scene, int panel, const LayerCurve *curve)
{
    static const MoeColour grey = {0.45, 0.45, 0.45};
    MoeLine line = {.n = curve->n,
                    .x = curve->at,
                    .y = curve->chance,
                    .ink = {.own = &grey, .dashed = true, .name = "uniform"},
                    .words = "layer {x}: {y} of a uniformly random router"};
    moe_scene_add_line(scene, panel, &line);
}

static bool
add_panel(const Kit *kit, MoeScene *scene, const MoeMetric *metric, char *const *names,
          const MoeTrace *trace, bool *intervals)
{
    g_auto(LayerCurve) curve = curve_of(kit, metric, trace);
    MoeAxis x = {.type = MOE_AXIS_BAND,
                 .label = "layer",
                 .bands = curve.n,
                 .names = (const char *const *)names};
    MoeAxis y = axis_of(&curve, metric->unit);
    if (!isfinite(y.min) || !isfinite(y.max))
        return false;
    g_autofree char *title = moe__plain_metric(metric->name);
    int panel = moe_scene_add_panel(scene, title, NULL, &x, &y);
    add_uniform(scene, panel, &curve);
    add_layers(scene, panel, metric, &curve);
    *intervals |= moe__layer_curve_has_intervals(&curve);
    return true;
}

/* --- Choosing ---------------------------------------------------------------------------------*/

/* The metrics that the option names. (transfer full, of const MoeMetric *); NULL with an error. */
static GPtrArray *
metrics_of(const MoeFigureOptions *options, GError **error)
{
    const char *given = moe_figure_options_text(options, "metrics");
    g_auto(GStrv) names = g_strsplit(given, ",", -1);
    g_autoptr(GPtrArray) metrics = g_ptr_array_new();
    for (char **name = names; *name; name++) {
        const MoeMetric *metric = moe_metric_find(g_strstrip(*name));
        if (!metric || metrics->len == MOST) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        metric ? "figure layers: found more metrics than %s, expected up to 12"
                               : "figure layers: found metrics=%s, expected names of metrics "
                                 "(moescope metrics --list)",
                        *name);
            return NULL;
        }
        g_ptr_array_add(metrics, (gpointer)metric);
    }
    return g_steal_pointer(&metrics);
}

/* Counts with what the metrics need, which depends on the option. */
static bool
init(Kit *kit, MoeFigure *counted, MoeFigureInput *input, const MoeFigureOptions *options,
     const GPtrArray *metrics, GError **error)
{
    *counted = moe__figure_layers;
    counted->tallies =
        MOE_TALLY_LOAD |
        (MOE_TALLIES_ALL &
         moe_metrics_tallies((const MoeMetric *const *)(void *)metrics->pdata, (int)metrics->len));
    return moe__kit_init(kit, counted, input, options, error);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    MoeFigure counted;
    g_autoptr(GPtrArray) metrics = metrics_of(options, error);
    if (!metrics || !init(&kit, &counted, input, options, metrics, error))
        return NULL;
    g_auto(GStrv) names = g_new0(char *, kit.routers->len + 1);
    for (guint i = 0; i < kit.routers->len; i++)
        names[i] = g_strdup_printf("%d", moe__kit_info(&kit, i)->layer);
    g_autoptr(MoeScene) scene = moe_scene_new(moe__figure_layers.title);
    int panels = 0;
    bool intervals = false;
    for (guint m = 0; m < metrics->len; m++)
        panels += add_panel(&kit, scene, metrics->pdata[m], names, moe_figure_input_trace(input, 0),
                            &intervals);
    if (panels == 0) {
        moe__kit_missing(&kit, "value of these metrics",
                         "record what they need (moescope metrics --list)", error);
        return NULL;
    }
    moe__kit_caption(
        &kit, scene, "Metrics by layer, over all tokens",
        intervals ? UNIFORM "; bands: 95" NBSP "% intervals, a bootstrap over documents" : UNIFORM);
    return g_steal_pointer(&scene);
}

static const MoeField fields[] = {
    {.name = "metrics",
     .type = MOE_FIELD_STRING,
     .fallback = "effective-experts,maxvio,entropy,dead",
     .help = "names of metrics, separated by commas (moescope metrics --list), a panel each"},
};

const MoeFigure moe__figure_layers = {
    .struct_size = sizeof(MoeFigure),
    .name = "layers",
    .title = "Metrics by layer",
    .help = "lines of any metrics over the layers, with intervals and what chance would show",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_LOAD,
    .build = build,
};
