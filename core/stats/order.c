/* SPDX-License-Identifier: MIT
 *
 * order.c: units in their order: what neighbours share, how far gates are apart, which experts are
 * picked together.
 */
#include "stats/order.h"

#include <math.h>

static MoeOrderCell *
find_cell(const MoeOrder *order, int router, int domain)
{
    return &order->cells[router * (2 + order->n_domains) + domain - MOE_DOMAIN_ALL];
}

const MoeOrderCell *
moe_order_cell(const MoeOrder *order, int router, int domain)
{
    g_return_val_if_fail(router >= 0 && router < order->n_routers, NULL);
    g_return_val_if_fail(domain >= MOE_DOMAIN_ALL && domain < order->n_domains, NULL);
    if (domain != MOE_DOMAIN_ALL && !order->by_domain)
        return NULL;
    return find_cell(order, router, domain);
}

void
moe_order_free(MoeOrder *order)
{
    if (!order)
        return;
    for (int i = 0; i < order->n_routers * (2 + order->n_domains); i++)
        g_free(order->cells[i].together);
    g_free(order->cells);
    g_free(order);
}

MoeOrderWalk *
moe__order_walk_new(const MoeRouterInfo *info)
{
    MoeOrderWalk *walk = g_new0(MoeOrderWalk, 1);
    walk->units_per_token = info->units_per_token;
    walk->experts = info->experts;
    walk->before = g_new(GArray *, (gsize)info->units_per_token);
    for (int i = 0; i < info->units_per_token; i++)
        walk->before[i] = g_array_new(FALSE, FALSE, sizeof(int32_t));
    walk->row = g_array_new(FALSE, FALSE, sizeof(int32_t));
    walk->marked = g_new0(int64_t, (gsize)info->experts);
    walk->taken = g_new0(int64_t, (gsize)info->experts);
    return walk;
}

void
moe__order_walk_free(MoeOrderWalk *walk)
{
    if (!walk)
        return;
    for (int i = 0; i < walk->units_per_token; i++)
        g_array_unref(walk->before[i]);
    g_free(walk->before);
    g_array_unref(walk->row);
    g_free(walk->marked);
    g_free(walk->taken);
    g_free(walk);
}

/* --- One unit ---------------------------------------------------------------------------------*/

/* Brings the unit's picks into walk->row; one that stands there twice is one. */
static void
gather(MoeOrderWalk *walk, const MoeTraceView *view, int64_t unit)
{
    g_array_set_size(walk->row, 0);
    walk->unit++;
    for (int slot = 0; slot < view->k; slot++) {
        int32_t expert = view->expert[slot * view->units + unit];
        if (expert < 0 || walk->taken[expert] == walk->unit)
            continue;
        walk->taken[expert] = walk->unit;
        g_array_append_val(walk->row, expert);
    }
}

/* What a unit adds to the cells that it belongs to. */
typedef struct Found {
    bool pair, same_first, gated;
    int shared;
    double jaccard, margin, spread;
} Found;

static void
find_shared(MoeOrderWalk *walk, const GArray *before, Found *found)
{
    const GArray *row = walk->row;
    found->pair = before->len > 0;
    if (!found->pair)
        return;
    found->same_first = g_array_index(before, int32_t, 0) == g_array_index(row, int32_t, 0);
    for (guint i = 0; i < before->len; i++)
        walk->marked[g_array_index(before, int32_t, i)] = walk->unit;
    for (guint i = 0; i < row->len; i++)
        found->shared += walk->marked[g_array_index(row, int32_t, i)] == walk->unit;
    found->jaccard = (double)found->shared / ((double)before->len + row->len - found->shared);
}

static double
gate_at(const MoeTraceView *view, int64_t i)
{
    return view->gate64 ? view->gate64[i] : (double)view->gate[i];
}

static void
find_gates(const MoeTraceView *view, int64_t unit, Found *found)
{
    double sum = 0, first = 0, second = 0;
    int n = 0;
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + unit;
        if (view->expert[i] < 0)
            continue;
        double gate = gate_at(view, i);
        if (!(gate >= 0) || !isfinite(gate))
            return;
        n++;
        sum += gate;
        second = MAX(second, MIN(first, gate));
        first = MAX(first, gate);
    }
    found->gated = n >= 2 && sum > 0;
    if (!found->gated)
        return;
    found->margin = first - second;
    for (int slot = 0; slot < view->k; slot++) {
        int64_t i = slot * view->units + unit;
        double share = view->expert[i] < 0 ? 0 : gate_at(view, i) / sum;
        if (share > 0)
            found->spread -= share * log(share);
    }
}

static void
add_together(MoeOrderCell *cell, const GArray *row)
{
    gsize n = (gsize)cell->experts;
    if (n > MOE_ORDER_MOST_EXPERTS)
        return;
    if (!cell->together)
        cell->together = g_new0(int64_t, n * n);
    for (guint i = 0; i < row->len; i++) {
        int64_t *line = cell->together + (gsize)g_array_index(row, int32_t, i) * n;
        for (guint j = 0; j < row->len; j++)
            line[g_array_index(row, int32_t, j)]++;
    }
}

static void
add_found(MoeOrderCell *cell, const GArray *row, const Found *found)
{
    cell->units++;
    add_together(cell, row);
    if (found->pair) {
        cell->pairs++;
        cell->same_first += found->same_first;
        cell->any_shared += found->shared > 0;
        cell->jaccard += found->jaccard;
    }
    if (found->gated) {
        cell->gated++;
        cell->margin += found->margin;
        cell->spread += found->spread;
    }
}

static void
swap_rows(GArray **a, GArray **b)
{
    GArray *kept = *a;
    *a = *b;
    *b = kept;
}

/* Unit `i` of a token, after `follows` the token before. */
static void
count_unit(MoeOrder *order, int router, MoeOrderWalk *walk, const MoeTraceView *view, int64_t token,
           int i, bool follows)
{
    int64_t unit = token * walk->units_per_token + i;
    Found found = {0};
    gather(walk, view, unit);
    if (walk->row->len > 0) {
        if (follows)
            find_shared(walk, walk->before[i], &found);
        if (view->gate)
            find_gates(view, unit, &found);
        add_found(find_cell(order, router, MOE_DOMAIN_ALL), walk->row, &found);
        if (order->by_domain)
            add_found(find_cell(order, router, view->domain[token]), walk->row, &found);
    }
    swap_rows(&walk->before[i], &walk->row);
}

/* --- A chunk ----------------------------------------------------------------------------------*/

void
moe__order_count(MoeOrder *order, int router, MoeOrderWalk *walk, const MoeTraceView *view,
                 const int32_t *doc, const int32_t *pos, const int32_t *step)
{
    for (int64_t t = 0; t < view->tokens; t++) {
        if (step && view->step[t] != *step) {
            walk->begun = false;
            continue;
        }
        int32_t own_doc = doc ? doc[t] : 0, own_pos = pos ? pos[t] : -1;
        bool follows = walk->begun && walk->doc == own_doc && walk->step == view->step[t] &&
                       (own_pos < 0 || walk->pos < 0 || own_pos - walk->pos == 1);
        for (int i = 0; i < walk->units_per_token; i++)
            count_unit(order, router, walk, view, t, i, follows);
        walk->begun = true;
        walk->doc = own_doc;
        walk->pos = own_pos;
        walk->step = view->step[t];
    }
}
