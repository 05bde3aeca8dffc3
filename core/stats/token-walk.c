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

/* Tokens whose rows are found, and fetched, before anything is added to them. */
enum { BLOCK = 128, AHEAD = 16 };

/* Adds the units of a block of tokens from `first` on, whose rows are found. */
typedef void (*AddBlock)(MoeTokenWalk *walk, const MoeTallyChunk *chunk, int64_t first);

struct MoeTokenWalk {
    bool keep;
    size_t budget;
    int experts, units_per_token;
    int64_t low, high; /* ids that are counted: low <= id < high */
    bool left;         /* there were ids from `high` on */
    MoeTokenRows rows; /* width 0: none yet */
    int block;         /* tokens */
    /* Of each token of a block that is counted: its place in the block, its row, and where that is.
     */
    int n;
    int token[BLOCK];
    int32_t row[BLOCK];
    uint8_t *bytes[BLOCK];
    uint64_t *set; /* scratch of units too wide for sets: [experts / 64] */
    AddBlock add;
    MoeTokenSums *sums;
    /* The row at hand while it is handed on. */
    uint16_t *expert;
    int64_t *first, *picks;
    /* The table, NULL where none is wanted. */
    GArray *ids, *experts_of, *firsts, *picks_of;
};

static AddBlock choose_add(void);

MoeTokenWalk *
moe__tokens_new(bool keep, size_t budget)
{
    MoeTokenWalk *walk = g_new0(MoeTokenWalk, 1);
    walk->keep = keep;
    walk->budget = budget;
    walk->add = choose_add();
    return walk;
}

static void
drop_table(MoeTokenWalk *walk)
{
    g_clear_pointer(&walk->ids, g_array_unref);
    g_clear_pointer(&walk->experts_of, g_array_unref);
    g_clear_pointer(&walk->firsts, g_array_unref);
    g_clear_pointer(&walk->picks_of, g_array_unref);
}

/* What depends on the number of experts. */
static void
resize(MoeTokenWalk *walk, int experts)
{
    gsize n = (gsize)experts;
    if (walk->rows.width > 0)
        moe__token_rows_clear(&walk->rows);
    moe__token_rows_init(&walk->rows, experts);
    /* New rows of one block stay far below the budget. */
    walk->block = CLAMP((1 << 20) / walk->rows.width, 1, BLOCK);
    walk->experts = experts;
    walk->set = g_renew(uint64_t, walk->set, (n + 63) / 64);
    walk->expert = g_renew(uint16_t, walk->expert, n);
    walk->first = g_renew(int64_t, walk->first, n);
    walk->picks = g_renew(int64_t, walk->picks, n);
}

/* A router that comes after another one has the same ids, as a rule: rows stay with them. But
 * where ids didn't fit, rows are those of the last walk. */
void
moe__tokens_begin(MoeTokenWalk *walk, const MoeRouterInfo *info)
{
    if (info->experts != walk->experts)
        resize(walk, info->experts);
    else if (walk->low > 0 || walk->left)
        moe__token_rows_reset(&walk->rows);
    else
        moe__token_rows_zero(&walk->rows);
    walk->units_per_token = info->units_per_token;
    walk->low = 0;
    walk->high = (int64_t)INT32_MAX + 1;
    walk->left = false;
    moe__token_sums_free(walk->sums);
    walk->sums = moe__token_sums_new(info->experts, info->k);
    drop_table(walk);
    if (walk->keep) {
        walk->ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
        walk->experts_of = g_array_new(FALSE, FALSE, sizeof(uint16_t));
        walk->firsts = g_array_new(FALSE, FALSE, sizeof(int64_t));
        walk->picks_of = g_array_new(FALSE, FALSE, sizeof(int64_t));
    }
}

/* --- Adding units -----------------------------------------------------------------------------*/

/* Adds one to the bytes of a row that a set names. */
static void
add_set(MoeTokenRows *rows, int32_t row, uint8_t *bytes, const uint64_t *set, int words)
{
    for (int w = 0; w < words; w++)
        for (uint64_t left = set[w]; left; left &= left - 1) {
            int at = 64 * w + __builtin_ctzll(left);
            if (++bytes[at] == 0)
                moe__token_rows_carry(rows, row, at);
        }
}

static inline void
add_first(MoeTokenRows *rows, int32_t row, uint8_t *bytes, int32_t expert)
{
    int at = rows->width + expert;
    if (expert >= 0 && ++bytes[at] == 0)
        moe__token_rows_carry(rows, row, at);
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
add_block(MoeTokenWalk *walk, const MoeTallyChunk *chunk, int64_t first)
{
    const MoeTraceView *view = chunk->view;
    int words = (walk->experts + 63) / 64;
    for (int t = 0; t < walk->n; t++)
        for (int i = 0; i < walk->units_per_token; i++) {
            int64_t unit = (first + walk->token[t]) * walk->units_per_token + i;
            const uint64_t *set =
                chunk->sets ? chunk->sets + unit * words : gather_set(walk, view, unit);
            add_set(&walk->rows, walk->row[t], walk->bytes[t], set, words);
            add_first(&walk->rows, walk->row[t], walk->bytes[t], moe__pick(view, unit));
        }
}

#if defined(__x86_64__)
#include <immintrin.h>

/* Carries the bytes of a row from `at` on that a word names. */
static void __attribute__((noinline))
carry_word(MoeTokenRows *rows, int32_t row, int at, uint64_t wrapped)
{
    for (; wrapped; wrapped &= wrapped - 1)
        moe__token_rows_carry(rows, row, at + __builtin_ctzll(wrapped));
}

/* add_set(), a word of the set at a time. */
__attribute__((target("avx512f,avx512bw"))) static inline void
add_set_avx512(MoeTokenRows *rows, int32_t row, uint8_t *bytes, const uint64_t *set, int words)
{
    for (int w = 0; w < words; w++) {
        __m512i counts = _mm512_load_si512(bytes + 64 * w);
        counts = _mm512_mask_add_epi8(counts, set[w], counts, _mm512_set1_epi8(1));
        _mm512_store_si512(bytes + 64 * w, counts);
        uint64_t wrapped = _mm512_mask_testn_epi8_mask(set[w], counts, counts);
        if (G_UNLIKELY(wrapped))
            carry_word(rows, row, 64 * w, wrapped);
    }
}

__attribute__((target("avx512f,avx512bw"))) static void
add_block_avx512(MoeTokenWalk *walk, const MoeTallyChunk *chunk, int64_t first)
{
    const MoeTraceView *view = chunk->view;
    int words = chunk->words, heads = walk->units_per_token;
    if (!chunk->sets) {
        add_block(walk, chunk, first);
        return;
    }
    for (int t = 0; t < walk->n; t++)
        for (int i = 0; i < heads; i++) {
            int64_t unit = (first + walk->token[t]) * heads + i;
            const uint64_t *set = chunk->sets + unit * words;
            add_set_avx512(&walk->rows, walk->row[t], walk->bytes[t], set, words);
            add_first(&walk->rows, walk->row[t], walk->bytes[t], moe__pick(view, unit));
        }
}
#endif

static AddBlock
choose_add(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        return add_block_avx512;
#endif
    return add_block;
}

/* The row of an id that isn't known yet; -1: it isn't counted. Ids that this walk leaves out are
 * never known. */
static int32_t
find_new(MoeTokenWalk *walk, int32_t id)
{
    walk->left |= id >= walk->high;
    return id < walk->low || id >= walk->high ? -1 : moe__token_rows_find(&walk->rows, id);
}

/* Finds the rows of a block's tokens. The first loop does nothing but look up: many ids at a time
 * are then on their way from memory. */
static void
find_rows(MoeTokenWalk *walk, const int32_t *id, int n)
{
    const int32_t *near = walk->rows.near;
    uint32_t n_near = (uint32_t)walk->rows.n_near;
    for (int t = 0; t < n; t++)
        walk->row[t] = (uint32_t)id[t] < n_near ? near[id[t]] : -1;
    int found = 0;
    for (int t = 0; t < n; t++) {
        int32_t row = walk->row[t] >= 0 ? walk->row[t] : find_new(walk, id[t]);
        if (row < 0)
            continue;
        uint8_t *bytes = moe__token_rows_at(&walk->rows, row);
        __builtin_prefetch(bytes);
        __builtin_prefetch(bytes + walk->rows.width);
        walk->token[found] = t;
        walk->row[found] = row;
        walk->bytes[found] = bytes;
        found++;
    }
    walk->n = found;
}

void
moe__tokens_count(MoeTokenWalk *walk, const MoeTallyChunk *chunk)
{
    if (!chunk->id || chunk->view->k == 0)
        return;
    for (int64_t i = 0; i < chunk->n_runs; i++) {
        const MoeTallyRun *run = &chunk->runs[i];
        for (int64_t t = 0; t < run->n; t += walk->block) {
            int64_t first = run->first + t;
            find_rows(walk, chunk->id + first, (int)MIN(walk->block, run->n - t));
            walk->add(walk, chunk, first);
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

static int
take_row(MoeTokenWalk *walk, int32_t row)
{
    int n = 0;
    for (int at = 0; at < walk->experts; at++)
        n = take_count(walk, row, at, n);
    return n;
}

static void
add_to_table(MoeTokenWalk *walk, int32_t id, int n)
{
    for (int i = 0; i < n; i++)
        g_array_append_val(walk->ids, id);
    g_array_append_vals(walk->experts_of, walk->expert, (guint)n);
    g_array_append_vals(walk->firsts, walk->first, (guint)n);
    g_array_append_vals(walk->picks_of, walk->picks, (guint)n);
}

static void
hand_on(MoeTokenWalk *walk)
{
    const MoeTokenRows *rows = &walk->rows;
    g_autofree int32_t *order = moe__token_rows_sorted(rows);
    for (guint i = 0; i < rows->ids->len; i++) {
        int32_t id = g_array_index(rows->ids, int32_t, order[i]);
        bool wide = g_array_index(rows->wide_of, int32_t, order[i]) >= 0;
        if (i + AHEAD < rows->ids->len)
            __builtin_prefetch(moe__token_rows_at(rows, order[i + AHEAD]));
        int n = wide || walk->keep ? take_row(walk, order[i]) : 0;
        const MoeTokenRow row = {id, n, walk->expert, walk->first, walk->picks};
        if (wide)
            moe__token_sums_add(walk->sums, &row);
        else
            moe__token_sums_add_bytes(walk->sums, id, moe__token_rows_at(rows, order[i]));
        if (walk->keep)
            add_to_table(walk, id, n);
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
        *table = walk->keep ? take_table(walk) : NULL;
    return cell;
}

void
moe__tokens_free(MoeTokenWalk *walk)
{
    if (!walk)
        return;
    if (walk->rows.width > 0)
        moe__token_rows_clear(&walk->rows);
    moe__token_sums_free(walk->sums);
    g_free(walk->set);
    g_free(walk->expert);
    g_free(walk->first);
    g_free(walk->picks);
    drop_table(walk);
    g_free(walk);
}
