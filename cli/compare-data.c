/* SPDX-License-Identifier: MIT
 *
 * compare-data.c: metrics of a comparison, and a comparison as CSV and as JSON, for programs.
 */
#include "compare.h"
#include "json.h"
#include "util.h"

#include <math.h>
#include <stdio.h>

/* --- Metrics ----------------------------------------------------------------------------------*/

const char *
cmd_compare_scope(int domain)
{
    return domain == MOE_DOMAIN_ALL ? "all" : "domain";
}

const char *
cmd_compare_domain(const CompareReport *report, int domain)
{
    return domain >= 0 ? moe_comparison_domain_name(report->comparison, domain) : "";
}

char *
cmd_compare_alone(const MoeComparison *comparison)
{
    int64_t a = moe_comparison_alone(comparison, 0), b = moe_comparison_alone(comparison, 1);
    return a + b > 0 ? g_strdup_printf("left out, as the other lacks them: %" G_GINT64_FORMAT
                                       " tokens of the first, %" G_GINT64_FORMAT " of the second",
                                       a, b)
                     : NULL;
}

const char *
cmd_compare_no_interval(const MoeComparison *comparison)
{
    return moe_comparison_groups(comparison) < MOE_RESAMPLE_LEAST
               ? "routers, experts and domains are too many for documents to be kept apart; "
                 "--layers chooses some"
               : NULL;
}

static double
value_or_nan(double (*of)(const MoeComparisonCell *), const MoeComparisonCell *cell)
{
    return of ? of(cell) : NAN;
}

/* By the loads where that is known; of all tokens, else, as shuffling finds it. */
static double
shuffled_value(const MoeComparison *comparison, int router, int domain,
               const MoeComparisonMetric *metric, const MoeComparisonCell *cell)
{
    MoeComparisonCell shuffled;
    double by_load = value_or_nan(metric->shuffled, cell);
    if (!isnan(by_load) || domain != MOE_DOMAIN_ALL ||
        !moe_comparison_shuffled(comparison, router, MOE_LABELS_OWN, &shuffled))
        return by_load;
    return metric->value(&shuffled);
}

static void
measure_matched(const MoeComparison *comparison, int router, int domain, ComparedMetric *measured)
{
    MoeComparisonCell cell;
    const MoeComparisonMetric *metric = measured->metric;
    measured->matched = measured->matched_shuffled = NAN;
    if (moe_comparison_cell(comparison, router, domain, MOE_LABELS_MATCHED, &cell))
        measured->matched = metric->value(&cell);
    if (domain == MOE_DOMAIN_ALL &&
        moe_comparison_shuffled(comparison, router, MOE_LABELS_MATCHED, &cell))
        measured->matched_shuffled = metric->value(&cell);
}

static void
find_intervals(const MoeComparison *comparison, const CompareHow *how, int router, int domain,
               int n, MoeInterval *own, MoeInterval *matched)
{
    for (int i = 0; i < n; i++)
        own[i] = matched[i] = (MoeInterval){NAN, NAN, 0};
    if (!how->intervals)
        return;
    moe_comparison_intervals(comparison, router, domain, MOE_LABELS_OWN, &how->resample, own);
    moe_comparison_intervals(comparison, router, domain, MOE_LABELS_MATCHED, &how->resample,
                             matched);
}

GArray *
cmd_compare_measure(const MoeComparison *comparison, const CompareHow *how, int router, int domain)
{
    int n;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    GArray *all = g_array_new(FALSE, FALSE, sizeof(ComparedMetric));
    MoeComparisonCell cell;
    g_autofree MoeInterval *own = g_new(MoeInterval, (gsize)n);
    g_autofree MoeInterval *matched = g_new(MoeInterval, (gsize)n);
    if (!moe_comparison_cell(comparison, router, domain, MOE_LABELS_OWN, &cell))
        return all;
    find_intervals(comparison, how, router, domain, n, own, matched);
    for (int i = 0; i < n; i++) {
        ComparedMetric measured = {
            .metric = &metrics[i],
            .value = metrics[i].value(&cell),
            .uniform = value_or_nan(metrics[i].uniform, &cell),
            .shuffled = shuffled_value(comparison, router, domain, &metrics[i], &cell),
            .interval = own[i],
            .matched_interval = matched[i],
        };
        measure_matched(comparison, router, domain, &measured);
        g_array_append_val(all, measured);
    }
    return all;
}

/* --- CSV --------------------------------------------------------------------------------------*/

static void
add_csv(GString *csv, const CompareReport *report, int router, int domain, const char *checked)
{
    const MoeComparedRouter *info = moe_comparison_router(report->comparison, router);
    MoeComparisonCell cell;
    g_autoptr(GArray) metrics =
        cmd_compare_measure(report->comparison, &report->how, router, domain);
    if (!moe_comparison_cell(report->comparison, router, domain, MOE_LABELS_OWN, &cell))
        return;
    for (guint i = 0; i < metrics->len; i++) {
        const ComparedMetric *m = &g_array_index(metrics, ComparedMetric, i);
        cmd_csv_field(csv, report->a.given, ',');
        cmd_csv_field(csv, report->b.given, ',');
        g_string_append_printf(csv, "%d,%d,%d,%s,", info->layer, info->a, info->b,
                               cmd_compare_scope(domain));
        cmd_csv_field(csv, cmd_compare_domain(report, domain), ',');
        g_string_append_printf(csv, "%d,%d,%" G_GINT64_FORMAT ",", info->experts_a, info->experts_b,
                               cell.units);
        cmd_csv_field(csv, m->metric->name, ',');
        cmd_csv_number(csv, m->value, ',');
        cmd_csv_number(csv, m->interval.low, ',');
        cmd_csv_number(csv, m->interval.high, ',');
        cmd_csv_number(csv, m->uniform, ',');
        cmd_csv_number(csv, m->shuffled, ',');
        cmd_csv_number(csv, m->matched, ',');
        cmd_csv_number(csv, m->matched_interval.low, ',');
        cmd_csv_number(csv, m->matched_interval.high, ',');
        cmd_csv_number(csv, m->matched_shuffled, ',');
        cmd_csv_field(csv, m->metric->unit, ',');
        cmd_csv_field(csv, report->where ? report->where : "", ',');
        g_string_append(csv, checked);
    }
}

void
cmd_compare_csv(const CompareReport *report)
{
    g_autoptr(GString) csv = g_string_new(
        "first,second,layer,first_router,second_router,scope,domain,first_experts,second_experts,"
        "units,metric,value,low,high,uniform,shuffled,matched,matched_low,matched_high,"
        "matched_shuffled,unit,where,first_checked,second_checked\n");
    g_autoptr(GString) checked = g_string_new(NULL);
    g_autofree char *of_a = cmd_checked_word(report->a.checked);
    g_autofree char *of_b = cmd_checked_word(report->b.checked);
    cmd_csv_field(checked, of_a, ',');
    cmd_csv_field(checked, of_b, '\n');
    for (int r = 0; r < moe_comparison_routers(report->comparison); r++)
        for (guint d = 0; d < report->domains->len; d++)
            add_csv(csv, report, r, g_array_index(report->domains, int, d), checked->str);
    fputs(csv->str, stdout);
    g_autofree char *alone = cmd_compare_alone(report->comparison);
    if (alone)
        cmd_say("%s and %s: %s", report->a.given, report->b.given, alone);
}

/* --- JSON -------------------------------------------------------------------------------------*/

static void
json_metric(GString *json, const CompareReport *report, const ComparedMetric *m)
{
    const char *why = cmd_compare_no_interval(report->comparison);
    json_open(json, m->metric->name, '{');
    json_real(json, "value", m->value);
    json_real(json, "low", m->interval.low);
    json_real(json, "high", m->interval.high);
    json_int(json, "groups", m->interval.groups);
    if (report->how.intervals && why && isfinite(m->value))
        json_text(json, "no_interval", why);
    json_real(json, "uniform", m->uniform);
    json_real(json, "shuffled", m->shuffled);
    if (report->how.match) {
        json_real(json, "matched", m->matched);
        json_real(json, "matched_low", m->matched_interval.low);
        json_real(json, "matched_high", m->matched_interval.high);
        json_real(json, "matched_shuffled", m->matched_shuffled);
    }
    json_text(json, "unit", m->metric->unit);
    json_close(json, '}');
}

static void
json_place(GString *json, const CompareReport *report, int router, int domain)
{
    MoeComparisonCell cell;
    if (!moe_comparison_cell(report->comparison, router, domain, MOE_LABELS_OWN, &cell))
        return;
    g_autoptr(GArray) metrics =
        cmd_compare_measure(report->comparison, &report->how, router, domain);
    json_open(json, NULL, '{');
    json_text(json, "scope", cmd_compare_scope(domain));
    if (domain >= 0)
        json_text(json, "domain", cmd_compare_domain(report, domain));
    json_int(json, "units", cell.units);
    json_int(json, "apart", cell.apart);
    json_open(json, "sharing", '[');
    for (int j = 0; j <= cell.depth; j++)
        json_int(json, NULL, cell.sharing[j]);
    json_close(json, ']');
    json_open(json, "metrics", '{');
    for (guint i = 0; i < metrics->len; i++)
        json_metric(json, report, &g_array_index(metrics, ComparedMetric, i));
    json_close(json, '}');
    json_close(json, '}');
}

static void
json_matching(GString *json, const CompareReport *report, int router)
{
    const MoeMatching *matching = moe_comparison_matching(report->comparison, router);
    MoeComparisonCell cell;
    if (!matching ||
        !moe_comparison_cell(report->comparison, router, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell))
        return;
    json_open(json, "matching", '{');
    json_int(json, "moved", matching->moved);
    json_int(json, "shared", matching->own);
    json_int(json, "shared_matched", matching->matched);
    json_real(json, "gain", (double)(matching->matched - matching->own) / (double)cell.larger);
    json_open(json, "to", '[');
    for (int i = 0; i < matching->experts_a; i++)
        json_int(json, NULL, matching->to[i]);
    json_close(json, ']');
    json_open(json, "second_unmatched", '[');
    g_autoptr(GArray) left = moe_matching_unmatched(matching);
    for (guint i = 0; i < left->len; i++)
        json_int(json, NULL, g_array_index(left, int, i));
    json_close(json, ']');
    json_close(json, '}');
}

static void
json_router(GString *json, const CompareReport *report, int router)
{
    const MoeComparedRouter *info = moe_comparison_router(report->comparison, router);
    json_open(json, NULL, '{');
    json_int(json, "layer", info->layer);
    json_int(json, "first_router", info->a);
    json_int(json, "second_router", info->b);
    json_int(json, "first_experts", info->experts_a);
    json_int(json, "second_experts", info->experts_b);
    json_matching(json, report, router);
    json_open(json, "places", '[');
    for (guint d = 0; d < report->domains->len; d++)
        json_place(json, report, router, g_array_index(report->domains, int, d));
    json_close(json, ']');
    json_close(json, '}');
}

void
cmd_compare_json(const CompareReport *report)
{
    GString *json = g_string_new(NULL);
    json_open(json, NULL, '{');
    json_text(json, "first", report->a.given);
    json_text(json, "second", report->b.given);
    if (report->where)
        json_text(json, "where", report->where);
    json_int(json, "tokens", moe_comparison_tokens(report->comparison));
    json_int(json, "first_alone", moe_comparison_alone(report->comparison, 0));
    json_int(json, "second_alone", moe_comparison_alone(report->comparison, 1));
    cmd_checked_json(json, "first_checked", report->a.checked);
    cmd_checked_json(json, "second_checked", report->b.checked);
    if (report->how.intervals) {
        json_open(json, "intervals", '{');
        json_real(json, "level", report->how.resample.level);
        json_int(json, "replicates", report->how.resample.replicates);
        json_int(json, "seed", (gint64)report->how.resample.seed);
        json_close(json, '}');
    }
    json_open(json, "routers", '[');
    for (int r = 0; r < moe_comparison_routers(report->comparison); r++)
        json_router(json, report, r);
    json_close(json, ']');
    json_close(json, '}');
    json_print(json);
}
