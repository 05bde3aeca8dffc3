/* SPDX-License-Identifier: MIT
 *
 * Passes over a split of a corpus: loss alone, or loss and a recording.
 */
#include "model/evaluate.h"

#include "model/measures.h"
#include "model/windows.h"

#include <math.h>

struct MoePasses {
    MoeModel *model;
    const MoeTokenizer *tokenizer;
    int k; /* picks a unit; 0: as the recipe says */
    MoeTape *tape;
    MoeArena *keep;
    MoeBatch *batch;
    MoeRouting *routings;
    float *loss; /* [N] */
};

MoePasses *
moe__passes_new(MoeModel *model, const MoeTokenizer *tokenizer, int rows, int length, int k)
{
    MoePasses *passes = g_new0(MoePasses, 1);
    passes->model = model;
    passes->tokenizer = tokenizer;
    passes->k = k;
    passes->tape = moe_tape_new(false);
    passes->keep = moe_arena_new();
    passes->batch = moe_batch_new(rows, length);
    passes->routings = g_new0(MoeRouting, MAX(moe_model_routers(model), 1));
    passes->loss = g_new(float, (gsize)rows *(gsize)length);
    return passes;
}

void
moe__passes_free(MoePasses *passes)
{
    if (!passes)
        return;
    moe_tape_free(passes->tape);
    moe_arena_free(passes->keep);
    moe_batch_free(passes->batch);
    g_free(passes->routings);
    g_free(passes->loss);
    g_free(passes);
}

static void
add_losses(const MoePasses *passes, MoeEvaluation *total, MoeEvaluation *per_domain)
{
    const MoeBatch *batch = passes->batch;
    for (int64_t i = 0; i < (int64_t)batch->rows * batch->length; i++) {
        if (batch->target[i] < 0)
            continue;
        size_t bytes;
        moe_tokenizer_token(passes->tokenizer, batch->target[i], &bytes);
        total->nats += (double)passes->loss[i];
        total->tokens++;
        total->bytes += (int64_t)bytes;
        if (!per_domain)
            continue;
        MoeEvaluation *domain = &per_domain[batch->domain[i]];
        domain->nats += (double)passes->loss[i];
        domain->tokens++;
        domain->bytes += (int64_t)bytes;
    }
}

static void
run_batch(MoePasses *passes, MoeObserver observer, void *user)
{
    moe_tape_reset(passes->tape);
    moe_arena_reset(passes->keep);
    MoeContext context = {.tape = passes->tape, .keep = passes->keep, .k = passes->k};
    moe_model_loss(passes->model, &context, passes->batch, passes->routings, observer, user,
                   passes->loss);
}

bool
moe__passes_run(MoePasses *passes, const MoeTokens *tokens, int64_t max_tokens,
                const MoePassSink *sink, MoeEvaluation *total, MoeEvaluation *per_domain,
                const MoeProgress *progress, GError **error)
{
    MoeWindows windows = moe__windows(tokens, passes->batch->length, max_tokens);
    const char *what = sink ? "recording" : "evaluating";
    while (moe__windows_next(&windows, passes->batch) > 0) {
        run_batch(passes, sink ? moe__recorder_observe : NULL, sink ? sink->recorder : NULL);
        add_losses(passes, total, per_domain);
        if (sink && !moe__recorder_append(sink->recorder, sink->writer, passes->batch,
                                          passes->routings, passes->loss, sink->step, error))
            return false;
        if (!moe_progress(progress, moe__windows_done(&windows), windows.total, what)) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "%s was stopped", what);
            return false;
        }
    }
    return true;
}

bool
moe__passes_measure(MoePasses *passes, const MoeTokens *tokens, MoeTraceWriter *writer,
                    int64_t step, GError **error)
{
    MoeMeasures measures = {.writer = writer, .step = step};
    MoeBatch *batch = passes->batch;
    int64_t size = (int64_t)batch->rows * batch->length;
    MoeWindows windows = moe__windows(tokens, batch->length, size);
    if (moe__windows_next(&windows, batch) > 0)
        run_batch(passes, moe__measures_observe, &measures);
    return moe__measures_done(&measures, error);
}

double
moe_evaluation_bits_per_byte(const MoeEvaluation *evaluation)
{
    return evaluation->bytes ? evaluation->nats / ((double)evaluation->bytes * G_LN2) : NAN;
}

bool
moe_evaluate(MoeModel *model, const MoeTokenizer *tokenizer, const MoeTokens *tokens,
             int64_t max_tokens, MoeEvaluation *total, MoeEvaluation *per_domain,
             const MoeProgress *progress, GError **error)
{
    const MoeRecipe *recipe = moe_model_recipe(model);
    g_autoptr(MoePasses) passes =
        moe__passes_new(model, tokenizer, (int)moe_recipe_int(recipe, "train.batch"),
                        (int)moe_recipe_int(recipe, "train.length"), 0);
    *total = (MoeEvaluation){0};
    return moe__passes_run(passes, tokens, max_tokens, NULL, total, per_domain, progress, error);
}
