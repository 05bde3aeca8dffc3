/* SPDX-License-Identifier: MIT
 *
 * Where the sub-tokens of a token go (MH-MoE, arXiv 2404.15045).
 */
#include "report/section.h"

static const char *const metrics[] = {"head-divergence", "head-information-corrected", NULL};
static const char *const figures[] = {"divergence", "sub-tokens", NULL};

static const Statement statements[] = {
    {
        .metric = "head-divergence",
        .uniform = true,
        .main = true,
        .says = "The sub-tokens of a token spread over {value} experts in {layer}, the most",
        .chance = "; uniformly random choices would show {chance}",
        .same = ", as many as chance ({chance})",
        .others = "; over {median} in the median layer",
    },
};

const PlainSection moe__section_sub_tokens = {
    PLAIN("sub-tokens", "Sub-tokens", "to how many experts the sub-tokens of a token go",
          MOE_TALLY_HEADS),
    .metrics = metrics,
    .figures = figures,
    STATEMENTS(statements),
};
