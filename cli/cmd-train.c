/* SPDX-License-Identifier: MIT
 *
 * moescope train: a model from scratch, into a run folder.
 */
#include "cmd.h"
#include "recipes.h"
#include "source.h"
#include "training.h"
#include "util.h"
#include "verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char **set, **data;
    char *out, *resume;
    gboolean no_summary;
    int threads;
} Options;

static void
options_clear(Options *o)
{
    g_strfreev(o->set);
    g_strfreev(o->data);
    g_free(o->out);
    g_free(o->resume);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static char *
default_folder(const char *name)
{
    g_autofree char *base = g_path_get_basename(name);
    if (g_str_has_suffix(base, ".ini"))
        base[strlen(base) - 4] = '\0';
    return g_build_filename("runs", base, NULL);
}

static int
report(const MoeTrainStatus *status, const char *dir)
{
    if (status->step == 0)
        printf("%s: nothing left to do\n", dir);
    else if (isnan(status->bits_per_byte))
        printf("%s: %" G_GINT64_FORMAT " steps, loss %.4f nats a token\n", dir, status->step,
               status->loss);
    else
        printf("%s: %" G_GINT64_FORMAT " steps, loss %.4f nats a token, validation %.4f bits a "
               "byte\n",
               dir, status->step, status->loss, status->bits_per_byte);
    return CMD_OK;
}

/* Puts a summary into the run's trace, if it has one. */
static bool
add_summary(const char *dir, GError **error)
{
    g_autofree char *trace = g_build_filename(dir, "trace.npz", NULL);
    return !g_file_test(trace, G_FILE_TEST_EXISTS) || cmd_trace_finish(trace, true, false, error);
}

/* Trains `recipe` into `dir`, or goes on with the run in `dir` (recipe NULL). */
static int
run(const Options *o, const MoeRecipe *recipe, const char *dir)
{
    g_autoptr(GError) error = NULL;
    MoeTrainStatus status;
    if (cmd_training_run(recipe, dir, dir, &status, &error))
        return o->no_summary || add_summary(dir, &error) ? report(&status, dir)
                                                         : cmd_source_fail(error);
    if (!g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED))
        return cmd_fail(error);
    cmd_say("%s; \"moescope train --resume %s\" goes on", error->message, dir);
    return CMD_INTERRUPTED;
}

static int
run_recipe(const Options *o, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = cmd_recipe_open(name, o->set, &error);
    if (!recipe || !cmd_recipe_settle_corpus(recipe, o->data, &error))
        return cmd_fail(error);
    g_autofree char *dir = o->out ? g_strdup(o->out) : default_folder(name);
    return run(o, recipe, dir);
}

int
cmd_train(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "[RECIPE]",
        .about = "Trains the model that RECIPE describes (a file, a sample recipe such as "
                 "smoe-small, or a preset) and leaves a run folder: recipe, checkpoints, metrics, "
                 "a trace of the routing. Ctrl-C saves and stops.",
        .examples =
            "moescope train smoe-tiny --set train.steps=100 --out runs/tiny\n"
            "moescope train mhmoe-tiny --data my-texts --set train.steps=50 --out runs/heads\n"
            "moescope train --resume runs/first\n",
        .most = 1,
    };
    g_auto(Options) o = {0};
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, "run folder (default: runs/RECIPE)", "DIR"},
        {"data", 'd', 0, G_OPTION_ARG_FILENAME_ARRAY, &o.data,
         "text to train on, a file or folder; may be repeated (default: the sample corpus)",
         "PATH"},
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &o.set,
         "a key of the recipe; may be repeated (see \"moescope recipe keys\")", "KEY=VALUE"},
        {"resume", 0, 0, G_OPTION_ARG_FILENAME, &o.resume,
         "go on with the run in DIR from its latest checkpoint", "DIR"},
        {"no-summary", 0, 0, G_OPTION_ARG_NONE, &o.no_summary,
         "don't write the summary of the run's trace into it", NULL},
        {"threads", 0, 0, G_OPTION_ARG_INT, &o.threads, "threads (default: all)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !cmd_set_threads(o.threads, &status))
        return status;
    if (o.resume && (argc > 1 || o.set || o.data || o.out))
        return cmd_usage("found --resume %s and a recipe, --set, --data or --out, expected "
                         "--resume alone: the run has its recipe",
                         o.resume);
    if (o.resume)
        return run(&o, NULL, o.resume);
    if (argc < 2)
        return cmd_usage("found no recipe, expected a file, a sample or a preset");
    return run_recipe(&o, argv[1]);
}
