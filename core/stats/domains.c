/* SPDX-License-Identifier: MIT
 *
 * domains.c: how much experts and domains have to do with each other. Formulas are in stats.h.
 */
#include <moescope/stats.h>

#include <math.h>

/* The table's domains that have picks, as distributions over experts. */
typedef struct Mixture {
    int domains, experts;
    const int64_t **count; /* [domains], borrowed rows */
    double *picks;         /* [domains] N_d */
    double *weight;        /* [domains] w_d */
    double *share;         /* [experts] q = Σ w_d p_d */
    double total;          /* N */
} Mixture;

static void
mixture_clear(Mixture *mixture)
{
    g_free(mixture->count);
    g_free(mixture->picks);
    g_free(mixture->weight);
    g_free(mixture->share);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mixture, mixture_clear)

static double
sum_row(const int64_t *row, int n)
{
    int64_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += row[i];
    return (double)sum;
}

static double
share_in(const Mixture *mixture, int domain, int expert)
{
    return (double)mixture->count[domain][expert] / mixture->picks[domain];
}

static void
mixture_fill(Mixture *mixture, const int64_t *count, int domains, int experts,
             MoeDomainWeight weight)
{
    *mixture = (Mixture){.experts = experts,
                         .count = g_new(const int64_t *, (gsize)domains),
                         .picks = g_new(double, (gsize)domains),
                         .weight = g_new(double, (gsize)domains),
                         .share = g_new0(double, (gsize)experts)};
    for (int d = 0; d < domains; d++) {
        const int64_t *row = count + (gsize)d * (gsize)experts;
        double picks = sum_row(row, experts);
        if (picks == 0)
            continue;
        mixture->count[mixture->domains] = row;
        mixture->picks[mixture->domains++] = picks;
        mixture->total += picks;
    }
    for (int d = 0; d < mixture->domains; d++) {
        mixture->weight[d] = weight == MOE_WEIGH_DOMAINS ? 1.0 / mixture->domains
                                                         : mixture->picks[d] / mixture->total;
        for (int e = 0; e < experts; e++)
            mixture->share[e] += mixture->weight[d] * share_in(mixture, d, e);
    }
}

static double
plug_in(const Mixture *mixture)
{
    double information = 0;
    for (int e = 0; e < mixture->experts; e++)
        if (mixture->share[e] > 0)
            information -= mixture->share[e] * log(mixture->share[e]);
    for (int d = 0; d < mixture->domains; d++)
        information -= mixture->weight[d] * moe_load_entropy(mixture->count[d], mixture->experts);
    return information;
}

/* Cells of one domain that aren't empty. */
static int
occupied(const Mixture *mixture, int domain)
{
    return mixture->experts - moe_load_dead(mixture->count[domain], mixture->experts);
}

/* Miller 1955: each entropy of I = H(E) + H(D) - H(E, D) is low by (cells - 1) / 2N. */
static double
bias_by_picks(const Mixture *mixture)
{
    int experts = 0, pairs = 0;
    for (int e = 0; e < mixture->experts; e++)
        experts += mixture->share[e] > 0;
    for (int d = 0; d < mixture->domains; d++)
        pairs += occupied(mixture, d);
    return (pairs - experts - mixture->domains + 1) / (2 * mixture->total);
}

/* E[H(q)] - H(q) ≈ -½ Σ_e Var q(e) / q(e), where the domains are independent samples. */
static double
bias_by_domains(const Mixture *mixture)
{
    double bias = 0;
    for (int d = 0; d < mixture->domains; d++) {
        double w = mixture->weight[d], n = mixture->picks[d];
        bias += w * (occupied(mixture, d) - 1) / (2 * n);
        for (int e = 0; e < mixture->experts; e++) {
            double p = share_in(mixture, d, e);
            if (p > 0)
                bias -= 0.5 * w * w * p * (1 - p) / (n * mixture->share[e]);
        }
    }
    return bias;
}

double
moe_mutual_information(const int64_t *count, int domains, int experts, MoeDomainWeight weight,
                       bool corrected)
{
    g_auto(Mixture) mixture;
    mixture_fill(&mixture, count, domains, experts, weight);
    if (mixture.domains == 0)
        return NAN;
    double information = plug_in(&mixture);
    if (!corrected)
        return information;
    return information -
           (weight == MOE_WEIGH_DOMAINS ? bias_by_domains(&mixture) : bias_by_picks(&mixture));
}

double
moe_total_variation(const int64_t *a, const int64_t *b, int experts)
{
    double n_a = sum_row(a, experts), n_b = sum_row(b, experts), sum = 0;
    for (int e = 0; e < experts; e++)
        sum += fabs((double)a[e] / n_a - (double)b[e] / n_b);
    return sum / 2;
}
