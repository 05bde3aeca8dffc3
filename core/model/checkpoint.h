/* SPDX-License-Identifier: MIT */
#ifndef MOE_MODEL_CHECKPOINT_H
#define MOE_MODEL_CHECKPOINT_H

#include <moescope/model.h>

/* What state.json says. */
typedef struct MoeCheckpointState {
    int64_t step;       /* optimiser steps done */
    int64_t next_batch; /* number of the next micro-batch to draw */
    uint64_t seed;      /* of initial values, data and dropout */
    int64_t corpus_bytes;
    uint32_t corpus_crc; /* CRC-32 of all documents in order: resuming on other text is refused */
    char **domains;      /* ended by NULL; owned */
} MoeCheckpointState;

void moe__checkpoint_state_clear(MoeCheckpointState *state);
bool moe__checkpoint_state_load(const char *folder, MoeCheckpointState *state, GError **error);

/* Writes the checkpoint of state->step below the run folder `dir`: into a folder beside, renamed
 * when whole. */
bool moe__checkpoint_save(const char *dir, const MoeCheckpointState *state, MoeModel *model,
                          const MoeAdamW *adamw, const MoeTokenizer *tokenizer, GError **error);

#endif
