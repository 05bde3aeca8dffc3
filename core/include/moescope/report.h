/* SPDX-License-Identifier: MIT
 *
 * report.h: reports: what a reader wants to know of a trace, a run or a summary, in words, tables
 * and figures. A report is a document as data; HTML, PDF, Markdown and JSON are four ways to write
 * the same document. Sections fill it, each by its name.
 */
#ifndef MOESCOPE_REPORT_H
#define MOESCOPE_REPORT_H

#include <moescope/figure.h>

G_BEGIN_DECLS

/* --- Documents --------------------------------------------------------------------------------
 * Blocks in the order of reading. Texts are plain, UTF-8, and copied; what isn't UTF-8 is made so.
 * A document is used by one thread at a time. */

typedef struct MoeDocument MoeDocument;

MOE_API MoeDocument *moe_document_new(const char *title);
MOE_API void moe_document_free(MoeDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeDocument, moe_document_free)
MOE_API const char *moe_document_title(const MoeDocument *document);
/* The line below the title: what it is about. */
MOE_API void moe_document_set_lead(MoeDocument *document, const char *lead);

/* Begins a section; `name` (lower case, digits, "-") is its anchor. */
MOE_API void moe_document_section(MoeDocument *document, const char *name, const char *title);
/* A heading within a section. */
MOE_API void moe_document_heading(MoeDocument *document, const char *title);
MOE_API void moe_document_paragraph(MoeDocument *document, const char *text);
/* A sentence of a list; neighbours make up one list. */
MOE_API void moe_document_point(MoeDocument *document, const char *text);
/* What isn't shown, why, and how to get it. */
MOE_API void moe_document_note(MoeDocument *document, const char *text);
/* A name and what it stands for; neighbours make up one list. */
MOE_API void moe_document_fact(MoeDocument *document, const char *name, const char *text);

typedef enum {
    MOE_VERDICT_GOOD,
    MOE_VERDICT_NOTE,
    MOE_VERDICT_WARNING,
    MOE_VERDICT_ERROR,
} MoeVerdict;
/* What a check says; `why` and `remedy` may be NULL. */
MOE_API void moe_document_verdict(MoeDocument *document, MoeVerdict verdict, const char *text,
                                  const char *why, const char *remedy);

typedef enum {
    MOE_COLUMN_TEXT,
    MOE_COLUMN_COUNT, /* whole numbers */
    MOE_COLUMN_VALUE, /* numbers with an interval and what chance would show */
} MoeColumnType;

typedef struct MoeColumn {
    const char *title;
    const char *unit;   /* or NULL */
    const char *help;   /* what it is, or NULL */
    const char *chance; /* whose values `chance` are: "uniform", or NULL */
    MoeColumnType type;
} MoeColumn;

/* What stands in a table. NaN: there is none. */
typedef struct MoeEntry {
    const char *text; /* TEXT: or NULL */
    const char *link; /* TEXT: a file beside this one, without its ending, or NULL */
    double value, low, high, chance;
} MoeEntry;

typedef struct MoeTable {
    const char *name; /* in the JSON */
    const char *caption;
    int n_columns, n_rows;
    const MoeColumn *columns;
    const MoeEntry *entries; /* [n_rows × n_columns] */
} MoeTable;
/* Copies the table. */
MOE_API void moe_document_table(MoeDocument *document, const MoeTable *table);

/* Takes the scene over; its caption becomes that of the document's figure. */
MOE_API void moe_document_figure(MoeDocument *document, const char *name, const char *title,
                                 MoeScene *scene);

/* --- Writing documents ------------------------------------------------------------------------
 * The same document gives the same bytes. */

typedef enum MoeReportFormats {
    MOE_REPORT_HTML = 1 << 0, /* one file, no network: SVG, sorting, hovering, light and dark */
    MOE_REPORT_PDF = 1 << 1,  /* A4 */
    MOE_REPORT_MARKDOWN = 1 << 2,
    MOE_REPORT_JSON = 1 << 3, /* all numbers, digit by digit, those of the figures too */
    MOE_REPORT_ALL = (1 << 4) - 1,
} MoeReportFormats;

/* Colours of HTML. */
typedef enum MoeReportTheme {
    MOE_REPORT_AUTO, /* as the reader's system has it */
    MOE_REPORT_LIGHT,
    MOE_REPORT_DARK,
} MoeReportTheme;

/* Their bytes. (transfer full); the document's scenes are laid out, hence not const. */
MOE_API char *moe_document_html(MoeDocument *document, MoeReportTheme theme);
MOE_API char *moe_document_markdown(MoeDocument *document);
MOE_API char *moe_document_json(MoeDocument *document);
/* NULL with MOE_ERROR_DATA if Cairo fails. */
MOE_API GBytes *moe_document_pdf(MoeDocument *document, GError **error);
/* Writes FOLDER/STEM.html, .pdf, .md, .json, those of `formats`; all are made before the first is
 * written, and each appears whole. */
MOE_API bool moe_document_save(MoeDocument *document, const char *folder, const char *stem,
                               unsigned formats, MoeReportTheme theme, GError **error);

/* --- Sections ---------------------------------------------------------------------------------*/

/* One input while its report is made. */
typedef struct MoeReport MoeReport;

/* For sections: what figures are made of; the counts; the trace (NULL for a summary). (transfer
 * none) */
MOE_API MoeFigureInput *moe_report_input(MoeReport *report);
MOE_API const MoeSummary *moe_report_summary(MoeReport *report);
MOE_API const MoeTrace *moe_report_trace(MoeReport *report);

/* A section: a constant that lives for ever. */
typedef struct MoeReportSection MoeReportSection;
struct MoeReportSection {
    size_t struct_size; /* sizeof(MoeReportSection) */
    const char *name;   /* "load" */
    const char *title;  /* "Expert load" */
    const char *help;   /* one line */
    unsigned tallies;   /* MoeTallies that it asks for, so that all are counted in one pass */
    /* Adds blocks to the document, which has the section's title already. Where the input doesn't
     * support the section it adds one note that says what is missing and how to record it. Fails
     * only where reading fails. */
    bool (*build)(const MoeReportSection *section, MoeReport *report, MoeDocument *document,
                  GError **error);
};
/* Adds to the end, at start, before any other thread runs. One whose name is taken, or that lacks
 * a text or its build, is refused with a warning. */
MOE_API void moe_report_sections_add(const MoeReportSection *section);
/* All of them, in the order of reading. (transfer none) */
MOE_API const MoeReportSection *const *moe_report_sections(int *n);

/* --- Reports ----------------------------------------------------------------------------------*/

typedef struct MoeReportOptions {
    const char *sections; /* "load,domains": these; "-text": all but; NULL: all */
    int replicates;       /* of intervals; 0: 200 */
    double level;         /* 0: 0.95 */
    uint64_t seed;
    const MoeProgress *progress; /* may be NULL; may be called by several threads */
} MoeReportOptions;

/* MOE_ERROR_DATA, naming the nearest, if `sections` names one that there isn't. */
MOE_API bool moe_report_options_check(const MoeReportOptions *options, GError **error);
/* What the file of a report is called: the input's name without folder and ending. (transfer full)
 */
MOE_API char *moe_report_stem(const char *path);

/* The report of a trace, a run's folder or a summary. Every number is counted once. Fails with the
 * errors of moe_figure_input_open() and of counting, MOE_ERROR_CANCELLED. (transfer full) */
MOE_API MoeDocument *moe_report_build(const char *path, const MoeReportOptions *options,
                                      GError **error);

/* The report of a comparison of two traces of the same tokens. Fails likewise, and as
 * moe_compare(). (transfer full) */
typedef struct MoeReportPair {
    const char *a, *b;    /* paths, */
    MoeSteps steps[2];    /* and which tokens of them: the last step's, … */
    int32_t step[2];      /* … or those of one step */
    bool match, in_order; /* as of MoeCompareOptions */
    const int *layers;    /* of the first; NULL: all */
    int n_layers;
    const MoeTokenFilter *filter; /* as of MoeCompareOptions; figures of loads take each side's own
                                     tokens that fit */
} MoeReportPair;
MOE_API MoeDocument *moe_report_compare(const MoeReportPair *pair, const MoeReportOptions *options,
                                        GError **error);

/* --- Many reports -----------------------------------------------------------------------------*/

/* A table of many reports, a row each. */
typedef struct MoeReportIndex MoeReportIndex;
MOE_API MoeReportIndex *moe_report_index_new(int n);
MOE_API void moe_report_index_free(MoeReportIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeReportIndex, moe_report_index_free)
/* Row `i` of n: what a report found, and the name of its files. Rows that aren't set are left out.
 */
MOE_API void moe_report_index_set(MoeReportIndex *index, int i, const MoeDocument *report,
                                  const char *stem);
/* (transfer full) */
MOE_API MoeDocument *moe_report_index_document(const MoeReportIndex *index);

G_END_DECLS

#endif
