/* SPDX-License-Identifier: MIT
 *
 * What a run wrote down step by step (loss, learning rate, …), a panel a series.
 */
#include "figure/series.h"
#include "figure/curve.h"
#include "figure/load.h"
#include "figure/number.h"
#include "figure/plain-words.h"

#include <math.h>

static bool
curve_read(const MoeTrace *trace, const char *name, int most, MoeCurve *curve, GError **error)
{
    int64_t n;
    g_autofree double *pairs = moe__series_read(trace, name, &n, error);
    if (pairs)
        moe__curve_thin(pairs, n, most, curve);
    return pairs != NULL;
}

/* Whether the series had anything to draw. */
static bool
add_panel(MoeScene *scene, const char *name, const MoeCurve *curve, MoeRange steps)
{
    MoeRange values = MOE_RANGE_EMPTY;
    moe__range_extend(&values, curve->value, curve->n);
    if (!moe__range_valid(values))
        return false;
    MoeAxis x = moe__axis_over(steps, 0, "step"), y = moe__axis_over(values, 0.05, NULL);
    g_autofree char *value = moe__number_short(curve->value[curve->n - 1]);
    g_autofree char *note = g_strdup_printf("last %s", value);
    g_autofree char *words =
        g_strdup_printf(curve->per > 1 ? "around step {x}: mean %s {y}" : "step {x}: %s {y}",
                        moe__plain_series(name));
    MoeLine line = {.n = curve->n, .x = curve->step, .y = curve->value, .words = words};
    moe_scene_add_line(scene, moe_scene_add_panel(scene, moe__plain_series(name), note, &x, &y),
                       &line);
    return true;
}

static void
set_caption(MoeScene *scene, const MoeTrace *trace, int64_t recorded, int64_t per)
{
    g_autofree char *model = moe__figure_model(moe_trace_meta_json(trace));
    g_autofree char *count = moe__number_count(recorded);
    g_autoptr(GString) text = g_string_new("What the run recorded, step by step. ");
    if (model)
        g_string_append_printf(text, "Model %s; ", model);
    g_string_append_printf(text, "up to %s values a series", count);
    if (per > 1)
        g_string_append_printf(text, ", a point being the mean of up to %" G_GINT64_FORMAT, per);
    g_string_append_c(text, '.');
    moe_scene_set_caption(scene, text->str);
}

/* One step axis for all, so that panels can be read against each other. */
static MoeScene *
scene_of(const MoeTrace *trace, const char *const *names, const GArray *curves, bool caption)
{
    MoeScene *scene = moe_scene_new(moe__figure_series.title);
    MoeRange steps = MOE_RANGE_EMPTY;
    int64_t recorded = 0, per = 1;
    for (guint i = 0; i < curves->len; i++) {
        const MoeCurve *curve = &g_array_index(curves, MoeCurve, i);
        moe__range_extend(&steps, curve->step, curve->n);
        recorded = MAX(recorded, curve->recorded);
        per = MAX(per, curve->per);
    }
    int panels = 0;
    for (guint i = 0; i < curves->len && moe__range_valid(steps); i++)
        panels += add_panel(scene, names[i], &g_array_index(curves, MoeCurve, i), steps);
    if (caption)
        set_caption(scene, trace, recorded, per);
    if (panels == 0)
        g_clear_pointer(&scene, moe_scene_free);
    return scene;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    const MoeTrace *trace = moe__figure_trace(input, 0, error);
    if (!trace)
        return NULL;
    int n, most = (int)moe_figure_options_real(options, "points");
    const char *const *names = moe_trace_series_names(trace, &n);
    g_autoptr(GArray) curves = g_array_new(FALSE, FALSE, sizeof(MoeCurve));
    g_array_set_clear_func(curves, moe__curve_clear);
    for (int i = 0; i < n; i++) {
        MoeCurve curve = {0};
        if (!curve_read(trace, names[i], most, &curve, error))
            return NULL;
        g_array_append_val(curves, curve);
    }
    bool caption = moe_figure_options_bool(options, "caption");
    MoeScene *scene = scene_of(trace, names, curves, caption);
    if (!scene)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure series: %s has no series (series/\xe2\x80\xa6) with a value; the trace "
                    "that moescope train writes has",
                    moe_figure_input_name(input, 0));
    return scene;
}

static const MoeField fields[] = {
    {.name = "points",
     .type = MOE_FIELD_INT,
     .fallback = "1000",
     .min = 2,
     .max = 100000,
     .help = "at most so many points a line; more recorded values are averaged"},
};

const MoeFigure moe__figure_series = {
    .struct_size = sizeof(MoeFigure),
    .name = "series",
    .title = "Training curves",
    .help =
        "lines over training steps, a panel a series: loss, learning rate, what else was recorded",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_CAPTION,
    .build = build,
};
