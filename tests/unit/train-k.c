/* SPDX-License-Identifier: MIT
 *
 * Runs whose number of picks a unit moves: over training, or from unit to unit. What is trained,
 * what is recorded of it, and that an interruption doesn't show.
 */
#include "train-run.h"

#include <math.h>
#include <moescope/summary.h>

enum { TOKENS_A_STEP = 2 * 2 * 16 };

#define UNLIMITED "moe.capacity_factor=0", "moe.capacity_fill=position"
static const char *const scheduled[] = {
    "moe.variant=smoe", UNLIMITED,      "moe.k=4", "moe.k_min=1", "moe.k_schedule=linear-increase",
    "moe.k_eval=2",     "init.std=0.5", NULL,
};

static double *
read_all(const MoeTrace *trace, const char *name, int64_t n)
{
    MoeArray array;
    g_autoptr(GError) error = NULL;
    moe_trace_join(trace, name, &array, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_array_count(&array), ==, n);
    double *values = g_new(double, n);
    for (int64_t i = 0; i < n; i++)
        values[i] = moe_array_value(&array, i);
    g_free((gpointer)array.data);
    return values;
}

/* Each step's picks are as many as the schedule says, and the trace says how many. */
static void
test_steps(Folder *folder, gconstpointer data)
{
    run_whole(folder, "run", scheduled);
    g_autoptr(MoeTrace) trace = run_trace(folder, "run");
    g_autofree double *k = read_all(trace, "series/k", (int64_t)RUN_STEPS * 2);
    g_autofree double *load = read_all(trace, "state/r001.load", (int64_t)RUN_STEPS * 4);
    for (int step = 0; step < RUN_STEPS; step++) {
        int expected = moe_k_schedule(MOE_K_LINEAR_INCREASE, 1, 4, step, RUN_STEPS);
        double picks = 0;
        for (int e = 0; e < 4; e++)
            picks += load[step * 4 + e];
        g_assert_cmpfloat(k[2 * step], ==, step + 1);
        g_assert_cmpfloat(k[2 * step + 1], ==, expected);
        g_assert_cmpfloat(picks, ==, expected * TOKENS_A_STEP);
    }
    size_t length;
    g_autofree char *metrics = run_bytes(folder, "run", "metrics.jsonl", &length);
    g_assert_nonnull(strstr(metrics, "\"k\": 1"));
    g_assert_nonnull(strstr(metrics, "\"k\": 4"));
}

/* Picks come first in their rows: nothing beyond the first -1. Gives the picks of all units. */
static int64_t
check_rows(const MoeTraceView *view, int least, int most)
{
    int64_t all = 0;
    for (int64_t u = 0; u < view->units; u++) {
        int n = 0;
        while (n < view->k && view->expert[n * view->units + u] >= 0)
            n++;
        for (int j = n; j < view->k; j++) {
            g_assert_cmpint(view->expert[j * view->units + u], ==, -1);
            g_assert_cmpfloat((double)view->gate[j * view->units + u], ==, 0);
        }
        g_assert_cmpint(n, >=, least);
        g_assert_cmpint(n, <=, most);
        all += n;
    }
    return all;
}

/* Snapshots are passes of evaluation: k_eval picks, in a trace whose k varies. A trace recorded
 * from the checkpoint has that k for itself. */
static void
test_snapshots(Folder *folder, gconstpointer data)
{
    run_whole(folder, "run", scheduled);
    g_autoptr(MoeTrace) trace = run_trace(folder, "run");
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_assert_cmpint(moe_trace_router(trace, 0)->k, ==, 0);
    int64_t units = 0;
    for (int c = 0; c < moe_trace_chunks(trace); c++) {
        if (moe_trace_tokens(trace, c) == 0)
            continue;
        g_assert_true(moe_trace_view(trace, c, 1, view, NULL));
        g_assert_cmpint(view->k, ==, 2);
        g_assert_cmpint(check_rows(view, 2, 2), ==, 2 * view->units);
        for (int64_t u = 0; u < view->units; u++)
            g_assert_cmpfloat_with_epsilon((double)(view->gate[u] + view->gate[view->units + u]), 1,
                                           2e-3);
        units += view->units;
    }
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, NULL, NULL);
    g_assert_cmpint(moe_summary_cell(summary, 1, MOE_DOMAIN_ALL)->making[2], ==, units);
    g_autofree char *dir = run_path(folder, "run", "");
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(dir, NULL);
    const MoeLayer *layer = moe_model_router(checkpoint->model, 0);
    g_assert_cmpint(moe_layer_k(layer), ==, 2);
    g_assert_false(moe_layer_k_fixed(layer));
}

static void
test_constant(Folder *folder, gconstpointer data)
{
    run_whole(folder, "run", NULL);
    g_autoptr(MoeTrace) trace = run_trace(folder, "run");
    g_assert_cmpint(moe_trace_router(trace, 0)->k, ==, 2);
    int n;
    const char *const *names = moe_trace_series_names(trace, &n);
    for (int i = 0; i < n; i++)
        g_assert_cmpstr(names[i], !=, "k");
}

static void
test_resume(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", scheduled);
    run_whole(folder, "b", scheduled);
    run_remove_checkpoint(folder, "b", 12);
    run_remove_checkpoint(folder, "b", 10);
    run_go_on(folder, "b");
    run_expect_same_end(folder, "a", "b");
    run_expect_same(folder, "a", "b", "trace.npz");
}

/* Costs are those of evaluation: two of four experts. */
static void
test_costs(Folder *folder, gconstpointer data)
{
    g_autoptr(MoeRecipe) moving = run_recipe(folder, scheduled);
    g_autoptr(MoeRecipe) fixed = run_recipe(folder, scheduled);
    g_assert_true(moe_recipe_set(fixed, "moe.k=2", NULL));
    g_assert_true(moe_recipe_set(fixed, "moe.k_schedule=constant", NULL));
    g_autoptr(MoeModel) a = moe_model_new(moving, 256, NULL), b = moe_model_new(fixed, 256, NULL);
    g_assert_cmpfloat(moe_model_flops(a, 16), ==, moe_model_flops(b, 16));
    g_assert_cmpint(moe_model_active_params(a), ==, moe_model_active_params(b));
    g_assert_cmpint(moe_model_active_params(a), <, moe_params_size(moe_model_params(a), false));
}

/* --- k from unit to unit ---------------------------------------------------------------------- */

/* All experts with a logit above zero, in their order. */
static void
select_positive(MoeRouting *routing, void *state)
{
    MoePicks *picks = &routing->picks;
    g_assert_cmpint(picks->k, ==, picks->experts);
    for (int64_t u = 0; u < picks->units; u++)
        for (int e = 0, n = 0; e < picks->experts; e++)
            if (routing->selection[u * picks->experts + e] > 0)
                picks->expert[u * picks->k + n++] = e;
}

/* Half of the experts, with logits as likely positive as not. */
static double
mean_positive(const MoeRecipe *recipe)
{
    return (double)moe_recipe_int(recipe, "moe.experts") / 2;
}

static const MoePart positive = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SELECT,
    .name = "positive",
    .help = "experts with a logit above zero",
    .flags = MOE_PART_K_VARIES,
    .select = select_positive,
    .mean_k = mean_positive,
};

static const char *const varying[] = {"moe.variant=smoe", UNLIMITED, "moe.select=positive",
                                      "init.std=0.5", NULL};

static void
expect_k_refused(const MoeCheckpoint *checkpoint, const MoeCorpus *corpus, int k, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTokens) tokens =
        moe_tokens_new(corpus, checkpoint->tokenizer, MOE_SPLIT_VALIDATION);
    MoeRecordOptions options = {.k = k};
    g_assert_false(moe_record((MoeCheckpoint *)checkpoint, corpus, tokens, "/nowhere/x.npz", NULL,
                              &options, NULL, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    if (!strstr(error->message, part))
        g_error("expected \"%s\" in \"%s\"", part, error->message);
}

static void
test_unit_by_unit(Folder *folder, gconstpointer data)
{
    run_whole(folder, "run", varying);
    run_whole(folder, "again", varying);
    run_remove_checkpoint(folder, "again", 12);
    run_go_on(folder, "again");
    run_expect_same_end(folder, "run", "again");
    g_autoptr(MoeTrace) trace = run_trace(folder, "run");
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_assert_cmpint(moe_trace_router(trace, 0)->k, ==, 0);
    int64_t units = 0, picks = 0;
    for (int c = 0; c < moe_trace_chunks(trace); c++) {
        g_assert_true(moe_trace_view(trace, c, 0, view, NULL));
        picks += check_rows(view, 0, 4);
        units += view->units;
    }
    g_assert_cmpint(picks, >, units);
    g_assert_cmpint(picks, <, 3 * units);
    g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, NULL, NULL);
    const MoeSummaryCell *cell = moe_summary_cell(summary, 0, MOE_DOMAIN_ALL);
    g_assert_cmpint(cell->picks, ==, picks);
    g_assert_cmpint(cell->units, ==, units);
    int64_t sum = 0;
    for (int j = 0; j <= 4; j++)
        sum += j * cell->making[j];
    g_assert_cmpint(sum, ==, picks);
}

/* --- k chosen for a recording ----------------------------------------------------------------- */

static void
test_chosen(Folder *folder, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    run_whole(folder, "run", scheduled);
    g_autofree char *dir = run_path(folder, "run", "");
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(dir, NULL);
    MoeCorpusOptions options = moe_corpus_options(moe_model_recipe(checkpoint->model));
    g_autofree char *text = run_path(folder, "text", "");
    g_autoptr(MoeCorpus) corpus = load_one(text, &options);
    g_autoptr(MoeTokens) tokens =
        moe_tokens_new(corpus, checkpoint->tokenizer, MOE_SPLIT_VALIDATION);
    g_autofree char *path = run_path(folder, "chosen.npz", NULL);
    double bits[5];
    for (int k = 0; k <= 4; k++) {
        MoeRecordOptions record = {.k = k, .trace = {.gates = true}};
        MoeEvaluation evaluation;
        moe_record(checkpoint, corpus, tokens, path, NULL, &record, &evaluation, NULL, &error);
        g_assert_no_error(error);
        g_autoptr(MoeTrace) trace = moe_trace_open(path, NULL);
        g_autoptr(MoeTraceView) view = moe_trace_view_new();
        g_assert_cmpint(moe_trace_router(trace, 1)->k, ==, k ? k : 2);
        g_assert_true(moe_trace_view(trace, 0, 1, view, NULL));
        g_assert_cmpint(view->k, ==, k ? k : 2);
        check_rows(view, view->k, view->k);
        bits[k] = moe_evaluation_bits_per_byte(&evaluation);
    }
    g_assert_cmpfloat(bits[0], ==, bits[2]);
    g_assert_cmpfloat(bits[1], !=, bits[2]);
    g_assert_cmpfloat(bits[4], !=, bits[2]);
    expect_k_refused(checkpoint, corpus, 5, "found k = 5, expected 1 … 4, the experts of router 0");
    expect_k_refused(checkpoint, corpus, -1, "found k = -1, expected 1 … 4");
    run_whole(folder, "varying", varying);
    g_autofree char *other = run_path(folder, "varying", "");
    g_autoptr(MoeCheckpoint) free_k = moe_checkpoint_open(other, NULL);
    expect_k_refused(free_k, corpus, 2, "found k = 2, but moe.select = positive itself decides");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_assert_true(moe_part_add(&positive, NULL));
#define ADD(name, function) \
    g_test_add("/train-k/" name, Folder, NULL, run_folder_make, function, folder_remove)
    ADD("steps", test_steps);
    ADD("snapshots", test_snapshots);
    ADD("constant", test_constant);
    ADD("resume", test_resume);
    ADD("costs", test_costs);
    ADD("unit-by-unit", test_unit_by_unit);
    ADD("chosen", test_chosen);
#undef ADD
    return g_test_run();
}
