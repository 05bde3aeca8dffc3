/* SPDX-License-Identifier: MIT
 *
 * metrics-domains.c: metrics of how much experts and domains have to do with each other, and what a
 * router that doesn't tell domains apart would show.
 */
#include "stats/chance-domains.h"
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

/* Too far from the limit of many picks for what is said of it to be within a per cent or so: where
 * the smallest domain has fewer than these an expert. */
enum { MANY = 20 };

static double
picks_a_unit(const MoeDomainTable *table)
{
    double picks = 0;
    for (int e = 0; e < table->experts; e++)
        picks += table->share[e];
    return picks;
}

static bool
has_few(const MoeDomainTable *table)
{
    double least = INFINITY;
    for (int d = 0; d < table->domains; d++)
        least = fmin(least, table->units[d]);
    return least * picks_a_unit(table) < (double)MANY * table->experts;
}

static bool
is_one(const MoeDomainTable *table)
{
    return picks_a_unit(table) < 1 + 1e-9;
}

static double
term(double share)
{
    return share > 0 ? -share * log(share) : 0;
}

/* Expert by expert, with the picks that domains have: drawn ones needn't add up to them, and where
 * each row is normalised by itself it varies less than it should. */
static double
even_plug_in(const MoeDomainTable *table, const int64_t *count)
{
    gsize experts = (gsize)table->experts;
    g_autofree double *mean = g_new0(double, experts);
    double sum = 0;
    for (int d = 0; d < table->domains; d++) {
        double picks = 0;
        for (gsize e = 0; e < experts; e++)
            picks += (double)table->count[(gsize)d * experts + e];
        for (gsize e = 0; e < experts; e++) {
            double share = (double)count[(gsize)d * experts + e] / picks;
            mean[e] += share / table->domains;
            sum -= term(share) / table->domains;
        }
    }
    for (gsize e = 0; e < experts; e++)
        sum += term(mean[e]);
    return sum;
}

static double
even_corrected(const MoeDomainTable *table, const int64_t *count)
{
    return moe_mutual_information(count, table->domains, table->experts, MOE_WEIGH_DOMAINS, true);
}

/* Shuffled: the units of all domains, dealt to them anew. */
static double
chance_information(const MoeMetric *metric, const MoeMetricCell *cell, bool uniform)
{
    const DomainMetric *own = (const DomainMetric *)metric;
    bool even = own->weight == MOE_WEIGH_DOMAINS;
    g_auto(MoeDomainTable) table = moe__domain_table(cell, own->first);
    double all = 0;
    if (table.domains < 2)
        return NAN;
    if (even && (own->corrected || has_few(&table)))
        return moe__domains_by_chance(&table, is_one(&table), uniform,
                                      own->corrected ? even_corrected : even_plug_in);
    for (int d = 0; d < table.domains; d++)
        all += table.units[d];
    if (uniform)
        moe__domain_table_even(&table);
    const MoeChanceLoad load = {table.share, table.experts, uniform ? 0 : all};
    return own->corrected ? moe__chance_corrected(&load, table.units, table.domains)
                          : moe__chance_information(&load, table.units, table.domains, even);
}

static double
uniform_information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return chance_information(metric, cell, true);
}

static double
shuffled_information(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return chance_information(metric, cell, false);
}

/* --- Distance ---------------------------------------------------------------------------------*/

/* Half the distance of two rows of shares, of as many picks as the domains have. */
static double
distance_of(const MoeDomainTable *table, const int64_t *count, int a, int b)
{
    gsize experts = (gsize)table->experts;
    double n_a = 0, n_b = 0, sum = 0;
    for (gsize e = 0; e < experts; e++) {
        n_a += (double)table->count[(gsize)a * experts + e];
        n_b += (double)table->count[(gsize)b * experts + e];
    }
    for (gsize e = 0; e < experts; e++)
        sum += fabs((double)count[(gsize)a * experts + e] / n_a -
                    (double)count[(gsize)b * experts + e] / n_b);
    return sum / 2;
}

static double
mean_distance(const MoeDomainTable *table, const int64_t *count)
{
    double sum = 0, pairs = 0;
    for (int a = 0; a < table->domains; a++)
        for (int b = 0; b < a; b++) {
            sum += distance_of(table, count, a, b);
            pairs++;
        }
    return pairs > 0 ? sum / pairs : NAN;
}

static double
distance(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(MoeDomainTable) table = moe__domain_table(cell, ((const DomainMetric *)metric)->first);
    return mean_distance(&table, table.count);
}

/* The difference of two shares x/T is normal in the limit, and E|X| = sqrt(2/π) σ. */
static double
normal_distance(const MoeDomainTable *table)
{
    double picks = picks_a_unit(table), each = 0, sum = 0, pairs = 0;
    for (int e = 0; e < table->experts; e++)
        each += sqrt(table->share[e] * (1 - table->share[e]));
    for (int a = 0; a < table->domains; a++)
        for (int b = 0; b < a; b++) {
            sum += sqrt(1 / table->units[a] + 1 / table->units[b]);
            pairs++;
        }
    return pairs > 0 ? fmin(1, 0.5 * sqrt(2 / G_PI) * each / picks * sum / pairs) : NAN;
}

/* E|X/a - Y/b| = ∫ F (1 - G) + G (1 - F) of their distribution functions, which are steps. */
static double
expected_difference(const MoeChance *x, double a, const MoeChance *y, double b)
{
    double below_x = 0, below_y = 0, at = 0, sum = 0;
    for (int i = 0, j = 0; i < x->n || j < y->n;) {
        double next_x = i < x->n ? (double)(x->low + i) / a : INFINITY;
        double next_y = j < y->n ? (double)(y->low + j) / b : INFINITY;
        double next = fmin(next_x, next_y);
        sum += (next - at) * (below_x * (1 - below_y) + below_y * (1 - below_x));
        below_x += next_x <= next ? x->p[i++] : 0;
        below_y += next_y <= next ? y->p[j++] : 0;
        at = next;
    }
    return sum;
}

/* Of experts that all have the same chance, so that one stands for them; exact. */
static double
even_distance(const MoeDomainTable *table)
{
    g_autofree MoeChance *chance = g_new(MoeChance, (gsize)table->domains);
    double each = table->share[0], sum = 0, pairs = 0;
    for (int d = 0; d < table->domains; d++)
        chance[d] = moe__chance((int64_t)table->units[d], each, table->experts,
                                table->units[d] * each * table->experts);
    for (int a = 0; a < table->domains; a++)
        for (int b = 0; b < a; b++) {
            sum += expected_difference(&chance[a], table->units[a] * each * table->experts,
                                       &chance[b], table->units[b] * each * table->experts);
            pairs++;
        }
    for (int d = 0; d < table->domains; d++)
        moe__chance_clear(&chance[d]);
    return pairs > 0 ? sum / pairs * table->experts / 2 : NAN;
}

static double
chance_distance(const MoeMetricCell *cell, bool uniform)
{
    g_auto(MoeDomainTable) table = moe__domain_table(cell, false);
    bool few = has_few(&table);
    if (few && !uniform)
        return moe__domains_by_chance(&table, is_one(&table), false, mean_distance);
    if (uniform)
        moe__domain_table_even(&table);
    return few ? even_distance(&table) : normal_distance(&table);
}

static double
uniform_distance(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_distance(cell, true);
}

static double
shuffled_distance(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_distance(cell, false);
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
            "be slightly below 0; too little of few units an expert: the nulls are what it leaves",
            -INFINITY, INFINITY, information, uniform_information, shuffled_information,
            information_range),
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
            "of first choices, for which the correction holds; may be slightly below 0; the nulls, "
            "drawn, are what it leaves",
            -INFINITY, INFINITY, information, uniform_information, shuffled_information,
            information_range),
     true, MOE_WEIGH_DOMAINS, true},
    {DOMAIN("domain-distance", "mean over pairs of domains of ½ Σ_e |f_de - f_d'e|", "share",
            "total variation",
            "of the loads of picks: the share that would have to move to other experts; nulls by "
            "the normal approximation; of few picks exact (uniform) or drawn",
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
        "most; of units, also those without picks, not of picks: balanced is k/E",
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
