/* SPDX-License-Identifier: MIT
 *
 * What becomes of the parts of a token: which experts they go to, how many different ones, and what
 * each head prefers.
 */
#include "scope-pages.h"
#include "scope-plates.h"

static const ScopePlate plates[] = {
    {"sub-tokens", "Text", NULL, {{"layers", SCOPE_FOCUS_LAYER}, {"layer", SCOPE_FOCUS_LAYER}}},
    {"divergence", "Distinct experts", NULL, {{"layers", SCOPE_FOCUS_LAYER}}},
    {"heads", "Load of heads", NULL, {{"layers", SCOPE_FOCUS_LAYER}, {"layer", SCOPE_FOCUS_LAYER}}},
    {"layers", "By layer", "metrics=head-divergence,head-information-corrected", {{NULL, 0}}},
    {NULL},
};

SCOPE_DEFINE_PLATES(ScopePageSubTokens, sub_tokens, plates, SCOPE_FOCUS_LAYER)
