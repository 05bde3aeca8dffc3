/* SPDX-License-Identifier: MIT */
#include "tensor/columns.h"

#include "tensor/cpu.h"

#include <string.h>

void
moe__copy_columns(float *to, int64_t to_step, bool accumulate, const float *from, int64_t from_step,
                  int64_t rows, int64_t n)
{
#pragma omp parallel for schedule(static) if (rows * n >= MOE_PARALLEL_ELEMENTS)
    for (int64_t r = 0; r < rows; r++) {
        float *y = to + r * to_step;
        const float *x = from + r * from_step;
        if (!accumulate)
            memcpy(y, x, (size_t)n * sizeof *y);
        else
            for (int64_t j = 0; j < n; j++)
                y[j] += x[j];
    }
}
