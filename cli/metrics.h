/* SPDX-License-Identifier: MIT
 *
 * metrics.h: what moescope metrics measures, and how that is printed: measured first, printed when
 * all of it is there.
 */
#ifndef CMD_METRICS_H
#define CMD_METRICS_H

#include "columns.h"
#include "source.h"

typedef enum { METRICS_TEXT, METRICS_MARKDOWN, METRICS_CSV, METRICS_JSON } MetricsFormat;

/* Whether a choice was given that can't be: several of --json, --csv, --markdown, --text. */
typedef struct MetricsFormats {
    gboolean json, csv, markdown, text;
} MetricsFormats;
#define METRICS_FORMAT_ENTRIES(f)                                                         \
    {"text", 0, 0, G_OPTION_ARG_NONE, &(f).text, "as text (the default)", NULL},          \
        {"json", 0, 0, G_OPTION_ARG_NONE, &(f).json, "as JSON", NULL},                    \
        {"csv", 0, 0, G_OPTION_ARG_NONE, &(f).csv, "as CSV, a value a line", NULL},       \
    {                                                                                     \
        "markdown", 0, 0, G_OPTION_ARG_NONE, &(f).markdown, "as tables of Markdown", NULL \
    }
/* Returns false, having complained, where several are chosen. */
bool cmd_metrics_format(const MetricsFormats *formats, MetricsFormat *format);

typedef struct MetricsQuery {
    const GPtrArray *metrics;     /* MoeMetric */
    const GArray *layers;         /* LayerRange; none: all */
    char **domains;               /* as cmd_domains_choose() takes them; NULL: all tokens alone */
    char **kinds;                 /* of experts, likewise; NULL: all experts together alone */
    const MoeTokenFilter *filter; /* tokens that are counted; NULL: all */
    bool intervals;
    bool bits; /* what the registry has in nats */
    MoeResampleOptions resample;
} MetricsQuery;

typedef struct Measured {
    const MoeMetric *metric;
    const char *unit; /* the metric's, or bits */
    double value, uniform, shuffled;
    MoeInterval interval;
} Measured;

/* A router, in a domain or in all tokens, at a step or in what was counted. */
typedef struct MetricsPlace {
    int router, layer, experts, domain;
    char *domain_name; /* NULL: all tokens, or those of no known domain */
    char *kind;        /* of experts, of which there are `experts`; NULL: all */
    int shared;        /* experts beside them that every unit passes */
    bool has_step;
    gint64 step, units, picks;
    GArray *measured; /* Measured, as query->metrics */
} MetricsPlace;

/* One of the files. */
typedef struct MetricsInput {
    char *path;
    bool is_summary;
    gint64 tokens;
    char *where;        /* of which tokens, in words; NULL: all */
    GPtrArray *checked; /* CmdChecked */
    GPtrArray *places;  /* MetricsPlace, by step, router, domain */
} MetricsInput;

typedef struct MetricsReport {
    MetricsQuery query;
    GPtrArray *inputs; /* MetricsInput */
} MetricsReport;

MetricsReport *cmd_metrics_report_new(const MetricsQuery *query);
void cmd_metrics_report_free(MetricsReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MetricsReport, cmd_metrics_report_free)

/* A file to add places to. (transfer none) */
MetricsInput *cmd_metrics_input(MetricsReport *report, const CmdSource *source);
/* What is measured. */
typedef struct MetricsFrom {
    const MoeSummary *summary; /* of the source, or of a step of it */
    const gint64 *step;        /* NULL: no step in particular */
    const MoeTrace *trace;     /* for its state and measures; NULL: they aren't asked for */
    /* Whose tokens were counted, and how, for intervals that take the trace; NULL: there are none.
     */
    const MoeTrace *tokens;
    const MoeSummaryOptions *counted;
} MetricsFrom;
/* Measures it. Fails with MOE_ERROR_DATA where nothing is in the layers or domains asked for, and
 * as moe_metric_trace_intervals(). */
bool cmd_metrics_measure(MetricsReport *report, MetricsInput *input, const MetricsFrom *from,
                         GError **error);

void cmd_metrics_print(const MetricsReport *report, MetricsFormat format);
void cmd_metrics_print_text(const MetricsReport *report, bool markdown);
void cmd_metrics_print_csv(const MetricsReport *report);
void cmd_metrics_print_json(const MetricsReport *report);

/* Prints the registry. */
void cmd_metrics_list(MetricsFormat format);

#endif
