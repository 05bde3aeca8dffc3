/* SPDX-License-Identifier: MIT
 *
 * How a run went: its series, and how load evened out or collapsed.
 */
#include "report/run-series.h"

/* Figures by name; those that nobody registered are passed over. */
static const char *const figures[] = {"series", "load-over-training", "collapse", "saturation",
                                      NULL};

static bool
has_training(const MoeReport *report)
{
    int n = 0;
    if (report->trace)
        moe_trace_series_names(report->trace, &n);
    return n > 0 || (report->trace && moe_trace_has(report->trace, "state/00000.step"));
}

static void
add_words(MoeReport *report, MoeDocument *document)
{
    SeriesEnds loss, validation;
    bool has_loss = moe__series_of_trace(report->trace, "loss", &loss);
    bool has_validation = moe__series_of_trace(report->trace, VALIDATION, &validation);
    g_autofree char *words =
        moe__series_say_loss(has_loss ? &loss : NULL, has_validation ? &validation : NULL);
    if (words)
        moe_document_point(document, words);
}

static void
add_series(MoeReport *report, MoeDocument *document)
{
    int n;
    const char *const *names = moe_trace_series_names(report->trace, &n);
    RowTable table = moe__series_table();
    for (int i = 0; i < n; i++) {
        SeriesEnds ends;
        if (moe__series_of_trace(report->trace, names[i], &ends))
            moe__series_row(&table, names[i], &ends);
    }
    moe__row_table_end(&table, "series", "Series of the run: first and last value.", document);
}

static bool
build(const MoeReportSection *section, MoeReport *report, MoeDocument *document, GError **error)
{
    if (!has_training(report)) {
        moe_document_note(document, "no series or states of a run; the trace of a run's folder "
                                    "has them (moescope train)");
        return true;
    }
    add_words(report, document);
    for (const char *const *figure = figures; *figure; figure++)
        g_free(moe__report_add_figure(report->input, *figure, document));
    add_series(report, document);
    return true;
}

const MoeReportSection moe__section_training = {sizeof(MoeReportSection),
                                                "training",
                                                "Training",
                                                "how the run went: losses, load by step",
                                                0,
                                                build};
