/* SPDX-License-Identifier: MIT
 *
 * compare.h: what moescope compare found, and how that is printed.
 */
#ifndef CMD_COMPARE_H
#define CMD_COMPARE_H

#include "metrics.h"

#include <moescope/compare.h>

/* One of the two that are compared: "PATH" or "PATH@STEP". */
typedef struct ComparedFile {
    const char *given;
    char *path;
    MoeTrace *trace;
    MoeCompareSide side;
    GPtrArray *checked; /* CmdChecked; empty: nobody has checked */
} ComparedFile;

/* How that is measured. */
typedef struct CompareHow {
    bool intervals, match;
    MoeResampleOptions resample;
} CompareHow;

typedef struct CompareReport {
    ComparedFile a, b;
    MoeComparison *comparison;
    char *where;     /* of which tokens of the first, in words; NULL: all */
    GArray *domains; /* of int: MOE_DOMAIN_ALL, and those that are told apart */
    CompareHow how;
} CompareReport;

/* A metric of a pair of routers in a domain; NaN: not known, or not asked for. */
typedef struct ComparedMetric {
    const MoeComparisonMetric *metric;
    double value, uniform, shuffled;
    double matched, matched_shuffled; /* shuffled: with a matching of its own */
    MoeInterval interval, matched_interval;
} ComparedMetric;
/* All metrics. (transfer full, of ComparedMetric) */
GArray *cmd_compare_measure(const MoeComparison *comparison, const CompareHow *how, int router,
                            int domain);
/* What of the tokens one routing has alone, in a clause; NULL: nothing. (transfer full) */
char *cmd_compare_alone(const MoeComparison *comparison);
/* Why there are no intervals, whatever the documents, in a clause; NULL: there are. */
const char *cmd_compare_no_interval(const MoeComparison *comparison);
/* "all" or "domain", and its name ("" where it has none). */
const char *cmd_compare_scope(int domain);
const char *cmd_compare_domain(const CompareReport *report, int domain);

void cmd_compare_text(const CompareReport *report, bool markdown);
void cmd_compare_csv(const CompareReport *report);
void cmd_compare_json(const CompareReport *report);

/* One trace over its steps. */
void cmd_fluctuation_print(const ComparedFile *file, const MoeFluctuation *fluctuation,
                           MetricsFormat format);

/* Prints the metrics there are. */
void cmd_compare_list(MetricsFormat format);

#endif
