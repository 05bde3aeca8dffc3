/* SPDX-License-Identifier: MIT
 *
 * What a run measures of its routers: scalars of every step, and at snapshots everything that the
 * layers report of the probe text, with the gradient that the task alone gives the routers.
 */
#include "model/evaluate.h"
#include "model/measures.h"
#include "model/trainer.h"
#include "model/windows.h"

#include <math.h>
#include <string.h>

/* Where the seeds of the probe's training passes come from: apart from those of batches and steps,
 * so that measuring changes nothing of the run. */
#define PROBE_STREAM (G_GUINT64_CONSTANT(0x940b) << 48)

bool
moe__trainer_measure_step(MoeTrainer *t, GError **error)
{
    if (!t->trace)
        return true;
    MoeMeasures measures = {.writer = t->trace, .step = t->state.step, .training = true};
    for (int i = 0; i < moe_model_routers(t->model); i++)
        moe__measures_observe(&t->routings[i], &measures);
    return moe__measures_done(&measures, error);
}

/* --- The task's gradient ----------------------------------------------------------------------*/

static double
squares(const float *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

/* A tensor without a gradient got none: zero. */
static double
gradient_squares(const MoeTensor *x)
{
    return x->has_grad ? squares(x->grad, moe_tensor_count(x)) : 0;
}

/* The trainable parameters that decide routing in a layer, all together. False: there is none. */
static bool
router_gradient(const MoeParams *params, const MoeLayer *layer, float *norm)
{
    g_autofree char *prefix = g_strdup_printf("blocks.%d.moe.", moe_layer_block(layer));
    double sum = 0;
    bool any = false;
    for (int i = 0; i < moe_params_count(params); i++) {
        const MoeParam *param = moe_params_get(params, i);
        if (!(param->flags & MOE_PARAM_ROUTER) || (param->flags & MOE_PARAM_UNTRAINED) ||
            !g_str_has_prefix(param->name, prefix))
            continue;
        sum += gradient_squares(param->tensor);
        any = true;
    }
    *norm = (float)sqrt(sum);
    return any;
}

/* Forward by the rules of training, and the gradient of the cross-entropy alone. */
static void
task_backward(MoeTrainer *t)
{
    moe_tape_reset(t->tape);
    moe_arena_reset(t->keep);
    uint32_t word[4];
    moe_rng_block(t->state.seed, PROBE_STREAM, (uint64_t)t->state.step, word);
    t->context = (MoeContext){
        .tape = t->tape,
        .keep = t->keep,
        .train = true,
        .step = MIN(t->state.step, t->status.steps - 1),
        .seed = (uint64_t)word[0] << 32 | word[1],
    };
    moe_params_drop_grads(moe_model_params(t->model));
    MoeTensor *logits = moe_model_logits(t->model, &t->context, t->batch, t->routings, NULL, NULL);
    for (int i = 0; i < moe_model_routers(t->model); i++)
        moe_tensor_keep_grad(t->routings[i].logits);
    moe_tape_backward(t->tape, moe_cross_entropy(t->tape, logits, t->batch->target, NULL), 1);
}

static bool
measure_task_gradient(MoeTrainer *t, GError **error)
{
    int64_t tokens = (int64_t)t->batch->rows * t->batch->length;
    MoeWindows windows = moe__windows(t->probe, t->batch->length, tokens);
    moe__windows_next(&windows, t->batch);
    task_backward(t);
    const MoeParams *params = moe_model_params(t->model);
    bool ok = true;
    for (int i = 0; i < moe_model_routers(t->model) && ok; i++) {
        const MoeTensor *z = moe_tensor_owner(t->routings[i].logits);
        float at_logits = (float)sqrt(gradient_squares(z)), at_router;
        ok = moe_trace_writer_measure(t->trace, i, "router_task_grad_logits", t->state.step, 0,
                                      NULL, &at_logits, error);
        if (ok && router_gradient(params, moe_model_router(t->model, i), &at_router))
            ok = moe_trace_writer_measure(t->trace, i, "router_task_grad", t->state.step, 0, NULL,
                                          &at_router, error);
    }
    moe_params_drop_grads(moe_model_params(t->model));
    return ok;
}

bool
moe__trainer_measure(MoeTrainer *t, GError **error)
{
    if (!t->trace || moe_tokens_count(t->probe, -1) == 0)
        return true;
    g_autoptr(MoePasses) passes =
        moe__passes_new(t->model, t->tokenizer, t->batch->rows, t->batch->length, 0);
    return moe__passes_measure(passes, t->probe, t->trace, t->state.step, error) &&
           measure_task_gradient(t, error);
}
