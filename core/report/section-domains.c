/* SPDX-License-Identifier: MIT
 *
 * What experts know of domains (OLMoE, arXiv 2409.02060, section 5).
 */
#include "report/section.h"

static const char *const metrics[] = {"domain-information-corrected", "domain-js-corrected",
                                      "domain-distance", "domain-specialised", NULL};
static const char *const figures[] = {"domains", NULL};

static const Statement statements[] = {
    {
        .metric = "domain-information-corrected",
        .main = true,
        .says = "A pick tells most about its domain in {layer}: {value} nats",
        .chance = "; a router that takes no notice of domains would show {chance}",
        .same = ", no more than chance ({chance})",
        .others = "; the median layer shows {median}",
    },
    {
        .metric = "domain-distance",
        .says = "Between two domains, {value} of the picks of {layer} would have to move for equal "
                "loads, the most",
        .others = "; in the median layer {median}",
    },
};

const PlainSection moe__section_domains = {
    PLAIN("domains", "Domains", "how differently domains use experts", MOE_TALLY_LOAD),
    .metrics = metrics,
    .figures = figures,
    STATEMENTS(statements),
};
