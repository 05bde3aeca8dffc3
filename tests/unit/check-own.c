/* SPDX-License-Identifier: MIT
 *
 * The checker finds nothing in traces of our own: what training and recording write, of every
 * variant, with drops, one pick a unit, varying k and sub-tokens among them.
 */
#include "check-trace.h"
#include "train-run.h"

/* Checks a trace, and says whose it is. */
static void
expect_clean_trace(const MoeTrace *trace, const char *variant, const char *kind)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeFindings) findings = moe_check(trace, NULL, &error);
    g_assert_no_error(error);
    for (int i = 0; i < moe_findings_count(findings); i++) {
        const MoeFinding *finding = moe_findings_get(findings, i);
        g_test_message("%s of %s: %s: %s: %s", kind, variant, moe_severity_name(finding->severity),
                       finding->check, finding->text);
    }
    expect_clean(findings);
}

static void
check_recording(const Folder *folder, const char *variant)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = run_path(folder, variant, "");
    g_autofree char *path = run_path(folder, variant, "recorded.npz");
    g_autofree char *text = run_path(folder, "text", "");
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(dir, &error);
    g_assert_no_error(error);
    MoeCorpusOptions options = moe_corpus_options(moe_model_recipe(checkpoint->model));
    g_autoptr(MoeCorpus) corpus = load_one(text, &options);
    g_autoptr(MoeTokens) tokens =
        moe_tokens_new(corpus, checkpoint->tokenizer, MOE_SPLIT_VALIDATION);
    const MoeRecordOptions record = {.trace = {.compression = 1,
                                               .gates = true,
                                               .score_stats = true,
                                               .logits = true,
                                               .slots = true,
                                               .chunk_tokens = 300}};
    moe_record(checkpoint, corpus, tokens, path, "test", &record, NULL, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    expect_clean_trace(trace, variant, "a recording");
}

/* Trains a small model: `moe` is the recipe's [moe], its variant among it. */
static void
train(const Folder *folder, const char *name, const char *moe)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(
        "[data]\ncorpus = %s/text\ntokenizer = bytes\nblock = 256\nprobe = 0.1\nvalidation = 0.2\n"
        "[model]\nlayers = 2\nd_model = 16\nheads = 2\n"
        "[moe]\nexperts = 16\nhidden = 16\n%s\n"
        "[train]\nsteps = %d\nbatch = 2\nlength = 16\nsnapshots = 0,3,7\n"
        "snapshot_tokens = 400\n",
        folder->path, moe, RUN_STEPS);
    g_autoptr(MoeRecipe) recipe = moe_recipe_parse(text, name, &error);
    g_assert_no_error(error);
    run_train(folder, name, recipe, 0, &error);
    g_assert_no_error(error);
}

static void
check_run(const Folder *folder, const char *name, const char *moe)
{
    train(folder, name, moe);
    g_autoptr(MoeTrace) trace = run_trace(folder, name);
    expect_clean_trace(trace, name, "a run");
    check_recording(folder, name);
}

/* Every variant that is registered, so that new ones are covered. */
static void
test_variants(Folder *folder, gconstpointer data)
{
    int n, seen = 0;
    const MoePreset *const *presets = moe_presets_list(&n);
    for (int i = 0; i < n; i++) {
        if (!g_str_equal(presets[i]->key, "moe.variant") || g_str_equal(presets[i]->name, "dense"))
            continue;
        g_autofree char *moe = g_strdup_printf("variant = %s", presets[i]->name);
        check_run(folder, presets[i]->name, moe);
        seen++;
    }
    g_assert_cmpint(seen, >=, 7);
}

/* What no variant sets: two drops of three, scaled gates, sigmoids. */
static void
test_other_rules(Folder *folder, gconstpointer data)
{
    check_run(folder, "drops",
              "variant = gshard\ncapacity_factor = 0.3\n"
              "capacity_eval_factor = 0.3");
    check_run(folder, "scaled", "variant = smoe\ngate = softmax-all\nroute_scale = 2.5\nk = 4");
    check_run(folder, "sigmoid", "variant = smoe\ngate = sigmoid\nk = 3");
    check_run(folder, "one", "variant = smoe\ngate = one\nk = 1");
    check_run(folder, "all", "variant = smoe\nk = 16\ngate = softmax-all");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add("/check/own/other-rules", Folder, NULL, run_folder_make, test_other_rules,
               folder_remove);
    g_test_add("/check/own/variants", Folder, NULL, run_folder_make, test_variants, folder_remove);
    return g_test_run();
}
