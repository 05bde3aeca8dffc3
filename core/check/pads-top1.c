/* SPDX-License-Identifier: MIT
 *
 * Tokens for which all top-1 routers pick the first expert, or the last. The number of an expert
 * means nothing, so experts of the same number in several layers have nothing in common, and are
 * picked together as often as chance has it; buffers that were never filled hold 0 in all of them.
 */
#include "check/pads-top1.h"

#include <math.h>
#include <string.h>

enum {
    ROUTERS = 3,   /* of two, experts may well go together */
    TOKENS = 32,   /* from which on it is worth a word */
    IDS = 1 << 16, /* `top` of each router is counted as the last of these */
};
/* Share of the tokens from which on it is told; by how much they outnumber tokens of other ids,
 * and tokens that pick the end in one router by itself. */
static const double SHARE = 0.01, OUTNUMBER = 10, MOSTLY = 3;

static void
begin_chunk(MoePadsTop1 *pads, const MoeCheckRows *rows)
{
    pads->chunk = rows->chunk + 1;
    pads->routers = 0;
    pads->tokens = rows->view->tokens;
    pads->first = rows->first;
    if (pads->tokens > pads->max || !pads->same) {
        pads->max = pads->tokens;
        pads->same = g_renew(int32_t, pads->same, (gsize)pads->max + 1);
    }
    if (pads->common)
        return;
    pads->common = g_new0(int64_t, IDS);
    for (int end = 0; end < MOE_PADS_ENDS; end++) {
        pads->picks[end] = g_new0(int64_t, (gsize)moe_trace_routers(rows->trace));
        pads->ranges[end] = g_array_new(FALSE, FALSE, sizeof(MoeTraceRange));
    }
}

/* Whether a gate may be a pad's: none, that of one pick, or that of equal logits. */
static bool
may_be_pad(float gate, int experts)
{
    return gate == 0 || gate == 1 || fabsf(gate * (float)experts - 1) < 1e-3f;
}

void
moe__pads_top1_add(MoePadsTop1 *pads, const MoeCheckRows *rows)
{
    const MoeTraceView *view = rows->view;
    int experts = rows->info->experts;
    pads->other = pads->other || view->k > 1 || rows->info->units_per_token > 1 || experts < 3;
    if (pads->other || view->k == 0)
        return;
    if (pads->chunk != rows->chunk + 1)
        begin_chunk(pads, rows);
    for (int64_t t = 0; t < view->tokens; t++) {
        int32_t id = view->expert[t] == experts - 1 ? IDS - 1 : view->expert[t];
        bool end = id == 0 || id == IDS - 1;
        if (end && view->gate && !may_be_pad(view->gate[t], experts))
            id = -1;
        if (id == 0)
            pads->picks[MOE_PADS_ZERO][rows->router]++;
        else if (id == IDS - 1)
            pads->picks[MOE_PADS_TOP][rows->router]++;
        pads->same[t] = pads->routers == 0 || pads->same[t] == id ? id : -1;
    }
    pads->routers++;
}

static void
add_range(MoePadsTop1 *pads, int end, int64_t token)
{
    GArray *ranges = pads->ranges[end];
    MoeTraceRange one = {token, 1}, *last = NULL;
    if (ranges->len > 0)
        last = &g_array_index(ranges, MoeTraceRange, ranges->len - 1);
    if (last && last->first + last->n == token)
        last->n++;
    else
        g_array_append_val(ranges, one);
    if (pads->hits[end].count++ == 0) {
        pads->hits[end].token = token;
        pads->hits[end].chunk = pads->chunk - 1;
    }
}

void
moe__pads_top1_chunk(MoePadsTop1 *pads, int routers, int chunk)
{
    if (pads->other || pads->chunk != chunk + 1 || pads->routers < routers)
        return;
    pads->units += pads->tokens;
    for (int64_t t = 0; t < pads->tokens; t++) {
        int32_t id = pads->same[t];
        if (id < 0)
            continue;
        pads->common[id]++;
        if (id == 0 || id == IDS - 1)
            add_range(pads, id == 0 ? MOE_PADS_ZERO : MOE_PADS_TOP, pads->first + t);
    }
}

bool
moe__pads_top1_tell(const MoePadsTop1 *pads, int routers, int end)
{
    if (pads->other || !pads->common || routers < ROUTERS)
        return false;
    int64_t n = pads->hits[end].count, others = 0;
    for (int id = 1; id < IDS - 1; id++)
        others = MAX(others, pads->common[id]);
    bool told = n >= TOKENS && (double)n >= SHARE * (double)pads->units &&
                (double)n >= OUTNUMBER * (double)others;
    for (int r = 0; r < routers && told; r++)
        told = (double)n >= MOSTLY * (double)(pads->picks[end][r] - n);
    return told;
}

void
moe__pads_top1_clear(MoePadsTop1 *pads)
{
    for (int end = 0; end < MOE_PADS_ENDS && pads->common; end++) {
        g_free(pads->picks[end]);
        g_array_unref(pads->ranges[end]);
    }
    g_free(pads->common);
    g_free(pads->same);
}
