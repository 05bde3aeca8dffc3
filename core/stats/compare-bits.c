/* SPDX-License-Identifier: MIT
 *
 * compare-bits.c: counting bits of many words at once. A count by set bits costs an instruction a
 * pick and waits for memory where neighbours pick the same expert; here 512 words are added up by
 * counters that lie across them, bit j of a counter's word belonging to expert j.
 */
#include "stats/compare-bits.h"

#include "tensor/cpu.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { ROWS = MOE_BITS_BLOCK / MOE_BITS_LANES, PLANES = 7, FEW = 64, TILE = 16 };
G_STATIC_ASSERT(ROWS < 1 << PLANES);

/* --- Counts of bits ---------------------------------------------------------------------------*/

/* A row is added to all 512 counters at once: plane p holds their bits of value 2^p. */
MOE_CLONES
static void
compare_bits_count_rows(const uint64_t *restrict words, int rows, uint64_t *restrict count)
{
    MoeLanes plane[PLANES] = {{0}};
    for (int r = 0; r < rows; r++) {
        MoeLanes carry;
        memcpy(&carry, words + r * MOE_BITS_LANES, sizeof carry);
        for (int p = 0; p < PLANES; p++) {
            MoeLanes sum = plane[p] ^ carry;
            carry &= plane[p];
            plane[p] = sum;
        }
    }
    const MoeLanes place = {0, 1, 2, 3, 4, 5, 6, 7};
    MoeLanes total[MOE_BITS_LANES] = {{0}};
    for (int p = PLANES - 1; p >= 0; p--)
        for (int v = 0; v < MOE_BITS_LANES; v++) {
            MoeLanes bits = {0};
            for (int l = 0; l < MOE_BITS_LANES; l++)
                bits += (plane[p][l] >> (place + (uint64_t)(v * MOE_BITS_LANES))) & 1;
            total[v] = total[v] * 2 + bits;
        }
    memcpy(count, total, sizeof total);
}

static void
count_singly(const uint64_t *words, int n, int64_t *count)
{
    for (int i = 0; i < n; i++)
        for (uint64_t word = words[i]; word; word &= word - 1)
            count[__builtin_ctzll(word)]++;
}

void
moe__bits_count(const uint64_t *words, int n, int64_t *count, int width)
{
    int rows = n < FEW ? 0 : n / MOE_BITS_LANES;
    if (rows > 0) {
        uint64_t block[MOE_BITS_WIDTH];
        compare_bits_count_rows(words, rows, block);
        for (int j = 0; j < width; j++)
            count[j] += (int64_t)block[j];
    }
    count_singly(words + rows * MOE_BITS_LANES, n - rows * MOE_BITS_LANES, count);
}

/* --- Bits of two sides together ---------------------------------------------------------------*/

/* Transposes eight 64 × 64 squares of bits, one in each lane (Warren, Hacker's Delight, 7-3). */
MOE_INLINE void
transpose(MoeLanes *square)
{
    uint64_t mask = UINT64_C(0x00000000ffffffff);
    for (int width = 32; width > 0; width >>= 1, mask ^= mask << width)
        for (int i = 0; i < MOE_BITS_WIDTH; i = (i + width + 1) & ~width) {
            MoeLanes swapped = ((square[i] >> width) ^ square[i + width]) & mask;
            square[i] ^= swapped << width;
            square[i + width] ^= swapped;
        }
}

/* Word e of `experts` gets the units that have bit e. */
MOE_CLONES
static void
compare_bits_turn(const uint64_t *restrict words, int n, MoeLanes *restrict experts)
{
    int rows = (n + MOE_BITS_LANES - 1) / MOE_BITS_LANES;
    memset(experts, 0, MOE_BITS_WIDTH * sizeof *experts);
    memcpy(experts, words, (size_t)rows * sizeof *experts);
    transpose(experts);
}

/* 512 units an expert, and eight times 64 units of every expert. */
typedef const uint64_t (*ByExpert)[MOE_BITS_LANES];
typedef const uint64_t (*ByUnits)[MOE_BITS_WIDTH];

MOE_INLINE void
count_pairs(const ByExpert restrict a, const ByUnits restrict b, int rows, int columns,
            int64_t *restrict together)
{
    for (int i = 0; i < rows; i++)
        for (int first = 0; first < columns; first += TILE) {
            int64_t n[TILE] = {0};
            for (int l = 0; l < MOE_BITS_LANES; l++)
                for (int j = 0; j < TILE; j++)
                    n[j] += __builtin_popcountll(a[i][l] & b[l][first + j]);
            for (int j = 0; j < TILE && first + j < columns; j++)
                together[i * columns + first + j] += n[j];
        }
}

static void
count_pairs_anywhere(ByExpert a, ByUnits b, int rows, int columns, int64_t *together)
{
    count_pairs(a, b, rows, columns, together);
}

#if defined(__x86_64__)
/* The loader's choice of clones (MOE_CLONES) doesn't know instructions that count bits. */
__attribute__((target("popcnt"))) static void
count_pairs_popcnt(ByExpert a, ByUnits b, int rows, int columns, int64_t *together)
{
    count_pairs(a, b, rows, columns, together);
}

__attribute__((target("avx512f,avx512vpopcntdq"))) static void
count_pairs_vector(ByExpert a, ByUnits b, int rows, int columns, int64_t *together)
{
    enum { VECTORS = MOE_BITS_WIDTH / MOE_BITS_LANES };
    for (int i = 0; i < rows; i++) {
        __m512i n[VECTORS] = {{0}};
        for (int l = 0; l < MOE_BITS_LANES; l++) {
            __m512i word = _mm512_set1_epi64((long long)a[i][l]);
            for (int v = 0; v < VECTORS; v++) {
                __m512i other = _mm512_loadu_si512(b[l] + v * MOE_BITS_LANES);
                n[v] = _mm512_add_epi64(n[v], _mm512_popcnt_epi64(_mm512_and_si512(word, other)));
            }
        }
        int64_t row[MOE_BITS_WIDTH];
        memcpy(row, n, sizeof row);
        for (int j = 0; j < columns; j++)
            together[i * columns + j] += row[j];
    }
}
#endif

typedef void (*CountPairs)(ByExpert a, ByUnits b, int rows, int columns, int64_t *together);

static CountPairs
choose_count_pairs(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vpopcntdq"))
        return count_pairs_vector;
    if (__builtin_cpu_supports("popcnt"))
        return count_pairs_popcnt;
#endif
    return count_pairs_anywhere;
}

void
moe__bits_together(const uint64_t *a, const uint64_t *b, int n, int rows, int columns,
                   int64_t *together)
{
    MoeLanes of_a[MOE_BITS_WIDTH], of_b[MOE_BITS_WIDTH];
    compare_bits_turn(a, n, of_a);
    compare_bits_turn(b, n, of_b);
    uint64_t units_b[MOE_BITS_LANES][MOE_BITS_WIDTH];
    for (int j = 0; j < MOE_BITS_WIDTH; j++)
        for (int l = 0; l < MOE_BITS_LANES; l++)
            units_b[l][j] = of_b[j][l];
    choose_count_pairs()((ByExpert)of_a, units_b, rows, columns, together);
}
