/* SPDX-License-Identifier: MIT
 *
 * pass-threads.c: each thread takes neighbouring routers. One that is done takes the last router of
 * whoever has most left; where nobody has any, it takes over token ids and the comparison, walks of
 * their own, from one that still counts.
 */
#include "stats/errors.h"
#include "stats/pass.h"

/* First choices that threads keep for the router behind take no more than this; where they would,
 * the router before is decoded again. */
#define KEPT_BYTES (64 << 20)

/* --- Handing over -----------------------------------------------------------------------------*/

void
moe__pass_hand_over(MoePassRange *range, int router, int chunk)
{
    MoePass *pass = range->pass;
    if (g_atomic_int_get(&pass->idle) == 0 || !(range->tokens || range->walk))
        return;
    g_mutex_lock(&pass->lock);
    if (g_atomic_int_get(&pass->idle) > 0 && !pass->handing) {
        pass->handed = (MoePassHanded){router, chunk, g_steal_pointer(&range->tokens),
                                       g_steal_pointer(&range->walk)};
        pass->handing = true;
        g_cond_signal(&pass->changed);
    }
    g_mutex_unlock(&pass->lock);
}

/* Waits for somebody to hand over; false: nobody will. */
static bool
wait_for_rest(MoePass *pass, MoePassHanded *out)
{
    g_mutex_lock(&pass->lock);
    pass->busy--;
    g_atomic_int_inc(&pass->idle);
    if (pass->busy == 0)
        g_cond_broadcast(&pass->changed);
    while (!pass->handing && pass->busy > 0 && !g_atomic_int_get(&pass->stop))
        g_cond_wait(&pass->changed, &pass->lock);
    bool got = pass->handing && !g_atomic_int_get(&pass->stop);
    if (got) {
        *out = pass->handed;
        pass->handing = false;
        pass->busy++;
    }
    g_atomic_int_add(&pass->idle, -1);
    g_mutex_unlock(&pass->lock);
    return got;
}

/* Ends all waiting. */
static void
stop(MoePass *pass)
{
    g_mutex_lock(&pass->lock);
    g_atomic_int_set(&pass->stop, 1);
    g_cond_broadcast(&pass->changed);
    g_mutex_unlock(&pass->lock);
}

/* --- All of them ------------------------------------------------------------------------------*/

static int64_t
most_units(const MoePass *pass)
{
    int64_t most = 1;
    for (int r = 0; r < pass->summary->n_routers; r++)
        most = MAX(most, pass->summary->routers[r].units_per_token);
    return most * moe_trace_tokens(pass->trace, -1);
}

/* The next router of a range, or of another one that has most left; -1: there is none. */
static int
take_router(MoePassRange *range)
{
    MoePass *pass = range->pass;
    int router = -1;
    g_mutex_lock(&pass->lock);
    MoePassRange *most = range;
    for (int i = 0; i < pass->n_ranges && range->next == range->end; i++)
        if (pass->ranges[i].end - pass->ranges[i].next > most->end - most->next)
            most = &pass->ranges[i];
    if (most->next < most->end)
        router = most == range ? most->next++ : --most->end;
    g_mutex_unlock(&pass->lock);
    return router;
}

/* Returns false with range->error. */
static bool
count_own(MoePassRange *range)
{
    MoePass *pass = range->pass;
    MoePassHanded handed;
    /* Only those that have begun: there may be one thread for all ranges. */
    g_mutex_lock(&pass->lock);
    pass->busy++;
    g_mutex_unlock(&pass->lock);
    for (int r = take_router(range); r >= 0; r = take_router(range)) {
        if (!moe__pass_count_router(range, r, &range->error))
            return false;
        range->last = r;
    }
    while (wait_for_rest(pass, &handed))
        if (!moe__pass_count_handed(range, &handed, &range->error))
            return false;
    return true;
}

static void
count_range(MoePassRange *range)
{
    range->view = moe_trace_view_new();
    range->other = moe_trace_view_new();
    range->cut = g_array_new(FALSE, FALSE, sizeof(MoeTallyRun));
    moe_trace_view_wants(range->view, MOE_VIEW_DROPPED | MOE_VIEW_GATES_RAW);
    moe_trace_view_wants(range->other, range->pass->flow_picks ? MOE_VIEW_GATES_RAW : 0);
    if (range->pass->summary->tallies & MOE_TALLY_TOKENS) {
        size_t budget = MOE_TOKENS_BUDGET / (size_t)MAX(moe_threads(), 1);
        range->tokens = moe__tokens_new(range->pass->tables, MAX(budget, MOE_TOKENS_BUDGET_LEAST));
    }
    if (range->pass->keep)
        range->kept = g_new(uint16_t, (gsize)most_units(range->pass));
    if (!count_own(range))
        stop(range->pass);
    moe_trace_view_free(range->view);
    moe_trace_view_free(range->other);
    moe__columns_chunk_clear(&range->place);
    g_free(range->kept);
    moe__choices_clear(&range->own);
    moe__choices_clear(&range->before);
    g_free(range->sets);
    g_array_unref(range->cut);
    moe__tokens_free(range->tokens);
    moe__compare_walk_free(range->walk);
}

bool
moe__pass_count_routers(MoePass *pass, GError **error)
{
    int routers = pass->summary->n_routers, n = CLAMP(moe_threads(), 1, MAX(routers, 1));
    g_autofree MoePassRange *ranges = g_new0(MoePassRange, (gsize)n);
    g_autofree GError **errors = g_new(GError *, (gsize)n);
    pass->keep = pass->flow && most_units(pass) * n * (int64_t)sizeof(uint16_t) <= KEPT_BYTES;
    if (!moe__pass_report(pass, 0)) /* the caller's thread may come too late to count anything */
        return moe__pass_say_stopped(error);
    pass->ranges = ranges;
    pass->n_ranges = n;
    g_mutex_init(&pass->lock);
    g_cond_init(&pass->changed);
    for (int i = 0; i < n; i++) {
        ranges[i].pass = pass;
        ranges[i].next = routers * i / n;
        ranges[i].end = routers * (i + 1) / n;
        ranges[i].last = -1;
        ranges[i].reports = i == 0;
    }
#pragma omp parallel for schedule(static, 1) num_threads(n)
    for (int i = 0; i < n; i++)
        count_range(&ranges[i]);
    if (pass->handing) { /* all was stopped before anybody took it */
        moe__tokens_free(pass->handed.tokens);
        moe__compare_walk_free(pass->handed.walk);
    }
    g_mutex_clear(&pass->lock);
    g_cond_clear(&pass->changed);
    for (int i = 0; i < n; i++)
        errors[i] = ranges[i].error;
    return moe__take_first_error(errors, n, error);
}
