/* SPDX-License-Identifier: MIT
 *
 * metrics-tokens.c: metrics of which experts take which token ids. A null draws ids that are seen
 * as often and knows nothing of them: what is above it is the router's.
 */
#include "stats/chance-tokens.h"
#include "stats/metrics.h"
#include "stats/ranges.h"

#include <math.h>

/* What a metric is of a cell, or would be by chance. */
typedef enum { MEAN, OFTEN, WEIGHTED, INFORMATION, CORRECTED, SELECTIVITY } Kind;

typedef struct TokenMetric {
    MoeMetric metric;
    int set;
    Kind kind;
} TokenMetric;

static double
value(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const TokenMetric *own = (const TokenMetric *)metric;
    const MoeTokenCell *tokens = cell->tokens;
    double h = tokens->entropy[own->set];
    switch (own->kind) {
    case MEAN:
        return tokens->mean[own->set];
    case OFTEN:
        return tokens->mean_often[own->set];
    case WEIGHTED:
        return tokens->weighted[own->set];
    case INFORMATION:
        return h > 0 ? tokens->information[own->set] / h : NAN;
    case CORRECTED:
        return h > 0 ? tokens->corrected[own->set] / h : NAN;
    case SELECTIVITY:
        return tokens->information[own->set];
    }
    return NAN;
}

static double
by_chance(const MoeMetric *metric, const MoeMetricCell *cell, bool uniform)
{
    const TokenMetric *own = (const TokenMetric *)metric;
    const MoeTokenCell *tokens = cell->tokens;
    if (own->kind == MEAN || own->kind == OFTEN || own->kind == WEIGHTED) {
        MoeTokenChance chance = moe__token_chance(tokens, own->set, uniform);
        return own->kind == MEAN    ? chance.mean
               : own->kind == OFTEN ? chance.mean_often
                                    : chance.weighted;
    }
    MoeTokenInformation chance = moe__token_chance_information(tokens, own->set, uniform);
    if (own->kind == SELECTIVITY)
        return isnan(chance.plug_in) ? NAN : MAX(0, chance.plug_in);
    if (!(chance.entropy > 1e-12)) /* of a unit alone it is 0, but for rounding */
        return NAN;
    return own->kind == CORRECTED ? chance.corrected / chance.entropy
                                  : MAX(0, chance.plug_in / chance.entropy);
}

static double
uniform(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return by_chance(metric, cell, true);
}

static double
shuffled(const MoeMetric *metric, const MoeMetricCell *cell)
{
    return by_chance(metric, cell, false);
}

/* The busiest expert of an id has a share of 1/E at least; an id tells no more than all there is.
 */
static void
token_range(const MoeMetric *metric, const MoeMetricCell *cell, double *low, double *high)
{
    Kind kind = ((const TokenMetric *)metric)->kind;
    if (kind == MEAN || kind == OFTEN || kind == WEIGHTED)
        *low = 1.0 / cell->tokens->experts;
    if (kind == SELECTIVITY)
        *high = log(cell->tokens->experts);
}

/* Mean over experts that have a top token. */
static double
top_lift(const MoeMetric *metric, const MoeMetricCell *cell)
{
    const MoeTokenCell *tokens = cell->tokens;
    double sum = 0;
    int n = 0;
    for (int e = 0; e < tokens->experts; e++)
        if (tokens->top_picks[(gsize)e * MOE_TOKENS_TOP] > 0) {
            sum += tokens->top_lift[(gsize)e * MOE_TOKENS_TOP];
            n++;
        }
    return n > 0 ? sum / n : NAN;
}

static double
uniform_lift(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return moe__token_chance_lift(cell->tokens, true);
}

static double
shuffled_lift(const MoeMetric *metric, const MoeMetricCell *cell)
{
    (void)metric;
    return moe__token_chance_lift(cell->tokens, false);
}

#define OLMOE "Muennighoff et al. 2024 (OLMoE), arXiv 2409.02060"
#define XUE   "context independence: Xue et al. 2024 (OpenMoE), arXiv 2402.01739"

#define TOKENS(...) TOKENS_TO(1, __VA_ARGS__)
#define TOKENS_TO(HIGH, NAME, FORMULA, UNIT, SOURCE, CONVENTION, LOW, SET, KIND) \
    {                                                                            \
        {sizeof(MoeMetric),                                                      \
         NAME,                                                                   \
         FORMULA,                                                                \
         UNIT,                                                                   \
         SOURCE,                                                                 \
         CONVENTION,                                                             \
         MOE_METRIC_NONE,                                                        \
         MOE_TALLY_TOKENS,                                                       \
         LOW,                                                                    \
         HIGH,                                                                   \
         value,                                                                  \
         uniform,                                                                \
         shuffled,                                                               \
         token_range,                                                            \
         NULL},                                                                  \
            MOE_TOKENS_##SET, KIND                                               \
    }

static const TokenMetric token_metrics[] = {
    TOKENS("vocabulary", "mean_x max_e n_xe / n_x, first choices", "share", OLMOE,
           "over all ids: one that is seen once counts as specialised; compare with the nulls", 0,
           FIRST, MEAN),
    TOKENS("vocabulary-often", "the same over ids with n_x ≥ 10", "share", OLMOE,
           "the least count is ours", 0, FIRST, OFTEN),
    TOKENS("vocabulary-weighted", "Σ_x max_e n_xe / Σ_x n_x, first choices", "share", OLMOE,
           "ids weighted by how often they are seen", 0, FIRST, WEIGHTED),
    TOKENS("vocabulary-picks", "mean_x max_e n_xe / n_x, all picks", "share", OLMOE,
           "n_x in units, not in picks: an expert that always takes part in x has 1", 0, PICKS,
           MEAN),
    TOKENS("vocabulary-picks-often", "the same over ids with n_x ≥ 10", "share", OLMOE,
           "the least count is ours; n_x in units", 0, PICKS, OFTEN),
    TOKENS("vocabulary-picks-weighted", "Σ_x max_e n_xe / Σ_x n_x, all picks", "share", OLMOE,
           "ids weighted by how often they are seen; n_x in units", 0, PICKS, WEIGHTED),
    TOKENS("context-independence", "I(e; x) / H(e), first choices", "share", XUE,
           "x the token id; plug-in, high by the nulls, which have no information", 0, FIRST,
           INFORMATION),
    TOKENS("context-independence-corrected", "(I(e; x) - bias) / H(e), first choices", "share", XUE,
           "Miller and Madow's bias (J₊ - E₊ - X₊ + 1) / 2N; too little where most ids are rare: "
           "the nulls are what it leaves",
           -INFINITY, FIRST, CORRECTED),
    TOKENS_TO(
        INFINITY, "token-information", "Σ_e f_e KL(P(x | e) ‖ P(x)) = I(e; x), first choices",
        "nats", "Kullback and Leibler 1951",
        "selectivity: how far the ids that an expert takes differ from all, by load; plug-in, "
        "high by the nulls, which have no information",
        0, FIRST, SELECTIVITY),
    TOKENS("context-independence-picks", "I(e; x) / H(e), all picks", "share", XUE,
           "of a pick drawn from all; plug-in", 0, PICKS, INFORMATION),
    TOKENS(
        "context-independence-picks-corrected", "(I(e; x) - bias) / H(e), all picks", "share", XUE,
        "Miller and Madow's bias; picks of a unit exclude each other; the nulls are what it leaves",
        -INFINITY, PICKS, CORRECTED),
};

static const MoeMetric top_token_lift = {
    .struct_size = sizeof(MoeMetric),
    .name = "top-token-lift",
    .formula = "mean_e max_x (n_xe / n_x) / (c_e / T)",
    .unit = "ratio",
    .source = "lift: Brin et al. 1997",
    .convention = "all picks, ids with n_x ≥ 10; over experts that take one of those",
    .better = MOE_METRIC_NONE,
    .needs = MOE_TALLY_TOKENS,
    .low = 0,
    .high = INFINITY,
    .value = top_lift,
    .uniform = uniform_lift,
    .shuffled = shuffled_lift,
};

void
moe__metrics_register_tokens(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(token_metrics); i++)
        moe_metrics_add(&token_metrics[i].metric);
    moe_metrics_add(&top_token_lift);
}
