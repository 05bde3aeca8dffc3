/* SPDX-License-Identifier: MIT
 *
 * tally-load.c: how many units pick which expert, and with what gates. Every other tally stands
 * beside this one.
 *
 * A gate of f2 is a whole number of 2^-24, so a block's gates are summed as integers, and its picks
 * counted in the same word above them: one addition a pick. Such sums are exact in a double too, so
 * it doesn't matter which way they were made.
 */
#include "stats/picks.h"
#include "stats/tally.h"
#include "tensor/cpu.h"
#include "trace/half.h"

#include <math.h>
#include <string.h>

/* A block's word: gates below, in units of 2^-24; from this bit on, picks. There are at most 2^16
 * of them, and what is summed as integers is less than 32 = 2^29 such units. */
enum { PICKS_FROM = 46, BLOCK = 1024, BLOCK_PICKS = 1 << 16 };
#define GATE_UNIT 0x1p-24
#define GATE_MOST 0x5000 /* the bits of 32; beyond them are negative numbers, ∞ and NaN too */

/* Units go to these in turn: one that picks what the unit before did needn't wait for its sum. The
 * entries that ids of bytes reach, and some, so that the same ones of different tables don't have
 * the same place in a page: CPUs take these for one. */
enum { TABLES = 4, WIDE = UINT8_MAX + 1 + 8 };

typedef struct Walk {
    int experts;
    int wide, none;        /* entries of a table, and that of slots without a pick */
    uint16_t index[BLOCK]; /* of one slot, where ids aren't bytes */
    uint32_t gate[BLOCK];  /* in units; 0 where there are none */
    uint64_t *sums;        /* [first slot, others][TABLES][wide] */
} Walk;

static void *
begin(const MoeTallyCells *cells)
{
    Walk *walk = g_new(Walk, 1);
    walk->experts = moe__tally_shape(cells)->experts;
    walk->sums = g_new(uint64_t, 2 * TABLES * MAX((gsize)walk->experts + 1, WIDE));
    return walk;
}

static void
end(void *data, const MoeTallyCells *cells)
{
    Walk *walk = data;
    g_free(walk->sums);
    g_free(walk);
}

/* --- Unit by unit: short runs, and gates that aren't f2 ---------------------------------------*/

static void
count_unit(MoeSummaryCell *cell, const MoeTraceView *view, bool gates, int64_t unit)
{
    int picks = 0;
    cell->units++;
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + unit;
        int32_t expert = moe__pick(view, i);
        if (expert < 0)
            continue;
        picks++;
        cell->count[expert]++;
        if (slot == 0)
            cell->first[expert]++;
        cell->dropped += view->dropped && view->dropped[i];
        if (gates)
            cell->gate_sum[expert] += moe__gate(view, i);
    }
    cell->picks += picks;
    cell->making[picks]++;
}

/* --- Block by block ---------------------------------------------------------------------------*/

/* Gates in units; returns false, having done nothing of use, if one is out of range. */
MOE_CLONES static bool
tally_load_gates(const uint16_t *restrict in, int n, uint32_t *restrict out)
{
    unsigned beyond = 0;
    for (int i = 0; i < n; i++) {
        uint32_t exponent = in[i] >> 10, fraction = in[i] & 0x3ff;
        uint32_t normal = (fraction | 0x400) << ((exponent - 1) & 31);
        beyond |= in[i] >= GATE_MOST;
        out[i] = exponent == 0 ? fraction : normal;
    }
    return beyond == 0;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* The same: what is in range is a whole number in a float too. */
__attribute__((target("avx512f,avx512bw,avx512vl"))) static bool
load_gates_avx512(const uint16_t *in, int n, uint32_t *out)
{
    __mmask16 beyond = 0;
    int i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256i half = _mm256_loadu_si256((const __m256i *)(const void *)(in + i));
        beyond |= _mm256_cmpge_epu16_mask(half, _mm256_set1_epi16(GATE_MOST));
        __m512 units = _mm512_mul_ps(_mm512_cvtph_ps(half), _mm512_set1_ps(0x1p24f));
        _mm512_storeu_si512(out + i, _mm512_cvttps_epi32(units));
    }
    return beyond == 0 && tally_load_gates(in + i, n - i, out + i);
}
#endif

static bool
load_gates(const uint16_t *in, int n, uint32_t *out)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return load_gates_avx512(in, n, out);
#endif
    return tally_load_gates(in, n, out);
}

/* Bytes are entries as they stand. */
static void
add_bytes(const uint8_t *expert, const uint32_t *gate, int n, uint64_t *sums)
{
    const uint64_t pick = (uint64_t)1 << PICKS_FROM;
    uint64_t *a = sums, *b = a + WIDE, *c = b + WIDE, *d = c + WIDE;
    int i = 0;
    for (; i + TABLES <= n; i += TABLES) {
        a[expert[i]] += pick + gate[i];
        b[expert[i + 1]] += pick + gate[i + 1];
        c[expert[i + 2]] += pick + gate[i + 2];
        d[expert[i + 3]] += pick + gate[i + 3];
    }
    for (; i < n; i++)
        a[expert[i]] += pick + gate[i];
}

static void
add_index(const Walk *walk, int n, uint64_t *sums)
{
    const uint64_t pick = (uint64_t)1 << PICKS_FROM;
    for (int i = 0; i < n; i++)
        sums[(i % TABLES) * walk->wide + walk->index[i]] += pick + walk->gate[i];
}

static void
add_slot(Walk *walk, const MoeTraceView *view, int64_t first, int n, uint64_t *sums)
{
    if (view->expert8) {
        add_bytes(view->expert8 + first, walk->gate, n, sums);
        return;
    }
    for (int i = 0; i < n; i++) {
        int32_t expert = moe__pick(view, first + i);
        walk->index[i] = (uint16_t)(expert < 0 ? walk->none : expert);
    }
    add_index(walk, n, sums);
}

/* Empties the sums; entries beyond the experts aren't used, but for that of no pick. */
static void
empty(Walk *walk, const MoeTraceView *view)
{
    walk->wide = view->expert8 ? WIDE : walk->experts + 1;
    walk->none = view->expert8 ? UINT8_MAX : walk->experts;
    for (int t = 0; t < 2 * TABLES; t++) {
        memset(walk->sums + t * walk->wide, 0, (size_t)walk->experts * sizeof *walk->sums);
        walk->sums[t * walk->wide + walk->none] = 0;
    }
    if (!view->gate16)
        memset(walk->gate, 0, sizeof walk->gate);
}

static uint64_t
sum_tables(const Walk *walk, const uint64_t *sums, int entry)
{
    uint64_t sum = 0;
    for (int t = 0; t < TABLES; t++)
        sum += sums[t * walk->wide + entry];
    return sum;
}

/* Brings the sums of a block into the cell; returns how many picks its slots might have held but
 * don't. */
static int64_t
fold(const Walk *walk, MoeSummaryCell *cell)
{
    const uint64_t below = ((uint64_t)1 << PICKS_FROM) - 1;
    const uint64_t *others = walk->sums + TABLES * walk->wide;
    for (int e = 0; e < walk->experts; e++) {
        uint64_t first = sum_tables(walk, walk->sums, e);
        uint64_t all = first + sum_tables(walk, others, e);
        int64_t picks = (int64_t)(all >> PICKS_FROM);
        cell->first[e] += (int64_t)(first >> PICKS_FROM);
        cell->count[e] += picks;
        cell->picks += picks;
        cell->gate_sum[e] += (double)(all & below) * GATE_UNIT;
    }
    uint64_t missing = sum_tables(walk, walk->sums, walk->none);
    return (int64_t)((missing + sum_tables(walk, others, walk->none)) >> PICKS_FROM);
}

/* Units by the picks that they make, where not all make k. */
static void
count_making(MoeSummaryCell *cell, const MoeTraceView *view, int64_t first, int64_t n)
{
    for (int64_t unit = first; unit < first + n; unit++) {
        int picks = 0;
        for (int slot = 0; slot < view->k; slot++)
            picks += moe__pick(view, slot * view->units + unit) >= 0;
        cell->making[picks]++;
    }
}

static void
count_dropped(MoeSummaryCell *cell, const MoeTraceView *view, int64_t first, int64_t n)
{
    for (int slot = 0; view->dropped && slot < view->k; slot++)
        for (int64_t i = slot * view->units + first, last = i + n; i < last; i++)
            cell->dropped += view->dropped[i] && moe__pick(view, i) >= 0;
}

/* The next slot of a block. Slots are too far apart for a CPU to see them coming. */
static void
fetch_slot(const MoeTraceView *view, int64_t at, int n)
{
    for (int i = 0; view->expert8 && i < n; i += 64)
        __builtin_prefetch(view->expert8 + at + i);
    for (int i = 0; view->gate16 && i < n; i += 32)
        __builtin_prefetch(view->gate16 + at + i);
}

/* Returns false, having counted nothing, if a gate is out of range. */
static bool
count_block(Walk *walk, MoeSummaryCell *cell, const MoeTraceView *view, int64_t first, int n)
{
    empty(walk, view);
    for (int slot = 0; slot < view->k; slot++) {
        int64_t at = slot * view->units + first;
        if (slot + 1 < view->k)
            fetch_slot(view, at + view->units, n);
        if (view->gate16 && !load_gates(view->gate16 + at, n, walk->gate))
            return false;
        add_slot(walk, view, at, n, walk->sums + (slot > 0 ? TABLES * walk->wide : 0));
    }
    cell->units += n;
    if (fold(walk, cell) > 0)
        count_making(cell, view, first, n);
    else
        cell->making[view->k] += n;
    count_dropped(cell, view, first, n);
    return true;
}

/* --- A chunk ----------------------------------------------------------------------------------*/

static void
count_units(Walk *walk, MoeSummaryCell *cell, const MoeTraceView *view, int64_t first, int64_t n)
{
    const size_t experts = (size_t)walk->experts;
    bool gates = moe__has_gates(view);
    moe__fetch_to_add(cell->count, experts * sizeof *cell->count, n);
    moe__fetch_to_add(cell->first, experts * sizeof *cell->first, n);
    moe__fetch_to_add(cell->gate_sum, experts * sizeof *cell->gate_sum, n);
    int64_t block = view->k > 0 ? CLAMP(BLOCK_PICKS / view->k, 1, BLOCK) : BLOCK;
    for (int64_t last = first + n; first < last; first += block) {
        int64_t some = MIN(block, last - first);
        bool worth = some * view->k > 2 * walk->experts && gates == (view->gate16 != NULL);
        if (worth && count_block(walk, cell, view, first, (int)some))
            continue;
        for (int64_t unit = first; unit < first + some; unit++)
            count_unit(cell, view, gates, unit);
    }
}

static bool
count(void *walk, const MoeTallyCells *cells, const MoeTallyChunk *chunk, GError **error)
{
    for (int64_t r = 0; r < chunk->n_runs; r++) {
        const MoeTallyRun *run = &chunk->runs[r];
        count_units(walk, moe__tally_cell(cells, run->domain, run->group), chunk->view,
                    run->first * chunk->units_per_token, run->n * chunk->units_per_token);
    }
    return true;
}

static void
describe(void *cell, const MoeTallyShape *shape)
{
    ((MoeSummaryCell *)cell)->experts = shape->experts;
}

static int64_t
sum(const int64_t *counts, int n)
{
    int64_t all = 0;
    for (int i = 0; i < n; i++)
        all += counts[i];
    return all;
}

/* Whoever fills cells from counts may not know how many picks each unit made. */
static const char *
problem(const void *data)
{
    const MoeSummaryCell *cell = data;
    if (sum(cell->count, cell->experts) != cell->picks)
        return "counts of experts don't add up to picks";
    if (cell->dropped > cell->picks)
        return "more picks were dropped than made";
    if (sum(cell->first, cell->experts) > cell->units)
        return "more first choices than units";
    if (sum(cell->making, cell->experts + 1) > cell->units)
        return "units by their number of picks are more than units";
    return NULL;
}

static const MoeTallyField fields[] = {
    MOE_COUNTS(MoeSummaryCell, units, MOE_AXIS_NONE),
    MOE_COUNTS(MoeSummaryCell, picks, MOE_AXIS_NONE),
    MOE_COUNTS(MoeSummaryCell, dropped, MOE_AXIS_NONE),
    MOE_COUNTS(MoeSummaryCell, count, MOE_AXIS_EXPERTS),
    MOE_COUNTS(MoeSummaryCell, making, MOE_AXIS_PICKS),
    MOE_COUNTS(MoeSummaryCell, first, MOE_AXIS_EXPERTS),
    MOE_REALS(MoeSummaryCell, gate_sum, MOE_AXIS_EXPERTS),
};

const MoeTally moe__tally_load = {
    .bit = MOE_TALLY_LOAD,
    .name = "load",
    .cell_size = sizeof(MoeSummaryCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
    .problem = problem,
    .by_runs = true,
    .in_pieces = true,
    .begin = begin,
    .count = count,
    .end = end,
};
