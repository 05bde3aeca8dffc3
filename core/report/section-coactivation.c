/* SPDX-License-Identifier: MIT
 *
 * Experts that are picked together.
 */
#include "report/section.h"

static const char *const metrics[] = {"max-coactivation", "top-partner",          "max-pmi",
                                      "lift-spread",      "coactivation-jaccard", NULL};
static const char *const figures[] = {"coactivation", NULL};

static const Statement statements[] = {
    {
        .metric = "max-coactivation",
        .main = true,
        .says = "Two experts of {layer} go together most: the partner is there in {value} of the "
                "units that pick the one",
        .chance = "; among independent picks of this load it would be {chance}",
        .same = ", no more than chance ({chance})",
        .others = "; in the median layer {median}",
    },
};

const PlainSection moe__section_coactivation = {
    PLAIN("coactivation", "Experts picked together", "which experts units pick together",
          MOE_TALLY_PAIRS),
    .metrics = metrics,
    .figures = figures,
    STATEMENTS(statements),
};
