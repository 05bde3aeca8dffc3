/* SPDX-License-Identifier: MIT
 *
 * plain-words.h: what numbers are called where a reader has no manual at hand: names of metrics, of
 * measures and of series, in words.
 */
#ifndef FIGURE_PLAIN_WORDS_H
#define FIGURE_PLAIN_WORDS_H

#include <glib.h>

/* "dead": "dead experts (no pick)"; an unknown name with its hyphens as spaces. (transfer full) */
char *moe__plain_metric(const char *name);
/* "train.logit_std": "spread of logits (SD)"; an unknown name as it is. (transfer none) */
const char *moe__plain_measure(const char *name);
/* "lr": "learning rate"; an unknown name as it is. (transfer none) */
const char *moe__plain_series(const char *name);
/* MOE_TALLY_…: "flow,scores", as moescope summary --with takes them. (transfer full) */
char *moe__plain_tallies(unsigned tallies);

#endif
