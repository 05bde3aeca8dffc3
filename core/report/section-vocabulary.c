/* SPDX-License-Identifier: MIT
 *
 * How far routers sort tokens by their id (OLMoE, arXiv 2409.02060, section 5).
 */
#include "report/section.h"

static const char *const metrics[] = {"vocabulary-often", "vocabulary-weighted",
                                      "context-independence-corrected", "top-token-lift", NULL};
static const char *const figures[] = {"vocabulary", "top-tokens", NULL};

static const Statement statements[] = {
    {
        .metric = "context-independence-corrected",
        .share = true,
        .main = true,
        .says = "The token alone explains {value} of the first choices of {layer}, the most "
                "(information about the expert, as a share of its entropy)",
        .others = "; of the median layer {median}",
    },
    {
        .metric = "vocabulary-often",
        .says = "A token id goes to its favourite expert {value} of the time in {layer}, the most",
        .chance = "; chance would show {chance}",
        .others = "; in the median layer {median}",
    },
};

const PlainSection moe__section_vocabulary = {
    PLAIN("vocabulary", "Vocabulary", "which tokens experts take, whatever stands around them",
          MOE_TALLY_TOKENS),
    .metrics = metrics,
    .figures = figures,
    STATEMENTS(statements),
};
