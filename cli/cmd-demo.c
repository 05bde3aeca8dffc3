/* SPDX-License-Identifier: MIT
 *
 * moescope demo: from nothing to a picture of routing. Trains a sparse model and its dense twin on
 * the sample corpus, records how the sparse one routes text that it was not trained on, draws the
 * heat map, and says what was learned.
 */
#include "cmd.h"
#include "findings.h"
#include "progress.h"
#include "samples.h"
#include "training.h"
#include "util.h"

#include <glib/gstdio.h>
#include <moescope/figure.h>
#include <stdio.h>

/* Small enough for a minute a model on two cores, large enough for experts to specialise. */
static const char demo_recipe[] = "[data]\n"
                                  "tokenizer = bytes\nvalidation = 0.1\n"
                                  "[model]\n"
                                  "layers = 4\nd_model = 128\nheads = 4\n"
                                  "[moe]\n"
                                  "experts = 8\nhidden = 256\n"
                                  "[balance]\n"
                                  "switch = 0.003\n"
                                  "[train]\n"
                                  "batch = 16\nlength = 128\n"
                                  "eval_every = 100\ncheckpoint_every = 0\n"
                                  "snapshots = 50,100,200\n"
                                  "[optim]\n"
                                  "lr = 2e-3\nwarmup = 40\n";

typedef struct {
    const char *name; /* of the variant and of the run's folder */
    char *dir;
    MoeTrainStatus status;
    gint64 steps;
    char **set;
} Run;

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *inside = g_build_filename(path, name, NULL);
        if (g_file_test(inside, G_FILE_TEST_IS_DIR) && !g_file_test(inside, G_FILE_TEST_IS_SYMLINK))
            remove_tree(inside);
        else
            g_unlink(inside);
    }
    g_rmdir(path);
}

static bool
train(Run *run, GError **error)
{
    g_autofree char *text =
        g_strdup_printf("%s[moe]\nvariant = %s\n[train]\nsteps = %" G_GINT64_FORMAT "\n",
                        demo_recipe, run->name, run->steps);
    g_autoptr(MoeRecipe) recipe = moe_recipe_parse(text, "demo", error);
    for (char **set = run->set; recipe && set && *set; set++)
        if (!moe_recipe_set(recipe, *set, error))
            return false;
    /* A run of an earlier demo stands where this one goes; it is the demo's own. */
    remove_tree(run->dir);
    return recipe && cmd_training_run(recipe, run->dir, run->name, &run->status, error);
}

static bool
record(const char *dir, const char *path, GError **error)
{
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(dir, error);
    if (!checkpoint)
        return false;
    const MoeRecipe *recipe = moe_model_recipe(checkpoint->model);
    MoeCorpusOptions options = moe_corpus_options(recipe);
    const char *source = moe_recipe_text(recipe, "data.corpus");
    g_autoptr(MoeCorpus) corpus = moe_corpus_load(&source, 1, &options, error);
    if (!corpus)
        return false;
    g_autoptr(MoeTokens) tokens =
        moe_tokens_new(corpus, checkpoint->tokenizer, MOE_SPLIT_VALIDATION);
    MoeRecordOptions record_options = {
        .trace = {.compression = 6, .gates = true, .score_stats = true}};
    bool recorded = moe_record(checkpoint, corpus, tokens, path, "moescope demo", &record_options,
                               NULL, cmd_progress_begin(), error);
    cmd_progress_end();
    return recorded;
}

static bool
plot(const char *trace_path, const char *out, GError **error)
{
    static const char *const endings[] = {"png", "svg", "pdf"};
    const MoeFigure *figure = moe_figures_find("load", error);
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    g_autoptr(MoeTrace) trace = moe_trace_open(trace_path, error);
    g_autoptr(MoeScene) scene = trace ? figure->build(trace, options, error) : NULL;
    for (size_t i = 0; scene && i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *name = g_strdup_printf("load.%s", endings[i]);
        g_autofree char *path = g_build_filename(out, name, NULL);
        if (!moe_scene_save(scene, path, 0, error))
            return false;
    }
    return scene != NULL;
}

static void
print_run(const Run *run)
{
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(run->dir, NULL);
    if (!checkpoint)
        return;
    MoeModel *model = checkpoint->model;
    printf("  %-6s %8.2f M %8.2f M %10.2f M %16.3f\n", run->name,
           1e-6 * (double)moe_params_size(moe_model_params(model), false),
           1e-6 * (double)moe_model_active_params(model), 1e-6 * moe_model_flops(model, 128),
           run->status.bits_per_byte);
}

static bool
print_summary(const Run *sparse, const Run *dense, const char *trace_path, GError **error)
{
    g_autoptr(MoeTrace) trace = moe_trace_open(trace_path, error);
    if (!trace)
        return false;
    printf("model      params     active FLOPs/token validation bits/byte\n");
    print_run(dense);
    print_run(sparse);
    printf("\nrouting of %s on %" G_GINT64_FORMAT " bytes of validation text\n", sparse->name,
           moe_trace_tokens(trace, -1));
    return cmd_findings_print(trace, error);
}

static int
demo(const char *out, Run *sparse, Run *dense)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *trace = g_build_filename(out, "smoe.npz", NULL);
    sparse->dir = g_build_filename(out, sparse->name, NULL);
    dense->dir = g_build_filename(out, dense->name, NULL);
    bool done = train(sparse, &error) && train(dense, &error) &&
                record(sparse->dir, trace, &error) && plot(trace, out, &error) &&
                print_summary(sparse, dense, trace, &error);
    if (done) {
        printf("\npicture           %s/load.png (also .svg, .pdf)\n"
               "trace             %s (moescope info, moescope plot)\n"
               "runs              %s, %s\n",
               out, trace, sparse->dir, dense->dir);
        return CMD_OK;
    }
    cmd_fail(error);
    return g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED) ? CMD_INTERRUPTED : CMD_FAILED;
}

int
cmd_demo(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "",
        .about = "Trains a sparse model and its dense twin on the sample corpus (some minutes), "
                 "records how the sparse one routes each domain, draws the heat map and says what "
                 "was learned.",
    };
    char *out = NULL, **set = NULL;
    gint64 steps = 400;
    int status, threads = 0;
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "where everything goes (default: demo)",
         "DIR"},
        {"steps", 0, 0, G_OPTION_ARG_INT64, &steps, "training steps (default: 400)", "N"},
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &set,
         "a key of the recipe; may be repeated (see \"moescope recipe keys\")", "KEY=VALUE"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &threads, "threads (default: all)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    if (!cmd_options(&arguments, entries, &argc, &argv, &status))
        return status;
    moe_set_threads(threads);
    Run sparse = {.name = "smoe", .steps = steps, .set = set};
    Run dense = {.name = "dense", .steps = steps, .set = set};
    status = demo(out ? out : "demo", &sparse, &dense);
    g_free(sparse.dir);
    g_free(dense.dir);
    g_strfreev(set);
    g_free(out);
    return status;
}
