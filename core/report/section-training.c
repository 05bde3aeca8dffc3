/* SPDX-License-Identifier: MIT
 *
 * How a run went: its series, and how load evened out or collapsed.
 */
#include "report/section.h"

#include "figure/plain-words.h"
#include "report/words.h"

#include <math.h>

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

/* Step and value of the first and the last that are numbers; false: there are none. */
static bool
read_ends(const MoeTrace *trace, const char *name, double ends[4])
{
    g_autofree char *path = g_strconcat("series/", name, NULL);
    MoeArray array;
    if (!moe_trace_join(trace, path, &array, NULL))
        return false;
    bool any = false;
    for (int64_t i = 0; array.ndim == 2 && array.shape[1] == 2 && i < array.shape[0]; i++) {
        double step = moe_array_value(&array, 2 * i), value = moe_array_value(&array, 2 * i + 1);
        if (!isfinite(value))
            continue;
        if (!any) {
            ends[0] = step;
            ends[1] = value;
        }
        ends[2] = step;
        ends[3] = value;
        any = true;
    }
    g_free((void *)array.data);
    return any;
}

static void
add_series(MoeReport *report, MoeDocument *document)
{
    static const MoeColumn columns[] = {{.title = "series", .type = MOE_COLUMN_TEXT},
                                        {.title = "first step", .type = MOE_COLUMN_COUNT},
                                        {.title = "first value", .type = MOE_COLUMN_VALUE},
                                        {.title = "last step", .type = MOE_COLUMN_COUNT},
                                        {.title = "last value", .type = MOE_COLUMN_VALUE}};
    int n;
    const char *const *names = moe_trace_series_names(report->trace, &n);
    RowTable table = moe__row_table_new(columns, G_N_ELEMENTS(columns));
    for (int i = 0; i < n; i++) {
        double ends[4];
        if (!read_ends(report->trace, names[i], ends))
            continue;
        moe__row_table_text(&table, g_strdup(moe__plain_series(names[i])));
        for (gsize e = 0; e < G_N_ELEMENTS(ends); e++)
            moe__row_table_number(&table, ends[e]);
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
