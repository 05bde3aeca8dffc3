/* SPDX-License-Identifier: MIT
 *
 * What a report opens with: the sentences that matter most, and numbers of the whole for an index
 * of many.
 */
#include "report/run-series.h"
#include "report/section.h"
#include "report/words.h"

#include <math.h>

static bool
is_plain(const MoeReportSection *section)
{
    return section->build == moe__section_plain;
}

static void
add_names(const MoeReport *report, const PlainSection *plain, GPtrArray *names)
{
    for (const char *const *metric = plain->metrics; metric && *metric; metric++)
        if (!plain->tells || plain->tells(report, *metric))
            g_ptr_array_add(names, (gpointer)*metric);
    for (int s = 0; s < plain->n_statements; s++)
        g_ptr_array_add(names, (gpointer)plain->statements[s].metric);
}

/* What an index shows of a report. */
static const char *const headlines[] = {"effective-experts",
                                        "maxvio",
                                        "dead",
                                        "same-first",
                                        "domain-information-corrected",
                                        "context-independence-corrected",
                                        "token-entropy-normalised"};

/* Intervals draw documents anew for every metric at once: all sections' in one go. */
void
moe__report_measure_all(MoeReport *report)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(headlines); i++)
        g_ptr_array_add(names, (gpointer)headlines[i]);
    for (guint i = 0; i < report->sections->len; i++) {
        const MoeReportSection *section = g_ptr_array_index(report->sections, i);
        if (is_plain(section))
            add_names(report, (const PlainSection *)section, names);
    }
    g_ptr_array_add(names, NULL);
    moe__report_measure(report, (const char *const *)names->pdata);
}

/* Why numbers have no intervals, where they have none. */
static void
note_intervals(MoeReport *report, MoeDocument *document)
{
    const MoeMetric *metric = moe_metric_find(headlines[0]);
    const Measured *measured = metric ? moe__report_measured(report, metric) : NULL;
    if (!measured || moe_summary_routers(report->summary) == 0 ||
        measured[0].interval.groups >= MOE_RESAMPLE_LEAST)
        return;
    g_autofree char *groups = moe__say_count(measured[0].interval.groups, "group", "groups");
    g_autofree char *text =
        g_strdup_printf("Numbers stand without intervals: %s of documents to draw from, "
                        "where %d are needed.",
                        groups, MOE_RESAMPLE_LEAST);
    moe_document_note(document, text);
}

void
moe__report_add_summary(MoeReport *report, MoeDocument *document)
{
    guint before = document->blocks->len;
    const MoeReportSection *last = NULL;
    for (guint i = 0; i < report->sections->len; i++) {
        const MoeReportSection *section = g_ptr_array_index(report->sections, i);
        const PlainSection *plain = (const PlainSection *)section;
        if (!is_plain(section))
            continue;
        for (int s = 0; s < plain->n_statements; s++) {
            g_autofree char *words =
                plain->statements[s].main ? moe__statement(report, &plain->statements[s]) : NULL;
            if (words)
                moe__document_point_of(document, section->name,
                                       section == last ? "" : section->title, words);
            if (words)
                last = section;
        }
    }
    if (document->blocks->len > before)
        note_intervals(report, document);
    else
        moe_document_note(document, "nothing was counted that can be said in a sentence");
}

/* --- Headlines --------------------------------------------------------------------------------*/

/* Mean over layers; in brackets the lowest and the highest. */
static void
add_metric(MoeReport *report, MoeDocument *document, const char *name)
{
    const MoeMetric *metric = moe_metric_find(name);
    const Measured *measured = metric ? moe__report_measured(report, metric) : NULL;
    double sum = 0, low = INFINITY, high = -INFINITY;
    int n = 0;
    for (int r = 0; measured && r < moe_summary_routers(report->summary); r++) {
        double value = measured[r].value;
        if (!isfinite(value))
            continue;
        sum += value;
        low = MIN(low, value);
        high = MAX(high, value);
        n++;
    }
    if (n == 0)
        return;
    g_autofree char *title = g_strdelimit(g_strdup(name), "-", ' ');
    g_autofree char *help = g_strdup_printf("%s: %s (%s)", name, metric->formula, metric->source);
    const MoeColumn column = {title, metric->unit, help, NULL, MOE_COLUMN_VALUE};
    const MoeEntry entry = {NULL, NULL, sum / n, n > 1 ? low : NAN, n > 1 ? high : NAN, NAN};
    moe__document_headline(document, &column, &entry);
}

static void
add_text(MoeDocument *document, const char *title, const char *text)
{
    const MoeColumn column = {.title = title, .type = MOE_COLUMN_TEXT};
    const MoeEntry entry = moe__entry_text(text);
    moe__document_headline(document, &column, &entry);
}

static void
add_count(MoeDocument *document, const char *title, double value)
{
    const MoeColumn column = {.title = title, .type = MOE_COLUMN_COUNT};
    const MoeEntry entry = moe__entry_number(value);
    moe__document_headline(document, &column, &entry);
}

void
moe__report_add_headlines(MoeReport *report, MoeDocument *document)
{
    const MoeRouterInfo *info = moe_summary_router(report->summary, 0);
    add_text(document, "model", moe__report_model(report));
    add_count(document, "tokens", (double)moe_summary_tokens_counted(report->summary));
    add_count(document, "layers", moe_summary_routers(report->summary));
    if (info) {
        add_count(document, "experts", info->experts);
        add_count(document, "k", info->k > 0 ? info->k : NAN);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(headlines); i++)
        add_metric(report, document, headlines[i]);
    SeriesEnds validation;
    if (report->trace && moe__series_of_trace(report->trace, VALIDATION, &validation))
        moe__series_headline(&validation, document);
}
