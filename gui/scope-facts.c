/* SPDX-License-Identifier: MIT
 *
 * Numbers over all layers, and the checker's word. The library computes them.
 */
#include "scope-facts.h"

#include "scope-text.h"

#include <glib/gi18n.h>
#include <moescope/stats.h>

static void
fact_free(gpointer data)
{
    ScopeFact *fact = data;
    g_free(fact->value);
    g_free(fact->caption);
    g_free(fact->tip);
    g_free(fact);
}

/* Takes the texts. */
static void
add(GPtrArray *facts, const char *caption, char *value, char *tip)
{
    ScopeFact *fact = g_new(ScopeFact, 1);
    *fact = (ScopeFact){value, g_strdup(caption), tip};
    g_ptr_array_add(facts, fact);
}

/* What loads of all layers come to. */
typedef struct Spread {
    double effective, worst;
    int worst_layer, dead, layers, experts; /* layers with picks; experts of the widest */
} Spread;

static Spread
spread_of(const MoeSummary *summary)
{
    Spread spread = {.worst = -1};
    for (int r = 0; r < moe_summary_routers(summary); r++) {
        const MoeSummaryCell *cell = moe_summary_cell(summary, r, MOE_DOMAIN_ALL);
        if (cell->picks == 0)
            continue;
        double violation = moe_load_max_violation(cell->count, cell->experts);
        spread.effective += moe_load_effective_experts(cell->count, cell->experts);
        spread.dead += moe_load_dead(cell->count, cell->experts);
        spread.experts = MAX(spread.experts, cell->experts);
        spread.layers++;
        if (violation > spread.worst) {
            spread.worst = violation;
            spread.worst_layer = moe_summary_router(summary, r)->layer;
        }
    }
    return spread;
}

static void
add_router(GPtrArray *facts, const MoeSummary *summary)
{
    const MoeRouterInfo *first = moe_summary_router(summary, 0);
    add(facts, _("MoE layers"), g_strdup_printf("%d", moe_summary_routers(summary)),
        g_strdup(_("Layers that have a router")));
    add(facts,
        first->k <= 0                ? _("Experts, k varies")
        : first->units_per_token > 1 ? _("Experts per sub-token")
                                     : _("Experts per token"),
        first->k > 0 ? g_strdup_printf(_("%d of %d"), first->k, first->experts)
                     : g_strdup_printf("%d", first->experts),
        g_strdup_printf(_("Scores: %s; selection: %s; gates: %s"), first->score, first->select,
                        first->gate));
}

static void
add_spread(GPtrArray *facts, const MoeSummary *summary)
{
    Spread spread = spread_of(summary);
    if (spread.layers == 0)
        return;
    add(facts, _("Effective, on average"),
        g_strdup_printf(_("%.1f of %d"), spread.effective / spread.layers, spread.experts),
        g_strdup(_("exp(entropy of the load): so many equally loaded experts have this entropy")));
    add(facts, _("Highest MaxVio"), g_strdup_printf("%.2f", spread.worst),
        g_strdup_printf(_("In layer %d the busiest expert takes %.2f times a uniform share"),
                        spread.worst_layer, spread.worst + 1));
    add(facts, _("Dead experts"), g_strdup_printf("%d", spread.dead),
        g_strdup(_("Experts without a pick, over all layers")));
}

gpointer
scope_facts_find(MoeFigureInput *input, gpointer data, GError **error)
{
    const ScopeSteps *steps = data;
    const MoeSummary *summary = scope_steps_summary(*steps, input, MOE_TALLY_LOAD, error);
    if (!summary)
        return NULL;
    GPtrArray *facts = g_ptr_array_new_with_free_func(fact_free);
    add_router(facts, summary);
    add(facts, _("Tokens"), scope_text_count(moe_summary_tokens_counted(summary)),
        steps->steps == MOE_STEPS_ONE
            ? g_strdup_printf(_("Tokens that are counted here, at step %d"), steps->step)
            : g_strdup(_("Tokens that are counted here, at the last step that has any")));
    add_spread(facts, summary);
    return facts;
}

gpointer
scope_facts_check(MoeFigureInput *input, gpointer data, GError **error)
{
    const MoeCheckOptions options = {.progress = scope_document_progress()};
    const MoeTrace *trace = moe_figure_input_trace(input, 0);
    const MoeSummary *summary =
        trace ? NULL : moe_figure_input_summary(input, 0, MOE_TALLY_LOAD, MOE_STEPS_ALL, 0, error);
    if (trace)
        return moe_check(trace, &options, error);
    return summary ? moe_check_summary(summary, &options, error) : NULL;
}
