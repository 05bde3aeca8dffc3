/* SPDX-License-Identifier: MIT
 *
 * gates.h: how far the gates of a unit are apart.
 */
#ifndef MOESCOPE_STATS_GATES_H
#define MOESCOPE_STATS_GATES_H

#include "stats/tally.h"

typedef struct MoeGates MoeGates;

MoeGates *moe__gates_new(int experts);
void moe__gates_free(MoeGates *gates);
/* Adds gated, margin, spread and gate_square of a run's units to the cell. Nothing where the chunk
 * has no gates.
 */
void moe__gates_count(MoeGates *gates, const MoeTallyChunk *chunk, const MoeTallyRun *run,
                      MoeOrderCell *cell);

#endif
