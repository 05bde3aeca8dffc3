/* SPDX-License-Identifier: MIT
 *
 * Golden figures of runs: made-up training, of which steps, tokens, series and measures were
 * recorded; and figures of several such runs.
 */
#include "golden-figures.h"

#include <glib/gstdio.h>
#include <math.h>
#include <moescope/figure.h>

enum { ROUTERS = 2, EXPERTS = 8, K = 2, STEPS = 60, EVERY = 10, TOKENS = 240, SNAPSHOTS = 4 };

static const int32_t snapshots[SNAPSHOTS] = {0, 100, 300, 590};

static char *folder;

/* --- A made-up run ----------------------------------------------------------------------------*/

/* Layer 0 evens out, the other one collapses. */
static double
weight(int router, int expert, double along, int seed)
{
    double taste = sin(3.1 * expert + 1.7 * router + 0.9 * seed);
    return exp((router == 0 ? 1.2 - along : 0.2 + 2.2 * along) * taste);
}

static void
write_state(MoeTraceWriter *writer, int step, int seed)
{
    g_autoptr(GError) error = NULL;
    int64_t load[ROUTERS][EXPERTS], dropped[EXPERTS] = {0};
    MoeTraceState states[ROUTERS];
    double along = step / (STEPS - 1.0);
    for (int r = 0; r < ROUTERS; r++) {
        int64_t rest = 2000;
        double sum = 0;
        for (int e = 0; e < EXPERTS; e++)
            sum += weight(r, e, along, seed) * (1 + 0.1 * sin(0.9 * step + 2 * e));
        for (int e = 0; e + 1 < EXPERTS; e++) {
            double share = weight(r, e, along, seed) * (1 + 0.1 * sin(0.9 * step + 2 * e)) / sum;
            load[r][e] = lround(2000 * share);
            rest -= load[r][e];
        }
        load[r][EXPERTS - 1] = MAX(rest, 0);
        states[r] = (MoeTraceState){load[r], dropped, NULL};
    }
    g_assert_true(moe_trace_writer_state(writer, EVERY * step, states, &error));
    double loss = 1.1 + 0.1 * seed + 2.2 * exp(-4 * along) + 0.08 * sin(12.9898 * step * step);
    g_assert_true(moe_trace_writer_series(writer, "loss", EVERY * step, loss, &error));
    if (step % 20 == 0)
        g_assert_true(moe_trace_writer_series(writer, "validation_bits_per_byte", EVERY * step,
                                              1.4 * loss, &error));
    g_assert_no_error(error);
}

static void
write_measures(MoeTraceWriter *writer, int step, int seed)
{
    static const int64_t square[2] = {EXPERTS, EXPERTS};
    g_autoptr(GError) error = NULL;
    for (int r = 0; r < ROUTERS; r++) {
        float collapse = (float)(9 + seed - 0.01 * step * r), cosine[EXPERTS * EXPERTS];
        for (int i = 0; i < EXPERTS * EXPERTS; i++)
            cosine[i] = (float)(i % (EXPERTS + 1) == 0 ? 1 : 0.1 + 0.001 * step * r);
        g_assert_true(moe_trace_writer_measure(writer, r, "representation_collapse", step, 0, NULL,
                                               &collapse, &error));
        g_assert_true(
            moe_trace_writer_measure(writer, r, "expert_cosine", step, 2, square, cosine, &error));
    }
    g_assert_no_error(error);
}

/* The last snapshot's picks are those of the seed, one of which others share by half; earlier ones
 * have more and more that are drawn anew. */
static void
draw_picks(int router, int snapshot, int seed, int32_t *expert)
{
    for (int t = 0; t < TOKENS; t++) {
        MoeRng common = moe_rng(100 + (uint64_t)router, (uint64_t)t);
        MoeRng own = moe_rng(200 + (uint64_t)seed * 10 + (uint64_t)router, (uint64_t)t);
        MoeRng anew = moe_rng(300 + (uint64_t)snapshot * 10 + (uint64_t)router, (uint64_t)t);
        bool shares = moe_rng_below(&own, 2) == 0;
        bool settled = (int)moe_rng_below(&anew, SNAPSHOTS) <= snapshot;
        MoeRng *from = !settled ? &anew : shares ? &common : &own;
        int first = (int)moe_rng_below(from, EXPERTS);
        int second = (first + 1 + (int)moe_rng_below(from, EXPERTS - 1)) % EXPERTS;
        expert[K * t] = (first + seed) % EXPERTS; /* seeds number their experts in other ways */
        expert[K * t + 1] = (second + seed) % EXPERTS;
    }
}

static void
write_snapshot(MoeTraceWriter *writer, int snapshot, int seed)
{
    g_autoptr(GError) error = NULL;
    int32_t id[TOKENS], doc[TOKENS], pos[TOKENS], domain[TOKENS], step[TOKENS];
    int32_t expert[ROUTERS][TOKENS * K];
    for (int t = 0; t < TOKENS; t++) {
        id[t] = t % 97;
        doc[t] = t / 20;
        pos[t] = t % 20;
        domain[t] = doc[t] % 2;
        step[t] = snapshots[snapshot];
    }
    MoeTracePicks picks[ROUTERS] = {0};
    for (int r = 0; r < ROUTERS; r++) {
        draw_picks(r, snapshot, seed, expert[r]);
        picks[r].expert = expert[r];
    }
    const MoeTraceTokens tokens = {
        .n = TOKENS, .id = id, .doc = doc, .pos = pos, .domain = domain, .step = step};
    g_assert_true(moe_trace_writer_append(writer, &tokens, picks, &error));
    g_assert_no_error(error);
}

/* `bare`: the tokens of one snapshot, and nothing of the training. */
static MoeTrace *
made_run(int seed, bool bare)
{
    static const char *const domains[] = {"code", "prose"};
    MoeRouterInfo routers[ROUTERS];
    for (int r = 0; r < ROUTERS; r++)
        routers[r] = (MoeRouterInfo){.layer = r,
                                     .experts = EXPERTS,
                                     .k = K,
                                     .units_per_token = 1,
                                     .score = (char *)"linear",
                                     .select = (char *)"topk",
                                     .gate = (char *)"softmax"};
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "run.npz", NULL);
    g_autofree char *meta = moe_trace_meta(
        routers, ROUTERS, domains, 2,
        "{\"model\": \"smoe\", \"recipe\": {\"train\": {\"batch\": 8, \"length\": 125, "
        "\"accumulate\": 1}}}");
    MoeTraceWriter *writer =
        moe_trace_writer_new(path, meta, routers, ROUTERS, &(MoeTraceOptions){0}, &error);
    g_assert_no_error(error);
    for (int i = 0; i < STEPS && !bare; i++)
        write_state(writer, i, seed);
    for (int i = 0; i < SNAPSHOTS - 1 && !bare; i++) {
        write_measures(writer, snapshots[i], seed);
        write_snapshot(writer, i, seed);
    }
    write_snapshot(writer, SNAPSHOTS - 1, seed);
    g_assert_true(moe_trace_writer_close(writer, &error));
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_unlink(path);
    return trace;
}

/* --- Figures ----------------------------------------------------------------------------------*/

static const GoldenFigure goldens[] = {
    {"load-stack", "load-over-training", "view=stack", NULL, "1"},
    {"load-stack-ranked", "load-over-training", "view=stack areas=4", NULL, "1"},
    {"load-over-training-few", "load-over-training", "columns=6 experts=2-5 sort=load layers=1",
     NULL, "1"},
    {"load-ridge", "load-over-training", "view=ridge", "paper-full", "1"},
    {"collapse", "collapse", NULL, "paper-full", "1"},
    {"load-difference", "load-difference", NULL, "paper-column", "2"},
    {"load-difference-log2", "load-difference", "norm=log2 domains=code experts=1-5", NULL, "2"},
    {"losses", "losses", "smooth=7", "paper-column", "3"},
    {"losses-tokens", "losses", "x=tokens scale=log smooth=1 points=12", NULL, "2"},
    {"losses-validation", "losses", "name=validation_bits_per_byte", NULL, "2"},
    {"agreement", "agreement", NULL, "paper-full", "2"},
    {"agreement-unmatched", "agreement", "match=false layers=1", NULL, "2"},
    {"matching", "matching", NULL, "paper-column", "2"},
    {"fluctuation", "fluctuation", NULL, NULL, "1"},
    {"saturation", "saturation", NULL, "paper-column", "1"},
    {"saturation-of-traces", "saturation", "layers=0", NULL, "3"},
    {"collapse-of-text", "collapse", "load=text layers=1", NULL, "1"},
};

/* Of so many runs, which have nothing but picks of one step if `bare`. */
static MoeScene *
build_of(const GoldenFigure *golden, bool bare, GError **error)
{
    static const char *const names[] = {"seed 0", "seed 1", "seed 2"};
    int runs = *golden->of - '0';
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    g_autoptr(GPtrArray) traces = g_ptr_array_new_with_free_func((GDestroyNotify)moe_trace_free);
    for (int i = 0; i < runs; i++) {
        g_ptr_array_add(traces, made_run(i, bare));
        moe_figure_input_add(input, traces->pdata[i], NULL, names[i]);
    }
    return golden_figure_build(golden, input, error);
}

static MoeScene *
build(const GoldenFigure *golden, GError **error)
{
    return build_of(golden, false, error);
}

static MoeScene *
build_bare(const GoldenFigure *golden, GError **error)
{
    return build_of(golden, true, error);
}

/* Errors say what is missing, and how to record it. */
static const GoldenFigure missings[] = {
    {"load-over-training: seed 0: router 0: the trace has no load of training steps (state/step), "
     "which",
     "load-over-training", NULL, NULL, "1"},
    {"seed 0 has no load of training steps, measures or snapshots; moescope train records",
     "collapse", NULL, NULL, "1"},
    {"seed 0: found picks of 1 step, expected those of two or more; moescope train records",
     "saturation", NULL, NULL, "1"},
    {"figure load-difference: found no picks that seed 0 and seed 1 both have in these domains",
     "load-difference", "domains=verse", NULL, "2"},
    {"figure losses: seed 0 has no series (series/loss); the trace that moescope train writes",
     "losses", NULL, NULL, "2"},
    {"figure agreement: found 1 traces or summaries, expected 2", "agreement", NULL, NULL, "1"},
    {"figure fluctuation: seed 0: found picks of 1 step, expected those of two or more; moescope "
     "train records one text at train.snapshots",
     "fluctuation", NULL, NULL, "1"},
    {"figure load-difference: found 1 traces or summaries, expected 2", "load-difference", NULL,
     NULL, "1"},
};

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    folder = g_dir_make_tmp("moescope-runs-XXXXXX", NULL);
    golden_figures_add("/run-figures", goldens, G_N_ELEMENTS(goldens), build, folder);
    golden_missing_add("/run-figures", missings, G_N_ELEMENTS(missings), build_bare);
    int failed = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return failed;
}
