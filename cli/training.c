/* SPDX-License-Identifier: MIT */
#include "training.h"

#include "progress.h"
#include "samples.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

typedef struct {
    const MoeProgress *progress;
    const char *label;
    MoeTrainStatus *last;
} Shown;

char *
cmd_duration(double seconds)
{
    long s = lround(seconds);
    if (s >= 3600)
        return g_strdup_printf("%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    return g_strdup_printf("%ld:%02ld", s / 60, s % 60);
}

static bool
on_step(const MoeTrainStatus *status, void *user)
{
    const Shown *shown = user;
    g_autofree char *left = cmd_duration(status->seconds_left);
    g_autofree char *validation =
        isnan(status->bits_per_byte)
            ? g_strdup("")
            : g_strdup_printf("  validation %.3f bits/byte", status->bits_per_byte);
    g_autofree char *what =
        g_strdup_printf("%s  loss %.3f%s  %.0f tokens/s  %s left  step", shown->label, status->loss,
                        validation, status->tokens_per_s, left);
    *shown->last = *status;
    return moe_progress(shown->progress, status->step, status->steps, what);
}

/* What happened, a line each, for whoever watches; in a pipe metrics.jsonl says it. */
static void
on_note(const char *line, void *user)
{
    if (!isatty(STDERR_FILENO))
        return;
    cmd_progress_end();
    fprintf(stderr, "%s\n", line);
}

static bool
settle_corpus(MoeRecipe *recipe, GError **error)
{
    if (*moe_recipe_text(recipe, "data.corpus"))
        return true;
    g_autofree char *corpus = cmd_sample("corpus");
    if (!corpus) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "data.corpus is empty and the sample corpus is not there; name files or "
                    "folders of text (--data)");
        return false;
    }
    g_autofree char *assignment = g_strconcat("data.corpus=", corpus, NULL);
    return moe_recipe_set(recipe, assignment, error);
}

bool
cmd_training_run(MoeRecipe *recipe, const char *dir, const char *label, MoeTrainStatus *last,
                 GError **error)
{
    Shown shown = {cmd_progress_begin(), label, last};
    MoeTrainHooks hooks = {.step = on_step, .note = on_note, .user = &shown};
    *last = (MoeTrainStatus){.bits_per_byte = NAN};
    bool done = recipe ? settle_corpus(recipe, error) && moe_train(recipe, dir, &hooks, error)
                       : moe_train_resume(dir, &hooks, error);
    cmd_progress_end();
    return done;
}
