/* SPDX-License-Identifier: MIT */
#include "tensor/reduce.h"

#include <omp.h>
#include <string.h>

MOE_CLONES static double
sum_of_floats(const float *x, int64_t n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i];
    return sum;
}

MOE_CLONES static void
add_floats_to_sums(double *restrict sum, const float *restrict x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        sum[i] += (double)x[i];
}

double
moe__sum_floats(const float *x, int64_t n)
{
    return sum_of_floats(x, n);
}

void
moe__add_floats(double *restrict sum, const float *restrict x, int64_t n)
{
    add_floats_to_sums(sum, x, n);
}

int
moe__parts(int64_t rows, int64_t columns)
{
    int64_t most = omp_get_max_threads();
    if (rows * columns < MOE_PARALLEL_ELEMENTS || rows < most)
        return 1;
    return (int)most;
}

int64_t
moe__part_start(int64_t rows, int parts, int part)
{
    return rows * part / parts;
}

double *
moe__part_sums(MoeNode *node, int parts, int64_t columns)
{
    size_t bytes = (size_t)(parts * columns) * sizeof(double);
    return memset(moe_node_alloc(node, bytes), 0, bytes);
}

void
moe__join_parts(MoeNode *node, int input, const double *sum, int parts, int64_t columns)
{
    bool accumulate;
    float *to = moe_node_grad_beta(node, input, &accumulate);
    for (int64_t j = 0; j < columns; j++) {
        double total = 0;
        for (int p = 0; p < parts; p++)
            total += sum[p * columns + j];
        to[j] = (accumulate ? to[j] : 0.0f) + (float)total;
    }
}
