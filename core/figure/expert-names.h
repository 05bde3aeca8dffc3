/* SPDX-License-Identifier: MIT
 *
 * expert-names.h: a legend of experts, where colours stand for them.
 */
#ifndef FIGURE_EXPERT_NAMES_H
#define FIGURE_EXPERT_NAMES_H

#include <moescope/scene.h>

/* So many enter the legend. */
#define EXPERT_NAMES 24

/* The experts that values[n] (NaN: none) hold most often enter the legend of a panel, with their
 * shares, in the colours of `experts` categories. Returns how many there are. */
int moe__expert_names(MoeScene *scene, int panel, const double *values, int n, int experts);
/* "; the 24 most frequent of 31 experts are named" where not all are, else "". (transfer full) */
char *moe__expert_names_left(int found);

#endif
