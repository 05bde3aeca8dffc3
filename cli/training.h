/* SPDX-License-Identifier: MIT
 *
 * training.h: a training run as the command line shows it; train and demo share it.
 */
#ifndef CMD_TRAINING_H
#define CMD_TRAINING_H

#include <moescope/model.h>

/* Trains `recipe` into `dir`, or goes on with the run in `dir` (recipe NULL), with a progress line
 * that begins with `label`. `last` receives the status of the last step. */
bool cmd_training_run(const MoeRecipe *recipe, const char *dir, const char *label,
                      MoeTrainStatus *last, GError **error);
/* "1:02:03", "2:40"; "?" unless it is finite. (transfer full) */
char *cmd_duration(double seconds);

#endif
