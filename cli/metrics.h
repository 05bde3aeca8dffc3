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
    const CmdAgainst *against;    /* what all are held against as well; NULL: nothing */
    bool asked;                   /* metrics were chosen, and are no default */
    bool intervals;
    bool bits; /* what the registry has in nats */
    MoeResampleOptions resample;
} MetricsQuery;

typedef struct Measured {
    const char *name, *unit;
    double value, uniform, shuffled;
    MoeInterval interval;
    const char *no_interval; /* why there can be none, in a clause; NULL: there can */
} Measured;
/* Why there is none, in a clause, where there is a value; else NULL. (transfer full) */
char *cmd_no_interval(const Measured *measured);

/* What the router did beside its counterpart in the file that the trace is held against. */
typedef struct MetricsAgainst {
    const char *why_not; /* nothing can be said, in a clause, and there is nothing below */
    int router, experts; /* the counterpart, and how many it has */
    gint64 units, picks; /* with picks in both; the trace's picks of these */
    gint64 apart;        /* units with picks in one alone */
    gint64 alone[2];     /* tokens that one of the files has alone, of all places: left out */
    GArray *measured;    /* Measured, as moe_comparison_metrics() */
} MetricsAgainst;

/* A router, in a domain or in all tokens, at a step or in what was counted. */
typedef struct MetricsPlace {
    int router, layer, experts, domain;
    char *domain_name; /* NULL: all tokens, or those of no known domain */
    char *kind;        /* of experts, of which there are `experts`; NULL: all */
    int shared;        /* experts beside them that every unit passes */
    bool has_step;
    gint64 step, units, picks;
    GArray *measured;        /* Measured, as query->metrics */
    MetricsAgainst *against; /* NULL: of a kind of experts, or held against nothing */
} MetricsPlace;

/* One of the files. */
typedef struct MetricsInput {
    char *path;
    bool is_summary;
    gint64 tokens;
    char *where;        /* of which tokens, in words; NULL: all */
    char *without;      /* what metrics look at and the summary doesn't hold; NULL: nothing */
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
    const MoeComparison *comparison; /* with query->against; NULL: it is held against nothing */
} MetricsFrom;
/* Measures it. Fails with MOE_ERROR_DATA where nothing is in the layers or domains asked for, and
 * as moe_metric_trace_intervals(). */
bool cmd_metrics_measure(MetricsReport *report, MetricsInput *input, const MetricsFrom *from,
                         GError **error);

/* Adds a number, in bits where they are asked for. */
void cmd_metrics_add(GArray *measured, const MetricsQuery *query, const Measured *one);

/* A router and domain of what was compared. (transfer full) */
MetricsAgainst *cmd_metrics_against(const MetricsQuery *query, const MetricsFrom *from, int router,
                                    int domain);
void cmd_metrics_against_free(MetricsAgainst *against);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MetricsAgainst, cmd_metrics_against_free)

void cmd_metrics_print(const MetricsReport *report, MetricsFormat format);
void cmd_metrics_print_text(const MetricsReport *report, bool markdown);
void cmd_metrics_print_csv(const MetricsReport *report);
void cmd_metrics_print_json(const MetricsReport *report);

/* Prints the registry. */
void cmd_metrics_list(MetricsFormat format);

#endif
