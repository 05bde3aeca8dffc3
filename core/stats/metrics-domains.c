/* SPDX-License-Identifier: MIT
 *
 * metrics-domains.c: metrics of how much experts and domains have to do with each other, and what a
 * router that doesn't tell domains apart would show.
 */
#include "stats/chance-entropy.h"
#include "stats/chance.h"
#include "stats/metrics.h"

#include <math.h>
#include <string.h>

/* Picks or first choices by domain, of the domains that have any. */
typedef struct Table {
    int domains, experts;
    int64_t *count; /* [domains × experts] */
    double *units;  /* [domains] with picks */
    double *share; /* [experts] counts a unit, over all domains: chances of an expert to be in it */
} Table;

static void
table_clear(Table *table)
{
    g_free(table->count);
    g_free(table->units);
    g_free(table->share);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Table, table_clear)

static Table
table_of(const MoeMetricCell *cell, bool first)
{
    gsize experts = (gsize)cell->summary->experts, n = (gsize)cell->n_domains;
    Table table = {0, (int)experts, g_new(int64_t, n * experts), g_new(double, n),
                   g_new0(double, experts)};
    double all = 0;
    for (gsize d = 0; d < n; d++) {
        const MoeSummaryCell *own = cell->domains[d];
        if (own->picks == 0)
            continue;
        int64_t *row = table.count + (gsize)table.domains * experts;
        memcpy(row, first ? own->first : own->count, experts * sizeof *row);
        for (gsize e = 0; e < experts; e++)
            table.share[e] += (double)row[e];
        table.units[table.domains] = (double)(own->units - own->making[0]);
        all += table.units[table.domains++];
    }
    for (gsize e = 0; e < experts; e++)
        table.share[e] = fmin(1, table.share[e] / all);
    return table;
}

/* The same chance for every expert, of as many picks a unit. */
static void
make_uniform(Table *table)
{
    double sum = 0;
    for (int e = 0; e < table->experts; e++)
        sum += table->share[e];
    for (int e = 0; e < table->experts; e++)
        table->share[e] = sum / table->experts;
}

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
    g_auto(Table) table = table_of(cell, own->first);
    if (table.domains < 2)
        return NAN;
    return moe_mutual_information(table.count, table.domains, table.experts, own->weight,
                                  own->corrected);
}

static double
uniform_information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(Table) table = table_of(cell, ((const DomainMetric *)metric)->first);
    make_uniform(&table);
    return table.domains < 2
               ? NAN
               : moe__chance_information(table.units, table.domains, table.share, table.experts);
}

static double
shuffled_information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(Table) table = table_of(cell, ((const DomainMetric *)metric)->first);
    return table.domains < 2
               ? NAN
               : moe__chance_information(table.units, table.domains, table.share, table.experts);
}

static double
nothing(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(Table) table = table_of(cell, ((const DomainMetric *)metric)->first);
    return table.domains < 2 ? NAN : 0;
}

/* --- Distance ---------------------------------------------------------------------------------*/

static double
distance(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(Table) table = table_of(cell, ((const DomainMetric *)metric)->first);
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
chance_distance(const Table *table)
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
    g_auto(Table) table = table_of(cell, ((const DomainMetric *)metric)->first);
    make_uniform(&table);
    return chance_distance(&table);
}

static double
shuffled_distance(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(Table) table = table_of(cell, ((const DomainMetric *)metric)->first);
    return chance_distance(&table);
}

/* --- Affinity ---------------------------------------------------------------------------------*/

/* max_d of an expert's share in domain d, over its shares in all; NaN where it has no picks. */
static double
affinity_of(const Table *table, int expert)
{
    double most = 0, sum = 0;
    for (int d = 0; d < table->domains; d++) {
        double share = (double)table->count[(gsize)d * (gsize)table->experts + (gsize)expert] /
                       table->units[d];
        most = fmax(most, share);
        sum += share;
    }
    return sum > 0 ? most / sum : NAN;
}

/* Mean over experts in use of the affinity, or the share of them at or above `least`. */
static double
mean_affinity(const MoeMetricCell *cell, double least)
{
    g_auto(Table) table = table_of(cell, false);
    double sum = 0;
    int used = 0;
    for (int e = 0; e < table.experts; e++) {
        double affinity = affinity_of(&table, e);
        if (isnan(affinity))
            continue;
        used++;
        sum += least > 0 ? affinity >= least : affinity;
    }
    return used > 0 && table.domains > 1 ? sum / used : NAN;
}

static double
affinity(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return mean_affinity(cell, 0);
}

static double
specialised(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return mean_affinity(cell, 0.5);
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

#define DOMAIN(NAME, FORMULA, UNIT, SOURCE, CONVENTION, LOW, HIGH, VALUE, UNIFORM, SHUFFLED) \
    {                                                                                        \
        sizeof(MoeMetric), NAME, FORMULA, UNIT, SOURCE, CONVENTION, MOE_METRIC_NONE,         \
            MOE_NEEDS_DOMAINS, LOW, HIGH, VALUE, UNIFORM, SHUFFLED                           \
    }

#define PLUG_IN                                                                                     \
    "domains weigh as their units do; plug-in, high by about (E₊ - 1)(D₊ - 1) / 2N: the nulls " \
    "say "                                                                                          \
    "how much; shuffled: of this load, whatever the domain"

static const DomainMetric domain_metrics[] = {
    {DOMAIN("domain-information", "I(expert; domain) of first choices", "nats", "Shannon 1948",
            PLUG_IN, 0, INFINITY, information, uniform_information, shuffled_information),
     true, MOE_WEIGH_PICKS, false},
    {DOMAIN("domain-information-corrected", "I(expert; domain) - (J₊ - E₊ - D₊ + 1) / 2N", "nats",
            "Miller 1955",
            "of first choices, domains weigh as their units do; less Miller and Madow's bias; may "
            "be slightly below 0",
            -INFINITY, INFINITY, information, nothing, nothing),
     true, MOE_WEIGH_PICKS, true},
    {DOMAIN("domain-information-picks", "I(expert; domain) of all picks", "nats", "Shannon 1948",
            PLUG_IN "; picks of one unit exclude each other, which the nulls take into account", 0,
            INFINITY, information, uniform_information, shuffled_information),
     false, MOE_WEIGH_PICKS, false},
    {DOMAIN("domain-js", "H(mean_d f_d) - mean_d H(f_d)", "nats", "Lin 1991",
            "generalised Jensen-Shannon divergence of the domains' loads of picks, every domain "
            "with the same weight; plug-in",
            0, INFINITY, information, NULL, NULL),
     false, MOE_WEIGH_DOMAINS, false},
    {DOMAIN("domain-js-corrected", "domain-js less its bias to first order", "nats", "Miller 1955",
            "of first choices, for which the correction holds; may be slightly below 0", -INFINITY,
            INFINITY, information, nothing, nothing),
     true, MOE_WEIGH_DOMAINS, true},
    {DOMAIN("domain-distance", "mean over pairs of domains of ½ Σ_e |f_de - f_d'e|", "share",
            "total variation",
            "of the loads of picks: the share that would have to move to other experts; nulls by "
            "the normal approximation",
            0, 1, distance, uniform_distance, shuffled_distance),
     false, MOE_WEIGH_DOMAINS, false},
    {DOMAIN("domain-affinity", "mean_e max_d r_de / Σ_d r_de, r_de = c_de / T_d", "share",
            "colibri, issue 175",
            "picks a unit, so that large domains count no more; over experts in use; 1/D where "
            "domains are alike, more where picks are few",
            0, 1, affinity, NULL, NULL),
     false, MOE_WEIGH_DOMAINS, false},
    {DOMAIN("domain-specialised", "#{e: max_d r_de / Σ_d r_de ≥ ½} / E₊", "share of experts",
            "colibri, issue 175 (spec ≥ 0.5)",
            "over experts in use; of two domains all experts pass: read it from three on", 0, 1,
            specialised, NULL, NULL),
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
