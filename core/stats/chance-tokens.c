/* SPDX-License-Identifier: MIT
 *
 * chance-tokens.c: ids class by class: for each number of units, the highest count of ones that
 * were drawn by the load alone, and the entropy that is to be expected of them.
 */
#include "stats/chance-tokens.h"

#include "stats/chance-draw.h"
#include "stats/chance-entropy.h"

#include <math.h>

/* Ids that are seen up to so often are drawn more times. */
enum { RARE = 12, RARE_DRAWS = 32, DRAWS = 8, SEED = 4 };

typedef struct Draw {
    int experts;
    double *chance; /* of an expert to be a unit's first choice, or among its picks */
    bool one;       /* of them a unit */
    int64_t *count;
    MoeRng rng;
} Draw;

/* Counts of so many units: multinomial where each has one expert; else each expert by itself, since
 * two of a unit's picks know little of each other. */
static void
draw_id(Draw *draw, int64_t units)
{
    int64_t left = units;
    double rest = 1;
    for (int e = 0; e < draw->experts; e++) {
        double own = draw->chance[e];
        if (!draw->one) {
            draw->count[e] = moe__draw_binomial(&draw->rng, units, own);
            continue;
        }
        draw->count[e] = rest > own ? moe__draw_binomial(&draw->rng, left, own / rest) : left;
        left -= draw->count[e];
        rest -= own;
    }
}

/* The mean of q over ids that are seen so often. */
static double
draw_ids(Draw *draw, int64_t units)
{
    int draws = units <= RARE ? RARE_DRAWS : DRAWS;
    double q = 0;
    for (int i = 0; i < draws; i++) {
        int64_t most = 1; /* a unit has picks */
        draw_id(draw, units);
        for (int e = 0; e < draw->experts; e++)
            most = MAX(most, draw->count[e]);
        q += (double)most / (double)units / draws;
    }
    return q;
}

static void
set_chances(Draw *draw, const MoeTokenCell *cell, int set, bool uniform)
{
    const int64_t *load = cell->load + (gsize)set * (gsize)cell->experts;
    double total = (double)cell->total[set], k = total / (double)cell->units;
    draw->one = set == MOE_TOKENS_FIRST || k <= 1;
    for (int e = 0; e < cell->experts; e++) {
        double share = uniform ? 1.0 / cell->experts : (double)load[e] / total;
        draw->chance[e] = draw->one ? share : MIN(1, k * share);
    }
}

MoeTokenChance
moe__token_chance(const MoeTokenCell *cell, int set, bool uniform)
{
    MoeTokenChance found = {NAN, NAN, NAN};
    if (cell->total[set] == 0 || cell->units == 0)
        return found;
    g_autofree double *chance = g_new(double, (gsize)cell->experts);
    g_autofree int64_t *count = g_new(int64_t, (gsize)cell->experts);
    Draw draw = {cell->experts, chance, false, count, moe_rng(SEED, 2)};
    set_chances(&draw, cell, set, uniform);
    double mean = 0, often = 0, weighted = 0;
    for (int c = 1; c < MOE_TOKENS_CLASSES; c++) {
        double ids = (double)cell->seen_ids[c], units = (double)cell->seen_units[c];
        if (ids == 0)
            continue;
        int64_t seen = (int64_t)round(units / ids);
        double q = draw_ids(&draw, seen);
        mean += ids * q;
        often += seen >= MOE_TOKENS_LEAST ? ids * q : 0;
        weighted += units * q;
    }
    found.mean = mean / (double)cell->ids;
    found.mean_often = cell->often > 0 ? often / (double)cell->often : NAN;
    found.weighted = weighted / (double)cell->units;
    return found;
}

/* --- Information ------------------------------------------------------------------------------*/

MoeTokenInformation
moe__token_chance_information(const MoeTokenCell *cell, int set, bool uniform)
{
    if (cell->total[set] == 0 || cell->units == 0)
        return (MoeTokenInformation){NAN, NAN, NAN};
    g_autofree double *chance = g_new(double, (gsize)cell->experts);
    Draw draw = {cell->experts, chance, false, NULL, moe_rng(SEED, 2)};
    set_chances(&draw, cell, set, uniform);
    double all = (double)cell->units, n = (double)cell->total[set], within = 0, cells = 0;
    const MoeChanceLoad load = {chance, cell->experts, uniform ? 0 : all};
    for (int c = 1; c < MOE_TOKENS_CLASSES; c++) {
        double ids = (double)cell->seen_ids[c], units = (double)cell->seen_units[c];
        if (ids == 0)
            continue;
        MoeChanceCounts own = moe__chance_counts(&load, units / ids);
        within += units / all * own.entropy;
        cells += ids * own.occupied;
    }
    MoeChanceCounts together = moe__chance_counts(&load, all);
    double plug_in = together.entropy - within;
    double bias = (cells - together.occupied - (double)cell->ids + 1) / (2 * n);
    return (MoeTokenInformation){together.entropy, plug_in, plug_in - bias};
}

/* --- Lifts ------------------------------------------------------------------------------------*/

/* The highest of an expert over all classes of ids, drawn; 0: it takes none of them. */
static double
highest_lift(const MoeTokenCell *cell, MoeRng *rng, double chance)
{
    double highest = 0;
    for (int c = 1; c < MOE_TOKENS_CLASSES; c++) {
        double ids = (double)cell->seen_ids[c];
        int64_t seen = ids > 0 ? (int64_t)round((double)cell->seen_units[c] / ids) : 0;
        if (seen < MOE_TOKENS_LEAST)
            continue;
        double picks = (double)moe__draw_binomial_highest(rng, seen, chance, ids);
        highest = fmax(highest, picks / (double)seen / chance);
    }
    return highest;
}

double
moe__token_chance_lift(const MoeTokenCell *cell, bool uniform)
{
    if (cell->total[MOE_TOKENS_PICKS] == 0 || cell->units == 0)
        return NAN;
    g_autofree double *chance = g_new(double, (gsize)cell->experts);
    Draw draw = {cell->experts, chance, false, NULL, moe_rng(SEED, 3)};
    set_chances(&draw, cell, MOE_TOKENS_PICKS, uniform);
    double sum = 0;
    int n = 0;
    for (int i = 0; i < cell->experts * DRAWS; i++) {
        double own = chance[i / DRAWS], lift = own > 0 ? highest_lift(cell, &draw.rng, own) : 0;
        sum += lift;
        n += lift > 0;
    }
    return n > 0 ? sum / n : NAN;
}
