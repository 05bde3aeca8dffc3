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

/* What documents of a router are like, whatever is in them: q[experts] picks a unit of each, and
 * how they vary. */
typedef struct Alike {
    int experts;
    double *q;
    double squares, spread; /* Σ q², Σ q (1 - q) */
} Alike;

/* False where no unit has picks. */
static bool
alike_init(Alike *alike, const MoeSummaryCell *summary, bool uniform)
{
    double units = (double)(summary->units - summary->making[0]);
    *alike = (Alike){summary->experts, g_new0(double, (gsize)summary->experts), 0, 0};
    for (int e = 0; units > 0 && e < summary->experts; e++) {
        double picks =
            uniform ? (double)summary->picks / summary->experts : (double)summary->count[e];
        double q = alike->q[e] = fmin(1, picks / units);
        alike->squares += q * q;
        alike->spread += q * (1 - q);
    }
    return alike->squares > 0;
}

static void
alike_clear(Alike *alike)
{
    g_free(alike->q);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Alike, alike_clear)

/* Over documents of these lengths, how far they point along the expected direction: the sum, and
 * the sum of squares. */
static void
sum_along(const Alike *alike, const MoeDocumentCell *own, double *sum, double *squares)
{
    *sum = *squares = 0;
    for (int c = 0; c < MOE_TOKENS_CLASSES; c++) {
        double of_length = (double)own->of_length[c];
        if (of_length == 0)
            continue;
        double a = along((double)own->units[c] / of_length, alike->squares, alike->spread);
        *sum += of_length * a;
        *squares += of_length * a * a;
    }
}

static double
chance_similarity(const MoeMetricCell *cell, bool uniform)
{
    const MoeDocumentCell *own = cell->documents;
    double n = (double)own->documents, sum, squares;
    g_auto(Alike) alike = {0};
    if (n < 2 || !alike_init(&alike, cell->summary, uniform))
        return NAN;
    sum_along(&alike, own, &sum, &squares);
    return (sum * sum - squares) / (n * (n - 1));
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

/* --- Domains by chance ------------------------------------------------------------------------*/

/* A sum of unit vectors: along what all have in common, a each, and across it as much as is left of
 * their lengths, 1 - a², spread over experts as their counts vary; normal, as sums are. How much is
 * left varies as χ² does, whose degrees of freedom are the experts that vary: a domain whose
 * documents lie nearer to the middle is nearer to all others. (x² / (x² + 1) varies by 1 / (x² +
 * 1)² = a⁴ of what x² does.) */
static void
draw_direction(MoeRng *rng, const Alike *alike, const MoeDocumentCell *own, double *direction)
{
    double sum, squares, length = sqrt(alike->squares), along_it = 0, across = 0, fourth = 0;
    double n = (double)own->documents;
    sum_along(alike, own, &sum, &squares);
    for (int e = 0; e < alike->experts; e++) {
        double part = alike->q[e] / length, varies = alike->q[e] * (1 - alike->q[e]);
        direction[e] = sqrt(varies) * (double)moe_rng_normal(rng);
        along_it += direction[e] * part;
        across += varies * (1 - part * part);
        fourth += varies * varies * (1 - part * part);
    }
    double left = n - squares, freedom = across > 0 ? across * across / fourth : 1;
    double more = left * squares / n * sqrt(2 / freedom / n) * (double)moe_rng_normal(rng);
    more = CLAMP(more, -left, left);
    double scale = across > 0 ? sqrt((left + more) / across) : 0;
    sum -= more / (2 * sum / n);
    for (int e = 0; e < alike->experts; e++) {
        double part = alike->q[e] / length;
        direction[e] = sum * part + scale * (direction[e] - along_it * part);
    }
}

/* The mean over draws: of the domains that are no farther than one's own, the nearest is nearer. */
static double
chance_silhouette(const MoeMetricCell *cell, bool uniform)
{
    enum { DIRECTIONS = 131072, LEAST = 8, MOST = 512, SEED = 7 };
    gsize n = (gsize)cell->n_domains, experts = (gsize)cell->summary->experts;
    g_auto(Alike) alike = {0};
    if (isnan(silhouette(NULL, cell)) || !alike_init(&alike, cell->summary, uniform))
        return NAN;
    g_autofree MoeDocumentCell *cells = g_new(MoeDocumentCell, n);
    g_autofree const MoeDocumentCell **known = g_new0(const MoeDocumentCell *, n);
    g_autofree double *direction = g_new(double, n *experts);
    MoeMetricCell drawn = *cell;
    MoeRng rng = moe_rng(SEED, 0);
    int draws = (int)CLAMP(DIRECTIONS / (n * experts), LEAST, MOST);
    double sum = 0;
    drawn.domain_documents = known;
    for (int i = 0; i < draws; i++) {
        for (gsize d = 0; d < n; d++) {
            const MoeDocumentCell *own = domain_of(cell, (int)d);
            if (!own)
                continue;
            cells[d] = *own;
            cells[d].direction = direction + d * experts;
            known[d] = &cells[d];
            draw_direction(&rng, &alike, own, cells[d].direction);
        }
        sum += silhouette(NULL, &drawn);
    }
    return sum / draws;
}

static double
uniform_silhouette(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_silhouette(cell, true);
}

static double
shuffled_silhouette(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return chance_silhouette(cell, false);
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
                      "each one's own; nulls: drawn, of domains that are alike, of which the "
                      "nearest is nearer than one's own is",
        .needs = MOE_TALLY_DOCUMENTS | MOE_NEEDS_DOMAINS,
        .low = -1,
        .high = 1,
        .value = silhouette,
        .uniform = uniform_silhouette,
        .shuffled = shuffled_silhouette,
    },
};

void
moe__metrics_register_documents(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(document_metrics); i++)
        moe_metrics_add(&document_metrics[i]);
}
