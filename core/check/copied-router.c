/* SPDX-License-Identifier: MIT
 *
 * A router whose picks and gates are another's, unit by unit: a layer that was recorded twice, or a
 * buffer that wasn't cleared between layers. Streams of picks are compared by a hash.
 */
#include "check/blocks.h"
#include "tensor/cpu.h"

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
MOE_INLINE uint64_t
mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * G_GUINT64_CONSTANT(0x100000001b3);
    return hash ^ hash >> 29;
}

/* Streams that are hashed side by side: a chain of multiplications takes its time. */
enum { LANES = 16 };

MOE_INLINE uint64_t
pick_word(const int32_t *expert, const float *gate, int64_t i)
{
    uint32_t bits = 0;
    if (gate)
        memcpy(&bits, &gate[i], sizeof bits);
    return (uint64_t)(uint32_t)expert[i] << 32 | bits;
}

/* Mixes n picks, a multiple of LANES, into lanes[LANES]; gate NULL: there are none. */
MOE_CLONES static void
copied_router_mix(const int32_t *expert, const float *gate, int64_t n, uint64_t *restrict lanes)
{
    uint64_t own[LANES];
    memcpy(own, lanes, sizeof own);
    for (int64_t i = 0; i < n; i += LANES)
        for (int lane = 0; lane < LANES; lane++)
            own[lane] = mix(own[lane], pick_word(expert, gate, i + lane));
    memcpy(lanes, own, sizeof own);
}

static uint64_t
mix_picks(uint64_t hash, const MoeTraceView *view)
{
    uint64_t lanes[LANES];
    int64_t n = view->k * view->units, whole = n / LANES * LANES;
    for (int lane = 0; lane < LANES; lane++)
        lanes[lane] = hash + (uint64_t)lane;
    copied_router_mix(view->expert, view->gate, whole, lanes);
    for (int lane = 0; lane < LANES; lane++)
        hash = mix(hash, lanes[lane]);
    for (int64_t i = whole; i < n; i++)
        hash = mix(hash, pick_word(view->expert, view->gate, i));
    return mix(hash, (uint64_t)view->units);
}

MOE_CLONES static int64_t
copied_router_moves(const int32_t *expert, int64_t n)
{
    int64_t moves = 0;
    for (int64_t u = 1; u < n; u++)
        moves += expert[u] != expert[u - 1];
    return moves;
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    Router *router = &((State *)state)->routers[rows->router];
    const MoeTraceView *view = rows->view;
    int64_t n = view->k * view->units;
    router->gates = view->gate != NULL;
    router->hash = mix_picks(router->hash, view);
    if (n == 0)
        return;
    if (view->gate && router->units == 0)
        router->gate = view->gate[0];
    if (view->gate && !router->several)
        router->several = moe__any_other(view->gate, n, router->gate);
    router->moves += router->units > 0 && view->expert[0] != router->last;
    router->moves += copied_router_moves(view->expert, view->units);
    router->last = view->expert[view->units - 1];
    router->units += view->units;
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
