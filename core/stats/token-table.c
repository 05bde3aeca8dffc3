/* SPDX-License-Identifier: MIT
 *
 * token-table.c: tables of tokens as such: making, sorting, adding, and the cell of one.
 */
#include "stats/token-sums.h"
#include "stats/tokens.h"

#include <math.h>
#include <string.h>

int
moe_tokens_class(int64_t seen)
{
    if (seen < 16)
        return (int)MAX(seen, 0);
    int doubling = 63 - __builtin_clzll((uint64_t)seen);
    int quarter = (int)(seen >> (doubling - 2) & 3);
    return MIN(16 + 4 * (doubling - 4) + quarter, MOE_TOKENS_CLASSES - 1);
}

/* --- Cells ------------------------------------------------------------------------------------*/

MoeTokenCell *
moe__token_cell_new(int experts)
{
    gsize n = (gsize)experts;
    MoeTokenCell *cell = g_new0(MoeTokenCell, 1);
    cell->experts = experts;
    cell->load = g_new0(int64_t, MOE_TOKENS_SETS * n);
    cell->seen_ids = g_new0(int64_t, MOE_TOKENS_CLASSES);
    cell->seen_units = g_new0(int64_t, MOE_TOKENS_CLASSES);
    cell->top_id = g_new0(int64_t, n * MOE_TOKENS_TOP);
    cell->top_picks = g_new0(int64_t, n * MOE_TOKENS_TOP);
    cell->top_lift = g_new0(double, n *MOE_TOKENS_TOP);
    return cell;
}

void
moe__token_cell_free(MoeTokenCell *cell)
{
    if (!cell)
        return;
    g_free(cell->load);
    g_free(cell->seen_ids);
    g_free(cell->seen_units);
    g_free(cell->top_id);
    g_free(cell->top_picks);
    g_free(cell->top_lift);
    g_free(cell);
}

static void
describe(void *data, const MoeTallyShape *shape)
{
    MoeTokenCell *cell = data;
    cell->experts = shape->experts;
}

#define NUMBER(NAME, REAL, MEMBER)                  \
    {                                               \
        NAME, offsetof(MoeTokenCell, MEMBER), REAL, \
        {                                           \
            MOE_AXIS_NONE, MOE_AXIS_NONE            \
        }                                           \
    }
#define NUMBERS(NAME, REAL, MEMBER)                        \
    NUMBER(NAME "_first", REAL, MEMBER[MOE_TOKENS_FIRST]), \
        NUMBER(NAME, REAL, MEMBER[MOE_TOKENS_PICKS])
#define ARRAY(NAME, REAL, A, B)                    \
    {                                              \
#NAME, offsetof(MoeTokenCell, NAME), REAL, \
        {                                          \
            MOE_AXIS_##A, MOE_AXIS_##B             \
        }                                          \
    }

static const MoeTallyField fields[] = {
    NUMBER("ids", false, ids),
    NUMBER("often", false, often),
    NUMBER("units", false, units),
    NUMBERS("total", false, total),
    NUMBERS("mean", true, mean),
    NUMBERS("mean_often", true, mean_often),
    NUMBERS("weighted", true, weighted),
    NUMBERS("information", true, information),
    NUMBERS("corrected", true, corrected),
    NUMBERS("entropy", true, entropy),
    ARRAY(load, false, SETS, EXPERTS),
    ARRAY(seen_ids, false, CLASSES, NONE),
    ARRAY(seen_units, false, CLASSES, NONE),
    ARRAY(top_id, false, EXPERTS, TOP),
    ARRAY(top_picks, false, EXPERTS, TOP),
    ARRAY(top_lift, true, EXPERTS, TOP),
};

const MoeTally moe__tally_tokens = {
    .bit = MOE_TALLY_TOKENS,
    .name = "tokens",
    .cell_size = sizeof(MoeTokenCell),
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .describe = describe,
};

/* --- Tables -----------------------------------------------------------------------------------*/

typedef struct Entry {
    int32_t id;
    uint16_t expert;
    int64_t first, picks;
} Entry;

static int
by_id_and_expert(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    int order = (x->id > y->id) - (x->id < y->id);
    return order ? order : (int)x->expert - (int)y->expert;
}

static void
add_entries(GArray *entries, const MoeTokenTable *table)
{
    for (int64_t i = 0; i < table->n; i++) {
        Entry entry = {table->id[i], table->expert[i], table->first[i], table->picks[i]};
        g_array_append_val(entries, entry);
    }
}

/* Sorted, each pair once, pairs without picks left out. Frees the entries. */
static MoeTokenTable *
table_of(GArray *entries, int experts)
{
    Entry *entry = (Entry *)(void *)entries->data;
    if (entries->len > 0)
        qsort(entry, entries->len, sizeof *entry, by_id_and_expert);
    guint n = 0;
    for (guint i = 0; i < entries->len; i++) {
        if (n > 0 && by_id_and_expert(&entry[n - 1], &entry[i]) == 0) {
            entry[n - 1].first += entry[i].first;
            entry[n - 1].picks += entry[i].picks;
        } else if (entry[i].first > 0 || entry[i].picks > 0) {
            entry[n++] = entry[i];
        }
    }
    int32_t *id = g_new(int32_t, n);
    uint16_t *expert = g_new(uint16_t, n);
    int64_t *first = g_new(int64_t, n), *picks = g_new(int64_t, n);
    for (guint i = 0; i < n; i++) {
        id[i] = entry[i].id;
        expert[i] = entry[i].expert;
        first[i] = entry[i].first;
        picks[i] = entry[i].picks;
    }
    g_array_unref(entries);
    MoeTokenTable *table = g_new(MoeTokenTable, 1);
    *table = (MoeTokenTable){experts, n, id, expert, first, picks};
    return table;
}

MoeTokenTable *
moe__token_table_copy(const MoeTokenTable *table, int experts, GError **error)
{
    for (int64_t i = 0; i < table->n; i++)
        if (table->id[i] < 0 || table->expert[i] >= experts || table->first[i] < 0 ||
            table->picks[i] < 0) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "entry %" G_GINT64_FORMAT
                        " of the tokens: found id %d, expert %d, %" G_GINT64_FORMAT
                        " first choices, %" G_GINT64_FORMAT
                        " picks; expected ids and counts from 0, experts 0 … %d",
                        i, table->id[i], table->expert[i], table->first[i], table->picks[i],
                        experts - 1);
            return NULL;
        }
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    add_entries(entries, table);
    return table_of(entries, experts);
}

MoeTokenTable *
moe__token_table_add(const MoeTokenTable *a, const MoeTokenTable *b)
{
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    add_entries(entries, a);
    add_entries(entries, b);
    return table_of(entries, a->experts);
}

void
moe__token_table_free(MoeTokenTable *table)
{
    if (!table)
        return;
    g_free((gpointer)table->id);
    g_free((gpointer)table->expert);
    g_free((gpointer)table->first);
    g_free((gpointer)table->picks);
    g_free(table);
}

MoeTokenCell *
moe__token_cell(const MoeTokenTable *table, int k)
{
    MoeTokenSums *sums = moe__token_sums_new(table->experts, k);
    for (int64_t i = 0, end; i < table->n; i = end) {
        for (end = i + 1; end < table->n && table->id[end] == table->id[i];)
            end++;
        const MoeTokenRow row = {table->id[i], (int)(end - i), table->expert + i, table->first + i,
                                 table->picks + i};
        moe__token_sums_add(sums, &row);
    }
    return moe__token_sums_end(sums);
}
