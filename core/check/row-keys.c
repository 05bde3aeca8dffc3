/* SPDX-License-Identifier: MIT
 *
 * Folds rows into keys, slot by slot: hashes for what has to be equal, and a sum of gates by
 * weights that differ from slot to slot for what may be off by rounding.
 */
#include "check/row-keys.h"

#include "check/blocks.h"
#include "tensor/cpu.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* How far the weighted sums of two rows may be apart, against the root of the gates' squares. */
#define NEAR 4e-3f

/* What units are folded into: rows of the keys where a token is a unit, else room of their own. */
typedef struct {
    uint32_t *a, *b, *gates;
    float *sum, *square;
    uint8_t *flags;
} Fold;

/* --- Room -------------------------------------------------------------------------------------*/

/* An array of tokens with those before: moves these to its front. */
static void *
moved(void *array, size_t size, int64_t old, int64_t max, int64_t tokens)
{
    const int64_t back = MOE_ROW_KEYS_BACK;
    char *begin = array ? (char *)array - back * (int64_t)size : NULL;
    if (begin) /* the last `back` of back + old */
        memmove(begin, begin + old * (int64_t)size, (size_t)back * size);
    if (max > 0) {
        begin = g_realloc(begin, (gsize)(back + max) * size);
        if (!array)
            memset(begin, 0, (size_t)back * size);
    }
    memset(begin + back * (int64_t)size, 0, (size_t)tokens * size);
    return begin + back * (int64_t)size;
}

static void
begin_chunk(MoeRowKeys *keys, const MoeCheckRows *rows)
{
    int64_t tokens = rows->view->tokens, old = keys->tokens, max = 0;
    bool follows = keys->chunk > 0 && rows->first == keys->first + old;
    if (tokens > keys->max || !keys->a)
        keys->max = max = MAX(tokens, 1);
    keys->back = follows ? MIN(keys->back + old, MOE_ROW_KEYS_BACK) : 0;
    keys->a = moved(keys->a, sizeof *keys->a, old, max, tokens);
    keys->b = moved(keys->b, sizeof *keys->b, old, max, tokens);
    keys->gates = moved(keys->gates, sizeof *keys->gates, old, max, tokens);
    keys->sum = moved(keys->sum, sizeof *keys->sum, old, max, tokens);
    keys->square = moved(keys->square, sizeof *keys->square, old, max, tokens);
    keys->id = moved(keys->id, sizeof *keys->id, old, max, tokens);
    keys->pos = moved(keys->pos, sizeof *keys->pos, old, max, tokens);
    keys->flags = moved(keys->flags, sizeof *keys->flags, old, max, tokens);
    keys->tokens = tokens;
    keys->first = rows->first;
    keys->chunk = rows->chunk + 1;
    memcpy(keys->id, rows->id, (size_t)tokens * sizeof *keys->id);
    if (rows->pos)
        memcpy(keys->pos, rows->pos, (size_t)tokens * sizeof *keys->pos);
}

static void
release(void *array, size_t size)
{
    if (array)
        g_free((char *)array - MOE_ROW_KEYS_BACK * size);
}

void
moe__row_keys_clear(MoeRowKeys *keys)
{
    release(keys->a, sizeof *keys->a);
    release(keys->b, sizeof *keys->b);
    release(keys->gates, sizeof *keys->gates);
    release(keys->sum, sizeof *keys->sum);
    release(keys->square, sizeof *keys->square);
    release(keys->id, sizeof *keys->id);
    release(keys->pos, sizeof *keys->pos);
    release(keys->flags, sizeof *keys->flags);
}

/* --- Folding ----------------------------------------------------------------------------------*/

/* Folds the experts of a slot of n units in. */
MOE_CLONES static void
row_keys_fold_experts(const int32_t *restrict expert, int64_t n, uint32_t *restrict a,
                      uint32_t *restrict b)
{
    for (int64_t u = 0; u < n; u++) {
        uint32_t e = (uint32_t)expert[u];
        uint32_t x = (a[u] ^ e) * 0x9e3779b1u, y = (b[u] + e) * 0x85ebca77u;
        a[u] = x ^ x >> 15;
        b[u] = y ^ y >> 13;
    }
}

/* Their gates. Where there is no pick there is no gate. */
MOE_CLONES static void
row_keys_fold_gates(const int32_t *restrict expert, const float *restrict gate, float weight,
                    int64_t n, uint32_t *restrict gates, float *restrict sum,
                    float *restrict square)
{
    for (int64_t u = 0; u < n; u++) {
        float g = expert[u] >= 0 ? gate[u] : 0;
        uint32_t bits;
        memcpy(&bits, &g, sizeof bits);
        uint32_t c = (gates[u] ^ bits) * 0xc2b2ae3du;
        gates[u] = c ^ c >> 16;
        g = fabsf(g) <= FLT_MAX ? g : 0;
        sum[u] += weight * g;
        square[u] += g * g;
    }
}

/* MOE_ROW_TOLD and MOE_ROW_BETWEEN of them. */
MOE_CLONES static void
row_keys_flag_gates(const int32_t *restrict expert, const float *restrict gate, int64_t n,
                    uint8_t *restrict flags)
{
    for (int64_t u = 0; u < n; u++) {
        float g = expert[u] >= 0 ? gate[u] : 0;
        int told = (g != 0) & (g != 1), between = (g > 0.02f) & (g < 0.98f);
        flags[u] |= (uint8_t)(told * MOE_ROW_TOLD + between * MOE_ROW_BETWEEN);
    }
}

/* MOE_ROW_PICKS and MOE_ROW_UNEQUAL, by the experts of the first two slots and the gates (NULL:
 * none) of the first and the last. */
MOE_CLONES static void
row_keys_flag_slots(const int32_t *first, const int32_t *second, const float *high,
                    const float *low, int64_t n, uint8_t *restrict flags)
{
    for (int64_t u = 0; u < n; u++) {
        int picks = (first[u] >= 0) & (first[u] != second[u]);
        flags[u] |= (uint8_t)(picks * MOE_ROW_PICKS);
    }
    for (int64_t u = 0; high && u < n; u++)
        flags[u] |= (uint8_t)((high[u] != low[u]) * MOE_ROW_UNEQUAL);
}

/* Between 0.75 and 1.25, of either sign: the same for the same place. Neighbours differ in sign,
 * for gates that sum to one move against each other. */
static float
weight_of(int place)
{
    float part = (float)((uint32_t)place * 0x9e3779b1u >> 8) / (float)(1 << 24);
    return (0.75f + part / 2) * (place % 2 ? -1 : 1);
}

/* Folds n units from `first` on. */
static void
fold_units(const MoeCheckRows *rows, int64_t first, int64_t n, const Fold *to)
{
    const MoeTraceView *view = rows->view;
    const int32_t *expert = view->expert + first;
    const float *gate = view->gate ? view->gate + first : NULL;
    for (int slot = 0; slot < view->k; slot++) {
        int64_t at = slot * view->units;
        row_keys_fold_experts(expert + at, n, to->a, to->b);
        if (!gate)
            continue;
        row_keys_fold_gates(expert + at, gate + at, weight_of(rows->router * 31 + slot), n,
                            to->gates, to->sum, to->square);
        row_keys_flag_gates(expert + at, gate + at, n, to->flags);
    }
    if (view->k > 1)
        row_keys_flag_slots(expert, expert + view->units, gate,
                            gate ? gate + (view->k - 1) * view->units : NULL, n, to->flags);
    for (int64_t u = 0; view->k == 1 && u < n; u++)
        to->flags[u] |= expert[u] >= 0 ? MOE_ROW_PICKS | MOE_ROW_UNEQUAL : 0;
}

/* Units that are parts of tokens: each by itself, and then into their tokens. */
static void
fold_parts(MoeRowKeys *keys, const MoeCheckRows *rows, int64_t first, int64_t n)
{
    uint32_t hashes[3][MOE_CHECK_BLOCK] = {0};
    float sums[2][MOE_CHECK_BLOCK] = {0};
    uint8_t flags[MOE_CHECK_BLOCK] = {0};
    const Fold parts = {hashes[0], hashes[1], hashes[2], sums[0], sums[1], flags};
    fold_units(rows, first, n, &parts);
    for (int64_t i = 0; i < n; i++) {
        int64_t t = (first + i) / rows->info->units_per_token;
        row_keys_fold_experts((const int32_t *)&parts.a[i], 1, &keys->a[t], &keys->b[t]);
        row_keys_fold_experts((const int32_t *)&parts.b[i], 1, &keys->a[t], &keys->b[t]);
        uint32_t gates = (keys->gates[t] ^ parts.gates[i]) * 0x85ebca77u;
        keys->gates[t] = gates ^ gates >> 16;
        keys->sum[t] += parts.sum[i];
        keys->square[t] += parts.square[i];
        keys->flags[t] |= parts.flags[i];
    }
}

void
moe__row_keys_add(MoeRowKeys *keys, const MoeCheckRows *rows)
{
    int64_t units = rows->view->units;
    if (keys->chunk != rows->chunk + 1)
        begin_chunk(keys, rows);
    for (int64_t t = 0, n; t < units; t += n) {
        n = MIN(MOE_CHECK_BLOCK, units - t);
        const Fold rows_of = {keys->a + t,   keys->b + t,      keys->gates + t,
                              keys->sum + t, keys->square + t, keys->flags + t};
        if (rows->info->units_per_token == 1)
            fold_units(rows, t, n, &rows_of);
        else
            fold_parts(keys, rows, t, n);
    }
}

bool
moe__row_keys_same(const MoeRowKeys *keys, int64_t a, int64_t b, bool nearly)
{
    if (keys->a[a] != keys->a[b] || keys->b[a] != keys->b[b])
        return false;
    if (keys->gates[a] == keys->gates[b])
        return true;
    bool between = keys->flags[a] & keys->flags[b] & MOE_ROW_BETWEEN;
    float apart = fabsf(keys->sum[a] - keys->sum[b]);
    return nearly && between && apart <= NEAR * sqrtf(MAX(keys->square[a], keys->square[b]));
}
