/* SPDX-License-Identifier: MIT
 *
 * What experts know of domains (OLMoE, arXiv 2409.02060, section 5).
 */
#include "report/section.h"

#include <math.h>

static const char *const metrics[] = {"domain-information-corrected", "domain-js-corrected",
                                      "domain-distance", "domain-specialised", NULL};
static const char *const figures[] = {"domains", NULL};

static const Statement statements[] = {
    {
        .metric = "domain-information-corrected",
        .main = true,
        .says = "A pick tells most about its domain in {layer}: {value} nats",
        .chance = "; a router that takes no notice of domains would show {chance}",
        .same = ", no more than chance ({chance})",
        .others = "; the median layer shows {median}",
    },
    {
        .metric = "domain-distance",
        .main = true,
        .says = "Between two domains, {value} of the picks of {layer} would have to move for equal "
                "loads, the most",
        .others = "; in the median layer {median}",
    },
};

/* The mean of a metric over layers, of one domain. */
static double
mean_of(const MoeReport *report, int domain, const char *name)
{
    const MoeMetric *metric = moe_metric_find(name);
    double sum = 0;
    int n = 0;
    for (int r = 0; metric && r < moe_summary_routers(report->summary); r++) {
        MoeMetricCell cell = moe_metric_cell(report->summary, NULL, r, domain, NULL);
        double value = moe_metric_value(metric, &cell);
        sum += isfinite(value) ? value : 0;
        n += isfinite(value);
    }
    return n > 0 ? sum / n : NAN;
}

static const MoeSummaryCell *
first_cell(const MoeReport *report, int domain)
{
    return moe_summary_routers(report->summary) > 0 ? moe_summary_cell(report->summary, 0, domain)
                                                    : NULL;
}

static int
domains_with_text(const MoeReport *report)
{
    int n = 0;
    for (int d = 0; d < moe_summary_domains(report->summary); d++) {
        const MoeSummaryCell *cell = first_cell(report, d);
        n += cell && cell->units > 0;
    }
    return n;
}

/* Of two domains, all experts pass for specialised. */
static bool
tells(const MoeReport *report, const char *metric)
{
    return domains_with_text(report) > 2 || !g_str_equal(metric, "domain-specialised");
}

/* Domain by domain: how much text there is, and how evenly it is spread. */
static bool
add_domains(MoeReport *report, MoeDocument *document)
{
    static const MoeColumn columns[] = {
        {.title = "domain", .type = MOE_COLUMN_TEXT},
        {.title = "units", .type = MOE_COLUMN_COUNT, .help = "tokens, or sub-tokens, of a layer"},
        {.title = "effective experts", .type = MOE_COLUMN_VALUE},
        {.title = "maxvio", .type = MOE_COLUMN_VALUE},
        {.title = "domain specialisation",
         .unit = "share of units",
         .type = MOE_COLUMN_VALUE,
         .help = "of the expert that takes most of the domain's units; balanced: k/E"}};
    if (domains_with_text(report) < 2)
        return false;
    RowTable table = moe__row_table_new(columns, G_N_ELEMENTS(columns));
    for (int d = 0; d < moe_summary_domains(report->summary); d++) {
        const MoeSummaryCell *cell = first_cell(report, d);
        if (!cell || cell->units == 0)
            continue;
        moe__row_table_text(&table, g_strdup(moe_summary_domain_name(report->summary, d)));
        moe__row_table_number(&table, (double)cell->units);
        moe__row_table_number(&table, mean_of(report, d, "effective-experts"));
        moe__row_table_number(&table, mean_of(report, d, "maxvio"));
        moe__row_table_number(&table, mean_of(report, d, "domain-specialisation"));
    }
    return moe__row_table_end(&table, "by-domain", "Domain by domain, means over layers.",
                              document);
}

const PlainSection moe__section_domains = {
    PLAIN("domains", "Domains", "how differently domains use experts", MOE_TALLY_LOAD),
    .metrics = metrics,
    .tells = tells,
    .figures = figures,
    .more = add_domains,
    STATEMENTS(statements),
};
