/* SPDX-License-Identifier: MIT
 *
 * Whole rankings of the experts, cut into pieces of k as if they were the picks of one token after
 * another. Tools that dump the first k columns of an argsort as if they stood together (a strided
 * view of ggml's) write that: E/k units name every expert once. Of a pass of several tokens only
 * the first unit is right then. Warm-up passes through all experts look the same, but are few.
 *
 * Units of text name experts again sooner by far: m of them name none twice with the probability
 * that m - 1 uniform choices of k all miss what was chosen before.
 */
#include "check/blocks.h"

#include <math.h>

enum {
    SAMPLE = 4, /* one of so many blocks is looked at first, then all where there was something */
    LEAST = 4,  /* units of a stretch: halves of the experts may well take turns */
    FEW = 2,    /* stretches from which on they tell, beside TIMES those of chance */
};
#define TIMES 10.0
/* Stretches by chance that are none. */
#define NEVER 0.01
/* Share of the units from which on counts are wrong. */
#define SHARE 0.01

typedef struct {
    MoeHits hits;
    int64_t stretches;
} Router;

typedef struct {
    Router *routers;
    MoeMarks marks;
    GArray *ranges; /* MoeTraceRange: tokens that are in a stretch in every router */
    int64_t *last;  /* [experts] unit of the chunk that picked it last */
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    s->routers = g_new0(Router, (gsize)MAX(1, moe_trace_routers(moe_check_run_trace(run))));
    s->ranges = g_array_new(FALSE, FALSE, sizeof(MoeTraceRange));
    s->last = g_new(int64_t, UINT16_MAX);
}

/* Units of a stretch; 0: the router has none that would tell. */
static int
stretch_of(const MoeRouterInfo *info)
{
    bool tells = info->k > 1 && info->causal && info->units_per_token == 1;
    return tells && LEAST * info->k <= info->experts ? info->experts / info->k : 0;
}

/* Counts stretches among the units from `first` to `end`, and marks their tokens where `mark`. */
static int64_t
find_stretches(State *s, const MoeCheckRows *rows, int64_t first, int64_t end, bool mark)
{
    const MoeTraceView *view = rows->view;
    int64_t found = 0, from = first, length = stretch_of(rows->info);
    for (int e = 0; e < rows->info->experts; e++)
        s->last[e] = -1;
    for (int64_t u = first; u < end; u++) {
        for (int slot = 0; slot < view->k; slot++) { /* no expert twice from `from` on */
            int32_t expert = view->expert[slot * view->units + u];
            from = expert < 0 ? u + 1 : MAX(from, s->last[expert] + 1);
            if (expert >= 0)
                s->last[expert] = u;
        }
        if (u + 1 - from < length)
            continue;
        for (int64_t t = from; mark && t <= u; t++)
            moe__marks_add(&s->marks, t);
        if (mark && s->routers[rows->router].hits.count == 0) {
            s->routers[rows->router].hits.token = rows->first + from;
            s->routers[rows->router].hits.chunk = rows->chunk;
        }
        s->routers[rows->router].hits.count += mark ? u + 1 - from : 0;
        found++;
        from = u + 1;
    }
    return found;
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    Router *router = &s->routers[rows->router];
    int64_t units = rows->view->units, found = 0;
    moe__marks_begin(&s->marks, rows);
    router->hits.all += units;
    if (stretch_of(rows->info) == 0)
        return;
    for (int64_t u = 0; found == 0 && u < units; u += SAMPLE * MOE_CHECK_BLOCK)
        found = find_stretches(s, rows, u, MIN(units, u + MOE_CHECK_BLOCK), false);
    if (found > 0)
        router->stretches += find_stretches(s, rows, 0, units, true);
}

static void
see_chunk(MoeCheckRun *run, void *state, int chunk)
{
    State *s = state;
    if (s->marks.routers > 0 && s->marks.chunk == chunk)
        moe__marks_list(&s->marks, s->marks.routers, s->ranges);
}

/* ln of the probability that units of uniform choices make a stretch. */
static double
log_chance(int E, int k, int length)
{
    double sum = 0;
    for (int j = 1; j < length; j++) {
        double open = E - j * k;
        sum += lgamma(open + 1) - lgamma(open - k + 1) - lgamma(E + 1.0) + lgamma(E - k + 1.0);
    }
    return sum;
}

static bool
is_told(const Router *router, const MoeRouterInfo *info)
{
    int length = stretch_of(info);
    if (length == 0 || router->stretches < FEW)
        return false;
    double chance = (double)router->hits.all * exp(log_chance(info->experts, info->k, length));
    return (double)router->stretches >= FEW - NEVER + TIMES * chance;
}

static void
tell(MoeCheckRun *run, const Router *router, int r)
{
    const MoeRouterInfo *info = moe_trace_router(moe_check_run_trace(run), r);
    bool wrong = (double)router->hits.count >= SHARE * (double)router->hits.all;
    g_autofree char *share = moe__hits_text(&router->hits);
    MoeFinding finding = moe__finding(
        wrong ? MOE_FINDING_ERROR : MOE_FINDING_WARNING, r, &router->hits, "units",
        g_strdup_printf("%s units stand in stretches of %d that name %s of %d experts %s: rankings "
                        "of all experts that were cut up, or a warm-up pass through them",
                        share, stretch_of(info), info->experts % info->k ? "none" : "each",
                        info->experts, info->experts % info->k ? "twice" : "once"));
    moe_check_run_add(run, &finding);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    bool told = false;
    for (int r = 0; r < moe_trace_routers(trace) && !cancelled; r++) {
        const Router *router = &s->routers[r];
        if (!is_told(router, moe_trace_router(trace, r)))
            continue;
        tell(run, router, r);
        told = true;
    }
    if (told)
        moe__ranges_drop(run, s->ranges);
    g_free(s->routers);
    g_free(s->last);
    g_array_unref(s->ranges);
    moe__marks_clear(&s->marks);
}

const MoeCheck moe__check_rankings = {
    .struct_size = sizeof(MoeCheck),
    .name = "rankings",
    .help = "rankings of all experts that were cut up as if they were picks",
    .why = "the recorder copied the first columns of a sorted array as if they stood together: of "
           "a pass of several tokens only the first one's picks are right, and loads look even",
    .remedy = "record again, row by row; if it is a warm-up pass, drop it (moescope check --drop "
              "rankings)",
    .drops = true,
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .chunk = see_chunk,
    .end = end,
};
