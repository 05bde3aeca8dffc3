/* SPDX-License-Identifier: MIT
 *
 * metrics-affinity.c: whether experts keep to a domain, and how far they would seem to by chance.
 */
#include "stats/domain-table.h"
#include "stats/metrics.h"

#include <math.h>

/* A number of an expert's rates in domains; NaN where all are 0. */
typedef double (*RatesFunc)(const double *rate, int domains);

typedef struct AffinityMetric {
    MoeMetric metric;
    RatesFunc of;
} AffinityMetric;

static double
sum_of(const double *rate, int domains)
{
    double sum = 0;
    for (int d = 0; d < domains; d++)
        sum += rate[d];
    return sum;
}

/* max_d r_d / Σ_d r_d. */
static double
affinity_of(const double *rate, int domains)
{
    double most = 0, sum = sum_of(rate, domains);
    for (int d = 0; d < domains; d++)
        most = fmax(most, rate[d]);
    return sum > 0 ? most / sum : NAN;
}

static double
is_specialised(const double *rate, int domains)
{
    double affinity = affinity_of(rate, domains);
    return isnan(affinity) ? NAN : affinity >= 0.5;
}

static double
entropy_of(const double *rate, int domains)
{
    double entropy = 0, sum = sum_of(rate, domains);
    for (int d = 0; d < domains; d++)
        if (rate[d] > 0)
            entropy -= rate[d] / sum * log(rate[d] / sum);
    return sum > 0 ? entropy : NAN;
}

/* A mean over experts that have picks. */
typedef struct Mean {
    double sum;
    int64_t n;
} Mean;

static void
add(Mean *mean, const MoeMetric *metric, const double *rate, int domains)
{
    double own = ((const AffinityMetric *)metric)->of(rate, domains);
    if (isnan(own))
        return;
    mean->sum += own;
    mean->n++;
}

static double
affinity(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(MoeDomainTable) table = moe__domain_table(cell, false);
    g_autofree double *rate = g_new(double, (gsize)table.domains);
    Mean mean = {0};
    if (table.domains < 2)
        return NAN;
    for (int e = 0; e < table.experts; e++) {
        for (int d = 0; d < table.domains; d++)
            rate[d] =
                (double)table.count[(gsize)d * (gsize)table.experts + (gsize)e] / table.units[d];
        add(&mean, metric, rate, table.domains);
    }
    return mean.n > 0 ? mean.sum / (double)mean.n : NAN;
}

/* --- Chance: the mean of draws ----------------------------------------------------------------*/

/* Of each expert at least so many, and so many of all. */
enum { DRAWS_EACH = 64, DRAWS_ALL = 16384 };

/* One of Bin(n, p), by adding up probabilities where it is small, else by its normal limit. */
static double
draw_binomial(MoeRng *rng, double n, double p)
{
    if (p >= 1)
        return n;
    if (n * p > 30)
        return CLAMP(round(n * p + sqrt(n * p * (1 - p)) * (double)moe_rng_normal(rng)), 0, n);
    double u = (double)moe_rng_uniform(rng), chance = exp(n * log1p(-p)), x = 0;
    for (; u >= chance && x < n && x < 200; x++) {
        u -= chance;
        chance *= (n - x) / (x + 1) * (p / (1 - p));
    }
    return x;
}

static double
chance_affinity(const MoeMetric *metric, const MoeDomainTable *table)
{
    g_autofree double *rate = g_new(double, (gsize)table->domains);
    MoeRng rng = moe_rng(0, 0);
    Mean mean = {0};
    if (table->domains < 2)
        return NAN;
    int draws = MAX(DRAWS_EACH, DRAWS_ALL / table->experts);
    for (int i = 0; i < draws * table->experts; i++) {
        double share = table->share[i % table->experts];
        for (int d = 0; d < table->domains; d++)
            rate[d] = draw_binomial(&rng, table->units[d], share) / table->units[d];
        add(&mean, metric, rate, table->domains);
    }
    return mean.n > 0 ? mean.sum / (double)mean.n : NAN;
}

static double
uniform_affinity(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(MoeDomainTable) table = moe__domain_table(cell, false);
    moe__domain_table_even(&table);
    return chance_affinity(metric, &table);
}

static double
shuffled_affinity(const MoeMetric *metric, const MoeMetricCell *cell)
{
    g_auto(MoeDomainTable) table = moe__domain_table(cell, false);
    return chance_affinity(metric, &table);
}

/* --- The table --------------------------------------------------------------------------------*/

/* Where no domain stands out, an expert's affinity is 1 / D, its entropy ln D. */
static void
affinity_range(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    RatesFunc of = ((const AffinityMetric *)metric)->of;
    if (of == affinity_of && cell->n_domains > 0)
        *low = 1.0 / cell->n_domains;
    if (of == entropy_of && cell->n_domains > 0)
        *high = log(cell->n_domains);
}

#define AFFINITY(NAME, FORMULA, UNIT, SOURCE, CONVENTION, HIGH, OF) \
    {                                                               \
        {sizeof(MoeMetric),                                         \
         NAME,                                                      \
         FORMULA,                                                   \
         UNIT,                                                      \
         SOURCE,                                                    \
         CONVENTION,                                                \
         MOE_METRIC_NONE,                                           \
         MOE_NEEDS_DOMAINS | MOE_BY_KIND,                           \
         0,                                                         \
         HIGH,                                                      \
         affinity,                                                  \
         uniform_affinity,                                          \
         shuffled_affinity,                                         \
         affinity_range,                                            \
         NULL},                                                     \
            OF                                                      \
    }

#define RATES                                                                                 \
    "r_de = c_de / T_d, so that large domains count no more; over experts in use; nulls are " \
    "means "                                                                                  \
    "of 64 draws or more, the same every time"

static const AffinityMetric affinity_metrics[] = {
    AFFINITY("domain-affinity", "mean_e max_d r_de / Σ_d r_de", "share", "colibri, issue 175",
             RATES "; 1/D where domains are alike, more where picks are few", 1, affinity_of),
    AFFINITY("domain-specialised", "#{e: max_d r_de / Σ_d r_de ≥ ½} / E₊", "share of experts",
             "colibri, issue 175", RATES "; of two domains all experts pass: read it from three on",
             1, is_specialised),
    AFFINITY("domain-entropy", "mean_e -Σ_d a_de ln a_de, a_de = r_de / Σ_d r_de", "nats",
             "Shannon 1948",
             RATES
             "; of an expert's domains: ln D where domains are alike, 0 where it keeps to one",
             INFINITY, entropy_of),
};

void
moe__metrics_register_affinity(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(affinity_metrics); i++)
        moe_metrics_add(&affinity_metrics[i].metric);
}
