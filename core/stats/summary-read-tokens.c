/* SPDX-License-Identifier: MIT
 *
 * summary-read-tokens.c: tables of tokens, or the cells that were made of them, from arrays that
 * nobody vouches for.
 */
#include "stats/disk.h"
#include "stats/tokens.h"

/* A router's columns, as they come. */
enum { ID, EXPERT, FIRST, PICKS, COLUMNS };
static const char *const column_names[COLUMNS] = {"table.id", "table.expert", "table.first",
                                                  "table.picks"};

static void
columns_clear(MoeArray *columns)
{
    for (int i = 0; i < COLUMNS; i++)
        g_free((gpointer)columns[i].data);
}

static bool
check_column(const MoeArray *columns, int i, const char *name, GError **error)
{
    const MoeArray *column = &columns[i];
    bool typed = i == ID       ? column->type == MOE_I32
                 : i == EXPERT ? column->type == MOE_U16
                               : column->type <= MOE_I64;
    if (typed && column->ndim == 1 && column->shape[0] == columns[ID].shape[0])
        return true;
    return moe__member_fail(error, name,
                            "found another type or shape, expected %s [%" G_GINT64_FORMAT "]",
                            i == ID       ? "i4"
                            : i == EXPERT ? "u2"
                                          : "whole numbers",
                            columns[ID].shape[0]);
}

static bool
read_columns(int router, MoeArray *columns, const MoeMemberSource *source, GError **error)
{
    for (int i = 0; i < COLUMNS; i++) {
        g_autofree char *name = moe__member_name(&moe__tally_tokens, router, column_names[i]);
        if (!source->read(source->source, name, &columns[i], error) ||
            !check_column(columns, i, name, error))
            return false;
    }
    return true;
}

/* Counts as int64_t; negative ones and those of other columns are refused later. */
static int64_t *
widen(const MoeArray *column)
{
    int64_t n = column->shape[0], *counts = g_new(int64_t, (gsize)n);
    for (int64_t i = 0; i < n; i++)
        counts[i] = column->type == MOE_I64 ? ((const int64_t *)column->data)[i]
                                            : (int64_t)moe_array_value(column, i);
    return counts;
}

static bool
check_sum(const int64_t *counts, int64_t n, int router, GError **error)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        if (counts[i] < 0 || counts[i] > MOE_COUNTS_MAX - sum) {
            g_autofree char *place = g_strdup_printf("tokens/r%03d", router);
            return moe__member_fail(error, place,
                                    "found a count of %" G_GINT64_FORMAT
                                    ", expected 0 or more, and not more than %" G_GINT64_FORMAT
                                    " in all",
                                    counts[i], MOE_COUNTS_MAX);
        }
        sum += counts[i];
    }
    return true;
}

static bool
read_table(MoeSummary *summary, int router, const MoeMemberSource *source, GError **error)
{
    MoeArray columns[COLUMNS] = {0};
    bool ok = read_columns(router, columns, source, error);
    if (ok) {
        int64_t n = columns[ID].shape[0];
        g_autofree int64_t *first = widen(&columns[FIRST]), *picks = widen(&columns[PICKS]);
        const MoeTokenTable table = {
            summary->routers[router].experts,
            n,
            columns[ID].data,
            columns[EXPERT].data,
            first,
            picks,
        };
        ok = check_sum(first, n, router, error) && check_sum(picks, n, router, error) &&
             moe_summary_fill_tokens(summary, router, &table, error);
    }
    columns_clear(columns);
    return ok;
}

static bool
read_cell(MoeSummary *summary, int router, const MoeMemberSource *source, GError **error)
{
    const MoeTallyShape *shape = &summary->shapes[router];
    MoeTokenCell *cell = moe__token_cell_new(shape->experts);
    summary->token_cells[router] = cell;
    for (int f = 0; f < moe__tally_tokens.n_fields; f++) {
        MoeMember member = moe__member_of_cell(&moe__tally_tokens, shape, router, cell, f);
        if (!moe__member_read(&member, source, error))
            return false;
    }
    return true;
}

bool
moe__summary_read_tokens(MoeSummary *summary, const MoeMemberSource *source, GError **error)
{
    for (int r = 0; r < summary->n_routers; r++) {
        g_autofree char *table = moe__member_name(&moe__tally_tokens, r, column_names[ID]);
        g_autofree char *cell =
            moe__member_name(&moe__tally_tokens, r, moe__tally_tokens.fields[0].name);
        if (source->has(source->source, table)  ? !read_table(summary, r, source, error)
            : source->has(source->source, cell) ? !read_cell(summary, r, source, error)
                                                : false)
            return false;
    }
    return true;
}
