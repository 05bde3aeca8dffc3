/* SPDX-License-Identifier: MIT
 *
 * Routers that had nothing to choose by: all logits of a unit equal, or apart by denormals only.
 * Captured buffers look like that (a published .pth has layers whose entropy is ln 64 to the last
 * bit, with a spread of 6e-44): the picks are then the order of ids.
 *
 * Without logits, an entropy of ln E says it together with a margin of 0 and gates that are all the
 * same, where it isn't one unit of many. An untrained router comes within f16's rounding of ln E,
 * and the k-th and next logits of bf16 often tie, but not the first as well. Where there are no
 * gates it takes most of the units; the entropy by itself tells only when no unit of the router has
 * another.
 */
#include "check/check.h"

#include <float.h>
#include <math.h>

/* The smallest number that f16 tells from 0, and by how much of itself f16 rounds. */
#define SPREAD 6e-8f
#define STEP   0x1p-11f

enum { UNITS = 32 };              /* below, equal entropies are no sign */
static const double SHARE = 0.01, /* of a router's units: beyond this an error */
    MOST = 0.5;                   /* without logits and gates: beyond this */

typedef struct {
    MoeHits flat;    /* by logits */
    MoeHits tied;    /* by entropy, margin and gates */
    MoeHits even;    /* by entropy alone */
    MoeHits initial; /* at step 0 of a run: routers may begin with zeros (Shazeer et al. 2017) */
    bool gates;      /* there are gates */
} Router;

typedef struct {
    Router *routers;
    MoeMarks marks; /* flat ones */
    GArray *ranges; /* MoeTraceRange: tokens that are flat in every router */
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    s->routers = g_new0(Router, (gsize)MAX(1, moe_trace_routers(moe_check_run_trace(run))));
    s->ranges = g_array_new(FALSE, FALSE, sizeof(MoeTraceRange));
}

/* Of the experts that no mask closed (-inf), where there are more than the k picks. NaN is for
 * another check. */
static bool
is_flat(const float *z, int n, int k)
{
    float least = INFINITY, most = -INFINITY;
    int open = 0;
    for (int e = 0; e < n; e++) {
        bool closed = z[e] < 0 && isinf(z[e]);
        open += !closed;
        least = closed ? least : MIN(least, z[e]);
        most = MAX(most, z[e]);
    }
    return (open == n || open > k) && isfinite(least) && isfinite(most) && most - least < SPREAD;
}

/* Whether a unit's gates are one number, but for rounding; true where there are none. */
static bool
has_equal_gates(const MoeTraceView *view, int64_t u)
{
    float least = INFINITY, most = -INFINITY;
    for (int slot = 0; view->gate && slot < view->k; slot++) {
        int64_t i = slot * view->units + u;
        if (view->expert[i] < 0 || (view->dropped && view->dropped[i]))
            continue;
        least = MIN(least, view->gate[i]);
        most = MAX(most, view->gate[i]);
    }
    return most < least || most - least <= 2 * STEP * fabsf(most);
}

/* The rounding of an entropy around ln E to f16. */
static float
rounding_of(float entropy)
{
    return scalbnf(STEP, (int)floorf(log2f(entropy))) + FLT_EPSILON * entropy;
}

/* Which tally a unit goes into by what its router recorded, and whether it is flat. */
static MoeHits *
look(Router *router, const MoeCheckRows *rows, int64_t u, bool *flat)
{
    int E = rows->info->experts;
    float all = logf((float)E);
    bool even = rows->entropy && rows->entropy[u] >= all - rounding_of(all);
    if (rows->logits) {
        *flat = is_flat(rows->logits + u * E, E, rows->view->k);
        return &router->flat;
    }
    *flat = even &&
            (!rows->margin || (fabsf(rows->margin[u]) < SPREAD && has_equal_gates(rows->view, u)));
    return rows->margin ? &router->tied : &router->even;
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    Router *router = &s->routers[rows->router];
    int per_token = rows->info->units_per_token;
    g_autofree char *steps = g_strdup_printf("tokens/%05d.step", rows->chunk);
    bool has_steps = moe_trace_has(rows->trace, steps);
    moe__marks_begin(&s->marks, rows);
    if (rows->info->experts < 2 || (!rows->logits && !rows->entropy))
        return;
    router->gates = router->gates || rows->view->gate;
    for (int64_t u = 0; u < rows->view->units; u++) {
        bool flat, untrained = has_steps && rows->view->step[u / per_token] == 0;
        MoeHits *tally = look(router, rows, u, &flat);
        moe__hits_count(untrained ? &router->initial : tally, rows, u, flat);
        if (flat && !untrained && tally != &router->even && u % per_token == 0)
            moe__marks_add(&s->marks, u / per_token);
    }
}

static void
see_chunk(MoeCheckRun *run, void *state, int chunk)
{
    State *s = state;
    if (s->marks.routers > 0 && s->marks.chunk == chunk)
        moe__marks_list(&s->marks, s->marks.routers, s->ranges);
}

static bool
is_wrong(const MoeHits *tally, double share)
{
    return tally->count > 0 && (double)tally->count >= share * (double)tally->all;
}

static void
tell_flat(MoeCheckRun *run, const State *s, const MoeHits *tally, int r)
{
    bool wrong = is_wrong(tally, SHARE);
    g_autofree char *share = moe__hits_text(tally);
    MoeFinding finding =
        moe__finding(wrong ? MOE_FINDING_ERROR : MOE_FINDING_WARNING, r, tally, "units",
                     g_strdup_printf("%s units have the same logit for every expert", share));
    if (s->ranges->len > 0)
        finding.remedy = "drop the tokens that are so in every router, padding by the look of it "
                         "(moescope check --drop flat-logits); where it is one layer alone, "
                         "capture its output again";
    moe_check_run_add(run, &finding);
}

static void
tell_even(MoeCheckRun *run, const MoeHits *tally, int r)
{
    int E = moe_trace_router(moe_check_run_trace(run), r)->experts;
    g_autofree char *units = moe__count_text(tally->all);
    MoeFinding finding = moe__finding(
        MOE_FINDING_WARNING, r, tally, "units",
        g_strdup_printf("all %s units have the entropy ln %d = %.4f nats, of a router that "
                        "prefers nothing: one that was never trained, or garbage",
                        units, E, log(E)));
    moe_check_run_add(run, &finding);
}

static void
tell_initial(MoeCheckRun *run, const MoeHits *tally, int r)
{
    g_autofree char *share = moe__hits_text(tally);
    MoeFinding finding =
        moe__finding(MOE_FINDING_NOTE, r, tally, "units",
                     g_strdup_printf("%s units of step 0 have the same logit for every expert: the "
                                     "router began with zeros",
                                     share));
    moe_check_run_add(run, &finding);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    bool told = false;
    for (int r = 0; r < moe_trace_routers(moe_check_run_trace(run)) && !cancelled; r++) {
        const Router *router = &s->routers[r];
        bool tied = is_wrong(&router->tied, router->gates ? SHARE : MOST);
        told = told || router->flat.count > 0 || tied;
        if (router->flat.count > 0)
            tell_flat(run, s, &router->flat, r);
        if (is_wrong(&router->initial, SHARE))
            tell_initial(run, &router->initial, r);
        if (tied)
            tell_flat(run, s, &router->tied, r);
        if (router->even.count >= UNITS && router->even.count == router->even.all)
            tell_even(run, &router->even, r);
    }
    if (told)
        moe__ranges_drop(run, s->ranges);
    g_free(s->routers);
    g_array_unref(s->ranges);
    moe__marks_clear(&s->marks);
}

const MoeCheck moe__check_flat_logits = {
    .struct_size = sizeof(MoeCheck),
    .name = "flat-logits",
    .help = "units whose logits are all equal, or entropies of exactly ln E",
    .why = "the picks of such units follow the order of ids, not the router",
    .remedy = "capture the router's output again (after the layer ran, in its own type); leave "
              "the layer out until then",
    .drops = true,
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .chunk = see_chunk,
    .end = end,
};
