/* SPDX-License-Identifier: MIT */
#include "tensor/bias.h"

#include "tensor/cpu.h"

#include <string.h>

/* Columns that are summed together: their sums stay in registers. */
#define COLUMNS 64

/* to[j] += Σ_r from[r, j], width <= COLUMNS. */
MOE_CLONES static void
bias_add_columns(float *restrict to, const float *restrict from, int64_t rows, int64_t n,
                 int64_t width)
{
    float sum[COLUMNS] = {0};
    if (width == COLUMNS)
        for (int64_t r = 0; r < rows; r++)
            for (int j = 0; j < COLUMNS; j++)
                sum[j] += from[r * n + j];
    else
        for (int64_t r = 0; r < rows; r++)
            for (int64_t j = 0; j < width; j++)
                sum[j] += from[r * n + j];
    for (int64_t j = 0; j < width; j++)
        to[j] += sum[j];
}

void
moe__bias_grad(float *db, bool accumulate, const float *dy, int64_t rows, int64_t n)
{
    if (!accumulate)
        memset(db, 0, (size_t)n * sizeof *db);
#pragma omp parallel for schedule(static) if (rows * n >= MOE_PARALLEL_ELEMENTS)
    for (int64_t j = 0; j < n; j += COLUMNS)
        bias_add_columns(db + j, dy + j, rows, n, n - j < COLUMNS ? n - j : COLUMNS);
}
