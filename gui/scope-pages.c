/* SPDX-License-Identifier: MIT
 *
 * The views that there are.
 */
#include "scope-pages.h"

#include "scope-page-figures.h"

#include <glib/gi18n.h>

const ScopePageInfo scope_pages[] = {
    {"overview", N_("Overview"), "scope-overview-symbolic",
     N_("Where the load goes, layer by layer, and whether the numbers can be trusted"),
     scope_page_overview_get_type, NULL},
    {"training", N_("Training"), "scope-training-symbolic",
     N_("How routing forms, step by step; play and scrub"), scope_page_training_get_type,
     scope_suits_training, true},
    {"tokens", N_("Tokens"), "scope-tokens-symbolic",
     N_("The text, coloured by what a router did with each token; search, and contexts of an "
        "expert"),
     scope_page_tokens_get_type, scope_suits_tokens, true},
    {"sub-tokens", N_("Sub-tokens"), "scope-sub-tokens-symbolic",
     N_("Where the parts of a token go, of models that split tokens"),
     scope_page_sub_tokens_get_type, scope_suits_heads},
    {"expert", N_("Expert"), "scope-expert-symbolic",
     N_("One expert: what it takes, which tokens excite it, with whom it goes"),
     scope_page_expert_get_type, NULL},
    {"relations", N_("Relations"), "scope-relations-symbolic",
     N_("Which experts go together in a token, and from layer to layer"),
     scope_page_relations_get_type, NULL},
    {"domains", N_("Domains"), "scope-domains-symbolic",
     N_("How domains differ in the experts they use"), scope_page_domains_get_type,
     scope_suits_domains, true},
    {"distributions", N_("Distributions"), "scope-distributions-symbolic",
     N_("How picks spread over experts, scores, words, neighbours and caches"),
     scope_page_distributions_get_type, NULL},
    {"compare", N_("Compare"), "scope-compare-symbolic",
     N_("Two routings of the same tokens: agreement, differences, tokens that moved"),
     scope_page_compare_get_type, scope_suits_compare, true},
    {"collapse", N_("Collapse"), "scope-collapse-symbolic",
     N_("Load, representations and the router’s own state over training"),
     scope_page_collapse_get_type, scope_suits_collapse, true},
    {"metrics", N_("Metrics"), "scope-metrics-symbolic",
     N_("All metrics of a layer, with intervals and what chance would show"),
     scope_page_metrics_get_type, NULL},
    {"run", N_("Run"), "scope-run-symbolic",
     N_("Train a model and watch its routing form; stop, and go on"), scope_page_run_get_type,
     NULL},
    {"figures", N_("Figures"), "scope-figures-symbolic", N_("Any figure, with all its options"),
     scope_page_figures_get_type, NULL},
    {0},
};

char *
scope_page_key(const ScopePageInfo *info)
{
    int i = (int)(info - scope_pages) + 1;
    return i <= 10 ? g_strdup_printf("<Control>%d", i % 10) : g_strdup_printf("<Alt>%d", i - 10);
}
