/* SPDX-License-Identifier: MIT
 *
 * compare-scores.c: the Jensen-Shannon divergence of the softmax of two routers' logits, unit by
 * unit.
 */
#include "stats/compare-scores.h"

#include "trace/half.h"

#include <math.h>
#include <string.h>

enum { SAMPLE = 2048 };

/* One side's logits of the chunk that was read last. */
typedef struct Side {
    const MoeTrace *trace;
    int router, chunk; /* -1: none was read */
    MoeArray logits;   /* data NULL: the chunk has none */
} Side;

struct MoeScoreWalk {
    Side a, b;
    int experts;
    double *p, *q; /* [experts] */
    int64_t every; /* units for one of the sample */
    int64_t seen;  /* units */
    int sampled;   /* of SAMPLE */
    float *of[2];  /* [SAMPLE × experts] probabilities */
};

static bool
has_logits(const MoeTrace *trace, int router)
{
    for (int c = 0; c < moe_trace_chunks(trace); c++) {
        g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.logits", c, router);
        if (moe_trace_has(trace, name))
            return true;
    }
    return false;
}

MoeScoreWalk *
moe__score_walk_new(const MoeTrace *a, const MoeTrace *b, const MoeComparedRouter *pair,
                    int64_t units)
{
    gsize n = (gsize)pair->experts_a;
    if (pair->experts_a != pair->experts_b || !has_logits(a, pair->a) || !has_logits(b, pair->b))
        return NULL;
    MoeScoreWalk *walk = g_new0(MoeScoreWalk, 1);
    walk->a = (Side){.trace = a, .router = pair->a, .chunk = -1};
    walk->b = (Side){.trace = b, .router = pair->b, .chunk = -1};
    walk->experts = pair->experts_a;
    walk->p = g_new(double, n);
    walk->q = g_new(double, n);
    walk->every = MAX(1, units / SAMPLE);
    for (int i = 0; i < 2; i++)
        walk->of[i] = g_new(float, n *SAMPLE);
    return walk;
}

void
moe__score_walk_free(MoeScoreWalk *walk)
{
    if (!walk)
        return;
    g_free((gpointer)walk->a.logits.data);
    g_free((gpointer)walk->b.logits.data);
    g_free(walk->p);
    g_free(walk->q);
    g_free(walk->of[0]);
    g_free(walk->of[1]);
    g_free(walk);
}

/* --- Reading ----------------------------------------------------------------------------------*/

static bool
side_load(Side *side, int chunk, int experts, GError **error)
{
    if (side->chunk == chunk)
        return true;
    g_free((gpointer)side->logits.data);
    side->logits = (MoeArray){0};
    g_autofree char *name = g_strdup_printf("picks/%05d.r%03d.logits", chunk, side->router);
    if (moe_trace_has(side->trace, name)) {
        MoeArray *logits = &side->logits;
        if (!moe_trace_read(side->trace, name, logits, error)) {
            logits->data = NULL;
            return false;
        }
        bool real = logits->type == MOE_F16 || logits->type == MOE_F32 || logits->type == MOE_F64;
        if (!real || logits->ndim != 2 || logits->shape[1] != experts) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                        "%s: another type or shape was found, real numbers [units, %d] were "
                        "expected",
                        name, experts);
            return false;
        }
    }
    side->chunk = chunk;
    return true;
}

static double
logit_at(const MoeArray *logits, int64_t i)
{
    if (logits->type == MOE_F16)
        return (double)moe__half_to_float(((const uint16_t *)logits->data)[i]);
    return moe_array_value(logits, i);
}

/* Fills p[experts]; false where there are no logits, or one isn't finite. */
static bool
softmax(const Side *side, int64_t unit, int experts, const int *labels, double *p)
{
    double top = -INFINITY, sum = 0;
    if (!side->logits.data || unit >= side->logits.shape[0])
        return false;
    for (int e = 0; e < experts; e++) {
        double z = logit_at(&side->logits, unit * experts + e);
        if (!isfinite(z))
            return false;
        p[labels ? labels[e] : e] = z;
        top = fmax(top, z);
    }
    for (int e = 0; e < experts; e++)
        sum += p[e] = exp(p[e] - top);
    for (int e = 0; e < experts; e++)
        p[e] /= sum;
    return true;
}

/* --- Counting ---------------------------------------------------------------------------------*/

/* ½ KL(p || m) + ½ KL(q || m), m = (p + q) / 2, of two terms of one expert. */
static double
term(double p, double q)
{
    double sum = 0;
    if (p > 0)
        sum += p * log(2 * p / (p + q));
    if (q > 0)
        sum += q * log(2 * q / (p + q));
    return sum / 2;
}

static void
add_divergence(double divergence, int64_t *row)
{
    row[MOE_SUM_SCORED]++;
    row[MOE_SUM_DIVERGENCE] += llround(CLAMP(divergence, 0, G_LN2) * (double)MOE_COMPARE_ONE);
}

static void
sample(MoeScoreWalk *walk)
{
    if (walk->seen++ % walk->every != 0 || walk->sampled == SAMPLE)
        return;
    for (int e = 0; e < walk->experts; e++) {
        int64_t at = (int64_t)walk->sampled * walk->experts + e;
        walk->of[0][at] = (float)walk->p[e];
        walk->of[1][at] = (float)walk->q[e];
    }
    walk->sampled++;
}

bool
moe__score_walk_count(MoeScoreWalk *walk, const MoeScoreUnits *units, const int *labels,
                      int64_t *row, GError **error)
{
    if (!side_load(&walk->a, units->chunk_a, walk->experts, error) ||
        !side_load(&walk->b, units->chunk_b, walk->experts, error))
        return false;
    for (int64_t i = 0; i < units->n; i++) {
        double divergence = 0;
        if (!softmax(&walk->a, units->first_a + i, walk->experts, NULL, walk->p) ||
            !softmax(&walk->b, units->first_b + i, walk->experts, labels, walk->q))
            continue;
        for (int e = 0; e < walk->experts; e++)
            divergence += term(walk->p[e], walk->q[e]);
        add_divergence(divergence, row);
        if (!labels)
            sample(walk);
    }
    return true;
}

void
moe__score_walk_shuffled(const MoeScoreWalk *walk, int64_t *row)
{
    int n = walk->sampled;
    for (int i = 0; n > 1 && i < n; i++) {
        const float *p = walk->of[0] + (gsize)i * (gsize)walk->experts;
        const float *q = walk->of[1] + (gsize)((i + n / 2) % n) * (gsize)walk->experts;
        double divergence = 0;
        for (int e = 0; e < walk->experts; e++)
            divergence += term((double)p[e], (double)q[e]);
        add_divergence(divergence, row);
    }
}
