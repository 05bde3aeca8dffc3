/* SPDX-License-Identifier: MIT
 *
 * compare-steps.c: one probe text at several steps of a run. Steps are read from the last to the
 * first, a block of tokens at a time: then what has to be remembered of a unit is its final picks,
 * its next first choice, and whether it has been seen to differ.
 */
#include "stats/compare.h"
#include "stats/errors.h"

#include <omp.h>
#include <stdlib.h>

/* Final picks of a block. */
enum { BLOCK_PICKS = 1 << 21 };

struct MoeFluctuation {
    int64_t tokens;
    int n_steps, n_routers;
    MoeSteppedRouter *routers; /* [n_routers] */
    MoeStepCell *cells;        /* [n_routers × n_steps] */
};

typedef struct Pass {
    const MoeTrace *trace;
    MoeFluctuation *result;
    GPtrArray *steps; /* of lists of stretches, ascending by step */
    const MoeProgress *progress;
    int done, total, stop; /* done, stop: atomic */
} Pass;

/* A router, while it is read. */
typedef struct Walk {
    Pass *pass;
    const MoeRouterInfo *info;
    MoeSteppedRouter *router;
    MoeStepCell *cells;
    MoeCellShape shape;
    gsize words;
    int64_t *row; /* [words] of the piece at hand */
    MoeCounter *counter;
    MoeTraceView *view;
    int chunk;
    int64_t first, units; /* tokens before the block; its units */
    int slots;
    uint16_t *final;  /* [slots × units], 65535: no pick */
    int32_t *later;   /* [units] first choices of the step behind; -1: none */
    uint8_t *settled; /* [units] 0: another first choice than the final one was seen */
} Walk;

/* --- A piece of a block -----------------------------------------------------------------------*/

static int32_t
first_choice(const MoeSidePicks *picks, int64_t unit)
{
    for (int slot = 0; slot < picks->slots; slot++) {
        int32_t expert = moe__pick_of(picks, slot, unit);
        if (expert >= 0)
            return expert;
    }
    return -1;
}

static void
keep_final(Walk *walk, const MoeSidePicks *picks, int64_t at, int64_t n)
{
    for (int slot = 0; slot < walk->slots; slot++)
        for (int64_t u = 0; u < n; u++) {
            int32_t expert = slot < picks->slots ? moe__pick_of(picks, slot, u) : -1;
            walk->final[slot * walk->units + at + u] = expert < 0 ? UINT16_MAX : (uint16_t)expert;
        }
    for (int64_t u = 0; u < n; u++) {
        walk->settled[at + u] = 1;
        walk->later[at + u] = -1;
    }
}

static MoeSidePicks
final_picks(const Walk *walk, int64_t at)
{
    return (MoeSidePicks){
        .expert16 = walk->final + at, .stride = walk->units, .slots = walk->slots};
}

/* Units at .. at + n - 1 of the block at one step. */
static void
count_piece(Walk *walk, int step, const MoeSidePicks *picks, int64_t at, int64_t n)
{
    MoeStepCell *cell = &walk->cells[step], *behind = cell + 1;
    bool last = step == walk->pass->result->n_steps - 1;
    if (last)
        keep_final(walk, picks, at, n);
    const MoeSidePicks final = final_picks(walk, at);
    for (gsize i = 0; i < walk->words; i++)
        walk->row[i] = 0;
    moe__counter_add(walk->counter, picks, &final, n, &walk->shape, walk->row, NULL);
    cell->units += walk->row[MOE_SUM_UNITS];
    cell->same_first += walk->row[MOE_SUM_SAME_FIRST];
    cell->shared += walk->row[MOE_SUM_SHARED];
    cell->larger += walk->row[MOE_SUM_LARGER];
    cell->product += walk->row[MOE_SUM_PRODUCT];
    for (int64_t u = 0; u < n; u++) {
        int32_t expert = first_choice(picks, u), at_end = first_choice(&final, u);
        if (expert >= 0 && walk->later[at + u] >= 0) {
            behind->followed++;
            behind->changed += expert != walk->later[at + u];
        }
        walk->later[at + u] = expert;
        if (expert >= 0 && at_end >= 0 && expert != at_end && walk->settled[at + u]) {
            walk->settled[at + u] = 0;
            cell->last_other++;
        }
    }
}

/* --- A router ---------------------------------------------------------------------------------*/

static bool
go_on(Pass *pass, GError **error)
{
    int done = g_atomic_int_add(&pass->done, 1);
    if (omp_get_thread_num() == 0 &&
        !moe_progress(pass->progress, MIN(done, pass->total), pass->total, "comparing steps"))
        g_atomic_int_set(&pass->stop, 1);
    if (!g_atomic_int_get(&pass->stop))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "comparing steps was stopped");
    return false;
}

static bool
load_chunk(Walk *walk, int chunk, GError **error)
{
    if (walk->chunk == chunk)
        return true;
    walk->chunk = -1;
    if (!go_on(walk->pass, error) ||
        !moe_trace_view(walk->pass->trace, chunk, walk->router->router, walk->view, error))
        return false;
    walk->chunk = chunk;
    return true;
}

/* Counts what a step has of the block's tokens. */
static bool
walk_step(Walk *walk, int step, GError **error)
{
    const GArray *stretches = walk->pass->steps->pdata[step];
    const int64_t heads = walk->info->units_per_token;
    int64_t end = walk->first + walk->units / heads, before = 0;
    for (guint i = 0; i < stretches->len && before < end; i++) {
        const MoeStretch *s = &g_array_index(stretches, MoeStretch, i);
        int64_t from = MAX(before, walk->first), to = MIN(before + s->n, end);
        if (from < to) {
            if (!load_chunk(walk, s->chunk, error))
                return false;
            int64_t unit = (s->first + from - before) * heads;
            MoeSidePicks all = moe__view_picks(walk->view, NULL);
            MoeSidePicks picks = moe__picks_from(&all, unit);
            count_piece(walk, step, &picks, (from - walk->first) * heads, (to - from) * heads);
        }
        before += s->n;
    }
    return true;
}

static void
end_block(Walk *walk)
{
    const MoeSidePicks final = final_picks(walk, 0);
    for (int64_t u = 0; u < walk->units; u++) {
        bool traced = first_choice(&final, u) >= 0;
        walk->router->traced += traced;
        walk->router->settled += traced && walk->settled[u];
    }
}

static bool
walk_blocks(Walk *walk, int64_t block_tokens, GError **error)
{
    const MoeFluctuation *result = walk->pass->result;
    for (walk->first = 0; walk->first < result->tokens; walk->first += block_tokens) {
        walk->units = MIN(block_tokens, result->tokens - walk->first) * walk->info->units_per_token;
        for (int step = result->n_steps - 1; step >= 0; step--)
            if (!walk_step(walk, step, error))
                return false;
        end_block(walk);
    }
    return true;
}

static bool
follow_router(Pass *pass, int index, GError **error)
{
    MoeFluctuation *result = pass->result;
    MoeSteppedRouter *router = &result->routers[index];
    const MoeRouterInfo *info = moe_trace_router(pass->trace, router->router);
    const MoeComparedRouter same = {router->router, router->router,       info->layer,
                                    info->experts,  info->experts,        info->k,
                                    info->k,        info->units_per_token};
    g_autoptr(MoeCounter) counter = moe__counter_new(info->experts);
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    Walk walk = {.pass = pass, .info = info, .router = router, .counter = counter, .view = view};
    walk.chunk = -1;
    moe_trace_view_wants(view, 0);
    walk.cells = result->cells + (gsize)index * (gsize)result->n_steps;
    walk.shape = moe__compared_shape(&same);
    walk.words = moe__compared_words(&walk.shape);
    walk.slots = walk.shape.depth;
    int64_t width = (int64_t)walk.slots * info->units_per_token;
    if (width > BLOCK_PICKS) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "layer %d: a token may make %" G_GINT64_FORMAT
                    " picks, at most %d can be followed",
                    info->layer, width, BLOCK_PICKS);
        return false;
    }
    int64_t tokens = MIN(result->tokens, BLOCK_PICKS / width);
    gsize units = (gsize)(tokens * info->units_per_token);
    walk.row = g_new(int64_t, walk.words);
    walk.final = g_new(uint16_t, units * (gsize)walk.slots);
    walk.later = g_new(int32_t, units);
    walk.settled = g_new(uint8_t, units);
    bool ok = walk_blocks(&walk, tokens, error);
    g_free(walk.row);
    g_free(walk.final);
    g_free(walk.later);
    g_free(walk.settled);
    return ok;
}

/* --- All of them ------------------------------------------------------------------------------*/

static int
by_number(gconstpointer a, gconstpointer b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Steps of a trace, ascending. (transfer full, of int32_t) */
static GArray *
find_steps(const GArray *stretches)
{
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(int32_t));
    for (guint i = 0; i < stretches->len; i++)
        g_array_append_val(steps, g_array_index(stretches, MoeStretch, i).step);
    g_array_sort(steps, by_number);
    guint n = 0;
    for (guint i = 0; i < steps->len; i++)
        if (n == 0 || g_array_index(steps, int32_t, i) != g_array_index(steps, int32_t, n - 1))
            g_array_index(steps, int32_t, n++) = g_array_index(steps, int32_t, i);
    g_array_set_size(steps, n);
    return steps;
}

/* The tokens of each step, which have to be those of the last. (transfer full) */
static GPtrArray *
part_steps(const MoeTrace *trace, const GArray *stretches, const GArray *steps, GError **error)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    for (guint i = 0; i < steps->len; i++)
        g_ptr_array_add(parts, moe__stretches_of(stretches, g_array_index(steps, int32_t, i)));
    const GArray *last = parts->pdata[parts->len - 1];
    for (guint i = 0; i + 1 < parts->len; i++)
        if (!moe__same_tokens(trace, last, trace, parts->pdata[i], error)) {
            g_prefix_error(error, "step %d (first) against step %d (second): ",
                           g_array_index(steps, int32_t, steps->len - 1),
                           g_array_index(steps, int32_t, i));
            return NULL;
        }
    return g_steal_pointer(&parts);
}

static bool
choose_routers(MoeFluctuation *f, const MoeTrace *trace, const GArray *steps, const int *layers,
               int n_layers, GError **error)
{
    f->n_steps = (int)steps->len;
    f->routers = g_new0(MoeSteppedRouter, (gsize)moe_trace_routers(trace));
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        const MoeRouterInfo *info = moe_trace_router(trace, r);
        if (moe__layer_wanted(layers, n_layers, info->layer))
            f->routers[f->n_routers++] =
                (MoeSteppedRouter){.router = r, .layer = info->layer, .experts = info->experts};
    }
    if (f->n_routers == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "found no router of these layers");
        return false;
    }
    f->cells = g_new0(MoeStepCell, (gsize)f->n_routers * (gsize)f->n_steps);
    for (int i = 0; i < f->n_routers * f->n_steps; i++)
        f->cells[i].step = g_array_index(steps, int32_t, i % f->n_steps);
    return true;
}

static bool
follow_routers(Pass *pass, GError **error)
{
    int n = pass->result->n_routers;
    g_autofree GError **errors = g_new0(GError *, (gsize)n);
#pragma omp parallel for schedule(static, 1) num_threads(CLAMP(moe_threads(), 1, n))
    for (int i = 0; i < n; i++)
        if (!g_atomic_int_get(&pass->stop) && !follow_router(pass, i, &errors[i]))
            g_atomic_int_set(&pass->stop, 1);
    return moe__take_first_error(errors, n, error);
}

MoeFluctuation *
moe_fluctuation(const MoeTrace *trace, const int *layers, int n_layers, const MoeProgress *progress,
                GError **error)
{
    g_autoptr(MoeFluctuation) f = g_new0(MoeFluctuation, 1);
    g_autoptr(GArray) stretches = moe__stretches(trace, true, error);
    if (!stretches)
        return NULL;
    g_autoptr(GArray) steps = find_steps(stretches);
    if (steps->len < 2) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found picks of %u step%s, expected those of two or more", steps->len,
                    steps->len == 1 ? "" : "s");
        return NULL;
    }
    g_autoptr(GPtrArray) parts = part_steps(trace, stretches, steps, error);
    if (!parts || !choose_routers(f, trace, steps, layers, n_layers, error))
        return NULL;
    f->tokens = moe__stretches_tokens(parts->pdata[0]);
    Pass pass = {.trace = trace,
                 .result = f,
                 .steps = parts,
                 .progress = progress,
                 .total = f->n_routers * moe_trace_chunks(trace)};
    return follow_routers(&pass, error) ? g_steal_pointer(&f) : NULL;
}

void
moe_fluctuation_free(MoeFluctuation *f)
{
    if (!f)
        return;
    g_free(f->routers);
    g_free(f->cells);
    g_free(f);
}

int64_t
moe_fluctuation_tokens(const MoeFluctuation *f)
{
    return f->tokens;
}

int
moe_fluctuation_steps(const MoeFluctuation *f)
{
    return f->n_steps;
}

int
moe_fluctuation_routers(const MoeFluctuation *f)
{
    return f->n_routers;
}

const MoeSteppedRouter *
moe_fluctuation_router(const MoeFluctuation *f, int router)
{
    g_return_val_if_fail(router >= 0 && router < f->n_routers, NULL);
    return &f->routers[router];
}

const MoeStepCell *
moe_fluctuation_cell(const MoeFluctuation *f, int router, int step)
{
    g_return_val_if_fail(router >= 0 && router < f->n_routers, NULL);
    g_return_val_if_fail(step >= 0 && step < f->n_steps, NULL);
    return &f->cells[(gsize)router * (gsize)f->n_steps + (gsize)step];
}
