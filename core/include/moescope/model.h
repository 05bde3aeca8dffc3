/* SPDX-License-Identifier: MIT
 *
 * model.h: a decoder-only language model whose feed-forwards may be MoE layers; its checkpoints,
 * its training, its evaluation, and the recording of its routing.
 */
#ifndef MOESCOPE_MODEL_H
#define MOESCOPE_MODEL_H

#include <moescope/cost.h>
#include <moescope/moe.h>
#include <moescope/text.h>
#include <moescope/trace.h>

G_BEGIN_DECLS

/* --- Model ------------------------------------------------------------------------------------
 * x = embed(tokens); each block: x += attention(norm(x)); x += feed-forward(norm(x));
 * logits = norm(x) · head (the embedding itself when tied). [model] of the recipe sizes it. */
typedef struct MoeModel MoeModel;

/* A fresh model, initialised from train.seed. The recipe is checked (moe_recipe_check()). */
MOE_API MoeModel *moe_model_new(const MoeRecipe *recipe, int vocabulary, GError **error);
/* The same without values: for its shapes and its costs, whatever its size. No pass can be made. */
MOE_API MoeModel *moe_model_plan(const MoeRecipe *recipe, int vocabulary, GError **error);
MOE_API void moe_model_free(MoeModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeModel, moe_model_free)

MOE_API const MoeRecipe *moe_model_recipe(const MoeModel *model);
MOE_API MoeParams *moe_model_params(MoeModel *model);
MOE_API int moe_model_vocabulary(const MoeModel *model);
MOE_API int moe_model_routers(const MoeModel *model);
MOE_API MoeLayer *moe_model_router(const MoeModel *model, int i);
/* FLOPs (2 a multiply-add) of the forward pass, a token, in sequences of `length`; causal attention
 * counted once: a token attends to (length + 1) / 2 on average. */
MOE_API double moe_model_flops(const MoeModel *model, int length);
/* Parameters that take part in one token's forward pass at evaluation: all but the experts not
 * picked. */
MOE_API int64_t moe_model_active_params(const MoeModel *model);
/* All costs, a token in sequences of `length`, and beside them a pass of `tokens` tokens. */
MOE_API MoeCost moe_model_cost(const MoeModel *model, int length, int64_t tokens);

/* Called after each MoE layer of a pass, while its tensors are still there. */
typedef void (*MoeObserver)(MoeRouting *routing, void *user);

/* One pass over a batch of B sequences of T tokens, N = B·T.
 * `context` needs tape, keep, train, step and seed; the rest is filled in here. `routings`: room
 * for moe_model_routers() of them. `observer` may be NULL. -> logits [N, V]. */
MOE_API MoeTensor *moe_model_logits(MoeModel *model, MoeContext *context, const MoeBatch *batch,
                                    MoeRouting *routings, MoeObserver observer, void *user);

typedef struct MoeLoss {
    MoeTensor *total;    /* cross-entropy + balance losses times coefficients; scalar */
    float cross_entropy; /* nats a token */
    float balance;       /* what the balance losses add to the total */
} MoeLoss;
/* The same up to the loss. `row_loss`, if not NULL, gets each token's nats [N]. */
MOE_API MoeLoss moe_model_loss(MoeModel *model, MoeContext *context, const MoeBatch *batch,
                               MoeRouting *routings, MoeObserver observer, void *user,
                               float *row_loss);

/* --- Checkpoints ------------------------------------------------------------------------------
 * A folder with recipe.ini, tokenizer.json, model.safetensors, optimizer.safetensors, state.json
 * (step, seeds, domains, corpus fingerprint, where the data stands). */
typedef struct MoeCheckpoint {
    char *path;
    MoeModel *model;
    MoeTokenizer *tokenizer;
    int64_t step;   /* optimiser steps done */
    char **domains; /* names, ended by NULL */
} MoeCheckpoint;

/* Opens a checkpoint folder, or the latest checkpoint of a run folder. */
MOE_API MoeCheckpoint *moe_checkpoint_open(const char *path, GError **error);
MOE_API void moe_checkpoint_free(MoeCheckpoint *checkpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeCheckpoint, moe_checkpoint_free)

/* --- Training ---------------------------------------------------------------------------------
 * A run folder holds recipe.ini (as used), tokenizer.json, sessions.jsonl (when, where, with what),
 * metrics.jsonl (a line a step), trace.npz (load and scalar measures of every router at every step,
 * snapshots of the probe text with all measures: core/moe/README.md) and checkpoints/. */
typedef struct MoeTrainStatus {
    int64_t step, steps; /* steps done, of all */
    double loss;         /* cross-entropy of the last step, nats a token */
    double balance;      /* what the balance losses add */
    double lr, grad_norm;
    double bits_per_byte; /* of the last validation; NaN before the first */
    double tokens_per_s;  /* of the last seconds */
    double seconds_left;  /* estimate; NaN while unknown */
} MoeTrainStatus;

typedef struct MoeTrainHooks {
    /* After every step. Return false to stop: a checkpoint is written first. May be NULL. */
    bool (*step)(const MoeTrainStatus *status, void *user);
    /* One line about something that happened ("tokenizer: …", "checkpoint …"). May be NULL. */
    void (*note)(const char *line, void *user);
    void *user;
} MoeTrainHooks;

/* Trains the recipe into `dir`, which must not hold a run yet. Fails with MOE_ERROR_CANCELLED when
 * a hook stopped it, MOE_ERROR_NUMERIC when the loss became non-finite (the message names the step
 * and the last good checkpoint). */
MOE_API bool moe_train(const MoeRecipe *recipe, const char *dir, const MoeTrainHooks *hooks,
                       GError **error);
/* Goes on from the latest checkpoint in `dir`, to the same bits as if it had never stopped (same
 * thread count): checkpoints, metrics but for the speed, and the rows of the trace. Where a hook
 * stopped it between two checkpoints, the trace keeps a chunk that ends there; else it too is the
 * same file. Refused if the text has changed. A run that is finished already is left as it is. */
MOE_API bool moe_train_resume(const char *dir, const MoeTrainHooks *hooks, GError **error);

/* --- Evaluation -------------------------------------------------------------------------------*/

typedef struct MoeEvaluation {
    double nats;           /* summed over the tokens predicted */
    int64_t tokens, bytes; /* tokens predicted, and the bytes they stand for */
} MoeEvaluation;
MOE_API double moe_evaluation_bits_per_byte(const MoeEvaluation *evaluation);
/* Loss over a split, in windows of train.length that don't span documents. `max_tokens` > 0: about
 * so many, in windows spread evenly over the split. `per_domain`, if not NULL, has an element for
 * every domain, which the domain's losses are added to. */
MOE_API bool moe_evaluate(MoeModel *model, const MoeTokenizer *tokenizer, const MoeTokens *tokens,
                          int64_t max_tokens, MoeEvaluation *total, MoeEvaluation *per_domain,
                          const MoeProgress *progress, GError **error);

/* --- Recording --------------------------------------------------------------------------------*/

typedef struct MoeRecordOptions {
    int rows, length;      /* batch; 0: those of training */
    int64_t max_tokens;    /* 0: all; else windows spread evenly over the text */
    int k;                 /* experts a unit is sent to; 0: as the recipe says for evaluation */
    MoeTraceOptions trace; /* chunk_tokens 0: as the recipe says (trace.chunk_tokens) */
} MoeRecordOptions;

/* Runs the checkpoint's model over `tokens` (domains as in `corpus`) and writes every routing
 * decision to a trace at `path`. Memory doesn't grow with the text. A cancelled recording is closed
 * properly and keeps what it has; the call then fails with MOE_ERROR_CANCELLED. The trace begins
 * with the measures of one batch, spread evenly over the text. `evaluation`, if not NULL, receives
 * the loss on the way. A `k` beyond a router's experts, or given to a model whose select part
 * chooses how many each unit gets, is refused with MOE_ERROR_DATA. */
MOE_API bool moe_record(MoeCheckpoint *checkpoint, const MoeCorpus *corpus, const MoeTokens *tokens,
                        const char *path, const char *command_line, const MoeRecordOptions *options,
                        MoeEvaluation *evaluation, const MoeProgress *progress, GError **error);

G_END_DECLS

#endif
