/* SPDX-License-Identifier: MIT
 *
 * How experts go together: in one token, and from layer to layer.
 */
#include "scope-pages.h"
#include "scope-plates.h"

static const ScopePlate plates[] = {
    {"coactivation", "Together", NULL, {{"layers", SCOPE_FOCUS_LAYER}}},
    {"transitions", "Next layer", NULL, {{"layers", SCOPE_FOCUS_LAYER}}},
    {"flow", "Flow", NULL, {{NULL, 0}}},
    {"similarity", "Similar", NULL, {{"layers", SCOPE_FOCUS_LAYER}, {"layer", SCOPE_FOCUS_LAYER}}},
    {"embeddings", "Map", NULL, {{"layers", SCOPE_FOCUS_LAYER}, {"layer", SCOPE_FOCUS_LAYER}}},
    {NULL},
};

SCOPE_DEFINE_PLATES(ScopePageRelations, relations, plates, SCOPE_FOCUS_LAYER)
