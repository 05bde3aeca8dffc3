/* SPDX-License-Identifier: MIT
 *
 * How picks are spread: over experts, scores, tokens, neighbours and caches.
 */
#include "scope-pages.h"
#include "scope-plates.h"

static const ScopePlate plates[] = {
    {"activation", "Load", NULL, {{"layers", SCOPE_FOCUS_LAYER}}},
    {"activation-curve", "Activation", NULL, {{NULL, 0}}},
    {"scores", "Scores", NULL, {{NULL, 0}}},
    {"locality", "Neighbours", NULL, {{NULL, 0}}},
    {"vocabulary", "Vocabulary", NULL, {{NULL, 0}}},
    {"top-tokens", "Top tokens", NULL, {{"layer", SCOPE_FOCUS_LAYER}}},
    {"caches", "Caches", NULL, {{NULL, 0}}},
    {NULL},
};

SCOPE_DEFINE_PLATES(ScopePageDistributions, distributions, plates, SCOPE_FOCUS_LAYER)
