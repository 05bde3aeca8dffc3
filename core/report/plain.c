/* SPDX-License-Identifier: MIT
 *
 * Sections of sentences, a table of metrics by layer, and figures.
 */
#include "report/metric-table.h"
#include "report/section.h"

#include "figure/plain-words.h"

#include <moescope/check.h>

/* [routers] (transfer full) */
static Place *
places_of(const MoeReport *report)
{
    int n = moe_summary_routers(report->summary);
    Place *places = g_new0(Place, (gsize)n + 1);
    for (int r = 0; r < n; r++) {
        const MoeRouterInfo *info = moe_summary_router(report->summary, r);
        places[r] = (Place){info->layer, info->experts, info->k};
    }
    return places;
}

/* Whether the checker warns of too few tokens. */
static bool
has_few_tokens(const MoeReport *report)
{
    static const char *const only[] = {"few-tokens", NULL};
    g_autoptr(MoeFindings) findings =
        moe_check_summary(report->summary, &(MoeCheckOptions){.only = only}, NULL);
    return findings && moe_findings_of(findings, MOE_FINDING_WARNING) > 0;
}

char *
moe__statement(MoeReport *report, const Statement *statement)
{
    const MoeMetric *metric = moe_metric_find(statement->metric);
    if (statement->share && has_few_tokens(report))
        return NULL;
    const Measured *measured = metric ? moe__report_measured(report, metric) : NULL;
    g_autofree Place *places = places_of(report);
    return measured ? moe__statement_say(statement, metric->unit, measured, places,
                                         moe_summary_routers(report->summary))
                    : NULL;
}

bool
moe__section_metrics(MoeReport *report, const char *name, const char *const *metrics,
                     MoeDocument *document)
{
    g_autofree Place *places = places_of(report);
    g_autoptr(GArray) columns = g_array_new(FALSE, FALSE, sizeof(MetricColumn));
    moe__report_measure(report, metrics);
    for (; *metrics; metrics++) {
        const MoeMetric *m = moe_metric_find(*metrics);
        if (!m)
            continue;
        const MetricColumn column = {m->name,   m->formula,    m->unit,
                                     m->source, m->convention, moe__report_measured(report, m)};
        g_array_append_val(columns, column);
    }
    const MetricTable table = {name,
                               "By layer",
                               report->options.level,
                               (const MetricColumn *)(const void *)columns->data,
                               (int)columns->len,
                               places,
                               moe_summary_routers(report->summary)};
    return moe__metric_table(&table, document);
}

static void
add_statements(const PlainSection *plain, MoeReport *report, MoeDocument *document)
{
    for (int i = 0; i < plain->n_statements; i++) {
        g_autofree char *words = moe__statement(report, &plain->statements[i]);
        if (words)
            moe_document_point(document, words);
    }
}

/* The input that the section's figures are of. */
static MoeFigureInput *
input_of(const MoeReportSection *section, const MoeReport *report)
{
    bool sampled = report->sampled_input && section->tallies & MOE_TALLY_CACHES;
    return sampled ? report->sampled_input : report->input;
}

/* What a summary would have to hold; NULL: it holds it. (transfer full) */
static char *
not_in_summary(const MoeReportSection *section, const MoeReport *report)
{
    unsigned missing = report->trace ? 0 : section->tallies & ~moe_summary_tallies(report->summary);
    g_autofree char *list = moe__plain_tallies(missing);
    return missing == 0 ? NULL
                        : g_strdup_printf("not counted in this summary; moescope summary TRACE "
                                          "--with %s counts it",
                                          list);
}

static bool
add_metrics(const PlainSection *plain, MoeReport *report, MoeDocument *document)
{
    g_autoptr(GPtrArray) told = g_ptr_array_new();
    for (const char *const *metric = plain->metrics; metric && *metric; metric++)
        if (!plain->tells || plain->tells(report, *metric))
            g_ptr_array_add(told, (gpointer)*metric);
    g_ptr_array_add(told, NULL);
    return moe__section_metrics(report, plain->section.name, (const char *const *)told->pdata,
                                document);
}

bool
moe__section_plain(const MoeReportSection *section, MoeReport *report, MoeDocument *document,
                   GError **error)
{
    const PlainSection *plain = (const PlainSection *)section;
    g_autofree char *why = NULL;
    bool any = false;
    MoeFigureInput *input = input_of(section, report);
    g_autofree char *sample = input == report->input ? NULL : moe__report_sample_words(report);
    if (sample && plain->metrics)
        moe__report_measure(report, plain->metrics); /* they were still at work before */
    add_statements(plain, report, document);
    if (sample)
        moe_document_note(document, sample);
    for (const char *const *figure = plain->figures; figure && *figure; figure++) {
        g_autofree char *complaint = moe__report_add_figure(input, *figure, document);
        any |= !complaint;
        if (complaint && *complaint && !why)
            why = g_steal_pointer(&complaint);
    }
    any |= add_metrics(plain, report, document);
    any |= plain->more && plain->more(report, document);
    g_autofree char *lacking = any ? NULL : not_in_summary(section, report);
    if (!any)
        moe_document_note(document, lacking          ? lacking
                                    : plain->missing ? plain->missing
                                    : why            ? why
                                                     : "nothing of it was recorded");
    return true;
}
