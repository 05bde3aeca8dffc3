/* SPDX-License-Identifier: MIT
 *
 * moescope train: a model from scratch, into a run folder.
 */
#include "cmd.h"
#include "samples.h"
#include "training.h"
#include "util.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char **set, **data;
    char *out;
    gboolean resume;
    int threads;
} Options;

/* "smoe-small" may also be a sample recipe. (transfer full) */
static char *
recipe_path(const char *name)
{
    g_autofree char *sample = g_strdup_printf("recipes/%s.ini", name);
    g_autofree char *path = cmd_sample(sample);
    bool is_sample =
        !g_file_test(name, G_FILE_TEST_EXISTS) && path && g_file_test(path, G_FILE_TEST_EXISTS);
    return is_sample ? g_steal_pointer(&path) : g_strdup(name);
}

static MoeRecipe *
open_recipe(const Options *options, const char *name, GError **error)
{
    g_autofree char *path = recipe_path(name);
    g_autoptr(MoeRecipe) recipe = cmd_recipe_open(path, options->set, error);
    if (!recipe || !options->data)
        return g_steal_pointer(&recipe);
    g_autofree char *paths = g_strjoinv(",", options->data);
    g_autofree char *assignment = g_strconcat("data.corpus=", paths, NULL);
    return moe_recipe_set(recipe, assignment, error) ? g_steal_pointer(&recipe) : NULL;
}

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

static int
run(const Options *options, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = options->out ? g_strdup(options->out) : default_folder(name);
    g_autoptr(MoeRecipe) recipe = NULL;
    MoeTrainStatus status;
    if (!options->resume && !(recipe = open_recipe(options, name, &error)))
        return cmd_fail(error);
    moe_set_threads(options->threads);
    if (!cmd_training_run(recipe, dir, dir, &status, &error)) {
        cmd_fail(error);
        return g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED) ? CMD_INTERRUPTED
                                                                      : CMD_FAILED;
    }
    return report(&status, dir);
}

int
cmd_train(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "[RECIPE]",
        .about = "Trains the model that RECIPE describes (a file, a sample recipe such as "
                 "smoe-small, or a preset) and leaves a run folder: recipe, checkpoints, metrics, "
                 "a trace of the routing. Ctrl-C saves and stops.",
        .most = 1,
    };
    Options o = {0};
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, "run folder (default: runs/RECIPE)", "DIR"},
        {"data", 'd', 0, G_OPTION_ARG_FILENAME_ARRAY, &o.data,
         "text to train on, a file or folder; may be repeated (default: the sample corpus)",
         "PATH"},
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &o.set,
         "a key of the recipe; may be repeated (see \"moescope recipe keys\")", "KEY=VALUE"},
        {"resume", 0, 0, G_OPTION_ARG_NONE, &o.resume,
         "go on with the run in --out from its latest checkpoint", NULL},
        {"threads", 0, 0, G_OPTION_ARG_INT, &o.threads, "threads (default: all)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status))
        return status;
    if (o.resume && (argc > 1 || o.set || o.data || !o.out))
        status = cmd_usage("--resume takes --out DIR and nothing else: the run has its recipe");
    else if (!o.resume && argc < 2)
        status = cmd_usage("found no recipe, expected a file, a sample or a preset");
    else
        status = run(&o, argc > 1 ? argv[1] : NULL);
    g_strfreev(o.set);
    g_strfreev(o.data);
    g_free(o.out);
    return status;
}
