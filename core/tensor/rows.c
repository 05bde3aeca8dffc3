/* SPDX-License-Identifier: MIT
 *
 * Sums of rows by destination. Sources are first sorted by destination (counting sort, stable),
 * so that threads share out destinations and every sum keeps its order.
 */
#include "tensor/rows.h"

#include "tensor/cpu.h"

#include <string.h>

/* order[start[t]] … order[start[t+1]-1] are the r with row[r] = t. start has n_to + 2 places. */
static void
sort_by_destination(int64_t *start, int32_t *order, const int32_t *row, int64_t n_from,
                    int64_t n_to)
{
    memset(start, 0, (size_t)(n_to + 2) * sizeof *start);
    for (int64_t r = 0; r < n_from; r++)
        start[row[r] + 2]++;
    for (int64_t t = 0; t < n_to; t++)
        start[t + 2] += start[t + 1];
    for (int64_t r = 0; r < n_from; r++)
        order[start[row[r] + 1]++] = (int32_t)r;
}

MOE_CLONES static void
rows_add_one(float *restrict to, const float *restrict from, int64_t d)
{
    for (int64_t j = 0; j < d; j++)
        to[j] += from[j];
}

void
moe__add_rows(MoeNode *node, float *to, bool accumulate, int64_t n_to, const float *from,
              const int32_t *row, int64_t n_from, int64_t d)
{
    int64_t *start = moe_node_alloc(node, (size_t)(n_to + 2) * sizeof *start);
    int32_t *order = moe_node_alloc(node, (size_t)n_from * sizeof *order);
    sort_by_destination(start, order, row, n_from, n_to);
#pragma omp parallel for schedule(static) if ((n_from + n_to) * d >= MOE_PARALLEL_ELEMENTS)
    for (int64_t t = 0; t < n_to; t++) {
        float *sum = to + t * d;
        int64_t i = start[t], end = start[t + 1];
        /* Most often there is one source, which is then copied, not added to zeros. */
        if (!accumulate && i < end)
            memcpy(sum, from + order[i++] * d, (size_t)d * sizeof *sum);
        else if (!accumulate)
            memset(sum, 0, (size_t)d * sizeof *sum);
        for (; i < end; i++)
            rows_add_one(sum, from + order[i] * d, d);
    }
}

void
moe__take_rows(float *to, bool accumulate, const float *from, const int32_t *row, int64_t n_to,
               int64_t d)
{
#pragma omp parallel for schedule(static) if (n_to * d >= MOE_PARALLEL_ELEMENTS)
    for (int64_t r = 0; r < n_to; r++)
        if (accumulate)
            rows_add_one(to + r * d, from + row[r] * d, d);
        else
            memcpy(to + r * d, from + row[r] * d, (size_t)d * sizeof *to);
}
