/* SPDX-License-Identifier: MIT
 *
 * A training run while it is running.
 */
#ifndef MOE_MODEL_TRAINER_H
#define MOE_MODEL_TRAINER_H

#include "model/checkpoint.h"
#include "model/run-files.h"

#include <stdio.h>

typedef struct MoeTrainer {
    MoeRecipe *recipe;
    char *dir;
    const MoeTrainHooks *hooks;

    MoeCorpus *corpus;
    MoeTokenizer *tokenizer;
    MoeTokens *train, *validation, *probe;
    double *weight; /* per domain, NULL: by size */

    MoeModel *model;
    MoeAdamW *adamw;
    MoeSchedule schedule;
    MoeCheckpointState state; /* step and next_batch move; the rest is fixed */

    MoeTape *tape;
    MoeArena *keep;
    MoeBatch *batch;
    MoeContext context; /* of the latest pass, which routings belong to */
    MoeRouting *routings;
    MoeTraceState *loads; /* one a router, summed over the micro-batches of a step */

    MoeTraceWriter *trace;
    FILE *metrics;
    MoeTrainStatus status;
    GArray *durations; /* seconds of the latest steps */
} MoeTrainer;

/* trainer-open.c: a trainer for a fresh run, or for the latest checkpoint of one. */
MoeTrainer *moe__trainer_new(const MoeRecipe *recipe, const char *dir, const MoeTrainHooks *hooks,
                             GError **error);
MoeTrainer *moe__trainer_resume(const char *dir, const MoeTrainHooks *hooks, GError **error);
/* Writes the recipe into the folder of a fresh run: with it, the folder holds a run. */
bool moe__trainer_claim(MoeTrainer *trainer, GError **error);
void moe__trainer_free(MoeTrainer *trainer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTrainer, moe__trainer_free)

/* trainer-step.c: one optimiser step. Fills status and the trace's state of this step. */
bool moe__trainer_step(MoeTrainer *trainer, GError **error);

/* trainer-output.c: what a run leaves behind. */
bool moe__trainer_open_outputs(MoeTrainer *trainer, MoeRunPosition *position, GError **error);
bool moe__trainer_log_step(MoeTrainer *trainer, GError **error);
bool moe__trainer_validate(MoeTrainer *trainer, GError **error);
bool moe__trainer_snapshot(MoeTrainer *trainer, GError **error);
bool moe__trainer_checkpoint(MoeTrainer *trainer, GError **error);
void moe__trainer_note(const MoeTrainer *trainer, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* trainer-measure.c: scalars of the step that was just made; and all measures of the probe text. */
bool moe__trainer_measure_step(MoeTrainer *trainer, GError **error);
bool moe__trainer_measure(MoeTrainer *trainer, GError **error);

#endif
