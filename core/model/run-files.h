/* SPDX-License-Identifier: MIT
 *
 * What stands where in a run folder, and how far its growing files reach at each checkpoint.
 */
#ifndef MOE_MODEL_RUN_FILES_H
#define MOE_MODEL_RUN_FILES_H

#include <moescope/base.h>

/* "DIR/NAME". (transfer full) */
char *moe__run_file(const char *dir, const char *name);
/* The folder of the checkpoint of a step. (transfer full) */
char *moe__run_checkpoint(const char *dir, int64_t step);
/* Steps that have a whole checkpoint, ascending. (transfer full) */
GArray *moe__run_checkpoints(const char *dir);
/* What the name of a checkpoint's folder ends with until it is whole. */
#define MOE_RUN_PART ".part"
/* Removes all but the latest `keep` checkpoints (0: keeps all) and what interrupted writes left. */
void moe__run_prune(const char *dir, int keep);
/* Removes a folder of files. */
void moe__run_remove_folder(const char *path);

/* Lengths of trace.npz and metrics.jsonl at a checkpoint: what a resumed run cuts them to. They
 * stand beside the checkpoints, not in them, because they depend on where a run was interrupted. */
typedef struct MoeRunPosition {
    int64_t trace, metrics;
} MoeRunPosition;
bool moe__run_position_save(const char *dir, int64_t step, MoeRunPosition position, GError **error);
bool moe__run_position_load(const char *dir, int64_t step, MoeRunPosition *position,
                            GError **error);

#endif
