/* SPDX-License-Identifier: MIT
 *
 * token-sums.c: specialisation and information of tokens, from their counts.
 */
#include "stats/token-sums.h"

#include "stats/token-bytes.h"
#include "stats/tokens.h"

#include <math.h>
#include <string.h>

/* Values that follow each other are noted in different tables: most are the same few, and a CPU
 * that adds to what it has just stored waits for it. */
enum { SETS = MOE_TOKENS_SETS, SMALL = 256, TABLES = 4, ROWS_A_FLUSH = 256 };

struct MoeTokenSums {
    MoeTokenCell *cell;
    int k;
    double units;                /* Σ_x n_x */
    double q[SETS], often[SETS]; /* Σ_x q_x */
    int64_t ids[SETS];           /* that have any */
    int64_t pairs[SETS];         /* of id and expert that occur */
    int64_t most[SETS];          /* Σ_x max_e n_xe */
    /* n_xe and N_x = Σ_e n_xe: how often each value below 256 occurs, and Σ n ln n of the others.
     */
    int64_t small[SETS][TABLES][SMALL], small_totals[SETS][SMALL];
    double large[SETS], large_totals[SETS];
    /* Rows of bytes that aren't in the load yet. */
    const MoeTokenBytesKernel *kernel;
    int width, waiting;
    uint16_t *bytes;  /* [picks, first choices][width] */
    float *least;     /* [width] less than the share that comes into an expert's top tokens */
    uint8_t *above;   /* [width + 64] scratch: counts above 1 */
    uint16_t *places; /* [width] scratch: experts */
};

MoeTokenSums *
moe__token_sums_new(int experts, int k)
{
    MoeTokenSums *sums = g_new0(MoeTokenSums, 1);
    sums->cell = moe__token_cell_new(experts);
    sums->k = k;
    sums->kernel = moe__token_bytes_kernels()[0];
    sums->width = (experts + 63) / 64 * 64;
    sums->bytes = g_aligned_alloc0((gsize)sums->width, 2 * sizeof(uint16_t), 64);
    sums->least = g_new0(float, (gsize)sums->width);
    sums->above = g_new(uint8_t, (gsize)sums->width + 64);
    sums->places = g_new(uint16_t, (gsize)sums->width);
    return sums;
}

void
moe__token_sums_free(MoeTokenSums *sums)
{
    if (!sums)
        return;
    moe__token_cell_free(sums->cell);
    g_aligned_free(sums->bytes);
    g_free(sums->least);
    g_free(sums->above);
    g_free(sums->places);
    g_free(sums);
}

static void
note(int64_t n, int64_t *small, double *large)
{
    if (n < SMALL)
        small[n]++;
    else
        *large += (double)n * log((double)n);
}

/* Adds the others up in the first. */
static void
fold_tables(int64_t (*small)[SMALL])
{
    for (int t = 1; t < TABLES; t++)
        for (int n = 0; n < SMALL; n++)
            small[0][n] += small[t][n];
}

/* Σ n ln n of what was noted: sums of small numbers don't depend on their order. */
static double
noted(const int64_t *small, double large)
{
    double sum = large;
    for (int n = 2; n < SMALL; n++)
        sum += (double)small[n] * (n * log(n));
    return sum;
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

static inline void
consider(MoeTokenCell *cell, int expert, int32_t id, int64_t picks, double seen)
{
    double share = (double)picks / seen;
    if (picks > 0 && share >= cell->top_lift[(gsize)expert * MOE_TOKENS_TOP + MOE_TOKENS_TOP - 1])
        add_top(cell, expert, id, picks, share);
}

/* --- An id ------------------------------------------------------------------------------------*/

/* Adds one of an id's sets of counts, but for the experts' part. */
static void
add_totals(MoeTokenSums *sums, int set, int64_t total, int64_t most, int64_t pairs)
{
    sums->cell->total[set] += total;
    sums->pairs[set] += pairs;
    sums->ids[set] += total > 0;
    sums->most[set] += most;
    note(total, sums->small_totals[set], &sums->large_totals[set]);
}

/* Adds an id that has units; returns n_x where it is seen often, else 0. */
static double
add_id(MoeTokenSums *sums, const int64_t *total, const int64_t *most)
{
    MoeTokenCell *cell = sums->cell;
    int64_t units = total[MOE_TOKENS_FIRST];
    /* Counts of picks alone: n_x needn't be a whole number. */
    double seen = units > 0 ? (double)units : (double)total[MOE_TOKENS_PICKS] / MAX(sums->k, 1);
    bool often = seen >= MOE_TOKENS_LEAST;
    int64_t whole = units > 0 ? units : (int64_t)ceil(seen);
    int class = moe_tokens_class(whole);
    sums->units += seen;
    cell->ids++;
    cell->often += often;
    cell->seen_ids[class]++;
    cell->seen_units[class] += whole;
    for (int s = 0; s < SETS; s++) {
        sums->q[s] += (double)most[s] / seen;
        sums->often[s] += often ? (double)most[s] / seen : 0;
    }
    return often ? seen : 0;
}

static void
add_counts(MoeTokenSums *sums, int set, const MoeTokenRow *row, int64_t *total, int64_t *most)
{
    const int64_t *count = set == MOE_TOKENS_FIRST ? row->first : row->picks;
    int64_t *load = sums->cell->load + (gsize)set * (gsize)sums->cell->experts, pairs = 0;
    *total = *most = 0;
    for (int i = 0; i < row->n; i++) {
        load[row->expert[i]] += count[i];
        *total += count[i];
        *most = MAX(*most, count[i]);
        pairs += count[i] > 0;
        note(count[i], sums->small[set][0], &sums->large[set]);
    }
    add_totals(sums, set, *total, *most, pairs);
}

void
moe__token_sums_add(MoeTokenSums *sums, const MoeTokenRow *row)
{
    int64_t total[SETS], most[SETS];
    for (int set = 0; set < SETS; set++)
        add_counts(sums, set, row, &total[set], &most[set]);
    if (total[MOE_TOKENS_FIRST] == 0 && total[MOE_TOKENS_PICKS] == 0)
        return;
    double seen = add_id(sums, total, most);
    for (int i = 0; seen > 0 && i < row->n; i++)
        consider(sums->cell, row->expert[i], row->id, row->picks[i], seen);
}

/* --- An id whose counts are bytes -------------------------------------------------------------*/

/* Most counts are 1, and 1 ln 1 = 0: those above are noted one by one. */
static void
note_bytes(MoeTokenSums *sums, int set, const uint8_t *bytes)
{
    const uint8_t *above = sums->above;
    int64_t(*small)[SMALL] = sums->small[set];
    int n = sums->kernel->above_one(bytes, sums->width, sums->above), i = 0;
    for (; i + TABLES <= n; i += TABLES)
        for (int t = 0; t < TABLES; t++)
            small[t][above[i + t]]++;
    for (; i < n; i++)
        small[0][above[i]]++;
}

/* Few come into the top tokens: a rough look in floats leaves out most of the others. */
static void
consider_bytes(MoeTokenSums *sums, int32_t id, const uint8_t *bytes, double seen)
{
    const float below = 0.9999f; /* far more than what rounding takes away */
    int n = sums->kernel->reaching(bytes, sums->width, sums->least, (float)seen, sums->places);
    for (int i = 0; i < n; i++) {
        int expert = sums->places[i];
        gsize last = (gsize)expert * MOE_TOKENS_TOP + MOE_TOKENS_TOP - 1;
        consider(sums->cell, expert, id, bytes[expert], seen);
        sums->least[expert] = (float)sums->cell->top_lift[last] * below;
    }
}

static void
flush(MoeTokenSums *sums)
{
    const int place[SETS] = {[MOE_TOKENS_PICKS] = 0, [MOE_TOKENS_FIRST] = 1};
    for (int set = 0; set < SETS; set++)
        for (int e = 0; e < sums->cell->experts; e++)
            sums->cell->load[set * sums->cell->experts + e] +=
                sums->bytes[place[set] * sums->width + e];
    memset(sums->bytes, 0, 2 * (size_t)sums->width * sizeof *sums->bytes);
    sums->waiting = 0;
}

void
moe__token_sums_add_bytes(MoeTokenSums *sums, int32_t id, const uint8_t *bytes)
{
    const uint8_t *first = bytes + sums->width;
    MoeTokenBytes p = sums->kernel->measure(bytes, sums->width, sums->bytes);
    if (p.total == 0)
        return;
    MoeTokenBytes f = sums->kernel->measure(first, sums->width, sums->bytes + sums->width);
    if (++sums->waiting == ROWS_A_FLUSH)
        flush(sums);
    add_totals(sums, MOE_TOKENS_PICKS, p.total, p.most, p.pairs);
    add_totals(sums, MOE_TOKENS_FIRST, f.total, f.most, f.pairs);
    if (p.most > 1)
        note_bytes(sums, MOE_TOKENS_PICKS, bytes);
    if (f.most > 1)
        note_bytes(sums, MOE_TOKENS_FIRST, first);
    const int64_t total[SETS] = {f.total, p.total}, most[SETS] = {f.most, p.most};
    double seen = add_id(sums, total, most);
    if (seen > 0)
        consider_bytes(sums, id, bytes, seen);
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
        experts += load[e] > 0 ? (double)load[e] * log((double)load[e]) : 0;
        used += load[e] > 0;
    }
    bool any = total > 0;
    cell->mean[set] = any ? share(sums->q[set], cell->ids) : NAN;
    cell->mean_often[set] = any ? share(sums->often[set], cell->often) : NAN;
    cell->weighted[set] = any ? (double)sums->most[set] / sums->units : NAN;
    cell->entropy[set] = any ? MAX(0, log(n) - experts / n) : NAN;
    fold_tables(sums->small[set]);
    double inner = noted(sums->small[set][0], sums->large[set]);
    double outer = noted(sums->small_totals[set], sums->large_totals[set]);
    double information = log(n) + (inner - outer - experts) / n;
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
    flush(sums);
    for (int set = 0; set < SETS; set++)
        settle_set(sums, set);
    settle_tops(sums->cell, sums->units);
    sums->cell->units = (int64_t)round(sums->units);
    MoeTokenCell *cell = g_steal_pointer(&sums->cell);
    moe__token_sums_free(sums);
    return cell;
}
