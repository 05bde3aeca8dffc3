/* SPDX-License-Identifier: MIT */
#ifndef MOE_MODEL_EVALUATE_H
#define MOE_MODEL_EVALUATE_H

#include "model/recorder.h"

/* What passes over a text need: tape, batch, buffers. */
typedef struct MoePasses MoePasses;

/* `k`: picks a unit; 0: as the recipe says. */
MoePasses *moe__passes_new(MoeModel *model, const MoeTokenizer *tokenizer, int rows, int length,
                           int k);
void moe__passes_free(MoePasses *passes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoePasses, moe__passes_free)

/* Where the routing of the passes goes. */
typedef struct MoePassSink {
    MoeRecorder *recorder;
    MoeTraceWriter *writer;
    int64_t step; /* training step of the model */
} MoePassSink;

/* Runs the model over the windows of a split (see moe_evaluate()); with `sink`, records. Adds to
 * `total` and `per_domain` (may be NULL). */
bool moe__passes_run(MoePasses *passes, const MoeTokens *tokens, int64_t max_tokens,
                     const MoePassSink *sink, MoeEvaluation *total, MoeEvaluation *per_domain,
                     const MoeProgress *progress, GError **error);

/* Measures what the layers report thoroughly, over one batch of windows that are spread evenly over
 * the text. */
bool moe__passes_measure(MoePasses *passes, const MoeTokens *tokens, MoeTraceWriter *writer,
                         int64_t step, GError **error);

#endif
