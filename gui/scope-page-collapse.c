/* SPDX-License-Identifier: MIT
 *
 * Whether routing collapses: load, representations and experts over training, and the state of
 * routers that have one of their own (hypernetworks).
 */
#include "scope-pages.h"
#include "scope-plates.h"

#include <glib/gi18n.h>

static const ScopePlate plates[] = {
    {"collapse", N_("Collapse"), NULL, {{NULL, 0}}},
    {"measures", N_("Representations"), "name=representation_collapse", {{NULL, 0}}},
    {"measures", N_("Router’s state"), NULL, {{NULL, 0}}},
    {"load-over-training", N_("Load"), NULL, {{"layers", SCOPE_FOCUS_LAYER}}},
    {"saturation", N_("Saturation"), NULL, {{NULL, 0}}},
    {"losses", N_("Losses"), NULL, {{NULL, 0}}},
    {NULL},
};

SCOPE_DEFINE_PLATES(ScopePageCollapse, collapse, plates, SCOPE_FOCUS_LAYER)
