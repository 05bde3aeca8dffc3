/* SPDX-License-Identifier: MIT
 *
 * jackknife-tokens.c: tables of token ids without one group of documents or another. A row holds an
 * id's counts group by group, so that what is left without one is a difference of rows; ids that
 * don't fit the memory wait for another walk through the chunks, as in token-walk.c.
 */
#include "stats/groups.h"
#include "stats/jackknife.h"
#include "stats/picks.h"
#include "stats/token-rows.h"
#include "stats/token-sums.h"
#include "stats/tokens.h"

#include <string.h>

enum { GROUPS = MOE_JACKKNIFE_GROUPS, BUDGET = 24 << 20 };

typedef struct Walk {
    int experts, heads;
    int64_t low, high; /* ids that are counted: low <= id < high */
    bool left;         /* there were ids from `high` on */
    MoeTokenRows rows; /* of [group × experts] */
    uint32_t *stamp;   /* [experts] the last unit that picked it */
    uint32_t unit;
    bool there[GROUPS];         /* groups that have tokens */
    MoeTokenSums *sums[GROUPS]; /* without each of them */
    MoeTokenSums *all;
    /* The id at hand. */
    uint16_t *expert;                   /* [experts] */
    int64_t *first, *picks;             /* [experts] */
    int64_t *less_first, *less_picks;   /* [experts] */
    int64_t *group_first, *group_picks; /* [GROUPS × experts] */
    bool in[GROUPS];                    /* groups that have it */
    uint8_t *has;                       /* [experts] not 0: it has them */
} Walk;

static void
begin(Walk *walk, const MoeRouterInfo *info)
{
    gsize n = (gsize)info->experts;
    *walk = (Walk){.experts = info->experts,
                   .heads = info->units_per_token,
                   .high = (int64_t)INT32_MAX + 1,
                   .stamp = g_new0(uint32_t, n),
                   .expert = g_new(uint16_t, n),
                   .first = g_new(int64_t, n),
                   .picks = g_new(int64_t, n),
                   .less_first = g_new(int64_t, n),
                   .less_picks = g_new(int64_t, n),
                   .has = g_new(uint8_t, n),
                   .group_first = g_new(int64_t, GROUPS * n),
                   .group_picks = g_new(int64_t, GROUPS * n)};
    moe__token_rows_init(&walk->rows, GROUPS * info->experts);
    for (int g = 0; g < GROUPS; g++)
        walk->sums[g] = moe__token_sums_new(info->experts, info->k);
    walk->all = moe__token_sums_new(info->experts, info->k);
}

static void
clear(Walk *walk)
{
    moe__token_rows_clear(&walk->rows);
    for (int g = 0; g < GROUPS; g++)
        moe__token_sums_free(walk->sums[g]);
    moe__token_sums_free(walk->all);
    g_free(walk->stamp);
    g_free(walk->has);
    g_free(walk->expert);
    g_free(walk->first);
    g_free(walk->picks);
    g_free(walk->less_first);
    g_free(walk->less_picks);
    g_free(walk->group_first);
    g_free(walk->group_picks);
}

/* --- Counting ---------------------------------------------------------------------------------*/

static inline void
add_one(MoeTokenRows *rows, int32_t row, uint8_t *bytes, int at)
{
    if (++bytes[at] == 0)
        moe__token_rows_carry(rows, row, at);
}

/* An expert that a unit picks twice is one pick of it. */
static void
add_unit(Walk *walk, const MoeTraceView *view, int64_t unit, int group, int32_t row)
{
    uint8_t *bytes = moe__token_rows_at(&walk->rows, row);
    int from = group * walk->experts;
    walk->unit++;
    for (int slot = 0; slot < view->k; slot++) {
        int32_t expert = moe__pick(view, slot * view->units + unit);
        if (expert < 0)
            continue;
        if (slot == 0)
            add_one(&walk->rows, row, bytes, walk->rows.width + from + expert);
        if (walk->stamp[expert] == walk->unit)
            continue;
        walk->stamp[expert] = walk->unit;
        add_one(&walk->rows, row, bytes, from + expert);
    }
}

static void
count_chunk(Walk *walk, const MoeColumnsChunk *columns, const MoeTraceView *view)
{
    const MoeTokenOrder *order = &columns->order;
    const int32_t *doc = columns->column[MOE_COLUMN_DOC];
    for (int64_t i = 0; order->token && view->k > 0 && i < order->groups; i++) {
        const MoeTokenGroup *ids = &order->group[i];
        walk->left |= ids->id >= walk->high;
        if (ids->id < walk->low || ids->id >= walk->high)
            continue;
        int32_t row = moe__token_rows_find(&walk->rows, ids->id);
        for (uint32_t t = ids[0].first; t < ids[1].first; t++) {
            int group = doc ? moe__document_group(doc[order->token[t]]) & (GROUPS - 1) : 0;
            walk->there[group] = true;
            for (int h = 0; h < walk->heads; h++)
                add_unit(walk, view, (int64_t)order->token[t] * walk->heads + h, group, row);
        }
        while (moe__token_rows_size(&walk->rows) > BUDGET && walk->rows.ids->len > 1) {
            walk->high = moe__token_rows_halve(&walk->rows);
            walk->left = true;
        }
    }
}

/* --- Handing on -------------------------------------------------------------------------------*/

/* Marks experts that the id has, and groups that have the id, by bytes: all there is of most rows.
 */
static void
mark_bytes(Walk *walk, const uint8_t *bytes)
{
    int experts = walk->experts;
    memset(walk->has, 0, (size_t)experts);
    for (int g = 0; g < GROUPS; g++) {
        const uint8_t *of_group = bytes + g * experts;
        uint8_t any = 0;
        for (int e = 0; e < experts; e++) {
            walk->has[e] |= of_group[e];
            any |= of_group[e];
        }
        walk->in[g] = any != 0;
    }
}

/* Counts that have carried may have 0 in their byte. */
static void
mark_wide(Walk *walk, int32_t row)
{
    for (int at = 0; at < GROUPS * walk->experts; at++)
        if (moe__token_rows_count(&walk->rows, row, at) > 0)
            walk->has[at % walk->experts] = walk->in[at / walk->experts] = true;
}

/* Takes a row apart; returns how many experts the id has. */
static int
take_row(Walk *walk, int32_t row)
{
    int n = 0, experts = walk->experts;
    const uint8_t *bytes = moe__token_rows_at(&walk->rows, row);
    bool wide = g_array_index(walk->rows.wide_of, int32_t, row) >= 0;
    mark_bytes(walk, bytes);
    if (wide)
        mark_wide(walk, row);
    for (int e = 0; e < experts; e++) {
        if (!walk->has[e])
            continue;
        walk->expert[n] = (uint16_t)e;
        walk->first[n] = walk->picks[n] = 0;
        for (int g = 0; g < GROUPS; g++) {
            int at = g * experts + e, first_at = walk->rows.width + at;
            int64_t picks = wide ? moe__token_rows_count(&walk->rows, row, at) : bytes[at];
            int64_t first =
                wide ? moe__token_rows_count(&walk->rows, row, first_at) : bytes[first_at];
            walk->group_picks[g * experts + n] = picks;
            walk->group_first[g * experts + n] = first;
            walk->picks[n] += picks;
            walk->first[n] += first;
        }
        n++;
    }
    return n;
}

static void
hand_on_row(Walk *walk, int32_t id, int n)
{
    const MoeTokenRow all = {id, n, walk->expert, walk->first, walk->picks};
    const MoeTokenRow less = {id, n, walk->expert, walk->less_first, walk->less_picks};
    moe__token_sums_add(walk->all, &all);
    for (int g = 0; g < GROUPS; g++) {
        if (!walk->in[g]) {
            moe__token_sums_add(walk->sums[g], &all);
            continue;
        }
        for (int i = 0; i < n; i++) {
            walk->less_first[i] = walk->first[i] - walk->group_first[g * walk->experts + i];
            walk->less_picks[i] = walk->picks[i] - walk->group_picks[g * walk->experts + i];
        }
        moe__token_sums_add(walk->sums[g], &less);
    }
}

static void
hand_on(Walk *walk)
{
    const int32_t *order = moe__token_rows_sorted(&walk->rows);
    for (guint i = 0; i < walk->rows.ids->len; i++)
        hand_on_row(walk, g_array_index(walk->rows.ids, int32_t, order[i]),
                    take_row(walk, order[i]));
}

/* Whether ids were left out; if so, gets ready for them. */
static bool
again(Walk *walk)
{
    bool left = walk->left;
    hand_on(walk);
    moe__token_rows_reset(&walk->rows);
    walk->low = walk->high;
    walk->high = (int64_t)INT32_MAX + 1;
    walk->left = false;
    return left;
}

/* --- A router ---------------------------------------------------------------------------------*/

static bool
count_chunks(Walk *walk, const MoeTrace *trace, const MoeColumns *columns, int router,
             GError **error)
{
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    MoeColumnsChunk place = {0};
    bool good = true;
    moe_trace_view_wants(view, 0);
    do
        for (int c = 0; good && c < moe_trace_chunks(trace); c++) {
            const MoeColumnsChunk *own = moe__columns_get(columns, c, &place, error);
            good = own && moe_trace_view(trace, c, router, view, error);
            if (good)
                count_chunk(walk, own, view);
        }
    while (good && again(walk));
    moe__columns_chunk_clear(&place);
    return good;
}

static double
value_of(const MoeMetric *metric, const MoeTokenCell *tokens, double *low, double *high)
{
    const MoeSummaryCell load = {.experts = tokens->experts};
    const MoeMetricCell cell = {.summary = &load, .tokens = tokens};
    if (low)
        moe_metric_range(metric, &cell, low, high);
    return moe_metric_value(metric, &cell);
}

int
moe__jackknife_tokens(const MoeTrace *trace, const MoeColumns *columns, int router, MoeLeftOut *out,
                      GError **error)
{
    Walk walk;
    int groups = 0;
    begin(&walk, moe_trace_router(trace, router));
    if (!count_chunks(&walk, trace, columns, router, error)) {
        clear(&walk);
        return -1;
    }
    g_autoptr(MoeTokenCell) all = moe__token_sums_end(g_steal_pointer(&walk.all));
    for (int m = 0; m < out->n; m++)
        out->value[m] = value_of(out->metrics[m], all, &out->low[m], &out->high[m]);
    for (int g = 0; g < GROUPS; g++) {
        if (!walk.there[g])
            continue;
        g_autoptr(MoeTokenCell) cell = moe__token_sums_end(g_steal_pointer(&walk.sums[g]));
        for (int m = 0; m < out->n; m++)
            out->without[m * GROUPS + groups] = value_of(out->metrics[m], cell, NULL, NULL);
        groups++;
    }
    clear(&walk);
    return groups;
}
