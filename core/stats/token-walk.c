/* SPDX-License-Identifier: MIT
 *
 * token-walk.c: a walk through a router's units that counts what each token id takes.
 */
#include "stats/token-add.h"
#include "stats/token-order.h"
#include "stats/token-sums.h"
#include "stats/tokens.h"

#include <string.h>

/* Ids whose rows are found before anything is added to them. */
enum { BLOCK = 128, AHEAD = 16 };

struct MoeTokenWalk {
    bool keep;
    size_t budget;
    int experts;
    int64_t low, high;               /* ids that are counted: low <= id < high */
    bool left;                       /* there were ids from `high` on */
    MoeTokenRows rows;               /* width 0: none yet */
    int block;                       /* ids */
    int n;                           /* of a block that are counted */
    MoeTokenPlace places[BLOCK + 1]; /* kernels look one beyond the last */
    uint64_t *set;                   /* scratch of units too wide for sets: [width / 64] */
    const MoeTokenKernel *kernel;
    MoeTokenSums *sums;
    /* The row at hand while it is handed on. */
    uint16_t *expert;
    int64_t *first, *picks;
    /* The table, NULL where none is wanted. */
    GArray *ids, *experts_of, *firsts, *picks_of;
};

MoeTokenWalk *
moe__tokens_new(bool keep, size_t budget)
{
    MoeTokenWalk *walk = g_new0(MoeTokenWalk, 1);
    walk->keep = keep;
    walk->budget = budget;
    walk->kernel = moe__token_kernels()[0];
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

/* The row of an id that isn't known yet; -1: it isn't counted. Ids that this walk leaves out are
 * never known. */
static int32_t
find_new(MoeTokenWalk *walk, int32_t id)
{
    walk->left |= id >= walk->high;
    return id < walk->low || id >= walk->high ? -1 : moe__token_rows_find(&walk->rows, id);
}

/* Finds the rows of a block's ids. */
static void
find_rows(MoeTokenWalk *walk, const MoeTokenOrder *order, int64_t group, int n)
{
    const int32_t *near = walk->rows.near;
    uint32_t n_near = (uint32_t)walk->rows.n_near;
    walk->n = 0;
    for (const MoeTokenGroup *g = order->group + group, *end = g + n; g < end; g++) {
        int32_t row = (uint32_t)g->id < n_near ? near[g->id] : -1;
        if (row < 0 && (row = find_new(walk, g->id)) < 0)
            continue;
        near = walk->rows.near; /* a new row may have moved it */
        n_near = (uint32_t)walk->rows.n_near;
        uint8_t *bytes = moe__token_rows_at(&walk->rows, row);
        for (int at = 0; at < 2 * walk->rows.width; at += 64)
            __builtin_prefetch(bytes + at, 1, 2);
        walk->places[walk->n++] =
            (MoeTokenPlace){row, bytes, order->token + g->first, g[1].first - g->first};
    }
}

void
moe__tokens_count(MoeTokenWalk *walk, const MoeTallyChunk *chunk)
{
    const MoeTokenOrder *order = chunk->order;
    if (!order || chunk->view->k == 0)
        return;
    for (int64_t group = 0; group < order->groups; group += walk->block) {
        find_rows(walk, order, group, (int)MIN(walk->block, order->groups - group));
        walk->kernel->add(&walk->rows, chunk, walk->places, walk->n, walk->set);
        while (moe__token_rows_size(&walk->rows) > walk->budget && walk->rows.ids->len > 1) {
            walk->high = moe__token_rows_halve(&walk->rows);
            walk->left = true;
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

static inline void
fetch_row(const MoeTokenRows *rows, int32_t row)
{
    const uint8_t *bytes = moe__token_rows_at(rows, row);
    for (int at = 0; at < 2 * rows->width; at += 64)
        __builtin_prefetch(bytes + at);
    __builtin_prefetch(&g_array_index(rows->ids, int32_t, row));
    __builtin_prefetch(&g_array_index(rows->wide_of, int32_t, row));
}

static void
hand_on(MoeTokenWalk *walk)
{
    const MoeTokenRows *rows = &walk->rows;
    const int32_t *order = moe__token_rows_sorted(&walk->rows);
    for (guint i = 0; i < rows->ids->len; i++) {
        int32_t id = g_array_index(rows->ids, int32_t, order[i]);
        bool wide = g_array_index(rows->wide_of, int32_t, order[i]) >= 0;
        if (i + AHEAD < rows->ids->len)
            fetch_row(rows, order[i + AHEAD]);
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
