/* SPDX-License-Identifier: MIT
 *
 * train-run.h: tiny training runs in a temporary folder, stopped, cut and compared.
 */
#ifndef MOESCOPE_TESTS_TRAIN_RUN_H
#define MOESCOPE_TESTS_TRAIN_RUN_H

#include "text-folder.h"

#include <moescope/model.h>

enum { RUN_STEPS = 12 };

/* A folder with text/, two domains of it. For g_test_add(), with folder_remove(). */
void run_folder_make(Folder *folder, gconstpointer data);
/* A recipe of two small blocks of gshard, with everything random on (dropout, fill order), two
 * micro-batches a step, checkpoints after 5, 10 and 12 steps, snapshots after 0, 3, 7 and 12.
 * `settings`: ended by NULL, on top; may be NULL. */
MoeRecipe *run_recipe(const Folder *folder, const char *const *settings);
/* Trains into, or goes on in, folder/NAME; stops after step `stop` (0: goes on to the end). */
bool run_train(const Folder *folder, const char *name, const MoeRecipe *recipe, int64_t stop,
               GError **error);
bool run_resume(const Folder *folder, const char *name, int64_t stop, GError **error);
/* The same, which must come to their end. */
void run_whole(const Folder *folder, const char *name, const char *const *settings);
void run_go_on(const Folder *folder, const char *name);

/* "folder/NAME/FILE". (transfer full) */
char *run_path(const Folder *folder, const char *name, const char *file);
/* The bytes of folder/NAME/FILE; metrics without the speed, which is never the same twice. */
char *run_bytes(const Folder *folder, const char *name, const char *file, size_t *length);
void run_remove_checkpoint(const Folder *folder, const char *name, int64_t step);
/* Asserts that folder/A/FILE and folder/B/FILE are the same bytes. */
void run_expect_same(const Folder *folder, const char *a, const char *b, const char *file);
/* Asserts it of the checkpoint of the last step and of the metrics. */
void run_expect_same_end(const Folder *folder, const char *a, const char *b);
/* Opens the trace of a run, which must be whole. */
MoeTrace *run_trace(const Folder *folder, const char *name);

#endif
