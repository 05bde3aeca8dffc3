/* SPDX-License-Identifier: MIT
 *
 * Agreement of two routings layer by layer, as experts are numbered and after matching them.
 */
#include "figure/agreement.h"
#include "figure/layer-curve.h"

#include <math.h>

/* More layers than this are lines: bars would be threads. */
#define MOST_BARS 16
/* Share of a band that its bars take; as mark-bars.c has it. */
#define FILL 0.8

/* What stands beside each other: numbers as they are, and after matching. */
typedef struct Series {
    MoeCompareLabels labels;
    const char *name;
    int colour;
} Series;

static const Series series[] = {
    {MOE_LABELS_OWN, "experts as numbered", 0},
    {MOE_LABELS_MATCHED, "experts matched", 1},
};

typedef struct Shown {
    const char *metric, *title, *words;
} Shown;

static const Shown shown[] = {
    {"agreement", "first choice", "{value} of first choices agree"},
    {"overlap", "all picks", "{value} of picks agree"},
    {"rbo", "ranks", "a rank-biased overlap of {value}"},
};

static int
metric_index(const char *name)
{
    int n;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    for (int i = 0; i < n; i++)
        if (g_str_equal(metrics[i].name, name))
            return i;
    return -1;
}

/* What the same picks show of other tokens; where that isn't known, those of these loads. */
static double
chance_of(const Agreement *a, int router, const MoeComparisonMetric *metric,
          MoeCompareLabels labels, const MoeComparisonCell *cell)
{
    MoeComparisonCell shuffled;
    if (moe_comparison_shuffled(a->comparison, router, labels, &shuffled) && shuffled.units > 0)
        return metric->value(&shuffled);
    return metric->shuffled && labels == MOE_LABELS_OWN ? metric->shuffled(cell) : NAN;
}

/* All curves of the figure, whose panels share an axis. */
typedef struct Curves {
    LayerCurve of[G_N_ELEMENTS(shown)][G_N_ELEMENTS(series)];
    int places;     /* series that are shown */
    double most;    /* of all */
    bool intervals; /* whether there are any */
} Curves;

/* One layer of one series: the intervals of all metrics are drawn at once. */
static void
fill_layer(const Agreement *a, int router, int place, Curves *curves)
{
    int n;
    MoeComparisonCell cell;
    MoeCompareLabels labels = series[place].labels;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    g_autofree MoeInterval *intervals = g_new(MoeInterval, (gsize)n);
    if (!moe_comparison_cell(a->comparison, router, MOE_DOMAIN_ALL, labels, &cell))
        return;
    moe_comparison_intervals(a->comparison, router, MOE_DOMAIN_ALL, labels, NULL, intervals);
    for (gsize which = 0; which < G_N_ELEMENTS(shown); which++) {
        LayerCurve *curve = &curves->of[which][place];
        int m = metric_index(shown[which].metric);
        curve->value[router] = metrics[m].value(&cell);
        curve->low[router] = intervals[m].low;
        curve->high[router] = intervals[m].high;
        curve->chance[router] = chance_of(a, router, &metrics[m], labels, &cell);
        curves->intervals |= isfinite(intervals[m].low);
        curves->most = fmax(curves->most, fmax(curve->value[router], curve->high[router]));
        curves->most = fmax(curves->most, curve->chance[router]);
    }
}

static Curves
curves_of(const Agreement *a)
{
    int routers = moe_comparison_routers(a->comparison);
    Curves curves = {.places = a->matched ? 2 : 1};
    for (gsize which = 0; which < G_N_ELEMENTS(shown); which++)
        for (int i = 0; i < curves.places; i++)
            curves.of[which][i] = moe__layer_curve(routers);
    for (int r = 0; r < routers; r++)
        for (int i = 0; i < curves.places; i++)
            fill_layer(a, r, i, &curves);
    return curves;
}

/* --- Marks ------------------------------------------------------------------------------------*/

static char *
words_of(const Shown *what, const Series *one, const char *value, const char *x, bool interval)
{
    g_auto(GStrv) parts = g_strsplit(what->words, "{value}", 2);
    return g_strdup_printf("layer %s, %s: %s%s%s%s", x, one->name, parts[0], value, parts[1],
                           interval ? " ({low} to {high})" : "");
}

static void
add_bars(MoeScene *scene, int panel, const Shown *what, const Series *one, const LayerCurve *curve,
         int place, int places, bool intervals)
{
    g_autofree char *words = words_of(what, one, "{value}", "{band}", intervals);
    MoeBars bars = {.n = curve->n,
                    .value = curve->value,
                    .low = curve->low,
                    .high = curve->high,
                    .ink = {.colour = one->colour, .name = one->name},
                    .place = place,
                    .places = places,
                    .words = words};
    moe_scene_add_bars(scene, panel, &bars);
}

static void
add_lines(MoeScene *scene, int panel, const Shown *what, const Series *one, const LayerCurve *curve)
{
    g_autofree char *words = words_of(what, one, "{y}", "{x}", false);
    MoeArea area = {.n = curve->n,
                    .at = curve->at,
                    .low = curve->low,
                    .high = curve->high,
                    .ink = {.colour = one->colour, .opacity = 0.25}};
    MoeLine line = {.n = curve->n,
                    .x = curve->at,
                    .y = curve->value,
                    .ink = {.colour = one->colour, .name = one->name},
                    .words = words};
    moe_scene_add_area(scene, panel, &area);
    moe_scene_add_line(scene, panel, &line);
}

/* Across each layer's bar, or all along. */
static void
add_chance(MoeScene *scene, int panel, const LayerCurve *curve, bool bars, int place, int places)
{
    static const MoeColour grey = {0.45, 0.45, 0.45};
    g_autofree double *x = g_new(double, 3 * (gsize)curve->n);
    g_autofree double *y = g_new(double, 3 * (gsize)curve->n);
    for (int r = 0; r < curve->n; r++) {
        double left = r + (1 - FILL) / 2 + FILL * place / places;
        x[3 * r] = bars ? left : curve->at[r];
        x[3 * r + 1] = bars ? left + FILL / places : curve->at[r];
        x[3 * r + 2] = bars ? NAN : curve->at[r];
        y[3 * r] = y[3 * r + 1] = y[3 * r + 2] = curve->chance[r];
    }
    MoeLine line = {.n = 3 * curve->n,
                    .x = x,
                    .y = y,
                    .ink = {.own = &grey, .dashed = true, .name = "tokens shuffled"},
                    .words = "{name}: {y}"};
    moe_scene_add_line(scene, panel, &line);
}

static void
add_panel(MoeScene *scene, const Curves *curves, int which, const MoeAxis *x)
{
    bool bars = x->bands <= MOST_BARS;
    const Shown *what = &shown[which];
    MoeAxis y = {.label = "agreement", .max = MAX(MIN(1.08 * curves->most, 1), 1e-6)};
    int panel = moe_scene_add_panel(scene, what->title, NULL, x, &y);
    for (int i = 0; i < curves->places && bars; i++)
        add_bars(scene, panel, what, &series[i], &curves->of[which][i], i, curves->places,
                 curves->intervals);
    for (int i = 0; i < curves->places && !bars; i++)
        add_lines(scene, panel, what, &series[i], &curves->of[which][i]);
    for (int i = 0; i < curves->places; i++)
        add_chance(scene, panel, &curves->of[which][i], bars, i, curves->places);
}

bool
moe__agreement_add_layers(MoeScene *scene, const Agreement *agreement)
{
    int n = moe_comparison_routers(agreement->comparison);
    g_autofree int *layers = g_new(int, (gsize)n);
    g_auto(GStrv) names = g_new0(char *, (gsize)n + 1);
    for (int r = 0; r < n; r++)
        layers[r] = moe_comparison_router(agreement->comparison, r)->layer;
    MoeAxis x = moe__load_layer_axis(layers, n, names);
    Curves curves = curves_of(agreement);
    for (int which = 0; which < (int)G_N_ELEMENTS(shown); which++) {
        add_panel(scene, &curves, which, &x);
        for (int i = 0; i < curves.places; i++)
            moe__layer_curve_clear(&curves.of[which][i]);
    }
    return curves.intervals;
}
