/* SPDX-License-Identifier: MIT
 *
 * The metrics there are.
 */
#include "stats/metrics.h"

#include <math.h>

/* Filled by moe_init() and plugins at the start, only read afterwards. */
static GPtrArray *metrics;

const char *
moe_metric_direction_name(MoeMetricDirection direction)
{
    static const char *const names[] = {"none", "lower", "higher"};
    return names[direction];
}

void
moe_metrics_add(const MoeMetric *metric)
{
    g_return_if_fail(metric->struct_size >= sizeof(MoeMetric));
    g_return_if_fail(metric->name && metric->formula && metric->unit && metric->source);
    g_return_if_fail(metric->convention && metric->value);
    if (moe_metric_find(metric->name)) {
        g_warning("metric \"%s\": there is one of that name already", metric->name);
        return;
    }
    if (!metrics)
        metrics = g_ptr_array_new();
    g_ptr_array_add(metrics, (gpointer)metric);
}

const MoeMetric *const *
moe_metrics_list(int *n)
{
    *n = metrics ? (int)metrics->len : 0;
    return metrics ? (const MoeMetric *const *)metrics->pdata : NULL;
}

const MoeMetric *
moe_metric_find(const char *name)
{
    for (guint i = 0; metrics && i < metrics->len; i++) {
        const MoeMetric *metric = g_ptr_array_index(metrics, i);
        if (g_str_equal(metric->name, name))
            return metric;
    }
    return NULL;
}

static double
apply(const MoeMetric *metric, double (*function)(const MoeMetric *, const MoeMetricCell *),
      const MoeMetricCell *cell)
{
    if (!function || (metric->needs_order && !cell->order))
        return NAN;
    return function(metric, cell);
}

double
moe_metric_value(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return apply(metric, metric->value, cell);
}

double
moe_metric_uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return apply(metric, metric->uniform, cell);
}

double
moe_metric_shuffled(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return apply(metric, metric->shuffled, cell);
}

void
moe__metrics_register(void)
{
    moe__metrics_register_load();
    moe__metrics_register_gates();
    moe__metrics_register_order();
}
