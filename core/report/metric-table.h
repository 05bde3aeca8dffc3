/* SPDX-License-Identifier: MIT
 *
 * metric-table.h: a table of metrics, a row a layer.
 */
#ifndef REPORT_METRIC_TABLE_H
#define REPORT_METRIC_TABLE_H

#include "report/document.h"
#include "report/statement.h"

/* Without a formula, `name` is none of a metric, and stands as it is. */
typedef struct MetricColumn {
    const char *name, *formula, *unit, *source, *convention; /* as of MoeMetric */
    const Measured *measured;                                /* [n_places]; NULL: no values */
} MetricColumn;

typedef struct MetricTable {
    const char *name;
    const char *what; /* what its caption begins with: "By layer" */
    double level;     /* of the intervals */
    const MetricColumn *columns;
    int n_columns;
    const Place *places;
    int n_places;
} MetricTable;

/* Adds it, without columns that have no value; false: none has one, and there is no table. */
bool moe__metric_table(const MetricTable *table, MoeDocument *document);

#endif
