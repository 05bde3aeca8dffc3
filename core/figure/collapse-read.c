/* SPDX-License-Identifier: MIT
 *
 * What tells of a collapse, out of a run's trace: loads of training steps or of snapshots, measures
 * that routers reported, picks of one text at several steps.
 */
#include "figure/collapse.h"
#include "figure/likeness-read.h"

#include <math.h>
#include <moescope/compare.h>
#include <moescope/metrics.h>

static const char *const load_metrics[] = {
    [COLLAPSE_ENTROPY] = "entropy",
    [COLLAPSE_EFFECTIVE] = "effective-experts",
    [COLLAPSE_VIOLATION] = "maxvio",
    [COLLAPSE_DEAD] = "dead",
};

static CollapseCurve *
curve_at(const Collapse *c, CollapseKind kind, guint router)
{
    return &c->curves[(guint)kind * c->kit->routers->len + router];
}

const CollapseCurve *
moe__collapse_curve(const Collapse *collapse, CollapseKind kind, guint router)
{
    return curve_at(collapse, kind, router);
}

/* Takes over pairs (step, value). */
static void
set_curve(Collapse *c, CollapseKind kind, guint router, const GArray *pairs, double uniform)
{
    CollapseCurve *to = curve_at(c, kind, router);
    moe__curve_thin((const double *)(const void *)pairs->data, pairs->len / 2, c->most, &to->curve);
    to->uniform = uniform;
}

static GArray *
new_pairs(void)
{
    return g_array_new(FALSE, FALSE, sizeof(double));
}

static void
add_pair(GArray *pairs, double step, double value)
{
    const double pair[2] = {step, value};
    g_array_append_vals(pairs, pair, 2);
}

/* --- Loads ------------------------------------------------------------------------------------*/

/* The four metrics of loads, step by step. */
typedef struct LoadCurves {
    GArray *pairs[COLLAPSE_DEAD + 1];
    double uniform[COLLAPSE_DEAD + 1];
} LoadCurves;

static LoadCurves
curves_begin(void)
{
    LoadCurves curves;
    for (int kind = 0; kind <= COLLAPSE_DEAD; kind++) {
        curves.pairs[kind] = new_pairs();
        curves.uniform[kind] = NAN;
    }
    return curves;
}

/* A step's load; what chance would show is that of the first, as steps have as many picks. */
static void
curves_add(LoadCurves *curves, Collapse *c, double step, const MoeSummaryCell *load)
{
    const MoeMetricCell cell = {.summary = load};
    if (load->picks == 0)
        return;
    c->low = MIN(c->low, load->picks);
    c->high = MAX(c->high, load->picks);
    for (int kind = 0; kind <= COLLAPSE_DEAD; kind++) {
        const MoeMetric *metric = moe_metric_find(load_metrics[kind]);
        add_pair(curves->pairs[kind], step, moe_metric_value(metric, &cell));
        if (isnan(curves->uniform[kind]))
            curves->uniform[kind] = moe_metric_uniform(metric, &cell);
    }
}

static void
curves_end(LoadCurves *curves, Collapse *c, guint router)
{
    for (int kind = 0; kind <= COLLAPSE_DEAD; kind++) {
        set_curve(c, (CollapseKind)kind, router, curves->pairs[kind], curves->uniform[kind]);
        g_array_unref(curves->pairs[kind]);
    }
}

/* Of training batches; `found` is left alone where the trace has none. */
static bool
read_states(Collapse *c, guint router, bool *found, GError **error)
{
    GError *problem = NULL;
    g_autoptr(MoeStates) states =
        moe_states_read(c->kit->trace, moe__kit_router(c->kit, router), &problem);
    if (!states) {
        if (g_error_matches(problem, MOE_ERROR, MOE_ERROR_DATA)) {
            g_clear_error(&problem);
            return true;
        }
        g_propagate_error(error, problem);
        return false;
    }
    LoadCurves curves = curves_begin();
    c->steps = moe_states_count(states);
    for (int64_t i = 0; i < c->steps; i++)
        curves_add(&curves, c, (double)moe_states_step(states, i), moe_states_cell(states, i));
    curves_end(&curves, c, router);
    *found = true;
    return true;
}

/* Of the recorded text, all of it, at one of its steps. */
static bool
read_snapshot(Collapse *c, int32_t step, LoadCurves *curves, GError **error)
{
    const MoeSummaryOptions options = {.steps = MOE_STEPS_ONE, .step = step};
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(c->kit->trace, &options, error);
    for (guint i = 0; summary && i < c->kit->routers->len; i++)
        curves_add(&curves[i], c, step,
                   moe_summary_cell(summary, moe__kit_router(c->kit, i), MOE_DOMAIN_ALL));
    return summary != NULL;
}

static bool
read_snapshots(Collapse *c, const int32_t *steps, int n, GError **error)
{
    guint routers = c->kit->routers->len;
    g_autofree LoadCurves *curves = g_new(LoadCurves, routers);
    bool good = true;
    for (guint i = 0; i < routers; i++)
        curves[i] = curves_begin();
    for (int i = 0; good && i < n; i++)
        good = read_snapshot(c, steps[i], curves, error);
    for (guint i = 0; i < routers; i++)
        curves_end(&curves[i], c, i);
    return good;
}

static bool
read_loads(Collapse *c, bool of_text, const int32_t *steps, int n, GError **error)
{
    bool found = false;
    for (guint i = 0; i < c->kit->routers->len && !(of_text && n > 1); i++)
        if (!read_states(c, i, &found, error))
            return false;
    c->of_text = !found && n > 1;
    if (c->of_text && !read_snapshots(c, steps, n, error))
        return false;
    c->steps = c->of_text ? n : c->steps;
    return true;
}

/* --- Measures ---------------------------------------------------------------------------------*/

/* Of a square matrix: the mean beside the diagonal; of a number: itself. */
static double
value_of(const MoeArray *array, int64_t row)
{
    int64_t n = moe_array_count(array) / array->shape[0], wide = array->shape[array->ndim - 1];
    double sum = 0;
    if (array->ndim == 1)
        return moe_array_value(array, row);
    for (int64_t i = 0; i < n; i++)
        sum += i % (wide + 1) == 0 ? 0 : moe_array_value(array, row * n + i);
    return sum / (double)(n - wide);
}

static bool
fits(const MoeArray *value, const MoeArray *step)
{
    bool number = value->ndim == 1;
    bool square = value->ndim == 3 && value->shape[1] == value->shape[2] && value->shape[1] > 1;
    return value->shape[0] == step->shape[0] && (number || square);
}

/* What experts that aren't alike would show: of weights vectors at random, of outputs those of
 * inputs in any order. */
static double
unlike(const Collapse *c, CollapseKind kind, guint router)
{
    return kind == COLLAPSE_WEIGHTS   ? 0
           : kind == COLLAPSE_OUTPUTS ? moe__likeness_shuffled_outputs(
                                            c->kit->trace, moe__kit_router(c->kit, router), NULL)
                                      : NAN;
}

static bool
read_measure(Collapse *c, CollapseKind kind, guint router, const char *name, GError **error)
{
    g_autofree char *member =
        g_strdup_printf("measures/r%03d.%s", moe__kit_router(c->kit, router), name);
    g_autofree char *steps = g_strconcat(member, ".step", NULL);
    MoeArray value, step;
    GError *problem = NULL;
    if (!moe_trace_join(c->kit->trace, member, &value, &problem)) {
        if (g_error_matches(problem, MOE_ERROR, MOE_ERROR_DATA)) {
            g_clear_error(&problem);
            return true;
        }
        g_propagate_error(error, problem);
        return false;
    }
    bool good = moe_trace_join(c->kit->trace, steps, &step, error);
    if (good && fits(&value, &step)) {
        g_autoptr(GArray) pairs = new_pairs();
        for (int64_t i = 0; i < value.shape[0]; i++)
            add_pair(pairs, moe_array_value(&step, i), value_of(&value, i));
        set_curve(c, kind, router, pairs, unlike(c, kind, router));
        c->snapshots = MAX(c->snapshots, value.shape[0]);
    }
    if (good)
        g_free((gpointer)step.data);
    g_free((gpointer)value.data);
    return good;
}

static bool
read_measures(Collapse *c, GError **error)
{
    static const struct {
        CollapseKind kind;
        const char *name;
    } measures[] = {
        {COLLAPSE_REPRESENTATION, "representation_collapse"},
        {COLLAPSE_WEIGHTS, "expert_cosine"},
        {COLLAPSE_OUTPUTS, "expert_output_cka"},
    };
    for (guint i = 0; i < c->kit->routers->len; i++)
        for (gsize m = 0; m < G_N_ELEMENTS(measures); m++)
            if (!read_measure(c, measures[m].kind, i, measures[m].name, error))
                return false;
    return true;
}

/* --- Fluctuation ------------------------------------------------------------------------------*/

static void
set_fluctuation(Collapse *c, const MoeFluctuation *f, int followed, guint router)
{
    const MoeStepMetric *metric = moe_step_metric_find("fluctuation");
    g_autoptr(GArray) pairs = new_pairs();
    for (int step = 1; step < moe_fluctuation_steps(f); step++)
        add_pair(pairs, moe_fluctuation_cell(f, followed, step)->step,
                 metric->value(f, followed, step));
    set_curve(c, COLLAPSE_FLUCTUATION, router, pairs, metric->uniform(f, followed, 1));
}

/* Where tokens differ from step to step there is nothing to follow. */
static bool
read_fluctuation(Collapse *c, GError **error)
{
    GError *problem = NULL;
    g_autoptr(MoeFluctuation) f = moe_fluctuation(c->kit->trace, NULL, 0, NULL, &problem);
    if (!f && g_error_matches(problem, MOE_ERROR, MOE_ERROR_DATA)) {
        g_clear_error(&problem);
        return true;
    }
    if (!f) {
        g_propagate_error(error, problem);
        return false;
    }
    for (guint i = 0; i < c->kit->routers->len; i++)
        for (int r = 0; r < moe_fluctuation_routers(f); r++)
            if (moe_fluctuation_router(f, r)->router == moe__kit_router(c->kit, i))
                set_fluctuation(c, f, r, i);
    c->snapshots = MAX(c->snapshots, moe_fluctuation_steps(f));
    return true;
}

bool
moe__collapse_read(const Kit *kit, int most, bool of_text, Collapse *collapse, GError **error)
{
    int n = 0;
    *collapse = (Collapse){.kit = kit, .most = most, .low = G_MAXINT64};
    collapse->curves = g_new0(CollapseCurve, COLLAPSE_KINDS * kit->routers->len);
    g_autofree int32_t *steps = moe_trace_steps(kit->trace, &n, error);
    return steps && read_loads(collapse, of_text, steps, n, error) &&
           read_measures(collapse, error) && (n < 2 || read_fluctuation(collapse, error));
}

void
moe__collapse_clear(Collapse *collapse)
{
    for (guint i = 0; collapse->curves && i < COLLAPSE_KINDS * collapse->kit->routers->len; i++)
        moe__curve_clear(&collapse->curves[i].curve);
    g_free(collapse->curves);
}
