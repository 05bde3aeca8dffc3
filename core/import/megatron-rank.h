/* SPDX-License-Identifier: MIT
 *
 * A rank's file of Megatron-LM's router traces, and how the files of a run belong together: ranks
 * with the same layers saw tokens of their own; ranks with other layers are stages of a pipeline,
 * which see the same tokens in the same passes.
 */
#ifndef MOE_IMPORT_MEGATRON_RANK_H
#define MOE_IMPORT_MEGATRON_RANK_H

#include "import/megatron-line.h"
#include "import/sidecar.h"
#include "import/twins.h"

typedef struct MoeMegatronRank {
    const char *path; /* borrowed */
    int file;
    GArray *layers; /* layer-set.h: of the decoder */
    int stage;      /* -1: it has none of the layers */
    MoeTwinSum sum; /* of the lines that were brought */
    /* While it is read. */
    MoeStream *stream;
    MoeJson *json;
    MoeMegatronLine line;
    bool pending;        /* `line` belongs to the next pass */
    bool asked;          /* for the sidecar */
    MoeSidecar *sidecar; /* NULL: there is none, or no line asked for it */
    int64_t step;        /* of the pass; -1: the file has ended */
} MoeMegatronRank;

/* (transfer full) */
MoeMegatronRank *moe__megatron_rank_new(const char *path, int file);
void moe__megatron_rank_free(MoeMegatronRank *rank);
bool moe__megatron_rank_open(MoeMegatronRank *rank, GError **error);
void moe__megatron_rank_close(MoeMegatronRank *rank);
/* Reads the next line of the decoder, and opens the file of logits that it asks for. False at the
 * end, and with an error. */
bool moe__megatron_rank_next(MoeMegatronRank *rank, GError **error);
/* Whether the logits of the line lie within the file beside it. */
bool moe__megatron_rank_has_logits(const MoeMegatronRank *rank);
/* Numbers the stages of the ranks (MoeMegatronRank) and returns how many there are: one, unless
 * layers that ranks don't share with all others are theirs alone. 0 with MOE_ERROR_DATA where
 * stages have files in different numbers. */
int moe__megatron_stages(const GPtrArray *ranks, GError **error);

#endif
