/* SPDX-License-Identifier: MIT */
#include "training.h"

#include "progress.h"

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
    if (!isfinite(seconds))
        return g_strdup("?");
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

bool
cmd_training_run(const MoeRecipe *recipe, const char *dir, const char *label, MoeTrainStatus *last,
                 GError **error)
{
    Shown shown = {cmd_progress_begin(), label, last};
    MoeTrainHooks hooks = {.step = on_step, .note = on_note, .user = &shown};
    *last = (MoeTrainStatus){.bits_per_byte = NAN};
    bool done =
        recipe ? moe_train(recipe, dir, &hooks, error) : moe_train_resume(dir, &hooks, error);
    cmd_progress_end();
    return done;
}
