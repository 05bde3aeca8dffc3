/* SPDX-License-Identifier: MIT
 *
 * Tables of metrics by layer.
 */
#include "report/metric-table.h"

#include "report/words.h"

#include <math.h>

static bool
has_value(const Measured *measured, int n)
{
    for (int i = 0; measured && i < n; i++)
        if (isfinite(measured[i].value))
            return true;
    return false;
}

/* The chance that says most: of a router with this load, where the metric has it. */
static const char *
chance_of(const Measured *measured, int n)
{
    bool uniform = false;
    for (int i = 0; i < n; i++) {
        /* Of the load alone, shuffling tokens says what is known. */
        if (isfinite(measured[i].shuffled) &&
            fabs(measured[i].shuffled - measured[i].value) > 1e-9 * fabs(measured[i].value))
            return "shuffled";
        uniform |= isfinite(measured[i].uniform);
    }
    return uniform ? "uniform" : NULL;
}

static MoeEntry
entry_of(const Measured *m, const MoeColumn *column)
{
    bool shuffled = g_strcmp0(column->chance, "shuffled") == 0;
    double chance = !column->chance ? NAN : shuffled ? m->shuffled : m->uniform;
    return (MoeEntry){NULL, NULL, m->value, m->interval.low, m->interval.high, chance};
}

/* (transfer full) */
static char *
caption_of(const char *what, double level, const GArray *entries)
{
    for (guint i = 0; i < entries->len; i++)
        if (isfinite(g_array_index(entries, MoeEntry, i).low))
            return g_strdup_printf("%s; in brackets the %g" NBSP
                                   "%% interval, by resampling documents.",
                                   what, 100 * level);
    return g_strdup_printf("%s; without intervals: there are no %d groups of documents, or their "
                           "tables would be too large.",
                           what, MOE_RESAMPLE_LEAST);
}

static void
add_column(const MetricColumn *metric, int n, GArray *columns, GPtrArray *texts)
{
    char *title = g_strdup(metric->name), *help = NULL;
    if (metric->formula) {
        g_strdelimit(title, "-", ' ');
        help = g_strdup_printf("%s: %s (%s)%s%s", metric->name, metric->formula, metric->source,
                               *metric->convention ? "; " : "", metric->convention);
    }
    const MoeColumn column = {title, metric->unit, help, chance_of(metric->measured, n),
                              MOE_COLUMN_VALUE};
    g_ptr_array_add(texts, title);
    g_ptr_array_add(texts, help);
    g_array_append_val(columns, column);
}

static void
add_row(const GPtrArray *kept, const GArray *columns, int row, const char *name, GArray *entries)
{
    const MoeEntry first = moe__entry_text(name);
    g_array_append_val(entries, first);
    for (guint c = 0; c < kept->len; c++) {
        const MetricColumn *metric = g_ptr_array_index((GPtrArray *)kept, c);
        const MoeEntry entry =
            entry_of(&metric->measured[row], &g_array_index(columns, MoeColumn, c + 1));
        g_array_append_val(entries, entry);
    }
}

bool
moe__metric_table(const MetricTable *table, MoeDocument *document)
{
    const MoeColumn layer = {.title = "layer", .type = MOE_COLUMN_TEXT};
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    g_autoptr(GArray) columns = g_array_new(FALSE, FALSE, sizeof(MoeColumn));
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(MoeEntry));
    g_array_append_val(columns, layer);
    for (int c = 0; c < table->n_columns; c++)
        if (has_value(table->columns[c].measured, table->n_places)) {
            g_ptr_array_add(kept, (gpointer)&table->columns[c]);
            add_column(&table->columns[c], table->n_places, columns, texts);
        }
    if (kept->len == 0)
        return false;
    for (int r = 0; r < table->n_places; r++) {
        char *name = g_strdup_printf("%d", table->places[r].layer);
        g_ptr_array_add(texts, name);
        add_row(kept, columns, r, name, entries);
    }
    g_autofree char *caption = caption_of(table->what, table->level, entries);
    const MoeTable made = {table->name,
                           caption,
                           (int)columns->len,
                           table->n_places,
                           (const MoeColumn *)(const void *)columns->data,
                           (const MoeEntry *)(const void *)entries->data};
    moe_document_table(document, &made);
    return true;
}
