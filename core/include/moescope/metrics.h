/* SPDX-License-Identifier: MIT
 *
 * metrics.h: the registry of metrics: what each measures, in which unit and convention, who
 * defined it, and what a router without any preference would show at the same T and k. Plugins add
 * theirs by moe_metrics_add().
 */
#ifndef MOESCOPE_METRICS_H
#define MOESCOPE_METRICS_H

#include <moescope/order.h>
#include <moescope/stats.h>

G_BEGIN_DECLS

/* What a metric is a function of: one router in one domain (or in all). */
typedef struct MoeMetricCell {
    const MoeSummaryCell *summary;
    const MoeOrderCell *order; /* what needs_order asks for; else may be NULL */
} MoeMetricCell;

typedef enum {
    MOE_METRIC_NONE,   /* neither is better */
    MOE_METRIC_LOWER,  /* lower is nearer to balance */
    MOE_METRIC_HIGHER, /* higher is nearer to balance */
} MoeMetricDirection;
/* "none", "lower", "higher". */
MOE_API const char *moe_metric_direction_name(MoeMetricDirection direction);

/* A metric: a constant that lives for ever. Functions return NaN where it isn't defined (nothing
 * was counted, the trace has no gates). */
typedef struct MoeMetric MoeMetric;
struct MoeMetric {
    size_t struct_size;     /* sizeof(MoeMetric) */
    const char *name;       /* lower case, digits, "-" */
    const char *formula;    /* in the notation of stats.h */
    const char *unit;       /* "nats", "experts", "share", … */
    const char *source;     /* who defined it */
    const char *convention; /* where programs differ, and how it is done here; "": they don't */
    MoeMetricDirection better;
    bool needs_order; /* it looks at MoeMetricCell.order */
    double low, high; /* its range; -INFINITY, INFINITY: none */
    double (*value)(const MoeMetric *metric, const MoeMetricCell *cell);
    /* Its expectation for a router that picks uniformly at random, of as many units that make as
     * many picks; NULL: not known. */
    double (*uniform)(const MoeMetric *metric, const MoeMetricCell *cell);
    /* The same for a router of this load that takes no notice of the token or of other picks;
     * NULL: not known, or no question to ask. */
    double (*shuffled)(const MoeMetric *metric, const MoeMetricCell *cell);
};

/* Adds a metric, at start, before any other thread runs. One whose name is taken, or that lacks a
 * text or its value, is refused with a warning. */
MOE_API void moe_metrics_add(const MoeMetric *metric);
/* All of them, in the order they came. (transfer none) */
MOE_API const MoeMetric *const *moe_metrics_list(int *n);
/* By name; NULL if there is none. (transfer none) */
MOE_API const MoeMetric *moe_metric_find(const char *name);

/* The metric of a cell, and its nulls; NaN where there is none, or where it needs an order that the
 * cell hasn't. */
MOE_API double moe_metric_value(const MoeMetric *metric, const MoeMetricCell *cell);
MOE_API double moe_metric_uniform(const MoeMetric *metric, const MoeMetricCell *cell);
MOE_API double moe_metric_shuffled(const MoeMetric *metric, const MoeMetricCell *cell);

G_END_DECLS

#endif
