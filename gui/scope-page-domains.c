/* SPDX-License-Identifier: MIT
 *
 * How domains differ in the experts that they use.
 */
#include "scope-pages.h"
#include "scope-plates.h"

#include <glib/gi18n.h>

static const ScopePlate plates[] = {
    {"domains", N_("Specialisation"), NULL, {{"layers", SCOPE_FOCUS_LAYER}}},
    {"load", N_("Load"), "norm=log2", {{NULL, 0}}},
    {"layers",
     N_("By layer"),
     "metrics=domain-information-corrected,domain-js-corrected,domain-specialisation,domain-"
     "specialised",
     {{NULL, 0}}},
    {NULL},
};

SCOPE_DEFINE_PLATES(ScopePageDomains, domains, plates, SCOPE_FOCUS_LAYER)
