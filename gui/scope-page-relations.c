/* SPDX-License-Identifier: MIT
 *
 * How experts go together: in one token, and from layer to layer.
 */
#include "scope-pages.h"
#include "scope-plates.h"

#include <glib/gi18n.h>

static const ScopePlate plates[] = {
    {"coactivation", N_("Together"), NULL, {{"layers", SCOPE_FOCUS_LAYER}}},
    {"transitions", N_("Next layer"), NULL, {{"layers", SCOPE_FOCUS_LAYER}}},
    {"flow", N_("Flow"), NULL, {{NULL, 0}}},
    {"similarity",
     N_("Similar"),
     NULL,
     {{"layers", SCOPE_FOCUS_LAYER}, {"layer", SCOPE_FOCUS_LAYER}}},
    {"embeddings", N_("Map"), NULL, {{"layers", SCOPE_FOCUS_LAYER}, {"layer", SCOPE_FOCUS_LAYER}}},
    {NULL},
};

SCOPE_DEFINE_PLATES(ScopePageRelations, relations, plates, SCOPE_FOCUS_LAYER)
