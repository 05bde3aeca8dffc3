/* SPDX-License-Identifier: MIT
 *
 * How picks are spread: over experts, scores, tokens, neighbours and caches.
 */
#include "scope-pages.h"
#include "scope-plates.h"

#include <glib/gi18n.h>

static const ScopePlate plates[] = {
    {"activation", N_("Load"), NULL, {{"layers", SCOPE_FOCUS_LAYER}}},
    {"activation-curve", N_("Activation"), NULL, {{NULL, 0}}},
    {"scores", N_("Scores"), NULL, {{NULL, 0}}},
    {"locality", N_("Neighbours"), NULL, {{NULL, 0}}},
    {"vocabulary", N_("Vocabulary"), NULL, {{NULL, 0}}},
    {"top-tokens", N_("Top tokens"), NULL, {{"layer", SCOPE_FOCUS_LAYER}}},
    {"caches", N_("Caches"), NULL, {{NULL, 0}}},
    {NULL},
};

SCOPE_DEFINE_PLATES(ScopePageDistributions, distributions, plates, SCOPE_FOCUS_LAYER)
