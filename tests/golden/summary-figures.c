/* SPDX-License-Identifier: MIT
 *
 * Golden figures of summaries: one made-up trace, with every figure that is counted from it.
 */
#include "golden-figures.h"

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
build(const GoldenFigure *golden, GError **error)
{
    g_autoptr(MoeTrace) trace = made_up();
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    moe_figure_input_add(input, trace, NULL, "made-up");
    return golden_figure_build(golden, input, error);
}

/* Of a summary of loads alone, of one layer and no domains. */
static MoeScene *
build_bare(const GoldenFigure *golden, GError **error)
{
    static const MoeRouterInfo router = {.experts = 4,
                                         .k = 1,
                                         .units_per_token = 1,
                                         .score = (char *)"linear",
                                         .select = (char *)"topk",
                                         .gate = (char *)"softmax"};
    g_autoptr(MoeSummary) summary = moe_summary_new(&router, 1, NULL, 0, MOE_TALLY_LOAD);
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    moe_figure_input_add(input, NULL, summary, "made-up");
    return golden_figure_build(golden, input, error);
}

static const GoldenFigure goldens[] = {
    {"activation", "activation", NULL},
    {"activation-sorted", "activation", "sort=load"},
    {"activation-curve", "activation-curve", NULL},
    {"activation-curve-units", "activation-curve", "theta=units"},
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
    {"transitions-all", "transitions", "picks=all"},
    {"coactivation-chosen", "coactivation", "experts=1-3"},
    {"load-ranked", "load", "sort=load", "paper-full"},
};

static const GoldenFigure missings[] = {
    {"made-up has no picks; record some tokens", "activation-curve", NULL},
    {"made-up has no two domains to compare; record or import", "domains", NULL},
    {"made-up has no pick in this layer; record some tokens", "expert", NULL},
    {"made-up: the summary doesn't hold what the figure needs", "transitions", NULL},
    {"made-up: the summary doesn't hold what the figure needs", "flow", NULL},
    {"made-up: the summary doesn't hold what the figure needs", "transitions", "picks=all"},
    {"made-up: the summary doesn't hold what the figure needs", "locality", NULL},
    {"made-up: the summary doesn't hold what the figure needs", "caches", NULL},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    folder = g_dir_make_tmp("moescope-figures-XXXXXX", NULL);
    golden_figures_add("/summary-figures", goldens, G_N_ELEMENTS(goldens), build, folder);
    golden_missing_add("/summary-figures", missings, G_N_ELEMENTS(missings), build_bare);
    int failed = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return failed;
}
