/* SPDX-License-Identifier: MIT
 *
 * load-difference.h: which loads of two inputs are held against each other.
 */
#ifndef FIGURE_LOAD_DIFFERENCE_H
#define FIGURE_LOAD_DIFFERENCE_H

#include "figure/kit.h"

#define DIFFERENCE_INPUTS 2

/* Two routers of one layer, by their numbers. */
typedef struct LoadPair {
    int router[DIFFERENCE_INPUTS];
    int layer, experts;
} LoadPair;

typedef struct LoadPairs {
    const Kit *kit; /* of the first input */
    const MoeSummary *summary[DIFFERENCE_INPUTS];
    GArray *pairs; /* of LoadPair */
    GArray *names; /* of const char *: domains in both, NULL for all tokens */
    GArray *shown; /* of int: experts that the options choose, of the layer that has most */
} LoadPairs;

/* Counts the second input, and finds what goes together: layers by number, domains by name. Fails
 * with the errors of counting, and MOE_ERROR_DATA if layers have other numbers of experts, or if
 * there is nothing to compare. */
bool moe__load_pairs_init(LoadPairs *pairs, const Kit *kit, GError **error);
void moe__load_pairs_clear(LoadPairs *pairs);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LoadPairs, moe__load_pairs_clear)

/* The load of one side in a domain that both have; NULL: in all tokens. (transfer none) */
const MoeSummaryCell *moe__load_pairs_cell(const LoadPairs *pairs, int side, const LoadPair *pair,
                                           const char *domain);

#endif
