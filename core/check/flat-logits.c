/* SPDX-License-Identifier: MIT
 *
 * Routers that had nothing to choose by: all logits of a unit equal, or apart by denormals only.
 * Captured buffers look like that (a published .pth has layers whose entropy is ln 64 to the last
 * bit, with a spread of 6e-44): the picks are then the order of ids.
 *
 * Without logits, an entropy of ln E says it together with a margin of 0, where it isn't one unit
 * of many (an untrained router comes within f16's rounding of ln E, and may tie by chance); by
 * itself only when no unit of the router has another.
 */
#include "check/check.h"

#include <math.h>

/* The smallest number that f16 tells from 0, and half a step of f16 above 4. */
#define SPREAD         6e-8f
#define ENTROPY_NEARLY 2e-3f

enum { UNITS = 32 };              /* below, equal entropies are no sign */
static const double SHARE = 0.01; /* of a router's units: beyond this an error */

typedef struct {
    MoeHits flat;    /* by logits */
    MoeHits tied;    /* by entropy and margin */
    MoeHits even;    /* by entropy alone */
    MoeHits initial; /* at step 0 of a run: routers may begin with zeros (Shazeer et al. 2017) */
} Router;

typedef struct {
    Router *routers;
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    s->routers = g_new0(Router, (gsize)MAX(1, moe_trace_routers(moe_check_run_trace(run))));
}

/* NaN is for another check. */
static bool
is_flat(const float *z, int n)
{
    float least = z[0], most = z[0];
    for (int e = 1; e < n; e++) {
        least = MIN(least, z[e]);
        most = MAX(most, z[e]);
    }
    return isfinite(least) && isfinite(most) && most - least < SPREAD;
}

/* Which tally a unit goes into by what its router recorded, and whether it is flat. */
static MoeHits *
look(Router *router, const MoeCheckRows *rows, int64_t u, bool *flat)
{
    int E = rows->info->experts;
    bool even = rows->entropy && rows->entropy[u] >= logf((float)E) - ENTROPY_NEARLY;
    if (rows->logits) {
        *flat = is_flat(rows->logits + u * E, E);
        return &router->flat;
    }
    *flat = even && (!rows->margin || fabsf(rows->margin[u]) < SPREAD);
    return rows->margin ? &router->tied : &router->even;
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    Router *router = &((State *)state)->routers[rows->router];
    g_autofree char *steps = g_strdup_printf("tokens/%05d.step", rows->chunk);
    bool has_steps = moe_trace_has(rows->trace, steps);
    if (rows->info->experts < 2 || (!rows->logits && !rows->entropy))
        return;
    for (int64_t u = 0; u < rows->view->units; u++) {
        bool flat, untrained = has_steps && rows->view->step[u / rows->info->units_per_token] == 0;
        MoeHits *tally = look(router, rows, u, &flat);
        moe__hits_count(untrained ? &router->initial : tally, rows, u, flat);
    }
}

static bool
is_wrong(const MoeHits *tally)
{
    return tally->count > 0 && (double)tally->count >= SHARE * (double)tally->all;
}

static void
tell_flat(MoeCheckRun *run, const MoeHits *tally, int r)
{
    bool wrong = is_wrong(tally);
    g_autofree char *share = moe__hits_text(tally);
    MoeFinding finding =
        moe__finding(wrong ? MOE_FINDING_ERROR : MOE_FINDING_WARNING, r, tally, "units",
                     g_strdup_printf("%s units have the same logit for every expert", share));
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
    for (int r = 0; r < moe_trace_routers(moe_check_run_trace(run)) && !cancelled; r++) {
        const Router *router = &s->routers[r];
        if (router->flat.count > 0)
            tell_flat(run, &router->flat, r);
        if (is_wrong(&router->initial))
            tell_initial(run, &router->initial, r);
        if (is_wrong(&router->tied))
            tell_flat(run, &router->tied, r);
        if (router->even.count >= UNITS && router->even.count == router->even.all)
            tell_even(run, &router->even, r);
    }
    g_free(s->routers);
}

const MoeCheck moe__check_flat_logits = {
    .struct_size = sizeof(MoeCheck),
    .name = "flat-logits",
    .help = "units whose logits are all equal, or entropies of exactly ln E",
    .why = "the picks of such units follow the order of ids, not the router",
    .remedy = "capture the router's output again (after the layer ran, in its own type); leave "
              "the layer out until then",
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .end = end,
};
