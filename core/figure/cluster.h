/* SPDX-License-Identifier: MIT
 *
 * cluster.h: orders things so that like ones stand beside each other.
 */
#ifndef FIGURE_CLUSTER_H
#define FIGURE_CLUSTER_H

#include <moescope/base.h>

/* Joins `n` things by average linkage (UPGMA; Sokal & Michener 1958) of the likenesses alike[n × n]
 * (symmetric; the diagonal isn't looked at), and fills order[n] with the leaves of the tree from
 * left to right; of two branches the one with the lower number goes first. O(n³). */
void moe__cluster_order(const double *alike, int n, int *order);

#endif
