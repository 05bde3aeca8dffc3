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

/* What n units of a block were folded into. */
typedef struct {
    uint32_t a[MOE_CHECK_BLOCK], b[MOE_CHECK_BLOCK], gates[MOE_CHECK_BLOCK];
    float sum[MOE_CHECK_BLOCK], square[MOE_CHECK_BLOCK];
    uint32_t flags[MOE_CHECK_BLOCK];
} Units;

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
    if (tokens > keys->max || !keys->ids)
        keys->max = max = MAX(tokens, 1);
    keys->back = follows ? MIN(keys->back + old, MOE_ROW_KEYS_BACK) : 0;
    keys->ids = moved(keys->ids, sizeof *keys->ids, old, max, tokens);
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
    release(keys->ids, sizeof *keys->ids);
    release(keys->gates, sizeof *keys->gates);
    release(keys->sum, sizeof *keys->sum);
    release(keys->square, sizeof *keys->square);
    release(keys->id, sizeof *keys->id);
    release(keys->pos, sizeof *keys->pos);
    release(keys->flags, sizeof *keys->flags);
}

/* --- Folding ----------------------------------------------------------------------------------*/

/* A slot of n units. Where there is no pick there is no gate. */
MOE_CLONES static void
row_keys_fold(const int32_t *restrict expert, const float *restrict gate, float weight, int64_t n,
              Units *restrict units)
{
    for (int64_t u = 0; u < n; u++) {
        uint32_t e = (uint32_t)expert[u];
        uint32_t a = (units->a[u] ^ e) * 0x9e3779b1u, b = (units->b[u] + e) * 0x85ebca77u;
        units->a[u] = a ^ a >> 15;
        units->b[u] = b ^ b >> 13;
    }
    for (int64_t u = 0; gate && u < n; u++) {
        float g = expert[u] >= 0 ? gate[u] : 0;
        uint32_t bits;
        memcpy(&bits, &g, sizeof bits);
        uint32_t c = (units->gates[u] ^ bits) * 0xc2b2ae3du;
        units->gates[u] = c ^ c >> 16;
        g = fabsf(g) <= FLT_MAX ? g : 0;
        units->sum[u] += weight * g;
        units->square[u] += g * g;
        uint32_t told = (g != 0) & (g != 1), between = (g > 0.02f) & (g < 0.98f);
        units->flags[u] |= told * MOE_ROW_TOLD | between * MOE_ROW_BETWEEN;
    }
}

/* Notes which of n units have different gates in their first and last slots. */
MOE_CLONES static void
row_keys_unequal(const float *first, const float *last, int64_t n, uint32_t *restrict flags)
{
    for (int64_t u = 0; u < n; u++) {
        uint32_t unequal = first[u] != last[u];
        flags[u] |= unequal * MOE_ROW_UNEQUAL;
    }
}

/* Notes which of n units have picks in their first two slots, and different ones. */
MOE_CLONES static void
row_keys_picks(const int32_t *first, const int32_t *second, int64_t n, uint32_t *restrict flags)
{
    for (int64_t u = 0; u < n; u++) {
        uint32_t picks = (first[u] >= 0) & (first[u] != second[u]);
        flags[u] |= picks * MOE_ROW_PICKS;
    }
}

/* Between 0.75 and 1.25, of either sign: the same for the same place. Neighbours differ in sign,
 * for gates that sum to one move against each other. */
static float
weight_of(int place)
{
    float part = (float)((uint32_t)place * 0x9e3779b1u >> 8) / (float)(1 << 24);
    return (0.75f + part / 2) * (place % 2 ? -1 : 1);
}

/* What units were folded into goes to their tokens. */
static void
gather(MoeRowKeys *keys, const Units *units, int64_t first, int64_t n, int per_token)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t t = per_token == 1 ? first + i : (first + i) / per_token;
        uint64_t word = (uint64_t)units->a[i] << 32 | units->b[i];
        uint64_t ids = (keys->ids[t] ^ word) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
        uint32_t gates = (keys->gates[t] ^ units->gates[i]) * 0x85ebca77u;
        keys->ids[t] = ids ^ ids >> 29;
        keys->gates[t] = gates ^ gates >> 16;
        keys->sum[t] += units->sum[i];
        keys->square[t] += units->square[i];
        keys->flags[t] |= (uint8_t)units->flags[i];
    }
}

static void
fold_picks(const MoeTraceView *view, int64_t first, int64_t n, uint32_t *flags)
{
    if (view->k > 1)
        row_keys_picks(view->expert + first, view->expert + view->units + first, n, flags);
    if (view->k > 1 && view->gate)
        row_keys_unequal(view->gate + first, view->gate + (view->k - 1) * view->units + first, n,
                         flags);
    for (int64_t u = 0; view->k == 1 && u < n; u++)
        flags[u] |= view->expert[first + u] >= 0 ? MOE_ROW_PICKS | MOE_ROW_UNEQUAL : 0;
}

void
moe__row_keys_add(MoeRowKeys *keys, const MoeCheckRows *rows)
{
    const MoeTraceView *view = rows->view;
    Units units;
    if (keys->chunk != rows->chunk + 1)
        begin_chunk(keys, rows);
    for (int64_t first = 0, n; first < view->units; first += n) {
        n = MIN(MOE_CHECK_BLOCK, view->units - first);
        memset(&units, 0, sizeof units);
        for (int64_t u = 0; u < n; u++) /* a router that couldn't be read leaves a mark so */
            units.a[u] = (uint32_t)rows->router + 1;
        for (int slot = 0; slot < view->k; slot++) {
            int64_t at = slot * view->units + first;
            row_keys_fold(view->expert + at, view->gate ? view->gate + at : NULL,
                          weight_of(rows->router * 31 + slot), n, &units);
        }
        fold_picks(view, first, n, units.flags);
        gather(keys, &units, first, n, rows->info->units_per_token);
    }
}

bool
moe__row_keys_same(const MoeRowKeys *keys, int64_t a, int64_t b, bool nearly)
{
    if (keys->ids[a] != keys->ids[b])
        return false;
    if (keys->gates[a] == keys->gates[b])
        return true;
    bool between = keys->flags[a] & keys->flags[b] & MOE_ROW_BETWEEN;
    float apart = fabsf(keys->sum[a] - keys->sum[b]);
    return nearly && between && apart <= NEAR * sqrtf(MAX(keys->square[a], keys->square[b]));
}
