/* SPDX-License-Identifier: MIT
 *
 * One optimiser step: micro-batches forward and backward, then AdamW.
 */
#include "model/trainer.h"

#include <math.h>
#include <string.h>

/* Where the seeds of passes come from. Streams 0, 1, 2 … of the run's seed draw the batches. */
#define PASS_STREAM (G_GUINT64_CONSTANT(0x7a55) << 48)

static void
clear_loads(MoeTrainer *t)
{
    for (int i = 0; i < moe_model_routers(t->model); i++) {
        size_t E = (size_t)moe_layer_experts(moe_model_router(t->model, i));
        memset((gpointer)t->loads[i].load, 0, E * sizeof(int64_t));
        memset((gpointer)t->loads[i].dropped, 0, E * sizeof(int64_t));
        memset((gpointer)t->loads[i].prob, 0, E * sizeof(double));
    }
}

/* Adds what a micro-batch's routers did: picks, drops, mean probability. */
static void
add_loads(MoeTrainer *t, double share)
{
    for (int i = 0; i < moe_model_routers(t->model); i++) {
        const MoePicks *picks = &t->routings[i].picks;
        const MoeTensor *p = moe_routing_probabilities(&t->routings[i]);
        int64_t *load = (int64_t *)t->loads[i].load, *dropped = (int64_t *)t->loads[i].dropped;
        double *prob = (double *)t->loads[i].prob;
        for (int e = 0; e < picks->experts; e++) {
            load[e] += picks->load[e];
            dropped[e] += picks->overflow[e];
            double sum = 0;
            for (int64_t u = 0; u < picks->units; u++)
                sum += (double)p->data[u * picks->experts + e];
            prob[e] += share * sum / (double)picks->units;
        }
    }
}

static bool
micro_batch(MoeTrainer *t, double share, GError **error)
{
    if (!moe_tokens_draw(t->train, t->state.seed, (uint64_t)t->state.next_batch, t->weight,
                         t->batch, error))
        return false;
    moe_tape_reset(t->tape);
    moe_arena_reset(t->keep);
    /* Random numbers of a pass: streams of a seed that the number of the batch names. */
    uint32_t word[4];
    moe_rng_block(t->state.seed, PASS_STREAM, (uint64_t)t->state.next_batch, word);
    t->context = (MoeContext){
        .tape = t->tape,
        .keep = t->keep,
        .train = true,
        .step = t->state.step,
        .seed = (uint64_t)word[0] << 32 | word[1],
    };
    MoeLoss loss = moe_model_loss(t->model, &t->context, t->batch, t->routings, NULL, NULL, NULL);
    moe_tape_backward(t->tape, loss.total, 1);
    add_loads(t, share);
    t->status.loss += share * (double)loss.cross_entropy;
    t->status.balance += share * (double)loss.balance;
    t->state.next_batch++;
    return true;
}

/* The latest checkpoint whose weights have given a finite loss, or NULL: those of this very step
 * have just failed to. */
static char *
last_good_checkpoint(const MoeTrainer *t)
{
    g_autoptr(GArray) steps = moe__run_checkpoints(t->dir);
    for (guint i = steps->len; i-- > 0;)
        if (g_array_index(steps, int64_t, i) < t->state.step)
            return moe__run_checkpoint(t->dir, g_array_index(steps, int64_t, i));
    return NULL;
}

static bool
fail_non_finite(MoeTrainer *t, const char *what, GError **error)
{
    g_autofree char *last = last_good_checkpoint(t);
    g_set_error(
        error, MOE_ERROR, MOE_ERROR_NUMERIC,
        "the %s became non-finite at step %" G_GINT64_FORMAT "; %s%s", what, t->state.step + 1,
        last ? "the last good checkpoint is " : "there is no good checkpoint", last ? last : "");
    return false;
}

static void
before_step(MoeTrainer *t)
{
    for (int i = 0; i < moe_model_routers(t->model); i++)
        moe_layer_before_step(moe_model_router(t->model, i), t->state.step);
}

static void
after_step(MoeTrainer *t)
{
    for (int i = 0; i < moe_model_routers(t->model); i++)
        moe_layer_after_step(moe_model_router(t->model, i), t->state.step, t->loads[i].load);
}

bool
moe__trainer_step(MoeTrainer *t, GError **error)
{
    int64_t micro = moe_recipe_int(t->recipe, "train.accumulate");
    int64_t began = g_get_monotonic_time();
    clear_loads(t);
    before_step(t);
    moe_params_drop_grads(moe_model_params(t->model));
    t->status.loss = t->status.balance = 0;
    for (int64_t i = 0; i < micro; i++)
        if (!micro_batch(t, 1.0 / (double)micro, error))
            return false;
    if (!isfinite(t->status.loss + t->status.balance))
        return fail_non_finite(t, "loss", error);
    t->status.lr = moe_schedule_lr(&t->schedule, t->state.step);
    if (!moe_adamw_step(t->adamw, t->status.lr, 1.0 / (double)micro, &t->status.grad_norm))
        return fail_non_finite(t, "gradient", error);
    after_step(t);
    t->status.step = ++t->state.step;
    double seconds = (double)(g_get_monotonic_time() - began) * 1e-6;
    g_array_append_val(t->durations, seconds);
    return true;
}
