/* SPDX-License-Identifier: MIT
 *
 * Sections of sentences, a table of metrics by layer, and figures.
 */
#include "report/section.h"
#include "report/words.h"

#include <math.h>
#include <string.h>

/* --- Sentences --------------------------------------------------------------------------------*/

static int
by_number(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Values of all routers that have one, ascending. */
static GArray *
sorted(const Measured *measured, int routers)
{
    GArray *values = g_array_new(FALSE, FALSE, sizeof(double));
    for (int r = 0; r < routers; r++)
        if (isfinite(measured[r].value))
            g_array_append_val(values, measured[r].value);
    qsort(values->data, values->len, sizeof(double), by_number);
    return values;
}

static int
extreme(const Measured *measured, int routers, bool lowest)
{
    int found = -1;
    for (int r = 0; r < routers; r++) {
        if (!isfinite(measured[r].value))
            continue;
        if (found < 0 || (lowest ? measured[r].value < measured[found].value
                                 : measured[r].value > measured[found].value))
            found = r;
    }
    return found;
}

static bool
is_zero(const Measured *measured, int routers)
{
    for (int r = 0; r < routers; r++)
        if (isfinite(measured[r].value) && measured[r].value != 0)
            return false;
    return true;
}

/* Whether the interval can't tell the value from chance. */
static bool
is_chance(const Measured *m, double chance)
{
    return isfinite(m->interval.low) && m->interval.low <= chance && chance <= m->interval.high;
}

static const char *
tail_of(const Statement *statement, const Measured *m, double chance)
{
    if (!isfinite(chance))
        return "";
    return is_chance(m, chance) && statement->same ? statement->same
           : statement->chance                     ? statement->chance
                                                   : "";
}

char *
moe__statement(MoeReport *report, const Statement *statement)
{
    const MoeMetric *metric = moe_metric_find(statement->metric);
    const Measured *measured = metric ? moe__report_measured(report, metric) : NULL;
    int routers = moe_summary_routers(report->summary);
    int at = measured ? extreme(measured, routers, statement->lowest) : -1;
    if (at < 0)
        return NULL;
    const Measured *m = &measured[at];
    if (statement->none && is_zero(measured, routers))
        return *statement->none ? g_strdup(statement->none) : NULL;
    const MoeRouterInfo *info = moe_summary_router(report->summary, at);
    g_autoptr(GArray) all = sorted(measured, routers);
    double chance = statement->uniform ? m->uniform : m->shuffled;
    double low = m->interval.low, high = m->interval.high;
    const double ends[] = {g_array_index(all, double, 0), g_array_index(all, double, all->len - 1),
                           g_array_index(all, double, all->len / 2)};
    g_autofree char *layer = moe__report_layer(report, at);
    g_autofree char *upper = g_strconcat("L", layer + 1, NULL);
    g_autofree char *value = moe__say(m->value, low, high, metric->unit);
    g_autofree char *beside = moe__say_beside(chance, m->value, low, high, metric->unit);
    g_autofree char *lowest = moe__say_beside(ends[0], m->value, low, high, metric->unit);
    g_autofree char *highest = moe__say_beside(ends[1], m->value, low, high, metric->unit);
    g_autofree char *median = moe__say_beside(ends[2], m->value, low, high, metric->unit);
    g_autofree char *experts = g_strdup_printf("%d", info->experts);
    g_autofree char *k = info->k > 0 ? g_strdup_printf("%d", info->k) : g_strdup("varying");
    const SayKey keys[] = {{"{layer}", layer},   {"{Layer}", upper},     {"{value}", value},
                           {"{chance}", beside}, {"{experts}", experts}, {"{k}", k},
                           {"{low}", lowest},    {"{high}", highest},    {"{median}", median},
                           {NULL, NULL}};
    const char *others = all->len > 1 && statement->others ? statement->others : "";
    g_autofree char *words =
        g_strconcat(statement->says, tail_of(statement, m, chance), others, ".", NULL);
    return moe__say_fill(words, keys);
}

/* --- Tables -----------------------------------------------------------------------------------*/

static bool
has_value(const MoeReport *report, const Measured *measured)
{
    for (int r = 0; measured && r < moe_summary_routers(report->summary); r++)
        if (isfinite(measured[r].value))
            return true;
    return false;
}

/* The chance that says most: of a router with this load, where the metric has it. */
static bool
is_shuffled(const MoeReport *report, const Measured *measured)
{
    for (int r = 0; r < moe_summary_routers(report->summary); r++)
        if (isfinite(measured[r].shuffled))
            return true;
    return false;
}

static bool
is_uniform(const MoeReport *report, const Measured *measured)
{
    for (int r = 0; r < moe_summary_routers(report->summary); r++)
        if (isfinite(measured[r].uniform))
            return true;
    return false;
}

typedef struct Columns {
    GArray *columns;     /* MoeColumn */
    GPtrArray *measured; /* Measured [routers], or NULL for the layer */
    GPtrArray *owned;    /* texts */
} Columns;

static const char *
keep(Columns *into, char *text)
{
    g_ptr_array_add(into->owned, text);
    return text;
}

static void
add_column(const MoeReport *report, const MoeMetric *metric, const Measured *measured,
           Columns *into)
{
    char *title = g_strdelimit(g_strdup(metric->name), "-", ' ');
    char *help = g_strdup_printf("%s: %s (%s)%s%s", metric->name, metric->formula, metric->source,
                                 *metric->convention ? "; " : "", metric->convention);
    const MoeColumn column = {
        .title = keep(into, title),
        .unit = metric->unit,
        .help = keep(into, help),
        .chance = is_shuffled(report, measured)  ? "shuffled"
                  : is_uniform(report, measured) ? "uniform"
                                                 : NULL,
        .type = MOE_COLUMN_VALUE,
    };
    g_array_append_val(into->columns, column);
    g_ptr_array_add(into->measured, (gpointer)measured);
}

static Columns
columns_of(const MoeReport *report, const char *const *metrics)
{
    Columns columns = {g_array_new(FALSE, FALSE, sizeof(MoeColumn)), g_ptr_array_new(),
                       g_ptr_array_new_with_free_func(g_free)};
    const MoeColumn layer = {.title = "layer", .type = MOE_COLUMN_TEXT};
    g_array_append_val(columns.columns, layer);
    g_ptr_array_add(columns.measured, NULL);
    for (; *metrics; metrics++) {
        const MoeMetric *metric = moe_metric_find(*metrics);
        const Measured *measured = metric ? moe__report_measured(report, metric) : NULL;
        if (has_value(report, measured))
            add_column(report, metric, measured, &columns);
    }
    return columns;
}

static void
columns_clear(Columns *columns)
{
    g_array_unref(columns->columns);
    g_ptr_array_unref(columns->measured);
    g_ptr_array_unref(columns->owned);
}

static MoeEntry
entry_of(const Measured *m, const MoeColumn *column)
{
    bool shuffled = g_strcmp0(column->chance, "shuffled") == 0;
    return (MoeEntry){NULL,
                      NULL,
                      m->value,
                      m->interval.low,
                      m->interval.high,
                      !column->chance ? NAN
                      : shuffled      ? m->shuffled
                                      : m->uniform};
}

/* (transfer full) */
static char *
caption_of(const MoeReport *report, const MoeEntry *entries, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (isfinite(entries[i].low))
            return g_strdup_printf("By layer; in brackets the %g" NBSP
                                   "%% interval, a bootstrap over documents.",
                                   100 * report->options.level);
    return g_strdup_printf(
        "By layer; without intervals, for which %d documents or more are needed.",
        MOE_RESAMPLE_LEAST);
}

bool
moe__section_metrics(MoeReport *report, const char *name, const char *const *metrics,
                     MoeDocument *document)
{
    int routers = moe_summary_routers(report->summary);
    moe__report_measure(report, metrics);
    Columns columns = columns_of(report, metrics);
    guint n = columns.columns->len;
    if (n > 1) {
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        g_autofree MoeEntry *entries = g_new0(MoeEntry, (gsize)routers * n);
        for (int r = 0; r < routers; r++) {
            g_ptr_array_add(names,
                            g_strdup_printf("%d", moe_summary_router(report->summary, r)->layer));
            entries[(gsize)r * n] = moe__entry_text(g_ptr_array_index(names, r));
            for (guint c = 1; c < n; c++)
                entries[(gsize)r * n + c] =
                    entry_of(&((const Measured *)columns.measured->pdata[c])[r],
                             &g_array_index(columns.columns, MoeColumn, c));
        }
        g_autofree char *caption = caption_of(report, entries, (gsize)routers * n);
        const MoeTable table = {name,
                                caption,
                                (int)n,
                                routers,
                                (const MoeColumn *)(const void *)columns.columns->data,
                                entries};
        moe_document_table(document, &table);
    }
    columns_clear(&columns);
    return n > 1;
}

/* --- The section ------------------------------------------------------------------------------*/

static void
add_statements(const PlainSection *plain, MoeReport *report, MoeDocument *document)
{
    for (int i = 0; i < plain->n_statements; i++) {
        g_autofree char *words = moe__statement(report, &plain->statements[i]);
        if (words)
            moe_document_point(document, words);
    }
}

void
moe__section_measure(const PlainSection *plain, MoeReport *report)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const char *const *metric = plain->metrics; metric && *metric; metric++)
        g_ptr_array_add(names, (gpointer)*metric);
    for (int i = 0; i < plain->n_statements; i++)
        g_ptr_array_add(names, (gpointer)plain->statements[i].metric);
    g_ptr_array_add(names, NULL);
    moe__report_measure(report, (const char *const *)names->pdata);
}

bool
moe__section_plain(const MoeReportSection *section, MoeReport *report, MoeDocument *document,
                   GError **error)
{
    const PlainSection *plain = (const PlainSection *)section;
    g_autofree char *why = NULL;
    bool any = false;
    moe__section_measure(plain, report);
    add_statements(plain, report, document);
    for (const char *const *figure = plain->figures; figure && *figure; figure++) {
        g_autofree char *complaint = moe__report_add_figure(report->input, *figure, document);
        any |= !complaint;
        if (complaint && *complaint && !why)
            why = g_steal_pointer(&complaint);
    }
    if (plain->metrics)
        any |= moe__section_metrics(report, section->name, plain->metrics, document);
    if (!any)
        moe_document_note(document, plain->missing ? plain->missing
                                    : why          ? why
                                                   : "nothing of it was recorded");
    return true;
}
