/* SPDX-License-Identifier: MIT
 *
 * What routers tell of themselves: whether representations collapse, what a variant's own parts do.
 */
#include "report/section.h"

#include <string.h>

static const char *const metrics[] = {"representation-collapse",
                                      "router-rank",
                                      "logit-std",
                                      "branch-ratio",
                                      "hyper-expert-cosine",
                                      "hyper-expert-rank",
                                      "words-agree",
                                      "drop-rate-training",
                                      "maxvio-batch",
                                      NULL};

/* So many measures are drawn over training; the table has the last of all. */
#define MOST_FIGURES 6

static bool
is_known(const GPtrArray *names, const char *name)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)names, name, g_str_equal, NULL);
}

/* Names of the measures of all routers, each once. */
static GPtrArray *
measure_names(const MoeTrace *trace)
{
    GPtrArray *all = g_ptr_array_new();
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        int n;
        const char *const *names = moe_trace_measure_names(trace, r, &n);
        for (int i = 0; i < n; i++)
            if (!is_known(all, names[i]))
                g_ptr_array_add(all, (gpointer)names[i]);
    }
    return all;
}

/* Whether some router reported it at several steps: one value is told by the table. */
static bool
has_history(const MoeTrace *trace, const char *name)
{
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        g_autofree char *path = g_strdup_printf("measures/r%03d.%s.step", r, name);
        MoeArray step;
        if (!moe_trace_join(trace, path, &step, NULL))
            continue;
        int64_t n = step.shape[0];
        g_free((gpointer)step.data);
        if (n > 1)
            return true;
    }
    return false;
}

/* Those that are single numbers have a figure. */
static void
add_figures(MoeReport *report, MoeDocument *document)
{
    g_autoptr(GPtrArray) names = measure_names(report->trace);
    int drawn = 0;
    for (guint i = 0; i < names->len && drawn < MOST_FIGURES; i++) {
        if (!has_history(report->trace, names->pdata[i]))
            continue;
        g_autofree char *what = g_strdup_printf("measures name=%s", (const char *)names->pdata[i]);
        g_autofree char *why = moe__report_add_figure(report->input, what, document);
        drawn += !why;
    }
}

static bool
build(const MoeReportSection *section, MoeReport *report, MoeDocument *document, GError **error)
{
    guint before = document->blocks->len;
    if (report->trace) {
        moe__section_metrics(report, section->name, metrics, document);
        add_figures(report, document);
    }
    if (document->blocks->len == before)
        moe_document_note(document, "no measures of routers' own state; training runs record them "
                                    "(the trace of a run's folder)");
    return true;
}

const MoeReportSection moe__section_state = {
    sizeof(MoeReportSection),          "state", "State of routers",
    "what routers tell of themselves", 0,       build};
