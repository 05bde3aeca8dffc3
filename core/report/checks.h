/* SPDX-License-Identifier: MIT
 *
 * checks.h: the checker's verdicts as a report has them.
 */
#ifndef REPORT_CHECKS_H
#define REPORT_CHECKS_H

#include "report/report.h"

typedef struct Said {
    MoeVerdict verdict;
    char *check; /* its name; NULL: the verdict on all */
    char *text;
    char *why, *remedy; /* or NULL */
} Said;

/* Of lists of Said. */
void moe__checks_add(const GPtrArray *list, MoeDocument *document);
/* "clean", or the worst and the checks that found it. (transfer full) */
char *moe__checks_word(const GPtrArray *list);

#endif
