/* SPDX-License-Identifier: MIT
 *
 * metrics-documents.c: metrics of how alike documents use the experts, and whether those of a
 * domain do so more than those of others.
 */
#include "stats/metrics.h"

#include <moescope/tokens.h>

#include <math.h>

static double
dot(const MoeDocumentCell *a, const MoeDocumentCell *b)
{
    double sum = 0;
    for (int e = 0; e < a->experts; e++)
        sum += a->direction[e] * b->direction[e];
    return sum;
}

/* The mean cosine over pairs of different documents: each has a cosine of 1 with itself, which the
 * square of the sum holds too. */
static double
similarity_within(const MoeDocumentCell *cell)
{
    double n = (double)cell->documents;
    return n > 1 ? CLAMP((dot(cell, cell) - n) / (n * (n - 1)), 0, 1) : NAN;
}

static double
similarity(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return similarity_within(cell->documents);
}

/* --- Chance -----------------------------------------------------------------------------------*/

/* How far along the expected direction a unit vector of T units points: their counts' expectation
 * has the square T² Σ q², their variance adds T Σ q (1 - q). Two documents that are drawn apart
 * have the product of both as their cosine. */
static double
along(double units, double squares, double spread)
{
    return 1 / sqrt(1 + spread / (units * squares));
}

static double
chance_similarity(const MoeMetricCell *cell, bool uniform)
{
    const MoeDocumentCell *own = cell->documents;
    const MoeSummaryCell *summary = cell->summary;
    double units = (double)(summary->units - summary->making[0]), n = (double)own->documents;
    double squares = 0, spread = 0, sum = 0, each = 0;
    if (n < 2 || units <= 0)
        return NAN;
    for (int e = 0; e < own->experts; e++) {
        double picks = uniform ? (double)summary->picks / own->experts : (double)summary->count[e];
        double q = fmin(1, picks / units);
        squares += q * q;
        spread += q * (1 - q);
    }
    for (int c = 0; c < MOE_TOKENS_CLASSES; c++) {
        double of_length = (double)own->of_length[c];
        if (of_length == 0)
            continue;
        double a = along((double)own->units[c] / of_length, squares, spread);
        sum += of_length * a;
        each += of_length * a * a;
    }
    return (sum * sum - each) / (n * (n - 1));
}

static double
uniform_similarity(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_similarity(cell, true);
}

static double
shuffled_similarity(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_similarity(cell, false);
}

/* --- Domains ----------------------------------------------------------------------------------*/

/* NULL: the domain has no documents. */
static const MoeDocumentCell *
domain_of(const MoeMetricCell *cell, int domain)
{
    const MoeDocumentCell *own = cell->domain_documents ? cell->domain_documents[domain]
                                 : cell->of ? moe_summary_documents(cell->of, cell->router, domain)
                                            : NULL;
    return own && own->documents > 0 ? own : NULL;
}

/* (b - a) / max(a, b): mean distance to documents of the domain, and of the nearest other; of a
 * single document 0, as Rousseeuw has it. NaN: there is no other domain. */
static double
silhouette_of(const MoeMetricCell *cell, int domain)
{
    const MoeDocumentCell *own = domain_of(cell, domain);
    double within = 1 - similarity_within(own), nearest = INFINITY;
    for (int d = 0; d < cell->n_domains; d++) {
        const MoeDocumentCell *other = d == domain ? NULL : domain_of(cell, d);
        if (other)
            nearest = fmin(nearest, 1 - dot(own, other) /
                                            ((double)own->documents * (double)other->documents));
    }
    if (!isfinite(nearest))
        return NAN;
    double larger = fmax(within, nearest);
    return own->documents < 2 || larger <= 0 ? 0 : (nearest - within) / larger;
}

static double
silhouette(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    double sum = 0, documents = 0;
    for (int d = 0; d < cell->n_domains; d++) {
        const MoeDocumentCell *own = domain_of(cell, d);
        if (!own)
            continue;
        sum += (double)own->documents * silhouette_of(cell, d);
        documents += (double)own->documents;
    }
    return documents > 0 ? sum / documents : NAN;
}

static double
nothing(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return isnan(silhouette(metric, cell)) ? NAN : 0;
}

/* --- The table --------------------------------------------------------------------------------*/

static const MoeMetric document_metrics[] = {
    {
        .struct_size = sizeof(MoeMetric),
        .name = "document-similarity",
        .formula = "mean over pairs of documents of cos(c_d, c_d'), c_d = (c_d1, …, c_dE)",
        .unit = "ratio",
        .source = "Xue et al. 2024 (MoE-Infinity), arXiv 2401.14361: similarity of sequences",
        .convention = "of one layer: theirs is the mean over layers; of documents in one piece, "
                      "what stands between others' tokens is one of its own; nulls: documents of "
                      "these lengths",
        .needs = MOE_TALLY_DOCUMENTS,
        .high = 1,
        .value = similarity,
        .uniform = uniform_similarity,
        .shuffled = shuffled_similarity,
    },
    {
        .struct_size = sizeof(MoeMetric),
        .name = "domain-silhouette",
        .formula = "Σ_d n_d (b_d - a_d) / max(a_d, b_d) / Σ n_d",
        .unit = "ratio",
        .source = "Rousseeuw 1987",
        .convention = "distance 1 - cos of two documents' loads; a_d its mean within domain d, b_d "
                      "to the nearest other domain; of these means, not a mean over documents of "
                      "each one's own; nulls: where domains are alike, but for the nearest being "
                      "chosen",
        .needs = MOE_TALLY_DOCUMENTS | MOE_NEEDS_DOMAINS,
        .low = -1,
        .high = 1,
        .value = silhouette,
        .uniform = nothing,
        .shuffled = nothing,
    },
};

void
moe__metrics_register_documents(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(document_metrics); i++)
        moe_metrics_add(&document_metrics[i]);
}
