/* SPDX-License-Identifier: MIT
 *
 * token-walk.c: a walk through a router's units that counts what each token id takes.
 */
#include "stats/picks.h"
#include "stats/sets.h"
#include "stats/token-rows.h"
#include "stats/token-sums.h"
#include "stats/tokens.h"

#include <string.h>

/* Tokens whose rows are found before anything is added to them, so that memory is ahead. */
enum { BLOCK = 512, AHEAD = 8 };

struct MoeTokenWalk {
    int experts, words, units_per_token;
    size_t budget;
    int64_t low, high; /* ids that this walk counts: low <= id < high */
    bool left;         /* there were ids from `high` on */
    MoeTokenRows rows;
    int block;          /* tokens */
    int32_t row[BLOCK]; /* of each token of a block; -1: not counted */
    uint64_t *set;      /* scratch of units too wide for sets: [experts / 64] */
    MoeTokenSums *sums;
    /* The row at hand while it is handed on. */
    uint16_t *expert;
    int64_t *first, *picks;
    /* The table, NULL where none is wanted. */
    GArray *ids, *experts_of, *firsts, *picks_of;
};

MoeTokenWalk *
moe__tokens_begin(const MoeRouterInfo *info, bool keep, size_t budget)
{
    MoeTokenWalk *walk = g_new0(MoeTokenWalk, 1);
    gsize n = (gsize)info->experts;
    walk->experts = info->experts;
    walk->words = moe__sets_words(info->experts);
    walk->units_per_token = info->units_per_token;
    walk->budget = budget;
    walk->high = (int64_t)INT32_MAX + 1;
    moe__token_rows_init(&walk->rows, info->experts);
    /* New rows of one block stay far below the budget. */
    walk->block = CLAMP((1 << 20) / walk->rows.width, 1, BLOCK);
    walk->set = g_new0(uint64_t, (n + 63) / 64);
    walk->sums = moe__token_sums_new(info->experts, info->k);
    walk->expert = g_new(uint16_t, n);
    walk->first = g_new(int64_t, n);
    walk->picks = g_new(int64_t, n);
    if (keep) {
        walk->ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
        walk->experts_of = g_array_new(FALSE, FALSE, sizeof(uint16_t));
        walk->firsts = g_array_new(FALSE, FALSE, sizeof(int64_t));
        walk->picks_of = g_array_new(FALSE, FALSE, sizeof(int64_t));
    }
    return walk;
}

/* --- Adding units -----------------------------------------------------------------------------*/

/* Adds one to the bytes of a row that a set names. */
static void
add_set(MoeTokenRows *rows, int32_t row, const uint64_t *set, int words)
{
    uint8_t *bytes = moe__token_rows_at(rows, row);
    for (int w = 0; w < words; w++)
        for (uint64_t left = set[w]; left; left &= left - 1) {
            int at = 64 * w + __builtin_ctzll(left);
            if (++bytes[at] == 0)
                moe__token_rows_carry(rows, row, at);
        }
}

#if defined(__x86_64__)
#include <immintrin.h>

/* The same, a word of the set at a time. */
__attribute__((target("avx512f,avx512bw"))) static void
add_set_avx512(MoeTokenRows *rows, int32_t row, const uint64_t *set, int words)
{
    const __m512i one = _mm512_set1_epi8(1);
    uint8_t *bytes = moe__token_rows_at(rows, row);
    for (int w = 0; w < words; w++) {
        __m512i counts = _mm512_load_si512(bytes + 64 * w);
        counts = _mm512_mask_add_epi8(counts, set[w], counts, one);
        _mm512_store_si512(bytes + 64 * w, counts);
        uint64_t wrapped = _mm512_mask_testn_epi8_mask(set[w], counts, counts);
        for (; wrapped; wrapped &= wrapped - 1)
            moe__token_rows_carry(rows, row, 64 * w + __builtin_ctzll(wrapped));
    }
}
#endif

typedef void (*AddSet)(MoeTokenRows *rows, int32_t row, const uint64_t *set, int words);

static AddSet
choose_add_set(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        return add_set_avx512;
#endif
    return add_set;
}

/* The set of a unit of a router that has too many experts for the chunk to bring them. */
static const uint64_t *
gather_set(MoeTokenWalk *walk, const MoeTraceView *view, int64_t unit)
{
    memset(walk->set, 0, ((size_t)walk->experts + 63) / 64 * sizeof *walk->set);
    for (int slot = 0; slot < view->k; slot++) {
        int32_t expert = moe__pick(view, slot * view->units + unit);
        if (expert >= 0)
            walk->set[expert / 64] |= (uint64_t)1 << expert % 64;
    }
    return walk->set;
}

static void
add_first(MoeTokenRows *rows, int32_t row, int32_t expert)
{
    int at = rows->width + expert;
    if (++moe__token_rows_at(rows, row)[at] == 0)
        moe__token_rows_carry(rows, row, at);
}

/* Finds the rows of a block's tokens. */
static void
find_rows(MoeTokenWalk *walk, const int32_t *id, int64_t n)
{
    for (int64_t t = 0; t < n; t++) {
        bool ours = id[t] >= walk->low && id[t] < walk->high;
        walk->left |= id[t] >= walk->high;
        walk->row[t] = ours ? moe__token_rows_find(&walk->rows, id[t]) : -1;
    }
}

/* Adds the units of tokens first … first + n - 1, whose rows are found. */
static void
add_block(MoeTokenWalk *walk, const MoeTallyChunk *chunk, int64_t first, int64_t n, AddSet add)
{
    const MoeTraceView *view = chunk->view;
    int words = (walk->experts + 63) / 64;
    for (int64_t t = 0; t < n; t++) {
        if (t + AHEAD < n && walk->row[t + AHEAD] >= 0) {
            const uint8_t *ahead = moe__token_rows_at(&walk->rows, walk->row[t + AHEAD]);
            __builtin_prefetch(ahead, 1);
            __builtin_prefetch(ahead + walk->rows.width, 1);
        }
        if (walk->row[t] < 0)
            continue;
        for (int i = 0; i < walk->units_per_token; i++) {
            int64_t unit = (first + t) * walk->units_per_token + i;
            const uint64_t *set =
                chunk->sets ? chunk->sets + unit * words : gather_set(walk, view, unit);
            add(&walk->rows, walk->row[t], set, words);
            int32_t expert = moe__pick(view, unit);
            if (expert >= 0)
                add_first(&walk->rows, walk->row[t], expert);
        }
    }
}

void
moe__tokens_count(MoeTokenWalk *walk, const MoeTallyChunk *chunk)
{
    AddSet add = choose_add_set();
    if (!chunk->id || chunk->view->k == 0)
        return;
    for (int64_t i = 0; i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        for (int64_t t = 0; t < run->n; t += walk->block) {
            int64_t first = run->first + t, n = MIN(walk->block, run->n - t);
            find_rows(walk, chunk->id + first, n);
            add_block(walk, chunk, first, n, add);
            while (moe__token_rows_size(&walk->rows) > walk->budget && walk->rows.ids->len > 1) {
                walk->high = moe__token_rows_halve(&walk->rows);
                walk->left = true;
            }
        }
    }
}

/* --- Handing on -------------------------------------------------------------------------------*/

/* Appends what stands at byte `at` to the row at hand, of n entries so far. */
static int
take_count(MoeTokenWalk *walk, int32_t row, int at, int n)
{
    int64_t picks = moe__token_rows_count(&walk->rows, row, at);
    if (picks == 0)
        return n;
    walk->expert[n] = (uint16_t)at;
    walk->picks[n] = picks;
    walk->first[n] = moe__token_rows_count(&walk->rows, row, walk->rows.width + at);
    return n + 1;
}

/* The entries of a row: few of its bytes are set, unless it has carries. */
static int
take_row(MoeTokenWalk *walk, int32_t row)
{
    const uint8_t *bytes = moe__token_rows_at(&walk->rows, row);
    bool wide = g_array_index(walk->rows.wide_of, int32_t, row) >= 0;
    int n = 0;
    for (int at = 0; at < walk->rows.width; at += 8) {
        uint64_t eight;
        memcpy(&eight, bytes + at, sizeof eight);
        if (wide)
            for (int i = at; i < MIN(at + 8, walk->experts); i++)
                n = take_count(walk, row, i, n);
        else
            for (; eight; eight &= ~((uint64_t)0xff << (__builtin_ctzll(eight) & ~7))) {
                int i = at + __builtin_ctzll(eight) / 8;
                walk->expert[n] = (uint16_t)i;
                walk->picks[n] = bytes[i];
                walk->first[n++] = bytes[walk->rows.width + i];
            }
    }
    return n;
}

static void
hand_on(MoeTokenWalk *walk)
{
    g_autofree int32_t *order = moe__token_rows_sorted(&walk->rows);
    for (guint i = 0; i < walk->rows.ids->len; i++) {
        int32_t id = g_array_index(walk->rows.ids, int32_t, order[i]);
        int n = take_row(walk, order[i]);
        const MoeTokenRow row = {id, n, walk->expert, walk->first, walk->picks};
        moe__token_sums_add(walk->sums, &row);
        for (int j = 0; walk->ids && j < n; j++)
            g_array_append_val(walk->ids, id);
        if (walk->ids) {
            g_array_append_vals(walk->experts_of, walk->expert, (guint)n);
            g_array_append_vals(walk->firsts, walk->first, (guint)n);
            g_array_append_vals(walk->picks_of, walk->picks, (guint)n);
        }
    }
}

bool
moe__tokens_again(MoeTokenWalk *walk)
{
    if (!walk->left)
        return false;
    hand_on(walk);
    moe__token_rows_reset(&walk->rows);
    walk->low = walk->high;
    walk->high = (int64_t)INT32_MAX + 1;
    walk->left = false;
    return true;
}

static MoeTokenTable *
take_table(MoeTokenWalk *walk)
{
    MoeTokenTable *table = g_new(MoeTokenTable, 1);
    *table = (MoeTokenTable){
        .experts = walk->experts,
        .n = walk->ids->len,
        .id = (int32_t *)(void *)g_array_free(g_steal_pointer(&walk->ids), FALSE),
        .expert = (uint16_t *)(void *)g_array_free(g_steal_pointer(&walk->experts_of), FALSE),
        .first = (int64_t *)(void *)g_array_free(g_steal_pointer(&walk->firsts), FALSE),
        .picks = (int64_t *)(void *)g_array_free(g_steal_pointer(&walk->picks_of), FALSE),
    };
    return table;
}

MoeTokenCell *
moe__tokens_end(MoeTokenWalk *walk, MoeTokenTable **table)
{
    hand_on(walk);
    MoeTokenCell *cell = moe__token_sums_end(g_steal_pointer(&walk->sums));
    if (table)
        *table = walk->ids ? take_table(walk) : NULL;
    moe__tokens_free(walk);
    return cell;
}

void
moe__tokens_free(MoeTokenWalk *walk)
{
    if (!walk)
        return;
    moe__token_rows_clear(&walk->rows);
    moe__token_sums_free(walk->sums);
    g_free(walk->set);
    g_free(walk->expert);
    g_free(walk->first);
    g_free(walk->picks);
    g_clear_pointer(&walk->ids, g_array_unref);
    g_clear_pointer(&walk->experts_of, g_array_unref);
    g_clear_pointer(&walk->firsts, g_array_unref);
    g_clear_pointer(&walk->picks_of, g_array_unref);
    g_free(walk);
}
