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

MoeMetricCell
moe_metric_cell(const MoeSummary *summary, const MoeTrace *trace, int router, int domain,
                const MoeSummaryCell **domains)
{
    MoeMetricCell cell = {
        .summary = moe_summary_cell(summary, router, domain),
        .order = moe_summary_order(summary, router, domain),
        .pairs = moe_summary_pairs(summary, router, domain),
        .adjacent = moe_summary_adjacent(summary, router, domain),
        .flow = moe_summary_flow(summary, router, domain),
        .flow_picks = moe_summary_flow_picks(summary, router, domain),
        .places = moe_summary_places(summary, router, domain),
        .heads = moe_summary_heads(summary, router, domain),
        .scores = moe_summary_scores(summary, router, domain),
        .caches = moe_summary_caches(summary, router, domain),
        .documents = moe_summary_documents(summary, router, domain),
        .ranks = moe_summary_ranks(summary, router, domain),
        .router = router,
    };
    if (domain != MOE_DOMAIN_ALL)
        return cell;
    cell.trace = trace;
    cell.tokens = moe_summary_tokens(summary, router);
    if (!domains)
        return cell;
    cell.n_domains = moe_summary_domains(summary);
    for (int d = 0; d < cell.n_domains; d++)
        domains[d] = moe_summary_cell(summary, router, d);
    cell.domains = cell.n_domains > 0 ? domains : NULL;
    cell.of = summary;
    return cell;
}

unsigned
moe_metrics_tallies(const MoeMetric *const *of, int n)
{
    unsigned tallies = 0;
    for (int i = 0; i < n; i++)
        tallies |= (of[i]->needs | of[i]->null_needs) & MOE_TALLIES_ALL;
    return tallies;
}

/* Whether the cell has all that a metric looks at. */
static bool
has_needs(const MoeMetricCell *cell, unsigned needs)
{
    const struct {
        unsigned need;
        const void *part;
    } parts[] = {
        {MOE_TALLY_ORDER, cell->order},
        {MOE_TALLY_PAIRS, cell->pairs},
        {MOE_TALLY_ADJACENT, cell->adjacent},
        {MOE_TALLY_FLOW, cell->flow},
        {MOE_TALLY_PLACES, cell->places},
        {MOE_TALLY_HEADS, cell->heads},
        {MOE_TALLY_SCORES, cell->scores},
        {MOE_TALLY_CACHES, cell->caches},
        {MOE_TALLY_DOCUMENTS, cell->documents},
        {MOE_TALLY_RANKS, cell->ranks},
        {MOE_TALLY_FLOW_PICKS, cell->flow_picks},
        {MOE_TALLY_TOKENS, cell->tokens},
        {MOE_NEEDS_DOMAINS, cell->domains},
        {MOE_NEEDS_TRACE, cell->trace},
        {MOE_NEEDS_KIND, cell->whole},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        if ((needs & parts[i].need) && !parts[i].part)
            return false;
    return true;
}

static double
apply(const MoeMetric *metric, double (*function)(const MoeMetric *, const MoeMetricCell *),
      unsigned needs, const MoeMetricCell *cell)
{
    return function && has_needs(cell, needs) ? function(metric, cell) : NAN;
}

double
moe_metric_value(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return apply(metric, metric->value, metric->needs, cell);
}

double
moe_metric_uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return apply(metric, metric->uniform, metric->needs | metric->null_needs, cell);
}

double
moe_metric_shuffled(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return apply(metric, metric->shuffled, metric->needs | metric->null_needs, cell);
}

void
moe_metric_range(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    *low = metric->low;
    *high = metric->high;
    if (metric->range && has_needs(cell, metric->needs))
        metric->range(metric, cell, low, high);
}

const char *
moe_metric_no_interval(const MoeMetric *metric)
{
    if (metric->needs & MOE_NEEDS_TRACE && !(metric->needs & MOE_OF_PATHS))
        return "it is of the state of a run, or of a probe text, which isn't recorded by documents";
    return NULL;
}

void
moe__metrics_register(void)
{
    moe__metrics_register_load();
    moe__metrics_register_first();
    moe__metrics_register_gates();
    moe__metrics_register_ranks();
    moe__metrics_register_sent();
    moe__metrics_register_kinds();
    moe__metrics_register_order();
    moe__metrics_register_heads();
    moe__metrics_register_scores();
    moe__metrics_register_places();
    moe__metrics_register_caches();
    moe__metrics_register_segments();
    moe__metrics_register_documents();
    moe__metrics_register_domains();
    moe__metrics_register_affinity();
    moe__metrics_register_hot();
    moe__metrics_register_states();
    moe__metrics_register_measures();
    moe__metrics_register_pairs();
    moe__metrics_register_flow();
    moe__metrics_register_flow_picks();
    moe__metrics_register_paths();
    moe__metrics_register_tokens();
}
