/* SPDX-License-Identifier: MIT
 *
 * metrics.h: how moescope metrics prints what it measured.
 */
#ifndef CMD_METRICS_H
#define CMD_METRICS_H

#include <moescope/metrics.h>

typedef enum { METRICS_TEXT, METRICS_MARKDOWN, METRICS_CSV, METRICS_JSON } MetricsFormat;

/* Layers first … last. */
typedef struct LayerRange {
    int first, last;
} LayerRange;

typedef struct MetricsQuery {
    const GPtrArray *metrics; /* MoeMetric */
    const GArray *layers;     /* LayerRange; none: all */
    bool by_domain;
} MetricsQuery;

typedef struct MeasuredTrace {
    const char *path;
    const MoeTrace *trace;
    const MoeSummary *summary;
} MeasuredTrace;

/* Output under way: nothing is printed before its end. */
typedef struct MetricsTable MetricsTable;
MetricsTable *cmd_metrics_begin(MetricsFormat format);
/* Adds the metrics of a trace. Returns false if no router is in the layers asked for. */
bool cmd_metrics_add(MetricsTable *table, const MetricsQuery *query, const MeasuredTrace *measured);
/* Prints it, unless something failed, and frees it. */
void cmd_metrics_end(MetricsTable *table, bool print);

/* Prints the registry. */
void cmd_metrics_list(MetricsFormat format);

#endif
