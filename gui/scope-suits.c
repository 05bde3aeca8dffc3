/* SPDX-License-Identifier: MIT
 *
 * Whether a view has something to show, or else what is missing and how to record it.
 */
#include "scope-pages.h"

#include <glib/gi18n.h>

static bool
missing(char **why, const char *text)
{
    *why = g_strdup(_(text));
    return false;
}

/* What is missing may be on its way: it is shown when it is there. */
static bool
missing_yet(ScopeDocument *document, char **why, const char *text)
{
    gboolean live = FALSE;
    g_object_get(document, "live", &live, NULL);
    return missing(why, live ? N_("No step of the training was recorded yet. The first appears "
                                  "here by itself.")
                             : text);
}

/* The load of training steps. */
static bool
has_states(const MoeTrace *trace)
{
    int n;
    const char *const *members = moe_trace_members(trace, &n);
    for (int i = 0; i < n; i++)
        if (g_str_has_prefix(members[i], "state/"))
            return true;
    return false;
}

bool
scope_suits_tokens(ScopeDocument *document, char **why)
{
    const MoeTrace *trace = scope_document_trace(document);
    if (!trace)
        return missing(why,
                       N_("A summary holds sums, not single tokens. Open the trace that it was "
                          "counted from to read its text."));
    if (moe_trace_tokens(trace, -1) == 0)
        return missing(why,
                       N_("No token was recorded yet. A run records tokens at its end, or at the "
                          "steps that record.every names; “moescope record RUN -o trace.npz” "
                          "records any text."));
    return true;
}

bool
scope_suits_heads(ScopeDocument *document, char **why)
{
    int n;
    const MoeRouterInfo *routers = scope_document_routers(document, &n);
    for (int i = 0; i < n; i++)
        if (routers[i].units_per_token > 1)
            return true;
    return missing(why, N_("Here every token is routed whole. Models that split tokens, as MH-MoE "
                           "does, have sub-tokens: train one with “moescope train mhmoe-small”."));
}

bool
scope_suits_domains(ScopeDocument *document, char **why)
{
    if (g_strv_length((char **)scope_document_domains(document)) >= 2)
        return true;
    return missing(why,
                   N_("All tokens are of one domain. Record or import several texts under names "
                      "of their own (one --data or --domain each) to see how they differ."));
}

bool
scope_suits_training(ScopeDocument *document, char **why)
{
    const MoeTrace *trace = scope_document_trace(document);
    if (trace && has_states(trace))
        return true;
    return missing_yet(document, why,
                       N_("This was recorded after training, so there are no steps to go through. "
                          "Open the folder of a run, or its trace.npz: they hold the load of every "
                          "recorded step."));
}

bool
scope_suits_collapse(ScopeDocument *document, char **why)
{
    const MoeTrace *trace = scope_document_trace(document);
    for (int r = 0; trace && r < moe_trace_routers(trace); r++) {
        int n;
        moe_trace_measure_names(trace, r, &n);
        if (n > 0)
            return true;
    }
    if (trace && has_states(trace))
        return true;
    return missing_yet(
        document, why,
        N_("Whether routing collapses shows over training. Open the folder of a run, "
           "or its trace.npz: they hold the load, and what routers tell of themselves "
           "(representation collapse, similarity of experts), step by step."));
}

bool
scope_suits_compare(ScopeDocument *document, char **why)
{
    if (scope_document_trace(document))
        return true;
    return missing(why,
                   N_("Two routings are compared token by token, which a summary no longer has. "
                      "Open the trace that it was counted from."));
}
