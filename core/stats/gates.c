/* SPDX-License-Identifier: MIT
 *
 * gates.c: the margin and the entropy of the gates of each unit, and how far those of an expert are
 * apart. The gates of a trace are slot by slot, so a thousand units at a time are followed through
 * their slots.
 */
#include "stats/gates.h"
#include "stats/picks.h"
#include "tensor/cpu.h"
#include "trace/half.h"

#include <math.h>
#include <string.h>

#define UNITS 1024

struct MoeGates {
    /* Of the slot at hand: */
    uint8_t there[UNITS]; /* it has a pick */
    uint16_t half[UNITS]; /* of binary16: its bits; 0 where it hasn't */
    double w[UNITS];      /* 0 likewise */
    /* Of the slots seen so far: */
    double sum[UNITS], largest[UNITS], next[UNITS];
    double logs[UNITS]; /* Σ w ln w */
    int32_t n[UNITS];
    uint8_t odd[UNITS]; /* a gate below 0, or none that is a number */
    double *square;     /* [experts, and where a byte says that there is none] Σ w² of a run */
    int experts;
};

MoeGates *
moe__gates_new(int experts)
{
    MoeGates *gates = g_new(MoeGates, 1);
    gates->square = g_new(double, MAX((gsize)experts, UINT8_MAX + 1));
    gates->experts = experts;
    return gates;
}

void
moe__gates_free(MoeGates *gates)
{
    if (gates)
        g_free(gates->square);
    g_free(gates);
}

/* --- w ln w -----------------------------------------------------------------------------------
 * Of binary16 there are few gates below 2: a table has them all, since a logarithm takes as long as
 * all else here. */

#define BELOW_TWO 0x4000 /* the bits of 2 */

static double table[BELOW_TWO];

static double
times_log(double w)
{
    return w > 0 && w < INFINITY ? w * log(w) : 0;
}

static gpointer
fill_table(gpointer none)
{
    for (int bits = 0; bits < BELOW_TWO; bits++)
        table[bits] = times_log((double)moe__half_to_float((uint16_t)bits));
    return none;
}

/* --- Slots ------------------------------------------------------------------------------------*/

/* Gates of one slot, of binary16 or as wide as they are; adds up w ln w. */
static void
read_slot(MoeGates *gates, const MoeTraceView *view, int64_t at, int n)
{
    for (int u = 0; u < n; u++) {
        bool there = moe__pick(view, at + u) >= 0;
        double w = view->gate64 ? view->gate64[at + u] : (double)view->gate[at + u];
        gates->there[u] = there;
        gates->w[u] = there ? w : 0;
        gates->logs[u] += times_log(gates->w[u]);
    }
}

static void
find_there(MoeGates *gates, const MoeTraceView *view, int64_t at, int n)
{
    if (view->expert8)
        for (int u = 0; u < n; u++)
            gates->there[u] = view->expert8[at + u] != UINT8_MAX;
    else
        for (int u = 0; u < n; u++)
            gates->there[u] = moe__pick(view, at + u) >= 0;
}

MOE_CLONES static void
gates_of_halves(MoeGates *gates, const uint16_t *restrict gate16, int n)
{
    for (int u = 0; u < n; u++)
        gates->half[u] = gates->there[u] ? gate16[u] : 0;
    for (int u = 0; u < n; u++)
        gates->w[u] = (double)moe__half_to_float(gates->half[u]);
}

static void
read_half_slot(MoeGates *gates, const MoeTraceView *view, int64_t at, int n)
{
    find_there(gates, view, at, n);
    gates_of_halves(gates, view->gate16 + at, n);
    for (int u = 0; u < n; u++) {
        unsigned bits = gates->half[u];
        gates->logs[u] += G_LIKELY(bits < BELOW_TWO) ? table[bits] : times_log(gates->w[u]);
    }
}

MOE_CLONES static void
add_gate_slot(MoeGates *gates, int n)
{
    for (int u = 0; u < n; u++) {
        double w = gates->w[u];
        gates->odd[u] |= !(w >= 0 && w < INFINITY);
        gates->n[u] += gates->there[u];
        gates->sum[u] += w;
        double lower = w < gates->largest[u] ? w : gates->largest[u];
        gates->next[u] = lower > gates->next[u] ? lower : gates->next[u];
        gates->largest[u] = w > gates->largest[u] ? w : gates->largest[u];
    }
}

/* What isn't there has the weight 0. */
static void
add_squares(MoeGates *gates, const MoeTraceView *view, int64_t at, int n)
{
    for (int u = 0; u < n; u++) {
        double w = gates->w[u] < INFINITY ? gates->w[u] : 0;
        int32_t expert = view->expert8 ? view->expert8[at + u] : moe__pick(view, at + u);
        if (expert >= 0)
            gates->square[expert] += w * w;
    }
}

static void
clear(MoeGates *gates, int n)
{
    gsize wide = (gsize)n * sizeof(double);
    memset(gates->sum, 0, wide);
    memset(gates->largest, 0, wide);
    memset(gates->next, 0, wide);
    memset(gates->logs, 0, wide);
    memset(gates->n, 0, (gsize)n * sizeof *gates->n);
    memset(gates->odd, 0, (gsize)n);
}

static void
add_units(const MoeGates *gates, int n, MoeOrderCell *cell)
{
    for (int u = 0; u < n; u++) {
        double sum = gates->sum[u];
        if (gates->odd[u] || gates->n[u] < 2 || sum <= 0)
            continue;
        /* -Σ p ln p with p = w / Σ w. */
        double spread = log(sum) - gates->logs[u] / sum;
        cell->gated++;
        cell->margin += gates->largest[u] - gates->next[u];
        cell->spread += MAX(spread, 0);
    }
}

void
moe__gates_count(MoeGates *gates, const MoeTallyChunk *chunk, const MoeTallyRun *run,
                 MoeOrderCell *cell)
{
    static GOnce once = G_ONCE_INIT;
    g_once(&once, fill_table, NULL);
    const MoeTraceView *view = chunk->view;
    if (!moe__has_gates(view))
        return;
    memset(gates->square, 0, MAX((gsize)gates->experts, UINT8_MAX + 1) * sizeof *gates->square);
    int64_t first = run->first * chunk->units_per_token;
    int64_t end = first + run->n * chunk->units_per_token;
    for (int n; first < end; first += n) {
        n = (int)MIN(UNITS, end - first);
        clear(gates, n);
        for (int slot = 0; slot < view->k; slot++) {
            int64_t at = slot * view->units + first;
            if (view->gate16)
                read_half_slot(gates, view, at, n);
            else
                read_slot(gates, view, at, n);
            add_gate_slot(gates, n);
            add_squares(gates, view, at, n);
        }
        add_units(gates, n, cell);
    }
    for (int e = 0; e < gates->experts; e++)
        cell->gate_square[e] += gates->square[e];
}
