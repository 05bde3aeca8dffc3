/* SPDX-License-Identifier: MIT
 *
 * Whether routers or experts collapse: small panels over training steps, a line a layer, beside
 * what chance would show. How even the load is (entropy, effective experts, MaxVio, dead experts),
 * whether what the router sees can still be told apart (RC, Chi et al. 2022, arXiv 2204.09179), how
 * alike the experts become, and how many choices still change.
 */
#include "figure/collapse.h"
#include "figure/depth.h"

#include <math.h>

/* Lines of so few points show where they are. */
#define FEW_POINTS 16
/* RC may explode: values that are so many times others don't go on one linear axis. */
#define LOG_FROM 30

typedef struct Shown {
    const char *title, *axis, *words;
    bool from_zero;
    const char *record; /* how to record it */
} Shown;

#define OF_STEPS "moescope train records it"
#define OF_TEXT  "moescope train records it at train.snapshots"

static const Shown shown[COLLAPSE_KINDS] = {
    [COLLAPSE_ENTROPY] = {"entropy", "nats", "entropy of the load {y} nats", false, OF_STEPS},
    [COLLAPSE_EFFECTIVE] = {"effective experts", "experts", "{y} effective experts", true,
                            OF_STEPS},
    [COLLAPSE_VIOLATION] = {"MaxVio", "ratio", "MaxVio {y}", true, OF_STEPS},
    [COLLAPSE_DEAD] = {"dead experts", "experts", "{y} experts without a pick", true, OF_STEPS},
    [COLLAPSE_REPRESENTATION] = {"RC", "ratio", "RC {y}", false, OF_TEXT},
    [COLLAPSE_WEIGHTS] = {"weight similarity", "mean cosine", "mean cosine of two experts {y}",
                          false, OF_TEXT},
    [COLLAPSE_OUTPUTS] = {"output similarity", "mean CKA", "mean CKA of two experts {y}", false,
                          OF_TEXT},
    [COLLAPSE_FLUCTUATION] = {"fluctuation", "share of units",
                              "{y} of first choices are others than at the snapshot before", true,
                              OF_TEXT},
};

static bool
is_there(const Collapse *c, int kind)
{
    for (guint i = 0; i < c->kit->routers->len; i++) {
        const MoeCurve *curve = &moe__collapse_curve(c, (CollapseKind)kind, i)->curve;
        for (int p = 0; p < curve->n; p++)
            if (isfinite(curve->value[p]))
                return true;
    }
    return false;
}

/* One axis of steps for all, so that panels can be read against each other. */
static MoeAxis
step_axis(const Collapse *c)
{
    MoeRange steps = MOE_RANGE_EMPTY;
    for (guint i = 0; i < COLLAPSE_KINDS * c->kit->routers->len; i++)
        moe__range_extend(&steps, c->curves[i].curve.step, c->curves[i].curve.n);
    return moe__axis_over(steps, 0.02, "step");
}

static MoeAxis
value_axis(const Collapse *c, int kind)
{
    const double zero = 0, one_expert = 1;
    MoeRange values = MOE_RANGE_EMPTY;
    for (guint i = 0; i < c->kit->routers->len; i++) {
        const CollapseCurve *one = moe__collapse_curve(c, (CollapseKind)kind, i);
        moe__range_extend(&values, one->curve.value, one->curve.n);
        moe__range_extend(&values, &one->uniform, 1);
    }
    if (shown[kind].from_zero)
        moe__range_extend(&values, &zero, 1);
    if (kind == COLLAPSE_DEAD)
        moe__range_extend(&values, &one_expert, 1);
    if (kind == COLLAPSE_REPRESENTATION && values.min > 0 && values.max > LOG_FROM * values.min)
        return (MoeAxis){.type = MOE_AXIS_LOG,
                         .label = shown[kind].axis,
                         .min = values.min / 1.2,
                         .max = values.max * 1.2};
    MoeAxis axis = moe__axis_over(values, 0.06, shown[kind].axis);
    if (shown[kind].from_zero && values.min >= 0)
        axis.min = 0;
    axis.whole = kind == COLLAPSE_DEAD;
    return axis;
}

static void
add_curve(const Collapse *c, MoeScene *scene, int panel, int kind, guint router)
{
    const MoeCurve *curve = &moe__collapse_curve(c, (CollapseKind)kind, router)->curve;
    MoeColour own;
    g_autofree char *name = NULL, *title = moe__kit_title(c->kit, router);
    g_autofree char *words =
        g_strdup_printf("%s, %s {x}: %s%s", title, curve->per > 1 ? "around step" : "step",
                        curve->per > 1 ? "mean " : "", shown[kind].words);
    MoeInk ink = moe__depth_ink(c->kit, router, &own, &name);
    MoeLine line = {.n = curve->n,
                    .x = curve->step,
                    .y = curve->value,
                    .ink = ink,
                    .dots = curve->n <= FEW_POINTS,
                    .words = words};
    if (curve->n > 0)
        moe_scene_add_line(scene, panel, &line);
}

static bool
has_level(const Collapse *c, CollapseKind kind)
{
    for (guint i = 0; i < c->kit->routers->len; i++)
        if (isfinite(moe__collapse_curve(c, kind, i)->uniform))
            return true;
    return false;
}

/* Layers of other sizes have other levels. */
static void
add_levels(const Collapse *c, MoeScene *scene, int panel, int kind, const MoeAxis *x)
{
    double last = NAN;
    for (guint i = 0; i < c->kit->routers->len; i++) {
        double uniform = moe__collapse_curve(c, (CollapseKind)kind, i)->uniform;
        if (isfinite(uniform) && !(fabs(uniform - last) < 1e-3 * fabs(last)))
            moe__kit_add_level(scene, panel, x->min, x->max, uniform,
                               kind == COLLAPSE_WEIGHTS   ? "random vectors"
                               : kind == COLLAPSE_OUTPUTS ? "shuffled inputs"
                                                          : "uniform");
        last = uniform;
    }
}

static void
add_panel(const Collapse *c, MoeScene *scene, int kind, const MoeAxis *x)
{
    MoeAxis y = value_axis(c, kind);
    int panel = moe_scene_add_panel(scene, shown[kind].title, NULL, x, &y);
    add_levels(c, scene, panel, kind, x);
    for (guint i = 0; i < c->kit->routers->len; i++)
        add_curve(c, scene, panel, kind, i);
}

/* --- What stands below ------------------------------------------------------------------------*/

/* "not recorded: RC (…)", what misses for one reason together; "" where nothing misses. (transfer
 * full) */
static char *
missing(const Collapse *c)
{
    GString *text = g_string_new(NULL);
    for (int kind = 0; kind < COLLAPSE_KINDS; kind++) {
        if (is_there(c, kind))
            continue;
        bool more = kind + 1 < COLLAPSE_KINDS && !is_there(c, kind + 1) &&
                    shown[kind + 1].record == shown[kind].record;
        g_string_append_printf(text, "%s%s",
                               text->len ? ", " : "; not recorded: ", shown[kind].title);
        if (!more)
            g_string_append_printf(text, " (%s)", shown[kind].record);
    }
    return g_string_free(text, FALSE);
}

static void
set_caption(const Collapse *c, MoeScene *scene)
{
    int64_t per = 1;
    for (guint i = 0; i < COLLAPSE_KINDS * c->kit->routers->len; i++)
        per = MAX(per, c->curves[i].curve.per);
    g_autofree char *steps = moe__number_count(c->steps);
    g_autofree char *picks = moe__kit_counts(MIN(c->low, c->high), c->high);
    g_autoptr(GString) size = g_string_new(NULL);
    if (c->steps > 0)
        g_string_append_printf(
            size, "load of %s %s, N" NBSP "=" NBSP "%s picks a layer and step, before drops", steps,
            c->of_text ? "snapshots of a text" : "training steps", picks);
    if (per > 1)
        g_string_append_printf(size, ", up to %" G_GINT64_FORMAT " averaged", per);
    if (c->snapshots > 0)
        g_string_append_printf(size, "%sthe rest of %" G_GINT64_FORMAT " snapshots of a text",
                               size->len ? "; " : "", c->snapshots);
    g_autofree char *not_there = missing(c);
    g_autofree char *chance = g_strconcat(
        "dashed: uniformly random picks, as many",
        is_there(c, COLLAPSE_WEIGHTS) ? "; random vectors" : "",
        has_level(c, COLLAPSE_OUTPUTS) ? "; outputs for shuffled inputs" : "", not_there, NULL);
    moe__kit_caption_sized(c->kit, scene,
                           "How even the load is, how well units are told apart (RC), how alike "
                           "experts are and how many first choices change, a line a layer",
                           size->str, chance);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    g_auto(Collapse) collapse = {0};
    bool of_text = moe_figure_options_choice(options, "load") == 1;
    int points = (int)moe_figure_options_real(options, "points");
    if (!moe__kit_init_trace(&kit, &moe__figure_collapse, input, options, error) ||
        !moe__collapse_read(&kit, points, of_text, &collapse, error))
        return NULL;
    MoeScene *scene = NULL;
    MoeAxis x = step_axis(&collapse);
    for (int kind = 0; kind < COLLAPSE_KINDS; kind++) {
        if (!is_there(&collapse, kind))
            continue;
        if (!scene) {
            scene = moe_scene_new(moe__figure_collapse.title);
            moe__depth_set_scale(&kit, scene);
        }
        add_panel(&collapse, scene, kind, &x);
    }
    if (scene)
        set_caption(&collapse, scene);
    else
        moe__kit_missing(&kit, "load of training steps, measures or snapshots",
                         "moescope train records all three (train.snapshots)", error);
    return scene;
}

static const MoeField fields[] = {
    {.name = "load",
     .type = MOE_FIELD_CHOICE,
     .fallback = "training",
     .choices = "training | text",
     .help = "of training batches, or of the text that was recorded at snapshots (which is taken "
             "where there are no batches)"},
    {.name = "points",
     .type = MOE_FIELD_INT,
     .fallback = "150",
     .min = 2,
     .max = 100000,
     .help = "at most so many points a line; more recorded values are averaged"},
};

const MoeFigure moe__figure_collapse = {
    .struct_size = sizeof(MoeFigure),
    .name = "collapse",
    .title = "Collapse over training",
    .help = "panels over training steps, a line a layer: entropy, effective experts, MaxVio, dead "
            "experts, RC, similarity of experts, fluctuation",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_CAPTION,
    .build = build,
};
