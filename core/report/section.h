/* SPDX-License-Identifier: MIT
 *
 * section.h: what sections are made of. Most of them are sentences, a table of metrics by layer and
 * figures, all of them named in a constant.
 */
#ifndef REPORT_SECTION_H
#define REPORT_SECTION_H

#include "report/report.h"

typedef struct PlainSection {
    MoeReportSection section;
    const char *const *metrics; /* columns of the table, ended by NULL; or NULL */
    /* Which of them the table has; NULL: all. */
    bool (*tells)(const MoeReport *report, const char *metric);
    const char *const *figures; /* moe__report_add_figure(), ended by NULL; or NULL */
    const Statement *statements;
    int n_statements;
    /* A further table, or NULL; false: there was nothing to add. */
    bool (*more)(MoeReport *report, MoeDocument *document);
    const char *missing; /* what to say where there is nothing; NULL: what the figures say */
} PlainSection;

/* The sentence, or NULL where the metric has no value. (transfer full) */
char *moe__statement(MoeReport *report, const Statement *statement);
bool moe__section_plain(const MoeReportSection *section, MoeReport *report, MoeDocument *document,
                        GError **error);
/* A table of metrics by layer; false: none has a value. */
bool moe__section_metrics(MoeReport *report, const char *name, const char *const *metrics,
                          MoeDocument *document);

/* A table whose rows are added one by one, each with an entry for each column. Texts are kept. */
typedef struct RowTable {
    const MoeColumn *columns;
    int n_columns;
    GArray *entries;  /* of MoeEntry */
    GPtrArray *texts; /* that entries point to */
} RowTable;
RowTable moe__row_table_new(const MoeColumn *columns, int n_columns);
void moe__row_table_number(RowTable *table, double value);
void moe__row_table_text(RowTable *table, char *text); /* takes it */
/* Adds it to the document, unless it has no row (false), and clears it. */
bool moe__row_table_end(RowTable *table, const char *name, const char *caption,
                        MoeDocument *document);

#define PLAIN(NAME, TITLE, HELP, TALLIES) \
    .section = {sizeof(MoeReportSection), NAME, TITLE, HELP, TALLIES, moe__section_plain}
#define STATEMENTS(ARRAY) .statements = (ARRAY), .n_statements = G_N_ELEMENTS(ARRAY)

extern const PlainSection moe__section_load, moe__section_balance, moe__section_domains,
    moe__section_vocabulary, moe__section_coactivation, moe__section_likeness, moe__section_flow,
    moe__section_locality, moe__section_caches, moe__section_scores, moe__section_sub_tokens,
    moe__section_text;
extern const MoeReportSection moe__section_kinds, moe__section_training, moe__section_state;

#endif
