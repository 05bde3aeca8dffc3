/* SPDX-License-Identifier: MIT
 *
 * Routers that had nothing to choose by: all logits of a unit equal, or apart by denormals only.
 * Captured buffers look like that (a published .pth has layers whose entropy is ln 64 to the last
 * bit, with a spread of 6e-44): the picks are then the order of ids.
 *
 * Without logits, an entropy of ln E says it together with a margin of 0; by itself only when no
 * unit of the router has another, since an untrained router comes within f16's rounding of ln E.
 */
#include "check/check.h"

#include <math.h>

/* The smallest number that f16 tells from 0, and half a step of f16 above 4. */
#define SPREAD         6e-8f
#define ENTROPY_NEARLY 2e-3f

enum { UNITS = 32 };              /* below, equal entropies are no sign */
static const double SHARE = 0.01; /* of a router's units: beyond this an error */

typedef struct {
    MoeTally flat; /* by logits, or by entropy and margin */
    MoeTally even; /* by entropy alone */
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

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    Router *router = &((State *)state)->routers[rows->router];
    int E = rows->info->experts;
    float even = logf((float)E) - ENTROPY_NEARLY;
    for (int64_t u = 0; E > 1 && u < rows->view->units; u++) {
        if (rows->logits)
            moe__tally(&router->flat, rows, u, is_flat(rows->logits + u * E, E));
        else if (rows->entropy && rows->margin)
            moe__tally(&router->flat, rows, u,
                       rows->entropy[u] >= even && fabsf(rows->margin[u]) < SPREAD);
        else if (rows->entropy)
            moe__tally(&router->even, rows, u, rows->entropy[u] >= even);
    }
}

static void
tell_flat(MoeCheckRun *run, const MoeTally *tally, int r)
{
    bool wrong = (double)tally->count >= SHARE * (double)tally->all;
    g_autofree char *share = moe__tally_text(tally);
    MoeFinding finding =
        moe__finding(wrong ? MOE_FINDING_ERROR : MOE_FINDING_WARNING, r, tally, "units",
                     g_strdup_printf("%s units have the same logit for every expert", share));
    moe_check_run_add(run, &finding);
}

static void
tell_even(MoeCheckRun *run, const MoeTally *tally, int r)
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
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    for (int r = 0; r < moe_trace_routers(moe_check_run_trace(run)) && !cancelled; r++) {
        const Router *router = &s->routers[r];
        if (router->flat.count > 0)
            tell_flat(run, &router->flat, r);
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
