/* SPDX-License-Identifier: MIT
 *
 * Ids of expert slots on devices (physical) instead of experts (logical). Serving engines copy
 * loaded experts to more slots than there are experts (EPLB); a dump that wasn't mapped back counts
 * slots, and only the last map is kept (SGLang). Such ids show in two ways:
 *
 *   copies    two ids share one expert's units half and half: loads and company alike, and never
 *             both in one unit, though independent ones would have met often
 *   no such   the highest ids are never picked, the same number of them in every router: there are
 *             more ids than experts (padding to the devices' number does that too)
 *
 * Routers that pick one expert of each group (Pangu's MoGE) have such experts as well: of a group
 * none meets another, and one is picked in every unit. Copies of one expert, together, aren't.
 */
#include "check/blocks.h"
#include "stats/pair-kernels.h"
#include "stats/sets.h"

#include <math.h>
#include <string.h>

enum {
    EXPERTS_MAX = 1024, /* pairs are counted up to here */
    NAMED = 4,          /* copies whose ids are told */
    PARTNERS = 4,       /* kinds of company that it takes to compare */
    MEETINGS = 25,      /* that independent experts would have, before none is a sign */
};
/* Memory for pairs, over all routers. */
#define PAIRS_MAX ((int64_t)32 << 20)
/* Standard errors that the loads of two copies may be apart. */
#define ALIKE 3.0
/* Share of the units within which experts of a group are picked once in each. */
#define ALWAYS 0.01

typedef struct {
    int64_t *count;  /* [experts] */
    uint32_t *pairs; /* [experts × experts], above the diagonal; NULL where they aren't counted */
    int64_t units;
    int64_t picks;
} Router;

typedef struct {
    Router *routers;
    /* Room for a block as sets, as rows of bits, and for its pairs; as much as the largest router
     * for which they are used needs. */
    uint64_t *sets, *rows;
    int64_t *together;
    int experts;
} State;

static void
begin(MoeCheckRun *run, void *state)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    int n = moe_trace_routers(trace);
    int64_t room = PAIRS_MAX;
    s->routers = g_new0(Router, (gsize)MAX(1, n));
    for (int r = 0; r < n; r++) {
        int64_t E = moe_trace_router(trace, r)->experts;
        s->routers[r].count = g_new0(int64_t, (gsize)E);
        room -= E * E;
        if (E <= EXPERTS_MAX && room >= 0)
            s->routers[r].pairs = g_new0(uint32_t, (gsize)(E * E));
    }
}

static void
see_unit(Router *router, const MoeTraceView *view, int64_t u, int64_t E)
{
    for (int a = 0; a < view->k; a++) {
        int32_t expert = view->expert[a * view->units + u];
        if (expert < 0)
            continue;
        router->count[expert]++;
        router->picks++;
        for (int b = 0; router->pairs && b < a; b++) {
            int32_t other = view->expert[b * view->units + u];
            if (other >= 0 && other != expert)
                router->pairs[MIN(expert, other) * E + MAX(expert, other)]++;
        }
    }
}

/* --- Blocks as sets ---------------------------------------------------------------------------*/

static void
make_room(State *s, int experts)
{
    int words = moe__sets_words(experts);
    if (experts <= s->experts)
        return;
    g_aligned_free(s->rows);
    s->experts = experts;
    s->sets = g_renew(uint64_t, s->sets, (gsize)(MOE_CHECK_BLOCK * words));
    s->rows = g_aligned_alloc((gsize)words * 64 * MOE_PAIR_WORDS, sizeof *s->rows, 64);
    s->together = g_renew(int64_t, s->together, (gsize)experts * (gsize)experts);
}

/* Adds what was counted of pairs, and of experts on the diagonal. */
static void
add_together(Router *router, const int64_t *together, int64_t E)
{
    for (int64_t a = 0; a < E; a++) {
        router->count[a] += together[a * E + a];
        for (int64_t b = a + 1; b < E; b++)
            router->pairs[a * E + b] += (uint32_t)together[a * E + b];
    }
}

/* Counts a block by its sets; false where they don't hold all picks: some are missing or stand
 * twice. */
static bool
see_sets(State *s, const MoeCheckRows *rows, const MoeBlock *block)
{
    int words = moe__sets_words(rows->info->experts);
    int64_t picks = rows->view->k * block->n;
    moe__sets_fill(rows->view, block->first, block->n, words, s->sets);
    if (moe__sets_shared(s->sets, s->sets, block->n * words) != picks)
        return false;
    moe__pairs_add(moe__pair_kernels()[0], s->sets, block->n, rows->info->experts, words, s->rows,
                   s->together);
    s->routers[rows->router].picks += picks;
    return true;
}

static void
see_rows(MoeCheckRun *run, void *state, const MoeCheckRows *rows)
{
    State *s = state;
    Router *router = &s->routers[rows->router];
    const MoeTraceView *view = rows->view;
    int E = rows->info->experts;
    bool by_sets = router->pairs && moe__sets_words(E) > 0 &&
                   !moe__pairs_plainly(moe__pair_kernels()[0], E, view->k);
    if (by_sets) {
        make_room(s, E);
        memset(s->together, 0, sizeof *s->together * (size_t)E * (size_t)E);
    }
    for (MoeBlock block = {0}; moe__block_next(run, rows, &block);) {
        bool seen = by_sets && block.full && see_sets(s, rows, &block);
        for (int64_t u = block.first; !seen && u < block.first + block.n; u++)
            see_unit(router, view, u, E);
    }
    if (by_sets)
        add_together(router, s->together, E);
    router->units += view->units;
}

/* --- Telling ----------------------------------------------------------------------------------*/

static double
pairs_of(const Router *router, int64_t a, int64_t b, int64_t E)
{
    return (double)router->pairs[MIN(a, b) * E + MAX(a, b)];
}

/* Whether two ids are picked beside the same others, equally often: by the chi-squared statistic of
 * homogeneity. Experts that specialise on different tokens never meet either, but keep different
 * company. */
static bool
keep_company(const Router *router, int64_t a, int64_t b, int64_t E)
{
    double statistic = 0;
    int others = 0;
    for (int64_t c = 0; c < E; c++) {
        double x = c == a ? 0 : pairs_of(router, a, c, E);
        double y = c == b ? 0 : pairs_of(router, b, c, E);
        if (x + y == 0)
            continue;
        statistic += (x - y) * (x - y) / (x + y);
        others++;
    }
    return others >= PARTNERS && statistic <= others + ALIKE * sqrt(2.0 * others);
}

/* Whether two ids behave as copies of one expert. Independent experts of a router that makes k
 * picks meet in about n_a n_b (k - 1) / (k T) units. */
static bool
are_copies(const Router *router, int64_t a, int64_t b, int64_t E)
{
    double na = (double)router->count[a], nb = (double)router->count[b];
    double k = (double)router->picks / (double)router->units;
    double meetings = na * nb * (k - 1) / (k * (double)router->units);
    return meetings >= MEETINGS && fabs(na - nb) <= ALIKE * sqrt(na + nb) &&
           router->pairs[a * E + b] == 0 && keep_company(router, a, b, E);
}

/* Whether an id is of a group of which every unit picks one: it and all that it never meets. */
static bool
is_of_group(const Router *router, int64_t a, int64_t E)
{
    int64_t picks = 0;
    for (int64_t b = 0; b < E; b++)
        if (b == a || pairs_of(router, a, b, E) == 0)
            picks += router->count[b];
    return fabs((double)(picks - router->units)) <= ALWAYS * (double)router->units;
}

/* Counts ids that are copies of a lower one. *names: the first of them, with what they are copies
 * of. (transfer full) */
static int
count_copies(const Router *router, int64_t E, char **names)
{
    GString *list = g_string_new(NULL);
    int n = 0;
    for (int64_t b = 1; router->pairs && router->units > 0 && b < E; b++)
        for (int64_t a = 0; a < b; a++)
            if (are_copies(router, a, b, E) && !is_of_group(router, b, E)) {
                if (n < NAMED)
                    g_string_append_printf(list, "%s%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT,
                                           n ? ", " : "", b, a);
                n++;
                break;
            }
    if (n > NAMED)
        g_string_append(list, ", …");
    *names = g_string_free(list, FALSE);
    return n;
}

static void
tell_copies(MoeCheckRun *run, int r, int copies, const char *names)
{
    int experts = moe_trace_router(moe_check_run_trace(run), r)->experts;
    MoeHits tally = {copies, experts, 0, 0};
    MoeFinding finding =
        moe__finding(MOE_FINDING_WARNING, r, &tally, "experts",
                     g_strdup_printf("%d of %d ids look like copies of another (%s): as often, "
                                     "beside the same others, and never both in one unit",
                                     copies, experts, names));
    finding.chunk = finding.token = -1;
    moe_check_run_add(run, &finding);
}

/* How many of the highest ids nobody picked; 0 where a lower one is dead too, or there were too few
 * units to tell. */
static int
count_absent(const Router *router, int experts)
{
    int absent = 0;
    while (absent < experts && router->count[experts - 1 - absent] == 0)
        absent++;
    for (int e = 0; e < experts - absent; e++)
        if (router->count[e] == 0)
            return 0;
    double expected = (double)router->picks / experts; /* of each expert */
    return expected >= 20 ? absent : 0;
}

static void
tell_absent(MoeCheckRun *run, int absent, int experts)
{
    MoeHits tally = {absent, experts, 0, 0};
    MoeFinding finding = moe__finding(
        MOE_FINDING_WARNING, -1, &tally, "experts",
        g_strdup_printf("no router ever picks one of the %d highest of %d ids, and all pick every "
                        "other: there may be %d experts",
                        absent, experts, experts - absent));
    finding.chunk = finding.token = -1;
    moe_check_run_add(run, &finding);
}

static void
end(MoeCheckRun *run, void *state, bool cancelled)
{
    State *s = state;
    const MoeTrace *trace = moe_check_run_trace(run);
    int n = moe_trace_routers(trace), absent = 0;
    bool same = n > 1;
    for (int r = 0; r < n && !cancelled; r++) {
        g_autofree char *names = NULL;
        int E = moe_trace_router(trace, r)->experts;
        int copies = count_copies(&s->routers[r], E, &names);
        if (copies > 0)
            tell_copies(run, r, copies, names);
        int own = count_absent(&s->routers[r], E);
        same = same && own > 0 && (r == 0 || own == absent) &&
               E == moe_trace_router(trace, 0)->experts;
        absent = own;
    }
    if (!cancelled && same)
        tell_absent(run, absent, moe_trace_router(trace, 0)->experts);
    for (int r = 0; r < n; r++) {
        g_free(s->routers[r].count);
        g_free(s->routers[r].pairs);
    }
    g_free(s->routers);
    g_free(s->sets);
    g_aligned_free(s->rows);
    g_free(s->together);
}

const MoeCheck moe__check_physical_ids = {
    .struct_size = sizeof(MoeCheck),
    .name = "physical-ids",
    .help = "ids of slots on devices instead of experts: copies of an expert, ids never picked",
    .why = "loads, dead experts and pairs are those of slots; the same id is another expert in "
           "another layer, or after experts moved",
    .remedy = "give the physical-to-logical map when importing; state the number of experts that "
              "the model has",
    .state_size = sizeof(State),
    .begin = begin,
    .rows = see_rows,
    .end = end,
};
