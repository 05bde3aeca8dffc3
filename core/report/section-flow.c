/* SPDX-License-Identifier: MIT
 *
 * From a layer's first choices to the next layer's.
 */
#include "report/section.h"

static const char *const metrics[] = {"flow-information-corrected", "flow-information-normalised",
                                      "flow-top", NULL};
static const char *const figures[] = {"flow", "transitions", NULL};

static const Statement statements[] = {
    {
        .metric = "flow-information-corrected",
        .main = true,
        .says = "The first choice one layer earlier tells most about that of {layer}: {value} nats",
        .chance = "; layers that take no notice of each other would show {chance}",
        .same = ", no more than chance ({chance})",
        .others = "; the median layer shows {median}",
    },
    {
        .metric = "flow-top",
        .says = "Knowing the expert before, one guesses that of {layer} right {value} of the time, "
                "the most",
        .chance = "; without any connection {chance}",
        .others = "; in the median layer {median}",
    },
    {
        /* of the whole trace, told with its last router */
        .metric = "paths",
        .says = "Through the first choices of all layers, units (the last 65,536 at most) take "
                "{value} different paths",
        .chance = "; choices of these loads that take no notice of each other would make {chance}",
        .same = ", as many as chance would make",
    },
    {
        .metric = "path-entropy",
        .says = "The entropy of these paths is {value} nats",
        .chance = ", where chance would show {chance}",
        .same = ", as by chance",
    },
};

const PlainSection moe__section_flow = {
    PLAIN("flow", "Flow between layers", "how a layer's choice follows from the one before",
          MOE_TALLY_FLOW),
    .metrics = metrics,
    .figures = figures,
    STATEMENTS(statements),
};
