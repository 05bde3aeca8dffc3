/* SPDX-License-Identifier: MIT
 *
 * compare-gates.c: weighted overlap of a block of units. All pairs of slots are looked at: without
 * a branch that is less work than finding those that hold the same expert.
 */
#include "stats/compare-gates.h"

#include "stats/compare-unit.h"

#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { BLOCK = MOE_BITS_BLOCK, TILE = 16 };

/* --- Shares -----------------------------------------------------------------------------------*/

MOE_CLONES
static void
compare_gates_halves(const uint16_t *restrict half, int n, float *restrict gate)
{
    for (int i = 0; i < n; i++)
        gate[i] = moe__half_to_float(half[i]);
}

MOE_CLONES
static void
compare_gates_shares(float (*restrict gate)[BLOCK], int slots, int n, int32_t *restrict gated)
{
    float sum[BLOCK];
    for (int i = 0; i < n; i++)
        sum[i] = 0;
    for (int d = 0; d < slots; d++)
        for (int i = 0; i < n; i++) {
            sum[i] += gate[d][i];
            gated[i] &= gate[d][i] >= 0;
        }
    for (int i = 0; i < n; i++) {
        gated[i] &= (sum[i] > 0) & (sum[i] < INFINITY);
        sum[i] = 1.0f / sum[i];
    }
    for (int d = 0; d < slots; d++)
        for (int i = 0; i < n; i++)
            gate[d][i] *= sum[i];
}

void
moe__block_gates(MoeBlockSide *side, const MoeSidePicks *picks, int n, int32_t *gated)
{
    for (int d = 0; d < picks->slots; d++)
        if (picks->gate16)
            compare_gates_halves(picks->gate16 + d * picks->stride, n, side->gate[d]);
        else
            for (int i = 0; i < n; i++)
                side->gate[d][i] = moe__gate_of(picks, d, i);
    compare_gates_shares(side->gate, picks->slots, n, gated);
}

/* --- What both have ---------------------------------------------------------------------------*/

/* 16 units at a time, whose sums stay in registers. */
MOE_CLONES
static void
compare_gates_least(const MoeBlockSide *restrict a, const MoeBlockSide *restrict b, int n,
                    int32_t *restrict least)
{
    for (int first = 0; first < n; first += TILE) {
        float sum[TILE] = {0};
        for (int d = 0; d < a->slots; d++)
            for (int e = 0; e < b->slots; e++)
                for (int i = 0; i < TILE; i++) {
                    float x = a->gate[d][first + i], y = b->gate[e][first + i];
                    sum[i] += a->id[d][first + i] == b->id[e][first + i] ? MIN(x, y) : 0;
                }
        for (int i = 0; i < TILE; i++)
            least[first + i] = moe__fixed(sum[i]);
    }
}

#if defined(__x86_64__)
/* The same with sums that are added to under a mask. */
__attribute__((target("avx512f,avx512bw,avx512vl"))) static void
least_under_masks(const MoeBlockSide *a, const MoeBlockSide *b, int n, int32_t *least)
{
    const __m512 one = _mm512_set1_ps(1), scale = _mm512_set1_ps((float)MOE_COMPARE_ONE);
    for (int first = 0; first < n; first += TILE) {
        __m512 sum = _mm512_setzero_ps();
        for (int d = 0; d < a->slots; d++) {
            __m128i id = _mm_loadu_si128((const __m128i_u *)(a->id[d] + first));
            __m512 gate = _mm512_loadu_ps(a->gate[d] + first);
            for (int e = 0; e < b->slots; e++) {
                __m128i other = _mm_loadu_si128((const __m128i_u *)(b->id[e] + first));
                __m512 both = _mm512_min_ps(gate, _mm512_loadu_ps(b->gate[e] + first));
                sum = _mm512_mask_add_ps(sum, _mm_cmpeq_epi8_mask(id, other), sum, both);
            }
        }
        __m512 fixed = _mm512_mul_ps(_mm512_min_ps(sum, one), scale);
        _mm512_storeu_si512(least + first, _mm512_cvttps_epi32(fixed));
    }
}
#endif

void
moe__block_least(const MoeBlockSide *a, const MoeBlockSide *b, int n, int32_t *least)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl")) {
        least_under_masks(a, b, n, least);
        return;
    }
#endif
    compare_gates_least(a, b, n, least);
}
