/* SPDX-License-Identifier: MIT
 *
 * How evenly picks spread over experts, layer by layer.
 */
#include "report/section.h"

static const char *const metrics[] = {"effective-experts", "maxvio", "cv", "gini", "dead",
                                      "drop-rate",         NULL};
static const char *const figures[] = {"layers", "activation", "activation-curve", NULL};

static const Statement statements[] = {
    {
        .metric = "effective-experts",
        .lowest = true,
        .uniform = true,
        .main = true,
        .says = "{Layer} uses {value} of {experts} experts effectively, the fewest",
        .chance = "; a uniform router would show {chance} at this T",
        .same = ", no fewer than a uniform router would show at this T ({chance})",
        .others = "; the median layer uses {median}, the most even one {high}",
    },
    {
        .metric = "maxvio",
        .uniform = true,
        .main = true,
        .says = "The busiest expert of all is in {layer}: it takes {value} even shares on top of "
                "its own (MaxVio)",
        .chance = "; a uniform router would show {chance}",
        .same = ", no more than chance ({chance})",
        .others = "; the median layer shows {median}",
    },
    {
        .metric = "dead",
        .uniform = true,
        .main = true,
        .says = "{Layer} has {value} experts of {experts} that no unit picks, the most",
        .chance = "; a uniform router would leave {chance} at this T",
        .others = "; the median layer has {median}",
        .none = "No expert of any layer goes without picks.",
    },
    {
        .metric = "drop-rate",
        .main = true,
        .says = "Capacity drops {value} of the picks of {layer}, the most",
        .others = "; the median layer loses {median}",
        .none = "",
    },
};

const PlainSection moe__section_balance = {
    PLAIN("balance", "Balance", "how evenly picks spread over experts, by layer", MOE_TALLY_LOAD),
    .metrics = metrics,
    .figures = figures,
    STATEMENTS(statements),
};
