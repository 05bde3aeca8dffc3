/* SPDX-License-Identifier: MIT
 *
 * Domains that aren't there: none at all, tokens without one, names without a token.
 */
#include "check/check.h"

typedef struct {
    MoeHits unknown;
    int64_t *count; /* [domains] tokens */
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    s->count = g_new0(int64_t, (gsize)MAX(1, moe_trace_domains(moe_check_run_trace(run))));
}

/* Tokens are the same for every router: the first tells. */
static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    for (int64_t t = 0; rows->router == 0 && t < rows->view->tokens; t++) {
        int32_t domain = rows->view->domain[t];
        moe__hits_count(&s->unknown, rows, t * rows->info->units_per_token, domain < 0);
        if (domain >= 0)
            s->count[domain]++;
    }
}

/* Takes `text`. */
static void
tell(MoeCheckRun *run, const MoeHits *tally, char *text)
{
    MoeFinding finding = moe__finding(MOE_FINDING_NOTE, -1, tally, "tokens", text);
    moe_check_run_add(run, &finding);
}

static void
tell_all(MoeCheckRun *run, const State *s)
{
    const MoeTrace *trace = moe_check_run_trace(run);
    if (s->unknown.all == 0)
        return;
    if (moe_trace_domains(trace) == 0) {
        tell(run, &(MoeHits){0}, g_strdup("the trace names no domains"));
        return;
    }
    if (s->unknown.count > 0) {
        g_autofree char *share = moe__hits_text(&s->unknown);
        tell(run, &s->unknown, g_strdup_printf("%s tokens are of no known domain", share));
    }
    /* Of a part that was chosen, others are missing on purpose. */
    for (int d = 0; d < moe_trace_domains(trace) && !run->chosen; d++)
        if (s->count[d] == 0)
            tell(run, &(MoeHits){0},
                 g_strdup_printf("domain \"%s\" has no tokens", moe_trace_domain_name(trace, d)));
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    if (!cancelled)
        tell_all(run, s);
    g_free(s->count);
}

const MoeCheck moe__check_domains = {
    .struct_size = sizeof(MoeCheck),
    .name = "domains",
    .help = "no domains, tokens without one, domains without tokens",
    .why = "what experts specialise on can't be told without domains",
    .remedy = "name the domain of each text when recording or importing",
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .end = end,
};
