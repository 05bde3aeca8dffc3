/* SPDX-License-Identifier: MIT
 *
 * What becomes of the parts of a token: which experts they go to, how many different ones, and what
 * each head prefers.
 */
#include "scope-pages.h"
#include "scope-plates.h"

#include <glib/gi18n.h>

static const ScopePlate plates[] = {
    {"sub-tokens", N_("Text"), NULL, {{"layers", SCOPE_FOCUS_LAYER}, {"layer", SCOPE_FOCUS_LAYER}}},
    {"divergence", N_("Distinct experts"), NULL, {{"layers", SCOPE_FOCUS_LAYER}}},
    {"heads",
     N_("Load of heads"),
     NULL,
     {{"layers", SCOPE_FOCUS_LAYER}, {"layer", SCOPE_FOCUS_LAYER}}},
    {"layers", N_("By layer"), "metrics=head-divergence,head-information-corrected", {{NULL, 0}}},
    {NULL},
};

SCOPE_DEFINE_PLATES(ScopePageSubTokens, sub_tokens, plates, SCOPE_FOCUS_LAYER)
