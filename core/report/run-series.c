/* SPDX-License-Identifier: MIT
 *
 * Series of runs in words and tables.
 */
#include "report/run-series.h"
#include "report/words.h"

#include "figure/plain-words.h"

#include <math.h>

void
moe__series_take(SeriesEnds *ends, bool *any, double step, double value)
{
    if (!isfinite(value))
        return;
    if (!*any) {
        ends->first_step = step;
        ends->first = value;
    }
    ends->last_step = step;
    ends->last = value;
    *any = true;
}

bool
moe__series_ends(const double *pairs, int64_t n, SeriesEnds *ends)
{
    bool any = false;
    for (int64_t i = 0; i < n; i++)
        moe__series_take(ends, &any, pairs[2 * i], pairs[2 * i + 1]);
    return any;
}

bool
moe__series_of_trace(const MoeTrace *trace, const char *name, SeriesEnds *ends)
{
    g_autofree char *path = g_strconcat("series/", name, NULL);
    MoeArray array;
    if (!moe_trace_join(trace, path, &array, NULL))
        return false;
    bool any = false;
    for (int64_t i = 0; array.ndim == 2 && array.shape[1] == 2 && i < array.shape[0]; i++)
        moe__series_take(ends, &any, moe_array_value(&array, 2 * i),
                         moe_array_value(&array, 2 * i + 1));
    g_free((void *)array.data);
    return any;
}

RowTable
moe__series_table(void)
{
    static const MoeColumn columns[] = {{.title = "series", .type = MOE_COLUMN_TEXT},
                                        {.title = "first step", .type = MOE_COLUMN_COUNT},
                                        {.title = "first value", .type = MOE_COLUMN_VALUE},
                                        {.title = "last step", .type = MOE_COLUMN_COUNT},
                                        {.title = "last value", .type = MOE_COLUMN_VALUE}};
    return moe__row_table_new(columns, G_N_ELEMENTS(columns));
}

void
moe__series_row(RowTable *table, const char *name, const SeriesEnds *ends)
{
    moe__row_table_text(table, g_strdup(moe__plain_series(name)));
    moe__row_table_number(table, ends->first_step);
    moe__row_table_number(table, ends->first);
    moe__row_table_number(table, ends->last_step);
    moe__row_table_number(table, ends->last);
}

char *
moe__series_say_loss(const SeriesEnds *loss, const SeriesEnds *validation)
{
    if (!loss)
        return NULL;
    g_autofree char *first = moe__say_number(loss->first, "nats");
    g_autofree char *last = moe__say_number(loss->last, "nats");
    g_autofree char *steps = moe__say_count((int64_t)loss->last_step, "step", "steps");
    const char *went = loss->last < loss->first ? "fell" : "rose";
    g_autofree char *text = validation ? moe__say_number(validation->last, "bits") : NULL;
    g_autofree char *held_out =
        text ? g_strdup_printf("; on held-out text it came to %s bits a byte", text) : g_strdup("");
    return g_strdup_printf("The training loss %s from %s to %s nats a token in %s%s.", went, first,
                           last, steps, held_out);
}

void
moe__series_headline(const SeriesEnds *validation, MoeDocument *document)
{
    const MoeColumn column = {.title = "validation",
                              .unit = "bits a byte",
                              .help = "of held-out text, at the end of the run",
                              .type = MOE_COLUMN_VALUE};
    const MoeEntry entry = moe__entry_number(validation->last);
    moe__document_headline(document, &column, &entry);
}
