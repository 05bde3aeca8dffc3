/* SPDX-License-Identifier: MIT
 *
 * A number that routers report of themselves, over training steps: a panel a router, on axes that
 * all of them share.
 */
#include "figure/measures.h"
#include "base/quote.h"
#include "figure/curve.h"
#include "figure/load.h"
#include "figure/number.h"
#include "figure/plain-words.h"

#include <math.h>
#include <string.h>

static bool
has(const MoeTrace *trace, int router, const char *name)
{
    int n;
    const char *const *names = moe_trace_measure_names(trace, router, &n);
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static double *
pairs_of(const MoeArray *value, const MoeArray *step)
{
    int64_t n = value->shape[0];
    double *pairs = g_new(double, 2 * n);
    for (int64_t i = 0; i < n; i++) {
        pairs[2 * i] = moe_array_value(step, i);
        pairs[2 * i + 1] = moe_array_value(value, i);
    }
    return pairs;
}

/* Reads a router's measure; leaves the curve empty if it isn't a number. */
static bool
curve_read(const MoeTrace *trace, int router, const char *name, int most, MoeCurve *curve,
           GError **error)
{
    MoeArray value, step;
    g_autofree char *values = g_strdup_printf("measures/r%03d.%s", router, name);
    g_autofree char *steps = g_strconcat(values, ".step", NULL);
    if (!moe_trace_join(trace, values, &value, error))
        return false;
    bool read = moe_trace_join(trace, steps, &step, error);
    if (read && value.ndim == 1) {
        g_autofree double *pairs = pairs_of(&value, &step);
        moe__curve_thin(pairs, value.shape[0], most, curve);
    }
    if (read)
        g_free((gpointer)step.data);
    g_free((gpointer)value.data);
    return read;
}

/* The names of measures that are numbers, for the error. */
static char *
known_numbers(const MoeTrace *trace)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        int n;
        const char *const *names = moe_trace_measure_names(trace, r, &n);
        for (int i = 0; i < n; i++) {
            MoeCurve curve = {0};
            if (!g_ptr_array_find_with_equal_func(known, names[i], g_str_equal, NULL) &&
                curve_read(trace, r, names[i], 2, &curve, NULL) && curve.n > 0)
                g_ptr_array_add(known, (gpointer)names[i]);
            moe__curve_clear(&curve);
        }
    }
    if (known->len == 0)
        return NULL;
    g_ptr_array_add(known, NULL);
    return g_strjoinv(", ", (char **)known->pdata);
}

static void
set_unknown(const MoeTrace *trace, const char *name, GError **error)
{
    g_autofree char *known = known_numbers(trace), *found = moe__quote(name);
    if (known)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure measures: found name=%s, expected a number that routers report; the "
                    "trace has: %s",
                    found, known);
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure measures: the trace has no number that routers report; runs and "
                    "recordings of moescope have them");
}

static void
add_panel(MoeScene *scene, const char *name, int layer, const MoeCurve *curve, const MoeAxis *x,
          const MoeAxis *y)
{
    g_autofree char *title = g_strdup_printf("layer %d", layer);
    g_autofree char *value = moe__number_short(curve->value[curve->n - 1]);
    g_autofree char *note = g_strdup_printf("last %s", value);
    g_autofree char *words = g_strdup_printf(
        curve->per > 1 ? "layer %d, around step {x}: mean %s {y}" : "layer %d, step {x}: %s {y}",
        layer, moe__plain_measure(name));
    MoeLine line = {.n = curve->n, .x = curve->step, .y = curve->value, .words = words};
    moe_scene_add_line(scene, moe_scene_add_panel(scene, title, note, x, y), &line);
}

static void
set_caption(MoeScene *scene, const MoeTrace *trace, const char *name, int64_t recorded, int64_t per)
{
    g_autofree char *model = moe__figure_model(moe_trace_meta_json(trace));
    g_autofree char *count = moe__number_count(recorded);
    g_autoptr(GString) text = g_string_new(moe__plain_measure(name));
    text->str[0] = g_ascii_toupper(text->str[0]);
    g_string_append_printf(text, ": %s as the router of each layer reported it, %s. ", name,
                           g_str_has_prefix(name, "train.")
                               ? "of the training batch of the step"
                               : "of the recorded text by the model of the step");
    if (model)
        g_string_append_printf(text, "Model %s; ", model);
    g_string_append_printf(text, "up to %s values a router", count);
    if (per > 1)
        g_string_append_printf(text, ", a point being the mean of up to %" G_GINT64_FORMAT, per);
    g_string_append_c(text, '.');
    moe_scene_set_caption(scene, text->str);
}

/* NULL if no curve has anything to draw. */
static MoeScene *
scene_of(const MoeTrace *trace, const char *name, const GArray *curves, bool caption)
{
    MoeRange steps = MOE_RANGE_EMPTY, values = MOE_RANGE_EMPTY;
    int64_t recorded = 0, per = 1;
    for (guint i = 0; i < curves->len; i++) {
        const MoeCurve *curve = &g_array_index(curves, MoeCurve, i);
        moe__range_extend(&steps, curve->step, curve->n);
        moe__range_extend(&values, curve->value, curve->n);
        recorded = MAX(recorded, curve->recorded);
        per = MAX(per, curve->per);
    }
    if (!moe__range_valid(steps) || !moe__range_valid(values))
        return NULL;
    MoeAxis x = moe__axis_over(steps, 0, "step"),
            y = moe__axis_over(values, 0.05, moe__plain_measure(name));
    MoeScene *scene = moe_scene_new(moe__figure_measures.title);
    for (guint i = 0; i < curves->len; i++) {
        const MoeCurve *curve = &g_array_index(curves, MoeCurve, i);
        if (curve->n > 0)
            add_panel(scene, name, moe_trace_router(trace, (int)i)->layer, curve, &x, &y);
    }
    if (caption)
        set_caption(scene, trace, name, recorded, per);
    return scene;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    const MoeTrace *trace = moe__figure_trace(input, 0, error);
    if (!trace)
        return NULL;
    const char *name = moe_figure_options_text(options, "name");
    int most = (int)moe_figure_options_real(options, "points");
    g_autoptr(GArray) curves = g_array_new(FALSE, FALSE, sizeof(MoeCurve));
    g_array_set_clear_func(curves, moe__curve_clear);
    bool any = false;
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        MoeCurve curve = {0};
        bool chosen = moe_figure_options_layer(options, moe_trace_router(trace, r)->layer);
        any |= chosen;
        if (chosen && has(trace, r, name) && !curve_read(trace, r, name, most, &curve, error))
            return NULL;
        g_array_append_val(curves, curve);
    }
    MoeScene *scene = scene_of(trace, name, curves, moe_figure_options_bool(options, "caption"));
    if (!scene && any)
        set_unknown(trace, name, error);
    else if (!scene)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure measures: layers=%s picks none of the %d MoE layers of %s",
                    moe_figure_options_text(options, "layers"), moe_trace_routers(trace),
                    moe_figure_input_name(input, 0));
    return scene;
}

static const MoeField fields[] = {
    {.name = "name",
     .type = MOE_FIELD_STRING,
     .fallback = "train.logit_std",
     .help = "which number; moescope info lists those of a trace"},
    {.name = "points",
     .type = MOE_FIELD_INT,
     .fallback = "1000",
     .min = 2,
     .max = 100000,
     .help = "at most so many points a line; more recorded values are averaged"},
};

const MoeFigure moe__figure_measures = {
    .struct_size = sizeof(MoeFigure),
    .name = "measures",
    .title = "State of routers",
    .help = "a number that routers report over training steps, a panel a router: spread of logits, "
            "representation collapse, …",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_CAPTION,
    .build = build,
};
