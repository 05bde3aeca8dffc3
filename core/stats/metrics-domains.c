/* SPDX-License-Identifier: MIT
 *
 * metrics-domains.c: metrics of how much experts and domains have to do with each other, and what a
 * router that doesn't tell domains apart would show.
 */
#include "stats/chance-entropy.h"
#include "stats/chance.h"
#include "stats/domain-table.h"
#include "stats/metrics.h"
#include "stats/ranges.h"

#include <math.h>

/* --- I(expert; domain) ------------------------------------------------------------------------*/

typedef struct DomainMetric {
    MoeMetric metric;
    bool first; /* of first choices; else of all picks */
    MoeDomainWeight weight;
    bool corrected;
} DomainMetric;

static double
information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const DomainMetric *own = (const DomainMetric *)metric;
    g_auto(MoeDomainTable) table = moe__domain_table(cell, own->first);
    if (table.domains < 2)
        return NAN;
    return moe_mutual_information(table.count, table.domains, table.experts, own->weight,
                                  own->corrected);
}

static double
chance_information(const DomainMetric *metric, const MoeDomainTable *table)
{
    if (table->domains < 2)
        return NAN;
    return moe__chance_information(table->units, table->domains, table->share, table->experts,
                                   metric->weight == MOE_WEIGH_DOMAINS);
}

static double
uniform_information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(MoeDomainTable) table = moe__domain_table(cell, ((const DomainMetric *)metric)->first);
    moe__domain_table_even(&table);
    return chance_information((const DomainMetric *)metric, &table);
}

static double
shuffled_information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(MoeDomainTable) table = moe__domain_table(cell, ((const DomainMetric *)metric)->first);
    return chance_information((const DomainMetric *)metric, &table);
}

static double
nothing(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(MoeDomainTable) table = moe__domain_table(cell, ((const DomainMetric *)metric)->first);
    return table.domains < 2 ? NAN : 0;
}

/* --- Distance ---------------------------------------------------------------------------------*/

static double
distance(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(MoeDomainTable) table = moe__domain_table(cell, ((const DomainMetric *)metric)->first);
    double sum = 0, pairs = 0;
    for (int a = 0; a < table.domains; a++)
        for (int b = 0; b < a; b++) {
            sum +=
                moe_total_variation(table.count + (gsize)a * (gsize)table.experts,
                                    table.count + (gsize)b * (gsize)table.experts, table.experts);
            pairs++;
        }
    return pairs > 0 ? sum / pairs : NAN;
}

/* The difference of two shares x/T is normal in the limit, and E|X| = sqrt(2/π) σ. */
static double
chance_distance(const MoeDomainTable *table)
{
    double picks = 0, each = 0, sum = 0, pairs = 0;
    for (int e = 0; e < table->experts; e++) {
        picks += table->share[e];
        each += sqrt(table->share[e] * (1 - table->share[e]));
    }
    for (int a = 0; a < table->domains; a++)
        for (int b = 0; b < a; b++) {
            sum += sqrt(1 / table->units[a] + 1 / table->units[b]);
            pairs++;
        }
    return pairs > 0 ? fmin(1, 0.5 * sqrt(2 / G_PI) * each / picks * sum / pairs) : NAN;
}

static double
uniform_distance(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(MoeDomainTable) table = moe__domain_table(cell, ((const DomainMetric *)metric)->first);
    moe__domain_table_even(&table);
    return chance_distance(&table);
}

static double
shuffled_distance(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(MoeDomainTable) table = moe__domain_table(cell, ((const DomainMetric *)metric)->first);
    return chance_distance(&table);
}

/* --- OLMoE's, of one domain -------------------------------------------------------------------*/

static double
specialisation(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    int64_t most = 0;
    for (int e = 0; e < cell->summary->experts; e++)
        most = MAX(most, cell->summary->count[e]);
    return cell->summary->units > 0 ? (double)most / (double)cell->summary->units : NAN;
}

static double
uniform_specialisation(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    if (cell->summary->picks == 0 || cell->summary->units == 0)
        return NAN;
    g_auto(MoeChance) chance = moe__chance_of(cell->summary);
    return moe__chance_highest(&chance, 1) / (double)cell->summary->units;
}

/* --- The table --------------------------------------------------------------------------------*/

static void
information_range(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    (void)metric;
    (void)low;
    moe__range_information(cell->summary->experts, cell->n_domains, high);
}

#define DOMAIN(NAME, FORMULA, UNIT, SOURCE, CONVENTION, LOW, HIGH, VALUE, UNIFORM, SHUFFLED,  \
               RANGE)                                                                         \
    {                                                                                         \
        sizeof(MoeMetric), NAME, FORMULA, UNIT, SOURCE, CONVENTION, MOE_METRIC_NONE,          \
            MOE_NEEDS_DOMAINS | MOE_BY_KIND, LOW, HIGH, VALUE, UNIFORM, SHUFFLED, RANGE, NULL \
    }

#define PLUG_IN                                                                                     \
    "domains weigh as their units do; plug-in, high by about (E₊ - 1)(D₊ - 1) / 2N: the nulls " \
    "say "                                                                                          \
    "how much; shuffled: of this load, whatever the domain"

static const DomainMetric domain_metrics[] = {
    {DOMAIN("domain-information", "I(expert; domain) of first choices", "nats", "Shannon 1948",
            PLUG_IN, 0, INFINITY, information, uniform_information, shuffled_information,
            information_range),
     true, MOE_WEIGH_PICKS, false},
    {DOMAIN("domain-information-corrected", "I(expert; domain) - (J₊ - E₊ - D₊ + 1) / 2N", "nats",
            "Miller 1955",
            "of first choices, domains weigh as their units do; less Miller and Madow's bias; may "
            "be slightly below 0",
            -INFINITY, INFINITY, information, nothing, nothing, information_range),
     true, MOE_WEIGH_PICKS, true},
    {DOMAIN("domain-information-picks", "I(expert; domain) of all picks", "nats", "Shannon 1948",
            PLUG_IN "; picks of one unit exclude each other, which the nulls take into account", 0,
            INFINITY, information, uniform_information, shuffled_information, information_range),
     false, MOE_WEIGH_PICKS, false},
    {DOMAIN("domain-js", "H(mean_d f_d) - mean_d H(f_d)", "nats", "Lin 1991",
            "generalised Jensen-Shannon divergence of the domains' loads of picks, every domain "
            "with the same weight; plug-in: the nulls say how much of it is bias",
            0, INFINITY, information, uniform_information, shuffled_information, information_range),
     false, MOE_WEIGH_DOMAINS, false},
    {DOMAIN("domain-js-corrected", "domain-js less its bias to first order", "nats", "Miller 1955",
            "of first choices, for which the correction holds; may be slightly below 0", -INFINITY,
            INFINITY, information, nothing, nothing, information_range),
     true, MOE_WEIGH_DOMAINS, true},
    {DOMAIN("domain-distance", "mean over pairs of domains of ½ Σ_e |f_de - f_d'e|", "share",
            "total variation",
            "of the loads of picks: the share that would have to move to other experts; nulls by "
            "the normal approximation",
            0, 1, distance, uniform_distance, shuffled_distance, NULL),
     false, MOE_WEIGH_DOMAINS, false},
};

static const MoeMetric specialisation_metric = {
    .struct_size = sizeof(MoeMetric),
    .name = "domain-specialisation",
    .formula = "max_e c_e / T",
    .unit = "share of units",
    .source = "Muennighoff et al. 2024 (OLMoE), arXiv 2409.02060",
    .convention =
        "OLMoE's share of a domain's tokens that an expert takes, of the expert that takes "
        "most; of units, not of picks: balanced is k/E",
    .better = MOE_METRIC_NONE,
    .low = 0,
    .high = 1,
    .value = specialisation,
    .uniform = uniform_specialisation,
};

void
moe__metrics_register_domains(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(domain_metrics); i++)
        moe_metrics_add(&domain_metrics[i].metric);
    moe_metrics_add(&specialisation_metric);
}
