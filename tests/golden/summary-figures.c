/* SPDX-License-Identifier: MIT
 *
 * Golden figures of summaries: one made-up trace, with every figure that is counted from it.
 */
#include "golden.h"

#include <glib/gstdio.h>
#include <moescope/figure.h>
#include <moescope/trace-tools.h>

static char *folder;

static MoeTrace *
made_up(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "made-up.npz", NULL);
    const MoeTraceSynth synth = {.tokens = 3000,
                                 .routers = 3,
                                 .experts = 8,
                                 .k = 2,
                                 .domains = 3,
                                 .skew = 0.8,
                                 .specialisation = 0.5,
                                 .repetition = 0.3,
                                 .document_tokens = 200,
                                 .gates = true,
                                 .seed = 7};
    const MoeTraceOutput output = {0};
    g_assert_true(moe_trace_synth(path, &synth, &output, NULL, &error));
    g_assert_no_error(error);
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_unlink(path);
    return trace;
}

static MoeScene *
build(const char *name, const char *assignment, const MoeTrace *trace, const MoeSummary *summary,
      GError **error)
{
    const MoeFigure *figure = moe_figures_find(name, error);
    g_assert_nonnull(figure);
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    g_assert_true(!assignment || moe_figure_options_set(options, assignment, error));
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    moe_figure_input_add(input, trace, summary, "made-up");
    return moe_figure_build(figure, input, options, error);
}

typedef struct Golden {
    const char *golden, *figure, *assignment, *theme; /* theme NULL: text only */
} Golden;

static const Golden goldens[] = {
    {"activation", "activation", NULL},
    {"activation-sorted", "activation", "sort=load"},
    {"activation-curve", "activation-curve", NULL},
    {"coactivation", "coactivation", NULL},
    {"coactivation-lift", "coactivation", "norm=lift"},
    {"transitions", "transitions", NULL},
    {"transitions-lift", "transitions", "norm=lift"},
    {"transitions-chosen", "transitions", "layers=2"},
    {"domains", "domains", NULL, "paper-full"},
    {"domains-few", "domains", "most=3"},
    {"domains-picks", "domains", "norm=picks"},
    {"locality", "locality", NULL},
    {"caches", "caches", "layers=0"},

    {"flow", "flow", "most=3", "paper-column"},
    {"load-all", "load", "by=all"},
    {"expert", "expert", "expert=3", "paper-full"},
    {"expert-most", "expert", "layer=2"},
    {"layers", "layers", NULL, "paper-column"},
    {"layers-chosen", "layers", "metrics=same-first,token-entropy"},

    {"flow-far", "flow", "layers=0,2"},
    {"flow-domain", "flow", "domains=domain-1"},
    {"transitions-sorted", "transitions", "sort=domain"},
    {"coactivation-chosen", "coactivation", "experts=1-3"},
    {"load-ranked", "load", "sort=load", "paper-full"},
};

static void
test_text(gconstpointer data)
{
    const Golden *golden = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = made_up();
    g_autoptr(MoeScene) scene = build(golden->figure, golden->assignment, trace, NULL, &error);
    g_assert_no_error(error);
    g_autofree char *name = g_strconcat(golden->golden, ".txt", NULL);
    g_autofree char *text = moe_scene_to_text(scene);
    golden_check_text(name, text);
}

static void
test_picture(gconstpointer data)
{
    const Golden *golden = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = made_up();
    g_autoptr(MoeScene) scene = build(golden->figure, golden->assignment, trace, NULL, &error);
    g_assert_no_error(error);
    g_autofree char *name = g_strconcat(golden->golden, ".png", NULL);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_assert_true(moe_scene_set_theme(scene, golden->theme, &error));
    g_assert_true(moe_scene_save(scene, path, 120, &error));
    g_assert_no_error(error);
    golden_check_png(name, path);
    g_unlink(path);
}

/* A summary of loads alone, of one layer and no domains. */
static void
test_missing(gconstpointer data)
{
    static const MoeRouterInfo router = {.experts = 4,
                                         .k = 1,
                                         .units_per_token = 1,
                                         .score = (char *)"linear",
                                         .select = (char *)"topk",
                                         .gate = (char *)"softmax"};
    const Golden *missing = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeSummary) summary = moe_summary_new(&router, 1, NULL, 0, MOE_TALLY_LOAD);
    g_assert_null(build(missing->figure, NULL, NULL, summary, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    if (!strstr(error->message, missing->golden))
        g_test_fail_printf("%s: found \"%s\", expected \"%s\"", missing->figure, error->message,
                           missing->golden);
}

static const Golden missings[] = {
    {"made-up has no picks; record some tokens", "activation-curve", NULL},
    {"made-up has no two domains to compare; record or import", "domains", NULL},
    {"made-up has no pick in this layer; record some tokens", "expert", NULL},
    {"made-up: the summary doesn't hold what the figure needs", "transitions", NULL},
    {"made-up: the summary doesn't hold what the figure needs", "flow", NULL},
    {"made-up: the summary doesn't hold what the figure needs", "locality", NULL},
    {"made-up: the summary doesn't hold what the figure needs", "caches", NULL},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    folder = g_dir_make_tmp("moescope-figures-XXXXXX", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(goldens); i++) {
        g_autofree char *path = g_strdup_printf("/summary-figures/text/%s", goldens[i].golden);
        g_autofree char *picture =
            g_strdup_printf("/summary-figures/picture/%s", goldens[i].golden);
        g_test_add_data_func(path, &goldens[i], test_text);
        if (goldens[i].theme)
            g_test_add_data_func(picture, &goldens[i], test_picture);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(missings); i++) {
        g_autofree char *path = g_strdup_printf("/summary-figures/missing/%s", missings[i].figure);
        g_test_add_data_func(path, &missings[i], test_missing);
    }
    int failed = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return failed;
}
