/* SPDX-License-Identifier: MIT
 *
 * The training loop: step, log, and what is due after it.
 */
#include "model/trainer.h"

#include <math.h>

/* Over the latest steps, so that the figure follows the machine. */
static void
update_speed(MoeTrainer *t)
{
    guint window = 20;
    if (t->durations->len > window)
        g_array_remove_range(t->durations, 0, t->durations->len - window);
    double seconds = 0;
    for (guint i = 0; i < t->durations->len; i++)
        seconds += g_array_index(t->durations, double, i);
    double tokens = (double)t->batch->rows * t->batch->length *
                    (double)moe_recipe_int(t->recipe, "train.accumulate");
    double steps_per_s = t->durations->len / seconds;
    t->status.tokens_per_s = tokens * steps_per_s;
    t->status.seconds_left = (double)(t->status.steps - t->status.step) / steps_per_s;
}

static bool
due(const MoeTrainer *t, const char *key)
{
    int64_t every = moe_recipe_int(t->recipe, key);
    return t->state.step == t->status.steps || (every > 0 && t->state.step % every == 0);
}

static bool
snapshot_due(const MoeTrainer *t)
{
    if (t->state.step == t->status.steps)
        return true;
    int n;
    g_autofree int64_t *steps = moe_recipe_ints(t->recipe, "train.snapshots", &n);
    for (int i = 0; i < n; i++)
        if (steps[i] == t->state.step)
            return true;
    return false;
}

static bool
after_step(MoeTrainer *t, GError **error)
{
    update_speed(t);
    if (!moe__trainer_log_step(t, error) || !moe__trainer_measure_step(t, error))
        return false;
    if (due(t, "train.eval_every") && !moe__trainer_validate(t, error))
        return false;
    if (snapshot_due(t) && (!moe__trainer_snapshot(t, error) || !moe__trainer_measure(t, error)))
        return false;
    return !due(t, "train.checkpoint_every") || moe__trainer_checkpoint(t, error);
}

static bool
stop_early(MoeTrainer *t, GError **error)
{
    if (!due(t, "train.checkpoint_every") && !moe__trainer_checkpoint(t, error))
        return false;
    g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED,
                "stopped after step %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT ", which is saved",
                t->state.step, t->status.steps);
    return false;
}

static bool
run(MoeTrainer *t, GError **error)
{
    while (t->state.step < t->status.steps) {
        if (!moe__trainer_step(t, error) || !after_step(t, error))
            return false;
        bool go_on = !t->hooks || !t->hooks->step || t->hooks->step(&t->status, t->hooks->user);
        if (!go_on && t->state.step < t->status.steps)
            return stop_early(t, error);
    }
    return !t->trace || moe_trace_writer_close(g_steal_pointer(&t->trace), error);
}

/* The untrained model may be worth a snapshot, is always measured, and is a checkpoint: a folder
 * that says that it holds a run can be resumed from its first second on. */
static bool
begin(MoeTrainer *t, GError **error)
{
    return (!snapshot_due(t) || moe__trainer_snapshot(t, error)) &&
           moe__trainer_measure(t, error) && moe__trainer_checkpoint(t, error) &&
           moe__trainer_claim(t, error);
}

bool
moe_train(const MoeRecipe *recipe, const char *dir, const MoeTrainHooks *hooks, GError **error)
{
    g_autoptr(MoeTrainer) t = moe__trainer_new(recipe, dir, hooks, error);
    return t && begin(t, error) && run(t, error);
}

bool
moe_train_resume(const char *dir, const MoeTrainHooks *hooks, GError **error)
{
    g_autoptr(MoeTrainer) t = moe__trainer_resume(dir, hooks, error);
    return t && run(t, error);
}
