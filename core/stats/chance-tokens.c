/* SPDX-License-Identifier: MIT
 *
 * chance-tokens.c: ids class by class: for each number of units, what is to be expected of the
 * busiest expert, and of the entropy of all, by the load alone; lifts are drawn.
 */
#include "stats/chance-tokens.h"

#include "stats/chance-draw.h"
#include "stats/chance-entropy.h"
#include "stats/chance-highest.h"

#include <math.h>

/* Of the highest lift of each expert, and of all. */
enum { DRAWS = 8, DRAWS_MOST = 128, DRAWS_ALL = 2048, SEED = 4 };

typedef struct Draw {
    int experts;
    double *chance; /* of an expert to be a unit's first choice, or among its picks */
    bool one;       /* of them a unit */
    MoeRng rng;
} Draw;

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

/* The expected share of the busiest expert among the units of an id. */
typedef struct Busiest {
    const MoeHighestLoad *load;
    bool one;
    double few[MOE_HIGHEST_EXACT + 1];
} Busiest;

static double
share_of(const Busiest *busiest, int64_t seen)
{
    const MoeHighestLoad *load = busiest->load;
    double n = (double)seen;
    if (seen <= MOE_HIGHEST_EXACT)
        return busiest->few[seen] / n;
    return (busiest->one ? moe__highest_of_one(load, n)
                         : moe__highest_of_sets(load->chance, load->experts, n)) /
           n;
}

MoeTokenChance
moe__token_chance(const MoeTokenCell *cell, int set, bool uniform)
{
    if (cell->total[set] == 0 || cell->units == 0)
        return (MoeTokenChance){NAN, NAN, NAN};
    g_autofree double *chance = g_new(double, (gsize)cell->experts);
    Draw draw = {cell->experts, chance, false, moe_rng(SEED, 2)};
    set_chances(&draw, cell, set, uniform);
    const MoeHighestLoad load = {cell->experts, chance, uniform ? 0 : (double)cell->units};
    Busiest busiest = {.load = &load, .one = draw.one};
    if (draw.one)
        moe__highest_exact(&load, busiest.few);
    else
        moe__highest_drawn(chance, cell->experts, busiest.few);
    double mean = 0, often = 0, weighted = 0;
    for (int c = 1; c < MOE_TOKENS_CLASSES; c++) {
        double ids = (double)cell->seen_ids[c], units = (double)cell->seen_units[c];
        if (ids == 0)
            continue;
        int64_t seen = (int64_t)round(units / ids);
        double q = share_of(&busiest, seen);
        mean += ids * q;
        often += seen >= MOE_TOKENS_LEAST ? ids * q : 0;
        weighted += units * q;
    }
    return (MoeTokenChance){mean / (double)cell->ids,
                            cell->often > 0 ? often / (double)cell->often : NAN,
                            weighted / (double)cell->units};
}

/* --- Information ------------------------------------------------------------------------------*/

MoeTokenInformation
moe__token_chance_information(const MoeTokenCell *cell, int set, bool uniform)
{
    if (cell->total[set] == 0 || cell->units == 0)
        return (MoeTokenInformation){NAN, NAN, NAN};
    g_autofree double *chance = g_new(double, (gsize)cell->experts);
    Draw draw = {cell->experts, chance, false, moe_rng(SEED, 2)};
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
    Draw draw = {cell->experts, chance, false, moe_rng(SEED, 3)};
    set_chances(&draw, cell, MOE_TOKENS_PICKS, uniform);
    double sum = 0;
    int n = 0, draws = CLAMP(DRAWS_ALL / cell->experts, DRAWS, DRAWS_MOST);
    for (int i = 0; i < cell->experts * draws; i++) {
        double own = chance[i / draws], lift = own > 0 ? highest_lift(cell, &draw.rng, own) : 0;
        sum += lift;
        n += lift > 0;
    }
    return n > 0 ? sum / n : NAN;
}
