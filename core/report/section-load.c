/* SPDX-License-Identifier: MIT
 *
 * Where picks go: layer by expert, a panel a domain.
 */
#include "report/section.h"

static const char *const figures[] = {"load norm=relative", NULL};

const PlainSection moe__section_load = {
    PLAIN("load", "Expert load", "which experts picks go to, by layer and domain", MOE_TALLY_LOAD),
    .figures = figures,
};
