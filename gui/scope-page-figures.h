/* SPDX-License-Identifier: MIT
 *
 * scope-page-figures.h: any figure there is, plugins' among them, with all its options.
 */
#ifndef SCOPE_PAGE_FIGURES_H
#define SCOPE_PAGE_FIGURES_H

#include "scope-page.h"

G_BEGIN_DECLS

#define SCOPE_TYPE_PAGE_FIGURES (scope_page_figures_get_type())
G_DECLARE_FINAL_TYPE(ScopePageFigures, scope_page_figures, SCOPE, PAGE_FIGURES, ScopePage)

G_END_DECLS

#endif
