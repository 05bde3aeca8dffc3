/* SPDX-License-Identifier: MIT
 *
 * What the fixtures of adjacent codes record of a routing, under names that they share.
 */
#include "parity.h"

/* One value of a pick, whole numbers: [U, k]. */
typedef int64_t (*OfPick)(const MoePicks *picks, int64_t i);

static int64_t
expert_of(const MoePicks *picks, int64_t i)
{
    return picks->expert[i];
}

static int64_t
kept_of(const MoePicks *picks, int64_t i)
{
    return picks->place[i] >= 0;
}

static int64_t
slot_of(const MoePicks *picks, int64_t i)
{
    return picks->slot && picks->place[i] >= 0 ? picks->slot[i] : -1;
}

static void
compare_picks(Parity *p, const char *name, OfPick value)
{
    const MoePicks *picks = &p->routing.picks;
    int64_t n = picks->units * picks->k;
    g_autofree int64_t *values = g_new(int64_t, n);
    for (int64_t i = 0; i < n; i++)
        values[i] = value(picks, i);
    parity_compare_exactly(p, name, values, n);
}

static void
compare_kept_a_unit(Parity *p)
{
    const MoePicks *picks = &p->routing.picks;
    g_autofree int64_t *kept = g_new0(int64_t, picks->units);
    for (int64_t i = 0; i < picks->units * picks->k; i++)
        kept[i / picks->k] += kept_of(picks, i);
    parity_compare_exactly(p, "router.k_per_token", kept, picks->units);
}

static void
compare_dense_gates(Parity *p)
{
    const MoePicks *picks = &p->routing.picks;
    g_autofree float *dense = g_new0(float, picks->units * picks->experts);
    for (int64_t i = 0; i < picks->units * picks->k; i++)
        if (picks->expert[i] >= 0)
            dense[i / picks->k * picks->experts + picks->expert[i]] = picks->gate[i];
    parity_compare(p, "router.gates_dense", dense, picks->units * picks->experts, PARITY_FORWARD);
}

void
parity_compare_routing(Parity *p)
{
    const MoePicks *picks = &p->routing.picks;
    parity_compare_tensor(p, "router.logits", p->routing.logits);
    parity_compare_tensor(p, "router.probs", moe_routing_affinities(&p->routing));
    compare_picks(p, "router.topk_ids", expert_of);
    compare_picks(p, "router.kept", kept_of);
    compare_picks(p, "router.capacity_slot", slot_of);
    parity_compare(p, "router.topk_gates", picks->gate, picks->units * picks->k, PARITY_FORWARD);
    compare_dense_gates(p);
    compare_kept_a_unit(p);
    parity_compare_exactly(p, "router.counts", picks->load, picks->experts);
    parity_compare_exactly(p, "router.exp_counts_first_choice", picks->first, picks->experts);
    parity_compare_exactly(p, "router.capacity", &picks->capacity, 1);
}
