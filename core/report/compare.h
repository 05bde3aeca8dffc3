/* SPDX-License-Identifier: MIT
 *
 * compare.h: two routings while their report is made.
 */
#ifndef REPORT_COMPARE_H
#define REPORT_COMPARE_H

#include "report/report.h"

#include <moescope/compare.h>

typedef struct Versus {
    const MoeReportPair *pair;
    MoeReport *side[2];
    char *name[2];
    bool one_file; /* two steps of one trace */
    MoeComparison *comparison;
    MoeResampleOptions resample;
    int routers;
    Place *places; /* [routers] */
    /* [metrics × routers], in the order of moe_comparison_metrics(); matched NULL: not asked for */
    Measured *own, *matched;
} Versus;

void moe__versus_add_summary(const Versus *versus, MoeDocument *document);
void moe__versus_add_sections(const Versus *versus, MoeDocument *document);

#endif
