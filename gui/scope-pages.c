/* SPDX-License-Identifier: MIT
 *
 * The views that there are.
 */
#include "scope-page-figures.h"

const ScopePageInfo scope_pages[] = {
    {"figures", "Figures", "scope-figures-symbolic", "Any figure, with all its options",
     scope_page_figures_get_type, NULL},
    {0},
};
