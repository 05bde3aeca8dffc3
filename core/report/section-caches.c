/* SPDX-License-Identifier: MIT
 *
 * What a cache of experts would serve.
 */
#include "report/section.h"

static const char *const metrics[] = {"cache-lru@2/8",    "cache-lru@4/8", "cache-lfu@4/8",
                                      "cache-belady@4/8", "srp@16",        NULL};
static const char *const figures[] = {"caches", NULL};

static const Statement statements[] = {
    {
        .metric = "cache-lru@4/8",
        .lowest = true,
        .main = true,
        .says = "A cache that holds half of the experts (least recently used leaves) serves "
                "{value} of the picks of {layer}, the fewest",
        .chance = ", where a router that takes no notice of tokens would find {chance}",
        .same = ", no more than chance ({chance})",
        .others = "; of the median layer {median}, of the best {high}",
    },
};

const PlainSection moe__section_caches = {
    PLAIN("caches", "Caches of experts", "what a cache of experts would serve, by its size",
          MOE_TALLY_CACHES),
    .metrics = metrics,
    .figures = figures,
    STATEMENTS(statements),
};
