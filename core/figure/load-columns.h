/* SPDX-License-Identifier: MIT
 *
 * load-columns.h: which expert stands in which column of a heat map of loads.
 */
#ifndef FIGURE_LOAD_COLUMNS_H
#define FIGURE_LOAD_COLUMNS_H

#include "figure/order.h"

typedef struct LoadColumns {
    int n;
    int *expert;  /* [layers × n]; -1: none */
    char **texts; /* [layers × n] their numbers, where layers differ; else NULL */
    MoeAxis axis;
    char **names; /* of the axis */
} LoadColumns;

/* By the options experts and sort. Fails with MOE_ERROR_DATA where they pick no expert. */
bool moe__load_columns(LoadColumns *columns, const MoeLoad *load, const MoeFigureOptions *options,
                       GError **error);
/* The experts as keys, [layers × n]; NaN: none. (transfer full) */
double *moe__load_column_keys(const LoadColumns *columns, int layers);
void moe__load_columns_clear(LoadColumns *columns);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LoadColumns, moe__load_columns_clear)

#endif
