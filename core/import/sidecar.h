/* SPDX-License-Identifier: MIT
 *
 * The logits that Megatron-LM writes beside a router trace: logits_rankN.bin, bfloat16
 * [tokens, experts] from a record's logit_offset on.
 */
#ifndef MOE_IMPORT_SIDECAR_H
#define MOE_IMPORT_SIDECAR_H

#include <moescope/base.h>

typedef struct MoeSidecar {
    char *path; /* as it may be shown */
    GMappedFile *map;
} MoeSidecar;

/* Maps the file of `rank` beside the trace at `path`; it must not be cut short while it is open.
 * NULL without an error if there is none. */
MoeSidecar *moe__sidecar_open(const char *path, int64_t rank, GError **error);
void moe__sidecar_free(MoeSidecar *sidecar);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeSidecar, moe__sidecar_free)
uint64_t moe__sidecar_length(const MoeSidecar *sidecar);
/* Row `token` of the block at `offset`, which has to be within the file, as floats. */
void moe__sidecar_row(const MoeSidecar *sidecar, int64_t offset, int64_t token, int experts,
                      float *out);

#endif
