/* SPDX-License-Identifier: MIT
 *
 * order-trace.c: goes through a trace in order, chunk by chunk, all routers side by side.
 */
#include "stats/order.h"
#include "stats/step.h"

typedef struct Pass {
    const MoeTrace *trace;
    MoeOrder *order;
    int n;                /* routers */
    MoeOrderWalk **walks; /* [n] */
    MoeTraceView **views; /* [n] */
    const int32_t *step;  /* NULL: all */
} Pass;

static MoeOrder *
order_new(const MoeTrace *trace, bool by_domain)
{
    MoeOrder *order = g_new0(MoeOrder, 1);
    order->n_routers = moe_trace_routers(trace);
    order->n_domains = moe_trace_domains(trace);
    order->by_domain = by_domain;
    int wide = 2 + order->n_domains;
    order->cells = g_new0(MoeOrderCell, (gsize)order->n_routers * (gsize)wide);
    for (int i = 0; i < order->n_routers * wide; i++)
        order->cells[i].experts = moe_trace_router(trace, i / wide)->experts;
    return order;
}

/* A column of the chunk's tokens; *out NULL where the trace has none. (transfer full) */
static bool
read_column(const MoeTrace *trace, int chunk, const char *column, int32_t **out, GError **error)
{
    g_autofree char *name = g_strdup_printf("tokens/%05d.%s", chunk, column);
    MoeArray array;
    *out = NULL;
    if (!moe_trace_has(trace, name))
        return true;
    if (!moe_trace_read(trace, name, &array, error))
        return false;
    *out = (int32_t *)array.data;
    int64_t tokens = moe_trace_tokens(trace, chunk);
    if (array.type == MOE_I32 && array.ndim == 1 && array.shape[0] == tokens)
        return true;
    g_clear_pointer(out, g_free);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: another type or shape was found, i4 [%" G_GINT64_FORMAT "] was expected", name,
                tokens);
    return false;
}

/* Routers don't touch each other's cells, so they are counted side by side. */
static bool
count_chunk(Pass *pass, int chunk, GError **error)
{
    g_autofree int32_t *doc = NULL, *pos = NULL;
    if (!read_column(pass->trace, chunk, "doc", &doc, error) ||
        !read_column(pass->trace, chunk, "pos", &pos, error))
        return false;
    g_autofree GError **errors = g_new0(GError *, (gsize)pass->n);
#pragma omp parallel for schedule(dynamic, 1) num_threads(moe_threads())
    for (int r = 0; r < pass->n; r++)
        if (moe_trace_view(pass->trace, chunk, r, pass->views[r], &errors[r]))
            moe__order_count(pass->order, r, pass->walks[r], pass->views[r], doc, pos, pass->step);

    GError *first = NULL;
    for (int r = 0; r < pass->n; r++) {
        if (!first)
            first = g_steal_pointer(&errors[r]);
        g_clear_error(&errors[r]);
    }
    if (first)
        g_propagate_error(error, first);
    return !first;
}

static bool
count_chunks(Pass *pass, const MoeProgress *progress, GError **error)
{
    int chunks = moe_trace_chunks(pass->trace);
    for (int i = 0; i < chunks; i++) {
        if (!moe_progress(progress, i, chunks, "following tokens")) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "following tokens was stopped");
            return false;
        }
        if (!count_chunk(pass, i, error))
            return false;
    }
    return true;
}

MoeOrder *
moe_order_from_trace(const MoeTrace *trace, const MoeSummaryOptions *options, bool by_domain,
                     GError **error)
{
    static const MoeSummaryOptions all = {MOE_STEPS_ALL, 0, NULL};
    options = options ? options : &all;
    int32_t step;
    bool one = options->steps != MOE_STEPS_ALL;
    if (one && !moe__choose_step(trace, options, &step, error))
        return NULL;

    int n = moe_trace_routers(trace);
    g_autoptr(MoeOrder) order = order_new(trace, by_domain);
    g_autofree MoeOrderWalk **walks = g_new(MoeOrderWalk *, (gsize)n);
    g_autofree MoeTraceView **views = g_new(MoeTraceView *, (gsize)n);
    for (int r = 0; r < n; r++) {
        walks[r] = moe__order_walk_new(moe_trace_router(trace, r));
        views[r] = moe_trace_view_new();
    }
    Pass pass = {trace, order, n, walks, views, one ? &step : NULL};
    bool ok = count_chunks(&pass, options->progress, error);
    for (int r = 0; r < n; r++) {
        moe__order_walk_free(walks[r]);
        moe_trace_view_free(views[r]);
    }
    return ok ? g_steal_pointer(&order) : NULL;
}
