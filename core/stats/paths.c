/* SPDX-License-Identifier: MIT
 *
 * paths.c: a path is a number that all its choices are mixed into: two different ones meet in 64
 * bits once in billions of traces.
 */
#include "stats/paths.h"

#include "stats/columns.h"
#include "stats/groups.h"

#include <math.h>
#include <stdlib.h>

/* A unit's path, and the group of its document. */
typedef struct Path {
    uint64_t path;
    uint32_t group;
} Path;

typedef struct Walk {
    const MoeTrace *trace;
    bool shuffled;
    int32_t step;
    MoeColumns *columns; /* documents; NULL: groups aren't wanted */
    GArray *paths;       /* of Path, of whole chunks that were followed */
    MoeTraceView *view;
    /* Of the chunk at hand. */
    GArray *unit;   /* int64_t: those that are looked at */
    uint64_t *path; /* [unit->len] */
    bool *whole;    /* [unit->len] has had a first choice so far */
    int32_t *first; /* [unit->len] at this router */
} Walk;

/* --- One chunk --------------------------------------------------------------------------------*/

static int32_t
first_choice(const MoeTraceView *view, int64_t unit)
{
    if (view->k == 0)
        return -1;
    int32_t e = view->expert8 ? view->expert8[unit] : view->expert16[unit];
    return e == (view->expert8 ? UINT8_MAX : UINT16_MAX) ? -1 : e;
}

/* The last units of the chunk at the step, as many as are still wanted. */
static void
choose_units(Walk *walk)
{
    const MoeTraceView *view = walk->view;
    int64_t each = view->tokens > 0 ? view->units / view->tokens : 1;
    g_array_set_size(walk->unit, 0);
    for (int64_t u = view->units; u-- > 0;)
        if (view->step[u / each] == walk->step &&
            walk->paths->len + walk->unit->len < MOE_PATHS_UNITS)
            g_array_append_val(walk->unit, u);
    gsize n = walk->unit->len;
    walk->path = g_renew(uint64_t, walk->path, n + 1);
    walk->whole = g_renew(bool, walk->whole, n + 1);
    walk->first = g_renew(int32_t, walk->first, n + 1);
    for (gsize i = 0; i < n; i++) {
        walk->path[i] = 0;
        walk->whole[i] = true;
    }
}

static void
follow_router(Walk *walk, int router)
{
    int n = (int)walk->unit->len;
    for (int i = 0; i < n; i++)
        walk->first[i] = first_choice(walk->view, g_array_index(walk->unit, int64_t, i));
    MoeRng rng = moe_rng(0, (uint64_t)router);
    for (int i = n - 1; walk->shuffled && i > 0; i--) {
        int j = (int)moe_rng_below(&rng, (uint64_t)i + 1);
        int32_t other = walk->first[i];
        walk->first[i] = walk->first[j];
        walk->first[j] = other;
    }
    for (int i = 0; i < n; i++) {
        uint64_t mixed = (walk->path[i] ^ (uint64_t)(walk->first[i] + 2)) * 0x9e3779b97f4a7c15u;
        walk->path[i] = mixed ^ mixed >> 29;
        walk->whole[i] = walk->whole[i] && walk->first[i] >= 0;
    }
}

/* Takes over what was followed of a chunk, with groups where they are wanted. */
static bool
add_paths(Walk *walk, int chunk, GError **error)
{
    MoeColumnsChunk place = {0};
    const int32_t *doc = NULL;
    int64_t each = walk->view->tokens > 0 ? walk->view->units / walk->view->tokens : 1;
    if (walk->columns) {
        const MoeColumnsChunk *own = moe__columns_get(walk->columns, chunk, &place, error);
        if (!own)
            return false;
        doc = own->column[MOE_COLUMN_DOC];
    }
    for (guint i = 0; i < walk->unit->len; i++) {
        int64_t token = g_array_index(walk->unit, int64_t, i) / each;
        int group = doc ? moe__document_group(doc[token]) & (MOE_PATHS_GROUPS - 1) : 0;
        const Path path = {walk->path[i], (uint32_t)group};
        if (walk->whole[i])
            g_array_append_val(walk->paths, path);
    }
    moe__columns_chunk_clear(&place);
    return true;
}

static bool
follow_chunk(Walk *walk, int chunk, GError **error)
{
    for (int r = 0; r < moe_trace_routers(walk->trace); r++) {
        if (!moe_trace_view(walk->trace, chunk, r, walk->view, error))
            return false;
        if (r == 0)
            choose_units(walk);
        follow_router(walk, r);
    }
    return add_paths(walk, chunk, error);
}

/* --- All --------------------------------------------------------------------------------------*/

static int
ascending(const void *a, const void *b)
{
    uint64_t x = ((const Path *)a)->path, y = ((const Path *)b)->path;
    return (x > y) - (x < y);
}

static double
times_log(int64_t n)
{
    return n > 0 ? (double)n * log((double)n) : 0;
}

/* Of units whose paths come so often: Σ n ln n stands in `entropy` until all are there. */
static void
add_path(MoePaths *paths, int64_t n)
{
    paths->units += n;
    paths->distinct += n > 0;
    paths->entropy += times_log(n);
}

static void
finish(MoePaths *paths)
{
    double n = (double)paths->units;
    paths->entropy = n > 0 ? fmax(0, log(n) - paths->entropy / n) : 0;
}

/* All of them, and without each group. */
static void
count(GArray *all, MoePaths *paths, MoePaths *without)
{
    Path *path = (Path *)(void *)all->data;
    int64_t n = all->len;
    *paths = (MoePaths){0};
    for (int g = 0; without && g < MOE_PATHS_GROUPS; g++)
        without[g] = (MoePaths){0};
    qsort(path, (size_t)n, sizeof *path, ascending);
    for (int64_t i = 0, end; i < n; i = end) {
        int64_t of_group[MOE_PATHS_GROUPS] = {0};
        for (end = i; end < n && path[end].path == path[i].path; end++)
            of_group[path[end].group]++;
        add_path(paths, end - i);
        for (int g = 0; without && g < MOE_PATHS_GROUPS; g++)
            add_path(&without[g], end - i - of_group[g]);
    }
    finish(paths);
    for (int g = 0; without && g < MOE_PATHS_GROUPS; g++)
        finish(&without[g]);
}

/* The first router that splits tokens otherwise than router 0; 0: none does. */
static int
find_odd(const MoeTrace *trace)
{
    int units = moe_trace_router(trace, 0)->units_per_token;
    for (int r = 1; r < moe_trace_routers(trace); r++)
        if (moe_trace_router(trace, r)->units_per_token != units)
            return r;
    return 0;
}

bool
moe__paths_defined(const MoeTrace *trace)
{
    return find_odd(trace) == 0;
}

/* `step` NULL: of the last one. */
static bool
follow(Walk *walk, const int64_t *step, GError **error)
{
    int n = 0, odd = find_odd(walk->trace);
    if (odd > 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "router %d splits tokens into %d units, router 0 into %d: there are no paths "
                    "through both",
                    odd, moe_trace_router(walk->trace, odd)->units_per_token,
                    moe_trace_router(walk->trace, 0)->units_per_token);
        return false;
    }
    g_autofree int32_t *steps = moe_trace_steps(walk->trace, &n, error);
    if (!steps)
        return false;
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_autoptr(GArray) unit = g_array_new(FALSE, FALSE, sizeof(int64_t));
    walk->view = view;
    walk->unit = unit;
    walk->step = step ? (int32_t)*step : n > 0 ? steps[n - 1] : 0;
    moe_trace_view_wants(view, MOE_VIEW_STEP);
    bool good = true;
    for (int c = moe_trace_chunks(walk->trace) - 1;
         c >= 0 && good && walk->paths->len < MOE_PATHS_UNITS; c--)
        if (moe_trace_tokens(walk->trace, c) > 0)
            good = follow_chunk(walk, c, error);
    g_free(walk->path);
    g_free(walk->whole);
    g_free(walk->first);
    return good;
}

bool
moe__paths_count(const MoeTrace *trace, const int64_t *step, bool shuffled, MoePaths *paths,
                 GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Path));
    Walk walk = {.trace = trace, .shuffled = shuffled, .paths = all};
    bool good = follow(&walk, step, error);
    count(all, paths, NULL);
    return good;
}

bool
moe__paths_apart(const MoeTrace *trace, const int64_t *step, MoePaths *paths, MoePaths *without,
                 GError **error)
{
    const MoeColumnsOptions options = {.wanted = 1U << MOE_COLUMN_DOC};
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Path));
    Walk walk = {.trace = trace, .paths = all};
    walk.columns = moe__columns_new(trace, &options, error);
    bool good = walk.columns && follow(&walk, step, error);
    moe__columns_free(walk.columns);
    count(all, paths, without);
    return good;
}

/* --- Chance -----------------------------------------------------------------------------------*/

double
moe__paths_uniform_distinct(double units, double paths)
{
    return paths > 1 ? -paths * expm1(units * log1p(-1 / paths)) : fmin(units, 1);
}

/* Of counts c that are Poisson in the limit, ln T - (M / T) Σ_c P(c) c ln c = ln T - E[ln(1 + c)].
 */
double
moe__paths_uniform_entropy(double units, double paths)
{
    double mean = units / paths, far = 12 * sqrt(mean) + 20, sum = 0;
    for (double c = fmax(0, floor(mean - far)); c < mean + far; c++)
        sum += exp(c * log(mean) - mean - lgamma(c + 1)) * log1p(c);
    return fmax(0, log(units) - sum);
}
