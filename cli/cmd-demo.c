/* SPDX-License-Identifier: MIT
 *
 * moescope demo: from nothing to a picture of routing. Trains a sparse model and its dense twin on
 * the sample corpus, records how the sparse one routes text that it was not trained on, draws the
 * heat map, writes a report, and says what was learned.
 */
#include "cmd.h"
#include "findings.h"
#include "progress.h"
#include "recipes.h"
#include "reports.h"
#include "training.h"
#include "util.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <moescope/figure.h>
#include <stdio.h>
#include <string.h>

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

/* The recipe, left beside the runs; also the mark of a folder that belongs to a demo. */
#define RECIPE_NAME "demo.ini"

typedef struct {
    const char *name; /* of the variant and of the run's folder */
    char *dir;
    MoeRecipe *recipe;
    MoeTrainStatus status;
} Run;

static void
run_clear(Run *run)
{
    g_free(run->dir);
    moe_recipe_free(run->recipe);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

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
open_recipe(Run *run, gint64 steps, char *const *set, GError **error)
{
    g_autofree char *text =
        g_strdup_printf("%s[moe]\nvariant = %s\n[train]\nsteps = %" G_GINT64_FORMAT "\n",
                        demo_recipe, run->name, steps);
    run->recipe = moe_recipe_parse(text, "demo", error);
    for (; run->recipe && set && *set; set++)
        if (!moe_recipe_set(run->recipe, *set, error))
            return false;
    return run->recipe && moe_recipe_check(run->recipe, error) &&
           cmd_recipe_settle_corpus(run->recipe, NULL, error);
}

/* Makes room for the run. One that an earlier demo left goes; anyone else's stays. */
static bool
clear_place(const char *out, Run *run, GError **error)
{
    run->dir = g_build_filename(out, run->name, NULL);
    g_autofree char *mark = g_build_filename(out, RECIPE_NAME, NULL);
    g_autofree char *recipe = g_build_filename(run->dir, "recipe.ini", NULL);
    if (!g_file_test(recipe, G_FILE_TEST_EXISTS))
        return true;
    if (!g_file_test(mark, G_FILE_TEST_EXISTS)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: holds a run that no demo left there (%s is missing); choose another "
                    "folder (--out)",
                    run->dir, mark);
        return false;
    }
    remove_tree(run->dir);
    return true;
}

static bool
prepare(const char *out, Run *sparse, Run *dense, GError **error)
{
    g_autofree char *mark = g_build_filename(out, RECIPE_NAME, NULL);
    if (!clear_place(out, sparse, error) || !clear_place(out, dense, error))
        return false;
    if (g_mkdir_with_parents(out, 0777) != 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "%s: can't make the folder: %s", out, g_strerror(errno));
        return false;
    }
    return moe_file_replace(mark, demo_recipe, strlen(demo_recipe), error);
}

static bool
train(Run *run, GError **error)
{
    return cmd_training_run(run->recipe, run->dir, run->name, &run->status, error);
}

static bool
record(const char *dir, const char *path, GError **error)
{
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(dir, error);
    if (!checkpoint)
        return false;
    g_autoptr(MoeCorpus) corpus =
        cmd_corpus_open(moe_model_recipe(checkpoint->model), NULL, false, error);
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

/* OUT/FIGURE.png, .svg and .pdf. */
static bool
plot(const char *figure_name, const char *trace_path, const char *out, GError **error)
{
    static const char *const endings[] = {"png", "svg", "pdf"};
    const MoeFigure *figure = moe_figures_find(figure_name, error);
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    g_autoptr(MoeScene) scene = moe_figure_input_open(input, trace_path, NULL, error)
                                    ? moe_figure_build(figure, input, options, error)
                                    : NULL;
    for (size_t i = 0; scene && i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *name = g_strdup_printf("%s.%s", figure_name, endings[i]);
        g_autofree char *path = g_build_filename(out, name, NULL);
        if (!moe_scene_save(scene, path, 0, error))
            return false;
    }
    return scene != NULL;
}

/* OUT/report: of the text that was recorded, and of the run. */
static int
report(const char *out, char *trace, const Run *sparse)
{
    g_autofree char *folder = g_build_filename(out, "report", NULL);
    const MoeReportOptions options = {0};
    const ReportLook look = {.formats = MOE_REPORT_ALL};
    char *const paths[] = {trace, sparse->dir};
    return cmd_reports_write(folder, &options, &look, G_N_ELEMENTS(paths), paths);
}

static bool
print_run(const Run *run, GError **error)
{
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(run->dir, error);
    if (!checkpoint)
        return false;
    MoeModel *model = checkpoint->model;
    int length = (int)moe_recipe_int(run->recipe, "train.length");
    printf("%-8s %8.2f M %8.2f M %10.2f M  %21.3f\n", run->name,
           1e-6 * (double)moe_params_size(moe_model_params(model), false),
           1e-6 * (double)moe_model_active_params(model), 1e-6 * moe_model_flops(model, length),
           run->status.bits_per_byte);
    return true;
}

static bool
print_summary(const Run *sparse, const Run *dense, const char *trace_path, GError **error)
{
    const MoeSummaryOptions last = {.steps = MOE_STEPS_LAST};
    g_autoptr(MoeTrace) trace = moe_trace_open(trace_path, error);
    g_autoptr(MoeSummary) summary = trace ? moe_summary_from_trace(trace, &last, error) : NULL;
    if (!summary)
        return false;
    printf("model        params     active  FLOPs/token  validation bits/byte\n");
    if (!print_run(dense, error) || !print_run(sparse, error))
        return false;
    printf("\nrouting of %s on %" G_GINT64_FORMAT " tokens of validation text\n", sparse->name,
           moe_trace_tokens(trace, -1));
    cmd_findings_print(summary);
    return true;
}

/* CMD_OK, what the report returned (which has complained by itself), or CMD_FAILED with an error.
 */
static int
demo(const char *out, Run *sparse, Run *dense, GError **error)
{
    g_autofree char *trace = g_build_filename(out, "smoe.npz", NULL);
    if (!prepare(out, sparse, dense, error) || !train(sparse, error) || !train(dense, error))
        return CMD_FAILED;
    g_autofree char *training = g_build_filename(sparse->dir, "trace.npz", NULL);
    if (!record(sparse->dir, trace, error) || !plot("load", trace, out, error) ||
        !plot("load-over-training", training, out, error) ||
        !print_summary(sparse, dense, trace, error))
        return CMD_FAILED;
    int status = report(out, trace, sparse);
    if (status != CMD_OK)
        return status;
    printf("\nreport            %s/report/index.html (also .pdf, .md, .json)\n"
           "pictures          %s/load.png, %s/load-over-training.png (also .svg, .pdf)\n"
           "trace             %s (moescope info, moescope plot)\n"
           "runs              %s, %s\n"
           "recipe            %s/" RECIPE_NAME "\n",
           out, out, out, trace, sparse->dir, dense->dir, out);
    return CMD_OK;
}

int
cmd_demo(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "",
        .about = "Trains a sparse model and its dense twin on the sample corpus (some minutes), "
                 "records how the sparse one routes each domain, draws the heat map, says what was "
                 "learned, and ends in a report.",
        .examples = "moescope demo --steps 10 --out glance\n",
    };
    g_autofree char *out = NULL;
    g_auto(GStrv) set = NULL;
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
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !cmd_set_threads(threads, &status))
        return status;
    g_autoptr(GError) error = NULL;
    g_auto(Run) sparse = {.name = "smoe"}, dense = {.name = "dense"};
    status = CMD_FAILED;
    if (open_recipe(&sparse, steps, set, &error) && open_recipe(&dense, steps, set, &error))
        status = demo(out ? out : "demo", &sparse, &dense, &error);
    if (!error)
        return status;
    cmd_fail(error);
    return g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED) ? CMD_INTERRUPTED : CMD_FAILED;
}
