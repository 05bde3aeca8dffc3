/* SPDX-License-Identifier: MIT
 *
 * cluster.h: orders things so that like ones stand beside each other.
 */
#ifndef FIGURE_CLUSTER_H
#define FIGURE_CLUSTER_H

#include <moescope/base.h>

/* Two branches of the tree that were joined. A branch covers the places first … first + count - 1
 * of the order; `left` and `right` number the merges that made the two, -1 meaning a leaf. */
typedef struct Merge {
    double likeness; /* mean over pairs across */
    int left, right;
    int first, middle, count; /* `middle`: the first place of the right one */
} Merge;

/* Joins `n` things by average linkage (UPGMA; Sokal & Michener 1958) of the likenesses alike[n × n]
 * (symmetric; the diagonal isn't looked at), and fills order[n] with the leaves of the tree from
 * left to right; of two branches the one with the lower number goes first. Returns the n - 1 merges
 * in the order in which they were made, likenesses falling. O(n²) as a rule. (transfer full, of
 * Merge) */
GArray *moe__cluster(const double *alike, int n, int *order);

#endif
