/* SPDX-License-Identifier: MIT
 *
 * How alike experts are: by the units that pick them, and by what they compute where runs recorded
 * that.
 */
#include "report/section.h"

static const char *const metrics[] = {"expert-cosine", "expert-output-cka", "router-cosine", NULL};
static const char *const figures[] = {"similarity", "embeddings", NULL};

const PlainSection moe__section_likeness = {
    PLAIN("likeness", "How alike experts are", "which experts stand for each other",
          MOE_TALLY_PAIRS),
    .metrics = metrics,
    .figures = figures,
};
