/* SPDX-License-Identifier: MIT
 *
 * writers.h: what the writers of documents share.
 */
#ifndef REPORT_WRITERS_H
#define REPORT_WRITERS_H

#include "report/document.h"

/* What a number of a table says: "1,234", "9.2 [8.8, 9.6]", "–" where there is none. (transfer
 * full) */
char *moe__entry_said(const MoeColumn *column, const MoeEntry *entry);
/* The parts of that: the value alone; the interval or NULL. */
char *moe__entry_value(const MoeColumn *column, const MoeEntry *entry);
char *moe__entry_interval(const MoeColumn *column, const MoeEntry *entry);
/* What chance would show, as it stands beside the value. */
char *moe__entry_chance(const MoeColumn *column, const MoeEntry *entry);
/* What chance would show in every row alike, to be said once for the column: "uniform 63.9"; NULL:
 * rows differ, or there is none. (transfer full) */
char *moe__table_chance(const MoeTable *table, int column);
/* "%" for what is said in per cent, else the unit, or NULL. */
const char *moe__column_unit(const MoeColumn *column);

#endif
