/* SPDX-License-Identifier: MIT
 *
 * gates.c: the margin and the entropy of the gates of each unit. The gates of a trace are slot by
 * slot, so a thousand units at a time are followed through their slots.
 */
#include "stats/gates.h"
#include "tensor/cpu.h"

#include <math.h>
#include <string.h>

#define UNITS 1024

struct MoeGates {
    double w[UNITS]; /* of the slot at hand; 0 where it has no pick */
    /* Of the slots seen so far: */
    double sum[UNITS], largest[UNITS], next[UNITS];
    double logs[UNITS]; /* Σ w ln w */
    int32_t n[UNITS];
    uint8_t odd[UNITS]; /* a gate below 0, or none that is a number */
};

MoeGates *
moe__gates_new(void)
{
    return g_new(MoeGates, 1);
}

void
moe__gates_free(MoeGates *gates)
{
    g_free(gates);
}

/* --- w ln w -----------------------------------------------------------------------------------
 * Most gates are binary16 and between 2^-14 and 2: so few that a table has them all, and a
 * logarithm takes as long as all else here. */

enum { LEAST = 127 - 14, OCTAVES = 15, STEPS = 1024 };

static double table[OCTAVES * STEPS];

static gpointer
fill_table(gpointer none)
{
    for (int i = 0; i < OCTAVES * STEPS; i++) {
        double w = ldexp(1 + (double)(i % STEPS) / STEPS, i / STEPS + LEAST - 127);
        table[i] = w * log(w);
    }
    return none;
}

static inline double
times_log(double w)
{
    uint32_t bits;
    float single = (float)w;
    memcpy(&bits, &single, sizeof bits);
    uint32_t place = (bits >> 13) - ((uint32_t)LEAST << 10);
    if (place < OCTAVES * STEPS && !(bits & 0x1fff) && (double)single == w)
        return table[place];
    return w > 0 && w < INFINITY ? w * log(w) : 0;
}

/* --- Slots ------------------------------------------------------------------------------------*/

static void
read_slot(MoeGates *gates, const MoeTraceView *view, int64_t at, int n)
{
    for (int u = 0; u < n; u++) {
        double w = view->gate64 ? view->gate64[at + u] : (double)view->gate[at + u];
        gates->w[u] = view->expert[at + u] >= 0 ? w : 0;
    }
}

MOE_CLONES static void
add_gate_slot(MoeGates *gates, const int32_t *restrict expert, int n)
{
    for (int u = 0; u < n; u++) {
        double w = gates->w[u];
        gates->odd[u] |= !(w >= 0 && w < INFINITY);
        gates->n[u] += expert[u] >= 0;
        gates->sum[u] += w;
        double lower = w < gates->largest[u] ? w : gates->largest[u];
        gates->next[u] = lower > gates->next[u] ? lower : gates->next[u];
        gates->largest[u] = w > gates->largest[u] ? w : gates->largest[u];
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
    int64_t first = run->first * chunk->units_per_token;
    int64_t end = first + run->n * chunk->units_per_token;
    for (int n; first < end; first += n) {
        n = (int)MIN(UNITS, end - first);
        clear(gates, n);
        for (int slot = 0; slot < view->k; slot++) {
            int64_t at = slot * view->units + first;
            read_slot(gates, view, at, n);
            add_gate_slot(gates, view->expert + at, n);
            for (int u = 0; u < n; u++)
                gates->logs[u] += times_log(gates->w[u]);
        }
        add_units(gates, n, cell);
    }
}
