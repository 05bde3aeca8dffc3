/* SPDX-License-Identifier: MIT
 *
 * scope-tab.h: a file, or several that are one, in a tab of the window, from the moment it is asked
 * for: being opened, open, questions about it, or the reason why it can't be.
 *
 * Signal "changed": its title, state or view has become another.
 */
#ifndef SCOPE_TAB_H
#define SCOPE_TAB_H

#include "scope-views.h"
#include "scope-weights.h"

G_BEGIN_DECLS

#define SCOPE_TYPE_TAB (scope_tab_get_type())
G_DECLARE_FINAL_TYPE(ScopeTab, scope_tab, SCOPE, TAB, GtkWidget)

typedef enum {
    SCOPE_TAB_OPENING,
    SCOPE_TAB_OPEN,
    SCOPE_TAB_ASKING,    /* what an importer has to be told */
    SCOPE_TAB_DESCRIBED, /* a model: words about it, nothing to draw */
    SCOPE_TAB_FAILED,
    SCOPE_TAB_CANCELLED,
} ScopeTabState;

ScopeTab *scope_tab_new(void);
/* Of GFile; several are parts of one recording. */
void scope_tab_open(ScopeTab *tab, GListModel *files);
ScopeTabState scope_tab_get_state(ScopeTab *tab);
/* The files, and what they are called. (transfer none) */
GListModel *scope_tab_get_files(ScopeTab *tab);
const char *scope_tab_get_title(ScopeTab *tab);
/* Why it failed, or NULL. (transfer none) */
const char *scope_tab_get_problem(ScopeTab *tab);
/* NULL before it is open. (transfer none) */
ScopeDocument *scope_tab_get_document(ScopeTab *tab);
/* What its views look at. (transfer none) */
ScopeFocus *scope_tab_get_focus(ScopeTab *tab);
ScopeViews *scope_tab_get_views(ScopeTab *tab);
/* The pane that Export means, if it has a figure; else NULL. */
ScopePane *scope_tab_get_pane(ScopeTab *tab);
/* The table that it means where there is no pane; or NULL. */
ScopeTable *scope_tab_get_table(ScopeTab *tab);
/* Figures of a model's weights, which Export means where nothing was recorded; NULL: there are
 * none. */
ScopeWeights *scope_tab_get_weights(ScopeTab *tab);

G_END_DECLS

#endif
