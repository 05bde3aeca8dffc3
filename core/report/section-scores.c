/* SPDX-License-Identifier: MIT
 *
 * How decided routers are.
 */
#include "report/section.h"

static const char *const metrics[] = {"token-entropy-normalised",
                                      "token-perplexity",
                                      "boundary-margin",
                                      "top-k-mass",
                                      "margin",
                                      "flip-rate@0.1",
                                      NULL};
static const char *const figures[] = {"scores", NULL};

static const Statement statements[] = {
    {
        .metric = "token-entropy-normalised",
        .main = true,
        .says = "Routers are least decided in {layer}: the entropy of a token's probabilities is "
                "{value} of ln E in the mean",
        .others = "; in the median layer {median}, in the most decided one {low}",
    },
    {
        .metric = "top-k-mass",
        .lowest = true,
        .says = "The {k} experts picked hold {value} of the probability in {layer}, the least",
        .others = "; in the median layer {median}",
    },
};

const PlainSection moe__section_scores = {
    PLAIN("scores", "How decided routers are", "entropy, margins and gates",
          MOE_TALLY_SCORES | MOE_TALLY_ORDER),
    .metrics = metrics,
    .figures = figures,
    STATEMENTS(statements),
};
