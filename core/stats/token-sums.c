/* SPDX-License-Identifier: MIT
 *
 * token-sums.c: specialisation and information of tokens, from their counts.
 */
#include "stats/token-sums.h"

#include "stats/tokens.h"

#include <math.h>
#include <string.h>

enum { SETS = MOE_TOKENS_SETS, SMALL = 256 };

struct MoeTokenSums {
    MoeTokenCell *cell;
    int k;
    int64_t pairs[SETS]; /* of id and expert that occur */
    int64_t ids[SETS];   /* that have any */
    double inner[SETS];  /* Σ_x Σ_e n_xe ln n_xe */
    double outer[SETS];  /* Σ_x N_x ln N_x, N_x = Σ_e n_xe */
    double units;        /* Σ_x n_x */
    double q[SETS], often[SETS];
    int64_t most[SETS]; /* Σ_x max_e n_xe */
    double n_ln_n[SMALL];
};

MoeTokenSums *
moe__token_sums_new(int experts, int k)
{
    MoeTokenSums *sums = g_new0(MoeTokenSums, 1);
    sums->cell = moe__token_cell_new(experts);
    sums->k = k;
    for (int n = 1; n < SMALL; n++)
        sums->n_ln_n[n] = n * log(n);
    return sums;
}

void
moe__token_sums_free(MoeTokenSums *sums)
{
    if (!sums)
        return;
    moe__token_cell_free(sums->cell);
    g_free(sums);
}

static double
n_ln_n(const MoeTokenSums *sums, int64_t n)
{
    return n < SMALL ? sums->n_ln_n[n] : (double)n * log((double)n);
}

/* --- An expert's top tokens -------------------------------------------------------------------*/

/* While ids come in, top_lift is n_xe / n_x: within an expert that is the order of lifts. Equal
 * ones are in the order of n_xe, then of ids. */
static void
add_top(MoeTokenCell *cell, int expert, int32_t id, int64_t picks, double share)
{
    int64_t *ids = cell->top_id + (gsize)expert * MOE_TOKENS_TOP;
    int64_t *counts = cell->top_picks + (gsize)expert * MOE_TOKENS_TOP;
    double *shares = cell->top_lift + (gsize)expert * MOE_TOKENS_TOP;
    int place = MOE_TOKENS_TOP;
    while (place > 0 &&
           (share > shares[place - 1] || (share == shares[place - 1] && picks > counts[place - 1])))
        place--;
    gsize behind = (gsize)(MOE_TOKENS_TOP - 1 - place);
    if (place == MOE_TOKENS_TOP)
        return;
    memmove(ids + place + 1, ids + place, behind * sizeof *ids);
    memmove(counts + place + 1, counts + place, behind * sizeof *counts);
    memmove(shares + place + 1, shares + place, behind * sizeof *shares);
    ids[place] = id;
    counts[place] = picks;
    shares[place] = share;
}

static void
add_tops(MoeTokenCell *cell, const MoeTokenRow *row, double units)
{
    for (int i = 0; i < row->n; i++) {
        int expert = row->expert[i];
        double share = (double)row->picks[i] / units;
        if (row->picks[i] > 0 &&
            share >= cell->top_lift[(gsize)expert * MOE_TOKENS_TOP + MOE_TOKENS_TOP - 1])
            add_top(cell, expert, row->id, row->picks[i], share);
    }
}

/* --- An id ------------------------------------------------------------------------------------*/

/* Adds one of an id's sets of counts; returns their sum. */
static int64_t
add_set(MoeTokenSums *sums, int set, const uint16_t *expert, const int64_t *count, int n,
        int64_t *most)
{
    int64_t *load = sums->cell->load + (gsize)set * (gsize)sums->cell->experts;
    int64_t total = 0, highest = 0, pairs = 0;
    double inner = 0;
    for (int i = 0; i < n; i++) {
        int64_t c = count[i];
        if (c == 0)
            continue;
        load[expert[i]] += c;
        total += c;
        highest = MAX(highest, c);
        pairs++;
        inner += n_ln_n(sums, c);
    }
    sums->inner[set] += inner;
    sums->outer[set] += n_ln_n(sums, total);
    sums->pairs[set] += pairs;
    sums->ids[set] += total > 0;
    sums->most[set] += highest;
    sums->cell->total[set] += total;
    *most = highest;
    return total;
}

void
moe__token_sums_add(MoeTokenSums *sums, const MoeTokenRow *row)
{
    MoeTokenCell *cell = sums->cell;
    int64_t most[SETS];
    int64_t units =
        add_set(sums, MOE_TOKENS_FIRST, row->expert, row->first, row->n, &most[MOE_TOKENS_FIRST]);
    int64_t picks =
        add_set(sums, MOE_TOKENS_PICKS, row->expert, row->picks, row->n, &most[MOE_TOKENS_PICKS]);
    /* Counts of picks alone: n_x needn't be a whole number. */
    double seen = units > 0 ? (double)units : (double)picks / MAX(sums->k, 1);
    if (!(seen > 0))
        return;
    bool often = seen >= MOE_TOKENS_LEAST;
    int64_t whole = (int64_t)ceil(seen);
    sums->units += seen;
    cell->ids++;
    cell->often += often;
    cell->seen_ids[moe_tokens_class(whole)]++;
    cell->seen_units[moe_tokens_class(whole)] += whole;
    for (int s = 0; s < SETS; s++) {
        sums->q[s] += (double)most[s] / seen;
        sums->often[s] += often ? (double)most[s] / seen : 0;
    }
    if (often)
        add_tops(cell, row, seen);
}

/* --- The whole --------------------------------------------------------------------------------*/

static double
share(double sum, int64_t n)
{
    return n > 0 ? sum / (double)n : NAN;
}

static void
settle_set(MoeTokenSums *sums, int set)
{
    MoeTokenCell *cell = sums->cell;
    const int64_t *load = cell->load + (gsize)set * (gsize)cell->experts;
    int64_t total = cell->total[set], used = 0;
    double n = (double)total, experts = 0;
    for (int e = 0; e < cell->experts; e++) {
        experts += n_ln_n(sums, load[e]);
        used += load[e] > 0;
    }
    bool any = total > 0;
    cell->mean[set] = any ? share(sums->q[set], cell->ids) : NAN;
    cell->mean_often[set] = any ? share(sums->often[set], cell->often) : NAN;
    cell->weighted[set] = any ? (double)sums->most[set] / sums->units : NAN;
    cell->entropy[set] = any ? MAX(0, log(n) - experts / n) : NAN;
    double information = log(n) + (sums->inner[set] - sums->outer[set] - experts) / n;
    double bias = (double)(sums->pairs[set] - used - sums->ids[set] + 1) / (2 * n);
    cell->information[set] = any ? MAX(0, information) : NAN;
    cell->corrected[set] = any ? information - bias : NAN;
}

static void
settle_tops(MoeTokenCell *cell, double units)
{
    const int64_t *load = cell->load + (gsize)MOE_TOKENS_PICKS * (gsize)cell->experts;
    for (int e = 0; e < cell->experts; e++)
        for (int i = 0; i < MOE_TOKENS_TOP; i++)
            if (cell->top_picks[(gsize)e * MOE_TOKENS_TOP + (gsize)i] > 0)
                cell->top_lift[(gsize)e * MOE_TOKENS_TOP + (gsize)i] *= units / (double)load[e];
}

MoeTokenCell *
moe__token_sums_end(MoeTokenSums *sums)
{
    for (int set = 0; set < SETS; set++)
        settle_set(sums, set);
    settle_tops(sums->cell, sums->units);
    sums->cell->units = (int64_t)round(sums->units);
    MoeTokenCell *cell = g_steal_pointer(&sums->cell);
    g_free(sums);
    return cell;
}
