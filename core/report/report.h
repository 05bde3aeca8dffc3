/* SPDX-License-Identifier: MIT
 *
 * report.h: one input while its report is made, inside this room.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "report/document.h"
#include "report/statement.h"

#include <json-glib/json-glib.h>

struct MoeReport {
    char *path; /* as given */
    char *file; /* of the trace or summary */
    char *name; /* without folder */
    MoeFigureInput *input;
    const MoeTrace *trace; /* NULL: a summary */
    const MoeSummary *summary;
    const MoeTokenFilter *filter; /* what is checked of the trace; NULL: all */
    JsonParser *meta;             /* of meta.json; holds an object */
    MoeReportOptions options;
    GPtrArray *sections;  /* const MoeReportSection, those that are made */
    GThread *checking;    /* at work on the trace, or NULL */
    unsigned tallies;     /* counted */
    GHashTable *measured; /* by MoeMetric: Measured [routers] */
    /* Caches, where there are too many picks to simulate (sampled.c); else NULL. */
    MoeFigureInput *sampled_input;
    GThread *sampling;         /* at work on it, or NULL */
    const MoeSummary *sampled; /* what it counted; NULL: not yet, or interrupted */
};

/* Opens the input and counts it: what sections ask for, or, without `sections`, the load. Fails as
 * moe_report_build(). */
MoeReport *moe__report_open(const char *path, const MoeReportOptions *options, bool sections,
                            GError **error);
void moe__report_free(MoeReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeReport, moe__report_free)

/* Sections that `choice` names (MoeReportOptions.sections): const MoeReportSection. NULL with
 * MOE_ERROR_DATA on a name that there isn't. (transfer full) */
GPtrArray *moe__report_choose(const char *choice, GError **error);
/* Whether `choice` names the section itself. */
bool moe__report_asked(const char *choice, const char *name);

/* Measures metrics (names, ended by NULL) of all routers, those that aren't measured yet, in one
 * go. Names that no metric has are passed over, as are caches that are still simulated. */
void moe__report_measure(MoeReport *report, const char *const *names);
/* A metric that was measured: [routers]; NULL: there is no such metric. */
const Measured *moe__report_measured(const MoeReport *report, const MoeMetric *metric);

/* A text of meta.json: "model" or "import.importer"; NULL: it isn't there or no text. (transfer
 * none) */
const char *moe__report_meta(const MoeReport *report, const char *path);
/* Any value there as text: lists with commas. NULL: it isn't there. (transfer full) */
char *moe__report_meta_text(const MoeReport *report, const char *path);
/* What the model is called; NULL: nobody says. (transfer none) */
const char *moe__report_model(const MoeReport *report);
/* Reports progress; false with MOE_ERROR_CANCELLED if it is to stop. */
bool moe__report_progress(const MoeReport *report, int64_t done, int64_t total, const char *what,
                          GError **error);

/* Begins to check the trace, unless what was found is kept with it, beside all other work. */
void moe__report_checks_begin(MoeReport *report);
/* What the checker says (checks.h), kept with the input or found now. (transfer full) */
GPtrArray *moe__report_checks(MoeReport *report, GError **error);

/* Whether the trace has too many picks to simulate caches over all of them. */
bool moe__report_needs_sample(const MoeTrace *trace);
/* Begins to count a sample beside all other work. */
void moe__report_sample_begin(MoeReport *report);
/* What was counted of it, once it is; NULL: there is none, or it was interrupted. (transfer none)
 */
const MoeSummary *moe__report_sampled(MoeReport *report);
/* "Simulated over 65,536 of …"; NULL: there is no sample. (transfer full) */
char *moe__report_sample_words(MoeReport *report);

/* --- Parts of reports -------------------------------------------------------------------------*/

void moe__report_add_provenance(MoeReport *report, MoeDocument *document);
/* Measures what all of the sections and the index say. */
void moe__report_measure_all(MoeReport *report);
void moe__report_add_summary(MoeReport *report, MoeDocument *document);
void moe__report_add_headlines(MoeReport *report, MoeDocument *document);
/* Figure `what` ("load norm=log2": its name and options) as a block. NULL: done; else why not, or
 * "" if no figure has that name. (transfer full) */
char *moe__report_add_figure(MoeFigureInput *input, const char *what, MoeDocument *document);

#endif
