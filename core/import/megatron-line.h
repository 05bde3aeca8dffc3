/* SPDX-License-Identifier: MIT
 *
 * A line of Megatron-LM's router traces: the picks of a pass's tokens in one layer.
 */
#ifndef MOE_IMPORT_MEGATRON_LINE_H
#define MOE_IMPORT_MEGATRON_LINE_H

#include "import/json-pull.h"

typedef struct MoeMegatronLine {
    int64_t step, layer, rank, k;
    int64_t experts, logit_rows, logit_offset; /* 0, 0, -1 where no logits were recorded */
    int64_t logit_bytes;                       /* -1: not said */
    bool decoder;
    int tokens;
    GArray *ids; /* int32_t [tokens × k] */
} MoeMegatronLine;

/* Reads the next one into `line`, whose `ids` are there. Returns false at the end, and with
 * json->error. */
bool moe__megatron_line(MoeJson *json, MoeMegatronLine *line);

#endif
