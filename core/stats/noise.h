/* SPDX-License-Identifier: MIT
 *
 * noise.h: the edge between the k highest logits of a unit and the rest, and whether a little noise
 * carries an expert over it.
 */
#ifndef MOESCOPE_STATS_NOISE_H
#define MOESCOPE_STATS_NOISE_H

#include <moescope/base.h>

typedef struct MoeEdge {
    double inside, outside; /* the k-th and the (k+1)-th highest */
    int tied; /* experts at `inside` that are among the k: the first ones, by number */
} MoeEdge;

/* Of n finite logits, 1 ≤ k < n. `room` [n] is overwritten. */
MoeEdge moe__edge(const double *logit, int n, int k, double *room);
/* Whether the k highest become others when normal noise of standard deviation `sigma` is added to
 * each logit. The noise is drawn by the logits themselves and the expert's number: the same unit
 * has the same noise, wherever it stands. */
bool moe__edge_flips(const MoeEdge *edge, const double *logit, int n, double sigma);

#endif
