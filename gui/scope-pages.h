/* SPDX-License-Identifier: MIT
 *
 * scope-pages.h: the views that there are, and what each needs of a document.
 */
#ifndef SCOPE_PAGES_H
#define SCOPE_PAGES_H

#include "scope-page.h"

G_BEGIN_DECLS

GType scope_page_overview_get_type(void);
GType scope_page_training_get_type(void);
GType scope_page_tokens_get_type(void);
GType scope_page_sub_tokens_get_type(void);
GType scope_page_expert_get_type(void);
GType scope_page_relations_get_type(void);
GType scope_page_domains_get_type(void);
GType scope_page_distributions_get_type(void);
GType scope_page_compare_get_type(void);
GType scope_page_collapse_get_type(void);
GType scope_page_metrics_get_type(void);
GType scope_page_run_get_type(void);

/* ScopePageInfo.suits of them. */
bool scope_suits_tokens(ScopeDocument *document, char **why);
bool scope_suits_heads(ScopeDocument *document, char **why);
bool scope_suits_domains(ScopeDocument *document, char **why);
bool scope_suits_training(ScopeDocument *document, char **why);
bool scope_suits_collapse(ScopeDocument *document, char **why);
bool scope_suits_compare(ScopeDocument *document, char **why);

G_END_DECLS

#endif
