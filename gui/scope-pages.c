/* SPDX-License-Identifier: MIT
 *
 * The views that there are.
 */
#include "scope-pages.h"

#include "scope-page-figures.h"

const ScopePageInfo scope_pages[] = {
    {"overview", "Overview", "view-grid-symbolic",
     "Where the load goes, layer by layer, and whether the numbers can be trusted",
     scope_page_overview_get_type, NULL},
    {"training", "Training", "media-playback-start-symbolic",
     "How routing forms, step by step; play and scrub", scope_page_training_get_type,
     scope_suits_training},
    {"tokens", "Tokens", "accessories-text-editor-symbolic",
     "The text, coloured by what a router did with each token; search, and contexts of an expert",
     scope_page_tokens_get_type, scope_suits_tokens},
    {"expert", "Expert", "avatar-default-symbolic",
     "One expert: what it takes, which tokens excite it, with whom it goes",
     scope_page_expert_get_type, NULL},
    {"relations", "Relations", "network-workgroup-symbolic",
     "Which experts go together in a token, and from layer to layer", scope_page_relations_get_type,
     NULL},
    {"sub-tokens", "Sub-tokens", "view-dual-symbolic",
     "Where the parts of a token go, of models that split tokens", scope_page_sub_tokens_get_type,
     scope_suits_heads},
    {"domains", "Domains", "folder-documents-symbolic",
     "How domains differ in the experts they use", scope_page_domains_get_type,
     scope_suits_domains},
    {"distributions", "Distributions", "view-sort-descending-symbolic",
     "How picks spread over experts, scores, words, neighbours and caches",
     scope_page_distributions_get_type, NULL},
    {"collapse", "Collapse", "view-continuous-symbolic",
     "Load, representations and the router’s own state over training", scope_page_collapse_get_type,
     scope_suits_collapse},
    {"metrics", "Metrics", "view-list-symbolic",
     "All metrics of a layer, with intervals and what chance would show",
     scope_page_metrics_get_type, NULL},
    {"figures", "Figures", "scope-figures-symbolic", "Any figure, with all its options",
     scope_page_figures_get_type, NULL},
    {0},
};
