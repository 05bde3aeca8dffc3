/* SPDX-License-Identifier: MIT
 *
 * The k largest of each row. A value and its index are packed into one integer whose order is the
 * wanted one: larger values first, then lower indices, NaN last. Equality then never arises, and
 * every way of selecting gives the same answer.
 */
#include "tensor/cpu.h"

#include <moescope/ops.h>

#include <string.h>

#define FEW 32 /* up to here a sorted list is kept, beyond it a heap */

/* Smaller ranks come first. */
static inline uint64_t
rank_of(float value, int64_t index)
{
    uint32_t bits;
    value += 0.0f; /* -0 equals 0 */
    memcpy(&bits, &value, sizeof bits);
    /* rising with the value: flip the sign of positives, all of negatives */
    uint32_t rising = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    if (value != value)
        rising = 0;
    return (uint64_t)~rising << 32 | (uint64_t)index;
}

/* The k first ranks in order, by insertion into a sorted list. */
static void
topk_by_insertion(uint64_t *first, const float *x, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < k; i++)
        first[i] = UINT64_MAX;
    for (int64_t i = 0; i < n; i++) {
        uint64_t rank = rank_of(x[i], i);
        if (rank >= first[k - 1])
            continue;
        int64_t at = k - 1;
        for (; at > 0 && first[at - 1] > rank; at--)
            first[at] = first[at - 1];
        first[at] = rank;
    }
}

/* heap[at] sinks to its place among heap[0 … n-1], the largest rank on top. */
static void
sift_down(uint64_t *heap, int64_t at, int64_t n)
{
    uint64_t rank = heap[at];
    for (int64_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && heap[child + 1] > heap[child])
            child++;
        if (heap[child] <= rank)
            break;
        heap[at] = heap[child];
    }
    heap[at] = rank;
}

/* The same by a heap of the k first so far, sorted at the end. */
static void
topk_by_heap(uint64_t *first, const float *x, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < k; i++)
        first[i] = rank_of(x[i], i);
    for (int64_t i = k / 2; i-- > 0;)
        sift_down(first, i, k);
    for (int64_t i = k; i < n; i++) {
        uint64_t rank = rank_of(x[i], i);
        if (rank >= first[0])
            continue;
        first[0] = rank;
        sift_down(first, 0, k);
    }
    for (int64_t end = k - 1; end > 0; end--) {
        uint64_t last = first[0];
        first[0] = first[end];
        first[end] = last;
        sift_down(first, 0, end);
    }
}

void
moe_topk(const float *x, int64_t rows, int64_t n, int64_t k, int32_t *index)
{
    if (k < 0 || k > n)
        g_error("topk: the %" G_GINT64_FORMAT " largest of %" G_GINT64_FORMAT, k, n);
    if (k == 0)
        return;
#pragma omp parallel if (rows * n >= MOE_PARALLEL_ELEMENTS)
    {
        uint64_t few[FEW];
        g_autofree uint64_t *many = k > FEW ? g_new(uint64_t, k) : NULL;
#pragma omp for schedule(static)
        for (int64_t r = 0; r < rows; r++) {
            uint64_t *first = many ? many : few;
            if (many)
                topk_by_heap(first, x + r * n, n, k);
            else
                topk_by_insertion(first, x + r * n, n, k);
            for (int64_t j = 0; j < k; j++)
                index[r * k + j] = (int32_t)(uint32_t)first[j];
        }
    }
}
