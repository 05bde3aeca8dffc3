/* SPDX-License-Identifier: MIT
 *
 * A router whose picks and gates are another's, unit by unit: a layer that was recorded twice, or a
 * buffer that wasn't cleared between layers. Streams of picks are compared by a hash.
 */
#include "check/check.h"

#include <math.h>
#include <string.h>

/* Bits that a router's picks must hold before two are the same only by being copies. */
#define BITS 64.0

typedef struct {
    uint64_t hash;
    int64_t units;
    int64_t moves; /* times that the first pick changed from unit to unit */
    int32_t last;  /* the first pick of the last unit */
    float gate;    /* of the first pick there was */
    bool gates;    /* there are gates */
    bool several;  /* they differ */
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

/* FNV-1a by words, with the finaliser's shift. */
static uint64_t
mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * G_GUINT64_CONSTANT(0x100000001b3);
    return hash ^ hash >> 29;
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    Router *router = &((State *)state)->routers[rows->router];
    const MoeTraceView *view = rows->view;
    int64_t n = view->k * view->units;
    for (int64_t i = 0; i < n; i++) {
        float gate = view->gate ? view->gate[i] : 0;
        uint32_t bits;
        memcpy(&bits, &gate, sizeof bits);
        if (router->units == 0 && i == 0)
            router->gate = gate;
        router->several = router->several || gate != router->gate;
        router->hash = mix(router->hash, (uint64_t)(uint32_t)view->expert[i] << 32 | bits);
    }
    for (int64_t u = 0; u < view->units && view->k > 0; u++) {
        router->moves += router->units > 0 && view->expert[u] != router->last;
        router->last = view->expert[u];
        router->units++;
    }
    router->gates = view->gate != NULL;
    router->hash = mix(router->hash, (uint64_t)view->units);
}

/* What a router that hardly moves chooses, another may choose too. */
static bool
tells(const Router *router, const MoeRouterInfo *info)
{
    return (double)router->moves * log2((double)MAX(info->experts, 2)) >= BITS;
}

static void
tell(MoeCheckRun *run, int r, int other, const Router *router)
{
    g_autofree char *units = moe__count_text(router->units);
    const MoeTrace *trace = moe_check_run_trace(run);
    MoeHits all = {router->units, router->units, 0, 0};
    /* Routers that choose by rule (hash layers) may agree; their gates are all the same then. */
    bool by_rule = router->gates && !router->several;
    MoeFinding finding =
        moe__finding(by_rule ? MOE_FINDING_WARNING : MOE_FINDING_ERROR, r, &all, "units",
                     g_strdup_printf("all %s units have the picks%s of router %d (layer %d)", units,
                                     router->gates ? " and gates" : "", other,
                                     moe_trace_router(trace, other)->layer));
    finding.other = other;
    moe_check_run_add(run, &finding);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (int r = 0; r < moe_trace_routers(trace) && !cancelled; r++) {
        const Router *router = &s->routers[r];
        gpointer other;
        if (!tells(router, moe_trace_router(trace, r)))
            continue;
        if (g_hash_table_lookup_extended(seen, &router->hash, NULL, &other))
            tell(run, r, GPOINTER_TO_INT(other), router);
        else
            g_hash_table_insert(seen, (gpointer)&router->hash, GINT_TO_POINTER(r));
    }
    g_free(s->routers);
}

const MoeCheck moe__check_copied_router = {
    .struct_size = sizeof(MoeCheck),
    .name = "copied-router",
    .help = "routers whose picks and gates are another's, unit by unit",
    .why = "two layers never agree in everything: one of them was recorded in the other's place, "
           "and everything between layers (transitions, information) is made up",
    .remedy = "record again; look at what the recorder does with layers that share a buffer or a "
              "name (routers that hash token ids alike in each layer are right as they are)",
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .end = end,
};
