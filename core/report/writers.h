/* SPDX-License-Identifier: MIT
 *
 * writers.h: what the writers of documents share.
 */
#ifndef REPORT_WRITERS_H
#define REPORT_WRITERS_H

#include "report/document.h"

/* How the entries of a column are said. */
typedef struct Manner {
    const MoeColumn *column;
    int decimals;     /* of all its numbers; -1: each has its own */
    char *alike;      /* what chance would show in every row: "uniform 63.9"; NULL: rows differ */
    const char *unit; /* "%" for what is said in per cent, else the column's, or NULL */
    bool each_chance; /* chance stands in every row, */
    char *note;       /* which the head says: "(shuffled)"; or what is alike; or NULL */
} Manner;

/* [n_columns]. (transfer full) */
Manner *moe__manners_new(const MoeTable *table);
void moe__manners_free(Manner *manners, const MoeTable *table);

/* "1,234", "9.2", a dash where there is no number; "[8.8, 9.6]" and "(63.9)", or NULL.
 * (transfer full) */
char *moe__entry_value(const Manner *manner, const MoeEntry *entry);
char *moe__entry_interval(const Manner *manner, const MoeEntry *entry);
char *moe__entry_chance(const Manner *manner, const MoeEntry *entry);

#endif
