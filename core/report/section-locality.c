/* SPDX-License-Identifier: MIT
 *
 * Neighbouring tokens and their experts.
 */
#include "report/section.h"

static const char *const metrics[] = {"same-first", "any-shared", "jaccard",
                                      "jaccard@16", "dwell",      NULL};
static const char *const figures[] = {"locality", NULL};

static const Statement statements[] = {
    {
        .metric = "same-first",
        .main = true,
        .says = "A token has the first choice of the token before it {value} of the time in "
                "{layer}, the most",
        .chance = "; a router that takes no notice of tokens would repeat {chance}",
        .same = ", no more than chance ({chance})",
        .others = "; in the median layer {median}",
    },
};

const PlainSection moe__section_locality = {
    PLAIN("locality", "Locality", "how often neighbouring tokens pick the same experts",
          MOE_TALLY_ORDER),
    .metrics = metrics,
    .figures = figures,
    STATEMENTS(statements),
};
