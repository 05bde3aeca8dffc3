/* SPDX-License-Identifier: MIT
 *
 * entropy.c: how few bits the picks of a trace could take if each was coded by how often it occurs,
 * whatever stands beside it: zero-order entropy (Shannon 1948, H = -sum p log2 p).
 */
#include "trace/tools.h"

#include <math.h>
#include <string.h>

enum { HALVES = 1 << 16 };

/* How often each value occurs, for every slot of a router; one for all slots where k varies, which
 * may be as many as there are experts. */
typedef struct Counts {
    int slots, experts;
    int64_t *id, *gate; /* [slots][experts], [slots][HALVES] */
} Counts;

static void
counts_init(Counts *counts, const MoeRouterInfo *info)
{
    *counts = (Counts){.slots = MAX(info->k, 1), .experts = info->experts};
    counts->id = g_new0(int64_t, (gsize)counts->slots * (gsize)info->experts);
    counts->gate = g_new0(int64_t, (gsize)counts->slots * HALVES);
}

static void
counts_clear(Counts *counts)
{
    g_free(counts->id);
    g_free(counts->gate);
}

static void
add(int64_t *to, const int64_t *from, gsize n)
{
    for (gsize i = 0; i < n; i++)
        to[i] += from[i];
}

static void
count_view(Counts *counts, const MoeTraceView *view)
{
    for (int slot = 0; slot < view->k; slot++) {
        int row = MIN(slot, counts->slots - 1);
        int64_t *id = counts->id + (gsize)row * (gsize)counts->experts;
        int64_t *gate = counts->gate + (gsize)row * HALVES;
        for (int64_t i = slot * view->units; i < (slot + 1) * view->units; i++) {
            int expert = view->expert8 ? view->expert8[i] : view->expert16[i];
            if (expert >= counts->experts) /* no pick */
                continue;
            id[expert]++;
            if (view->gate16)
                gate[view->gate16[i]]++;
        }
    }
}

/* All chunks of a router, side by side. */
static bool
count_router(const MoeTrace *trace, int router, Counts *counts, GError **error)
{
    const MoeRouterInfo *info = &trace->meta.routers[router];
    GError *first = NULL;
    counts_init(counts, info);
#pragma omp parallel num_threads(moe_threads())
    {
        g_autoptr(MoeTraceView) view = moe_trace_view_new();
        Counts own;
        counts_init(&own, info);
        moe_trace_view_wants(view, MOE_VIEW_GATES_RAW);
#pragma omp for schedule(dynamic, 1)
        for (int chunk = 0; chunk < moe_trace_chunks(trace); chunk++) {
            GError *reason = NULL;
            if (moe_trace_tokens(trace, chunk) == 0)
                continue;
            if (moe_trace_view(trace, chunk, router, view, &reason)) {
                count_view(&own, view);
                continue;
            }
#pragma omp critical
            if (first)
                g_error_free(reason);
            else
                first = reason;
        }
#pragma omp critical
        {
            add(counts->id, own.id, (gsize)own.slots * (gsize)own.experts);
            add(counts->gate, own.gate, (gsize)own.slots * HALVES);
        }
        counts_clear(&own);
    }
    if (first)
        g_propagate_error(error, first);
    return !first;
}

/* N times the entropy of N values, in bits: N log2 N - sum of n log2 n. */
static double
bits(const int64_t *count, gsize n, int64_t *values)
{
    double sum = 0;
    int64_t all = 0;
    for (gsize i = 0; i < n; i++) {
        all += count[i];
        sum += count[i] > 0 ? (double)count[i] * log2((double)count[i]) : 0;
    }
    *values += all;
    return all > 0 ? (double)all * log2((double)all) - sum : 0;
}

/* What has been found of the routers so far. */
typedef struct Totals {
    int64_t *id, *gate; /* [most experts], [HALVES] */
    double id_bits, gate_bits;
    int64_t picks, gates;
} Totals;

static void
add_router(Totals *totals, const Counts *counts)
{
    for (int slot = 0; slot < counts->slots; slot++) {
        const int64_t *id = counts->id + (gsize)slot * (gsize)counts->experts;
        const int64_t *gate = counts->gate + (gsize)slot * HALVES;
        totals->id_bits += bits(id, (gsize)counts->experts, &totals->picks);
        totals->gate_bits += bits(gate, HALVES, &totals->gates);
        add(totals->id, id, (gsize)counts->experts);
        add(totals->gate, gate, HALVES);
    }
}

static bool
count_routers(const MoeTrace *trace, Totals *totals, const MoeProgress *progress, GError **error)
{
    int n = trace->meta.n_routers;
    for (int r = 0; r < n; r++) {
        Counts counts;
        if (!moe_progress(progress, r, n, "counting picks")) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "stopped after %d of %d routers", r,
                        n);
            return false;
        }
        bool ok = count_router(trace, r, &counts, error);
        if (ok)
            add_router(totals, &counts);
        counts_clear(&counts);
        if (!ok)
            return false;
    }
    return true;
}

bool
moe_trace_entropy(const MoeTrace *trace, MoeTraceEntropy *out, const MoeProgress *progress,
                  GError **error)
{
    int experts = 1;
    for (int r = 0; r < trace->meta.n_routers; r++)
        experts = MAX(experts, trace->meta.routers[r].experts);
    Totals totals = {.id = g_new0(int64_t, (gsize)experts), .gate = g_new0(int64_t, HALVES)};
    bool ok = count_routers(trace, &totals, progress, error);
    *out = (MoeTraceEntropy){.picks = totals.picks, .gates = totals.gates};
    int64_t n = 0;
    double picks = (double)MAX(totals.picks, 1), gates = (double)MAX(totals.gates, 1);
    out->id = bits(totals.id, (gsize)experts, &n) / picks;
    out->id_by_column = totals.id_bits / picks;
    out->gate = bits(totals.gate, HALVES, &n) / gates;
    out->gate_by_column = totals.gate_bits / gates;
    g_free(totals.id);
    g_free(totals.gate);
    return ok;
}
