/* SPDX-License-Identifier: MIT
 *
 * How much of the final routing is there already: router saturation over the steps of one run, or
 * over recordings of its checkpoints, against the last (Muennighoff et al., OLMoE, 2024, arXiv
 * 2409.02060, section 5.1), beside what random picks would share.
 */
#include "figure/curve.h"
#include "figure/depth.h"
#include "figure/follow.h"

#include <math.h>
#include <moescope/compare.h>

/* Lines of so few points show where they are. */
#define FEW_POINTS 24

enum { ALL_PICKS, FIRST_CHOICE, PANELS };

/* Of one router. */
typedef struct Curve {
    double *value[PANELS]; /* [points] */
    double uniform[PANELS];
} Curve;

/* What is held against the last step: earlier steps of a trace, or earlier traces. */
typedef struct Saturation {
    const Kit *kit;
    int points;
    double *at;    /* [points] steps, or the middles of bands */
    double last;   /* the last step */
    char **names;  /* [points] of traces that don't tell steps apart; NULL: `at` are steps */
    Curve *curves; /* [routers of the kit] */
    int64_t tokens;
} Saturation;

static void
saturation_init(Saturation *s, const Kit *kit, int points)
{
    *s = (Saturation){.kit = kit, .points = points};
    s->at = g_new0(double, (gsize)points);
    s->curves = g_new0(Curve, kit->routers->len);
    for (guint i = 0; i < kit->routers->len; i++)
        for (int panel = 0; panel < PANELS; panel++) {
            s->curves[i].value[panel] = g_new(double, (gsize)points);
            s->curves[i].uniform[panel] = NAN;
            for (int p = 0; p < points; p++)
                s->curves[i].value[panel][p] = NAN;
        }
}

static void
saturation_clear(Saturation *s)
{
    for (guint i = 0; s->curves && i < s->kit->routers->len; i++)
        for (int panel = 0; panel < PANELS; panel++)
            g_free(s->curves[i].value[panel]);
    g_free(s->curves);
    g_free(s->at);
    g_strfreev(s->names);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Saturation, saturation_clear)

/* The curve of a layer that is shown; NULL: it isn't. */
static Curve *
curve_of(Saturation *s, int layer)
{
    for (guint i = 0; i < s->kit->routers->len; i++)
        if (moe__kit_info(s->kit, i)->layer == layer)
            return &s->curves[i];
    return NULL;
}

/* --- Of steps ---------------------------------------------------------------------------------*/

static bool
read_steps(const Kit *kit, Saturation *s, GError **error)
{
    static const char *const names[PANELS] = {"saturation", "saturation-first"};
    g_autoptr(MoeFluctuation) f = moe__follow_text(
        kit, ", and recordings of several checkpoints can be given as well", error);
    if (!f)
        return false;
    int last = moe_fluctuation_steps(f) - 1;
    saturation_init(s, kit, last);
    s->tokens = moe_fluctuation_tokens(f);
    s->last = moe_fluctuation_cell(f, 0, last)->step;
    for (int r = 0; r < moe_fluctuation_routers(f); r++) {
        Curve *curve = curve_of(s, moe_fluctuation_router(f, r)->layer);
        for (int panel = 0; curve && panel < PANELS; panel++) {
            const MoeStepMetric *metric = moe_step_metric_find(names[panel]);
            for (int p = 0; p < last; p++) {
                s->at[p] = moe_fluctuation_cell(f, r, p)->step;
                curve->value[panel][p] = metric->value(f, r, p);
            }
            curve->uniform[panel] = metric->uniform(f, r, 0);
        }
    }
    return true;
}

/* --- Of checkpoints ---------------------------------------------------------------------------*/

static const MoeComparisonMetric *
comparison_metric(const char *name)
{
    int n;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    for (int i = 0; i < n; i++)
        if (g_str_equal(metrics[i].name, name))
            return &metrics[i];
    return NULL;
}

static bool
compare_with_last(Saturation *s, int p, const MoeTrace *trace, const MoeTrace *last, GError **error)
{
    static const char *const names[PANELS] = {"overlap", "agreement"};
    const MoeCompareSide a = {trace, MOE_STEPS_LAST, 0}, b = {last, MOE_STEPS_LAST, 0};
    g_autoptr(MoeComparison) comparison = moe_compare(&a, &b, NULL, error);
    if (!comparison)
        return false;
    s->tokens = moe_comparison_tokens(comparison);
    for (int r = 0; r < moe_comparison_routers(comparison); r++) {
        MoeComparisonCell cell;
        Curve *curve = curve_of(s, moe_comparison_router(comparison, r)->layer);
        if (!curve || !moe_comparison_cell(comparison, r, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell))
            continue;
        for (int panel = 0; panel < PANELS; panel++) {
            const MoeComparisonMetric *metric = comparison_metric(names[panel]);
            curve->value[panel][p] = metric->value(&cell);
            curve->uniform[panel] = metric->uniform(&cell);
        }
    }
    return true;
}

/* Steps where traces are in their order, else names. */
static bool
place_traces(Saturation *s, GError **error)
{
    bool ascending = true;
    for (int p = 0; p <= s->points; p++) {
        int n;
        g_autofree int32_t *steps =
            moe_trace_steps(moe_figure_input_trace(s->kit->input, p), &n, error);
        if (!steps)
            return false;
        double step = n > 0 ? steps[n - 1] : 0;
        ascending &= p == 0 || step > s->at[p - 1];
        if (p < s->points)
            s->at[p] = step;
        s->last = step;
    }
    if (ascending)
        return true;
    s->names = g_new0(char *, (gsize)s->points + 1);
    for (int p = 0; p < s->points; p++) {
        s->names[p] = moe__kit_input_name(s->kit->input, p);
        s->at[p] = p + 0.5;
    }
    return true;
}

static bool
read_traces(const Kit *kit, Saturation *s, GError **error)
{
    int n = moe_figure_input_count(kit->input);
    saturation_init(s, kit, n - 1);
    const MoeTrace *last = moe__figure_trace(kit->input, n - 1, error);
    for (int p = 0; last && p < n - 1; p++) {
        const MoeTrace *trace = moe__figure_trace(kit->input, p, error);
        if (!trace)
            return false;
        if (!compare_with_last(s, p, trace, last, error)) {
            g_prefix_error(error, "figure saturation: %s (first) against %s (second): ",
                           moe_figure_input_name(kit->input, p),
                           moe_figure_input_name(kit->input, n - 1));
            return false;
        }
    }
    return last && place_traces(s, error);
}

/* --- The scene --------------------------------------------------------------------------------*/

static MoeAxis
x_axis(const Saturation *s)
{
    if (s->names)
        return (MoeAxis){.type = MOE_AXIS_BAND,
                         .label = "recording",
                         .bands = s->points,
                         .names = (const char *const *)s->names};
    MoeRange steps = MOE_RANGE_EMPTY;
    moe__range_extend(&steps, s->at, s->points);
    moe__range_extend(&steps, &s->last, 1);
    return moe__axis_over(steps, 0.02, "step");
}

static void
add_curve(const Saturation *s, MoeScene *scene, int panel, int number, guint router)
{
    static const char *const told[PANELS] = {"{y} of picks are those of the last",
                                             "{y} of first choices are those of the last"};
    MoeColour own;
    const double *y = s->curves[router].value[panel];
    g_autofree char *name = NULL, *title = moe__kit_title(s->kit, router);
    g_autofree char *words =
        g_strdup_printf("%s, %s{x}: %s", title, s->names ? "" : "step ", told[panel]);
    MoeInk ink = moe__depth_ink(s->kit, router, &own, &name);
    MoeLine line = {.n = s->points,
                    .x = s->at,
                    .y = y,
                    .ink = ink,
                    .dots = s->points <= FEW_POINTS,
                    .words = words};
    moe_scene_add_line(scene, number, &line);
}

static void
add_panel(const Saturation *s, MoeScene *scene, int panel, const MoeAxis *x)
{
    static const char *const titles[PANELS] = {"all picks", "first choice"};
    MoeAxis y = {.label = "share as at the end", .max = 1.02};
    int number = moe_scene_add_panel(scene, titles[panel], NULL, x, &y);
    double left = s->names ? 0 : x->min, right = s->names ? s->points : x->max, before = NAN;
    for (guint i = 0; i < s->kit->routers->len; i++) {
        double uniform = s->curves[i].uniform[panel];
        if (isfinite(uniform) && !(fabs(uniform - before) < 1e-3 * fabs(before)))
            moe__kit_add_level(scene, number, left, right, uniform, "uniform");
        before = uniform;
    }
    for (guint i = 0; i < s->kit->routers->len; i++)
        add_curve(s, scene, number, panel, i);
    MoeRule last = {.upright = true, .value = s->last, .high = NAN, .label = "last"};
    if (!s->names)
        moe_scene_add_rule(scene, number, &last);
}

static void
set_caption(const Saturation *s, MoeScene *scene)
{
    int n = moe_figure_input_count(s->kit->input);
    g_autofree char *last = n > 1 ? moe__kit_input_name(s->kit->input, n - 1)
                                  : g_strdup_printf("step %.0f, the last", s->last);
    g_autofree char *what =
        g_strdup_printf("Share of picks, and of first choices, that are those of %s (router "
                        "saturation), a line a layer",
                        last);
    g_autofree char *tokens = moe__number_count(s->tokens);
    g_autofree char *size = g_strdup_printf("T" NBSP "=" NBSP "%s tokens at each of %d %s", tokens,
                                            s->points + 1, n > 1 ? "recordings" : "steps");
    moe__kit_caption_sized(s->kit, scene, what, size,
                           "dashed: uniformly random picks, k/E of all picks and 1/E of first "
                           "choices");
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    g_auto(Saturation) saturation = {0};
    if (!moe__kit_init_trace(&kit, &moe__figure_saturation, input, options, error) ||
        !(moe_figure_input_count(input) > 1 ? read_traces(&kit, &saturation, error)
                                            : read_steps(&kit, &saturation, error)))
        return NULL;
    MoeScene *scene = moe_scene_new(moe__figure_saturation.title);
    moe__depth_set_scale(&kit, scene);
    MoeAxis x = x_axis(&saturation);
    for (int panel = 0; panel < PANELS; panel++)
        add_panel(&saturation, scene, panel, &x);
    set_caption(&saturation, scene);
    return scene;
}

const MoeFigure moe__figure_saturation = {
    .struct_size = sizeof(MoeFigure),
    .name = "saturation",
    .title = "Router saturation",
    .help = "how many picks are the final ones already, over the steps of a run or over recordings "
            "of its checkpoints (the last trace being the final one), a line a layer, with k/E",
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_CAPTION,
    .most_inputs = 256,
    .build = build,
};
