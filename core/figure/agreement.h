/* SPDX-License-Identifier: MIT
 *
 * agreement.h: two routings of the same tokens, as the figures "agreement" and "matching" see them.
 */
#ifndef FIGURE_AGREEMENT_H
#define FIGURE_AGREEMENT_H

#include "figure/kit.h"

#include <moescope/compare.h>

typedef struct Agreement {
    const Kit *kit; /* of the first input */
    const MoeComparison *comparison;
    char *names[2];
    bool matched; /* whether experts were matched */
} Agreement;

/* Panels of metrics, a bar a layer with its interval, or a line where layers are many; beside them
 * what the same picks would show with tokens shuffled. Returns whether there were intervals. */
bool moe__agreement_add_layers(MoeScene *scene, const Agreement *agreement);
/* Panels of experts by experts, of at most `most` layers: of the units that pick an expert in the
 * first input, the share that pick another in the second, whose experts stand in the order in which
 * they were matched. */
void moe__agreement_add_matrices(MoeScene *scene, const Agreement *agreement, guint most);

#endif
