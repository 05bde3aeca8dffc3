/* SPDX-License-Identifier: MIT
 *
 * Whether routing collapses: load, representations and experts over training, and the state of
 * routers that have one of their own (hypernetworks).
 */
#include "scope-pages.h"
#include "scope-plates.h"

static const ScopePlate plates[] = {
    {"collapse", "Collapse", NULL, {{NULL, 0}}},
    {"measures", "Representations", "name=representation_collapse", {{NULL, 0}}},
    {"measures", "Router’s state", NULL, {{NULL, 0}}},
    {"load-over-training", "Load", NULL, {{"layers", SCOPE_FOCUS_LAYER}}},
    {"saturation", "Saturation", NULL, {{NULL, 0}}},
    {"losses", "Losses", NULL, {{NULL, 0}}},
    {NULL},
};

SCOPE_DEFINE_PLATES(ScopePageCollapse, collapse, plates, SCOPE_FOCUS_LAYER)
