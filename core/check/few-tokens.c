/* SPDX-License-Identifier: MIT
 *
 * Too few tokens to say anything of single experts. Of E experts, a router that picks k uniformly
 * at random leaves E (1 - k/E)^T without a token out of T: only from the T on at which that is
 * below one is a dead expert a finding. A published log has 18 tokens over 128 experts, which leave
 * 40 dead by chance alone.
 */
#include "check/blocks.h"

#include <math.h>
#include <string.h>

typedef struct {
    int64_t units, picks;
    int64_t *in_domain; /* [domains] units */
} Router;

typedef struct {
    Router *routers;
    int64_t *of_chunk; /* [domains] tokens of the chunk at hand */
    int chunk;         /* its number plus 1 */
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    int n = moe_trace_routers(trace), domains = moe_trace_domains(trace);
    s->routers = g_new0(Router, (gsize)MAX(1, n));
    for (int r = 0; r < n; r++)
        s->routers[r].in_domain = g_new0(int64_t, (gsize)MAX(1, domains));
}

/* Routers of a chunk share its tokens. */
static void
count_domains(State *s, const MoeCheckRows *rows)
{
    const MoeTraceView *view = rows->view;
    int domains = moe_trace_domains(rows->trace);
    if (s->chunk == rows->chunk + 1)
        return;
    s->chunk = rows->chunk + 1;
    if (!s->of_chunk)
        s->of_chunk = g_new(int64_t, (gsize)MAX(1, domains));
    memset(s->of_chunk, 0, sizeof *s->of_chunk * (size_t)domains);
    for (int64_t t = 0; t < view->tokens; t++)
        if (view->domain[t] >= 0)
            s->of_chunk[view->domain[t]]++;
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    Router *router = &s->routers[rows->router];
    const MoeTraceView *view = rows->view;
    bool full = moe__blocks_all_full(run, rows);
    for (int64_t i = 0; !full && i < view->k * view->units; i++)
        router->picks += view->expert[i] >= 0;
    if (full)
        router->picks += view->k * view->units;
    count_domains(s, rows);
    for (int d = 0; d < moe_trace_domains(rows->trace); d++)
        router->in_domain[d] += s->of_chunk[d] * rows->info->units_per_token;
    router->units += view->units;
}

/* The least T with E (1 - k/E)^T < 1: above ln E / -ln (1 - k/E). */
static int64_t
units_needed(double k, double E)
{
    if (k >= E || k <= 0)
        return 1;
    return (int64_t)floor(log(E) / -log1p(-k / E)) + 1;
}

static void
tell(MoeCheckRun *run, MoeSeverity severity, int r, int E, int64_t units, int64_t needed, double k,
     const char *where)
{
    g_autofree char *there = moe__count_text(units), *need = moe__count_text(needed);
    MoeHits tally = {units, needed, 0, 0};
    MoeFinding finding = moe__finding(
        severity, r, &tally, "units",
        g_strdup_printf("%s units%s%s, %s needed: of %d experts a uniform router (k %.3g) would "
                        "leave %.3g without a pick by chance",
                        there, where ? " of domain " : "", where ? where : "", need, E, k,
                        E * exp((double)units * log1p(-k / E))));
    finding.chunk = finding.token = -1;
    moe_check_run_add(run, &finding);
}

/* Domains are alike in all routers, so the one that needs most speaks for all. */
static void
tell_domains(MoeCheckRun *run, const Router *router, int r, int64_t needed, double k)
{
    const MoeTrace *trace = moe_check_run_trace(run);
    for (int d = 0; d < moe_trace_domains(trace); d++)
        if (router->in_domain[d] > 0 && router->in_domain[d] < needed)
            tell(run, MOE_FINDING_NOTE, r, moe_trace_router(trace, r)->experts,
                 router->in_domain[d], needed, k, moe_trace_domain_name(trace, d));
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    int greatest = -1;
    int64_t most = 0;
    for (int r = 0; r < moe_trace_routers(trace) && !cancelled; r++) {
        const Router *router = &s->routers[r];
        double k = (double)router->picks / (double)MAX(router->units, 1);
        int64_t needed = units_needed(k, moe_trace_router(trace, r)->experts);
        if (router->picks > 0 && router->units < needed)
            tell(run, MOE_FINDING_WARNING, r, moe_trace_router(trace, r)->experts, router->units,
                 needed, k, NULL);
        if (router->units >= needed && needed > most) {
            most = needed;
            greatest = r;
        }
    }
    if (greatest >= 0) {
        const Router *router = &s->routers[greatest];
        tell_domains(run, router, greatest, most,
                     (double)router->picks / (double)MAX(router->units, 1));
    }
    for (int r = 0; r < moe_trace_routers(trace); r++)
        g_free(s->routers[r].in_domain);
    g_free(s->routers);
    g_free(s->of_chunk);
}

/* Of a summary: all tokens of each router, then the domains of the one that needs most. */
static void
see_summary(MoeCheckRun *run, const MoeSummary *summary)
{
    int greatest = -1;
    int64_t most = 0;
    double k = 0;
    for (int r = 0; r < moe_summary_routers(summary); r++) {
        const MoeSummaryCell *cell = moe_summary_cell(summary, r, MOE_DOMAIN_ALL);
        double own = (double)cell->picks / (double)MAX(cell->units, 1);
        int64_t needed = units_needed(own, cell->experts);
        if (cell->picks == 0)
            continue;
        if (cell->units < needed)
            tell(run, MOE_FINDING_WARNING, r, cell->experts, cell->units, needed, own, NULL);
        else if (needed > most) {
            most = needed;
            greatest = r;
            k = own;
        }
    }
    for (int d = 0; greatest >= 0 && d < moe_summary_domains(summary); d++) {
        const MoeSummaryCell *cell = moe_summary_cell(summary, greatest, d);
        if (cell->units > 0 && cell->units < most)
            tell(run, MOE_FINDING_NOTE, greatest, cell->experts, cell->units, most, k,
                 moe_summary_domain_name(summary, d));
    }
}

const MoeCheck moe__check_few_tokens = {
    .struct_size = sizeof(MoeCheck),
    .name = "few-tokens",
    .help = "fewer tokens than a uniform router would need to reach every expert",
    .why = "dead experts, Gini and specialisation of so few tokens are mostly sampling",
    .remedy = "record more text, or give each figure with its value under a uniform router at "
              "this number of tokens",
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .end = end,
    .summary = see_summary,
};
