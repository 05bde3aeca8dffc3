/* SPDX-License-Identifier: MIT
 *
 * How long first choices still change: the share that is another than at the recorded step before
 * (X-MoE's RF, Chi et al. 2022, arXiv 2204.09179), and the share that has reached its final expert
 * for good (StableMoE, Dai et al. 2022, arXiv 2204.08396), over the steps of a run.
 */
#include "figure/follow.h"

#include "figure/curve.h"
#include "figure/depth.h"

#include <math.h>

/* Lines of so few points show where they are. */
#define FEW_POINTS 24

typedef enum { CHANGED, SETTLED, PANELS } Panel;

/* Whether nothing changed before the first step isn't known. */
static int
first_step(Panel panel)
{
    return panel == CHANGED ? 1 : 0;
}

static double
value_of(const MoeFluctuation *f, int router, int step, Panel panel)
{
    const MoeSteppedRouter *info = moe_fluctuation_router(f, router);
    if (panel == CHANGED)
        return moe_step_metric_find("fluctuation")->value(f, router, step);
    if (step > 0) /* who settled behind the step before, has here */
        return moe_step_metric_find("cumulative")->value(f, router, step - 1);
    return info->traced > 0 ? (double)info->settled / (double)info->traced : NAN;
}

MoeFluctuation *
moe__follow_text(const Kit *kit, const char *also, GError **error)
{
    g_autoptr(GError) problem = NULL;
    MoeFluctuation *f = moe_fluctuation(kit->trace, NULL, 0, NULL, &problem);
    if (!f)
        g_set_error(error, problem->domain, problem->code,
                    "figure %s: %s: %s; moescope train records one text at train.snapshots%s",
                    kit->figure->name, moe_figure_input_name(kit->input, 0), problem->message,
                    also);
    return f;
}

int
moe__followed(const Kit *kit, guint i, const MoeFluctuation *fluctuation)
{
    for (int r = 0; r < moe_fluctuation_routers(fluctuation); r++)
        if (moe_fluctuation_router(fluctuation, r)->router == moe__kit_router(kit, i))
            return r;
    return -1;
}

static void
add_curve(const Kit *kit, MoeScene *scene, int number, guint i, const MoeFluctuation *f,
          Panel panel)
{
    static const char *const told[PANELS] = {
        "{y} of first choices are others than at the step before",
        "{y} of first choices are the final ones from here on"};
    int router = moe__followed(kit, i, f), first = first_step(panel);
    int n = moe_fluctuation_steps(f) - first;
    g_autofree double *x = g_new(double, (gsize)n), *y = g_new(double, (gsize)n);
    for (int s = 0; s < n; s++) {
        x[s] = moe_fluctuation_cell(f, router, s + first)->step;
        y[s] = value_of(f, router, s + first, panel);
    }
    MoeColour own;
    g_autofree char *name = NULL, *title = moe__kit_title(kit, i);
    g_autofree char *words = g_strdup_printf("%s, step {x}: %s", title, told[panel]);
    MoeInk ink = moe__depth_ink(kit, i, &own, &name);
    MoeLine line = {.n = n, .x = x, .y = y, .ink = ink, .dots = n <= FEW_POINTS, .words = words};
    moe_scene_add_line(scene, number, &line);
}

/* Layers of other sizes have other levels. */
static void
add_levels(const Kit *kit, MoeScene *scene, int number, const MoeFluctuation *f, const MoeAxis *x)
{
    const MoeStepMetric *metric = moe_step_metric_find("fluctuation");
    double before = NAN;
    for (guint i = 0; i < kit->routers->len; i++) {
        double level = metric->uniform(f, moe__followed(kit, i, f), 1);
        if (isfinite(level) && !(fabs(level - before) < 1e-3 * fabs(before)))
            moe__kit_add_level(scene, number, x->min, x->max, level, "uniform");
        before = level;
    }
}

static MoeAxis
step_axis(const MoeFluctuation *f)
{
    MoeRange steps = MOE_RANGE_EMPTY;
    for (int s = 0; s < moe_fluctuation_steps(f); s++) {
        double step = moe_fluctuation_cell(f, 0, s)->step;
        moe__range_extend(&steps, &step, 1);
    }
    return moe__axis_over(steps, 0.02, "step");
}

static void
set_caption(const Kit *kit, MoeScene *scene, const MoeFluctuation *f)
{
    g_autofree char *tokens = moe__number_count(moe_fluctuation_tokens(f));
    g_autofree char *size = g_strdup_printf("T" NBSP "=" NBSP "%s tokens at each of %d steps",
                                            tokens, moe_fluctuation_steps(f));
    moe__kit_caption_sized(
        kit, scene,
        "Share of first choices that changed since the recorded step before "
        "(RF), and that stay as they are from a step on, a line a layer",
        size, "dashed: experts drawn anew at random, 1" NBSP "\xe2\x88\x92" NBSP "1/E");
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init_trace(&kit, &moe__figure_fluctuation, input, options, error))
        return NULL;
    g_autoptr(MoeFluctuation) f = moe__follow_text(&kit, "", error);
    if (!f)
        return NULL;
    MoeScene *scene = moe_scene_new(moe__figure_fluctuation.title);
    moe__depth_set_scale(&kit, scene);
    MoeAxis x = step_axis(f), y = {.label = "share of units", .max = 1.02};
    for (Panel panel = CHANGED; panel < PANELS; panel++) {
        static const char *const titles[PANELS] = {"changed", "settled"};
        int number = moe_scene_add_panel(scene, titles[panel], NULL, &x, &y);
        if (panel == CHANGED)
            add_levels(&kit, scene, number, f, &x);
        for (guint i = 0; i < kit.routers->len; i++)
            add_curve(&kit, scene, number, i, f, panel);
    }
    set_caption(&kit, scene, f);
    return scene;
}

const MoeFigure moe__figure_fluctuation = {
    .struct_size = sizeof(MoeFigure),
    .name = "fluctuation",
    .title = "Routing fluctuation",
    .help = "how many first choices change from snapshot to snapshot of a run, and how many have "
            "settled, a line a layer",
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_CAPTION,
    .build = build,
};
