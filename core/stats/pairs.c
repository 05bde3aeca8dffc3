/* SPDX-License-Identifier: MIT
 *
 * pairs.c: experts that are picked together, and one after the other.
 */
#include <moescope/stats.h>

#include <math.h>

/* Notes a pair that is no less than what was found so far. */
static void
take(double *best, double value, int i, int j, int *best_i, int *best_j)
{
    if (!(isnan(*best) || value >= *best))
        return;
    *best = value;
    if (best_i)
        *best_i = i;
    if (best_j)
        *best_j = j;
}

double
moe_pairs_top(const int64_t *together, int experts, int *i, int *j)
{
    double best = NAN;
    for (int a = 0; a < experts; a++) {
        const int64_t *row = together + (gsize)a * (gsize)experts;
        for (int b = 0; b < experts; b++)
            if (a != b && row[a] > 0)
                take(&best, (double)row[b] / (double)row[a], a, b, i, j);
    }
    return best;
}

/* n_i n_j / T; 0 where that is too little to look at. */
static double
expected(const int64_t *together, int64_t units, int experts, int i, int j)
{
    gsize n = (gsize)experts;
    double product =
        (double)together[(gsize)i * n + (gsize)i] * (double)together[(gsize)j * n + (gsize)j];
    double mean = units > 0 ? product / (double)units : 0;
    return mean >= MOE_PAIRS_LEAST ? mean : 0;
}

double
moe_pairs_lift_spread(const int64_t *together, int64_t units, int experts)
{
    double sum = 0, squares = 0;
    int64_t n = 0;
    for (int i = 0; i < experts; i++)
        for (int j = i + 1; j < experts; j++) {
            double mean = expected(together, units, experts, i, j);
            if (mean == 0)
                continue;
            double lift = (double)together[(gsize)i * (gsize)experts + (gsize)j] / mean;
            n++;
            sum += lift;
            squares += lift * lift;
        }
    double mean = sum / (double)n;
    return n > 0 ? sqrt(MAX(0, squares / (double)n - mean * mean)) : NAN;
}

double
moe_pairs_max_pmi(const int64_t *together, int64_t units, int experts, int *i, int *j)
{
    double best = NAN;
    for (int a = 0; a < experts; a++)
        for (int b = a + 1; b < experts; b++) {
            double mean = expected(together, units, experts, a, b);
            if (mean > 0)
                take(&best, log((double)together[(gsize)a * (gsize)experts + (gsize)b] / mean), a,
                     b, i, j);
        }
    return best;
}

double
moe_pairs_jaccard(const int64_t *together, int experts)
{
    double sum = 0;
    int64_t n = 0;
    gsize wide = (gsize)experts + 1;
    for (int i = 0; i < experts; i++)
        for (int j = i + 1; j < experts; j++) {
            int64_t both = together[(gsize)i * (gsize)experts + (gsize)j];
            int64_t either = together[(gsize)i * wide] + together[(gsize)j * wide] - both;
            n += either > 0;
            sum += either > 0 ? (double)both / (double)either : 0;
        }
    return n > 0 ? sum / (double)n : NAN;
}

double
moe_pairs_partner(const int64_t *together, int experts)
{
    double sum = 0;
    int n = 0;
    for (int i = 0; i < experts; i++) {
        const int64_t *row = together + (gsize)i * (gsize)experts;
        int64_t all = 0, most = 0;
        for (int j = 0; j < experts; j++)
            if (j != i) {
                all += row[j];
                most = MAX(most, row[j]);
            }
        n += all > 0;
        sum += all > 0 ? (double)most / (double)all : 0;
    }
    return n > 0 ? sum / n : NAN;
}

double
moe_pairs_adjacent_top(const int64_t *adjacent, const int64_t *count, int experts, int *i, int *j)
{
    double best = NAN;
    gsize n = (gsize)experts;
    for (int a = 0; a < experts; a++)
        for (int b = 0; b < experts; b++)
            if (a != b && count[a] > 0) {
                int64_t both =
                    adjacent[(gsize)a * n + (gsize)b] + adjacent[(gsize)b * n + (gsize)a];
                take(&best, (double)both / (double)count[a], a, b, i, j);
            }
    return best;
}

/* --- From one router to the next --------------------------------------------------------------*/

double
moe_flow_normalised(const int64_t *moves, int from, int experts)
{
    g_autofree int64_t *left = g_new0(int64_t, (gsize)from);
    g_autofree int64_t *right = g_new0(int64_t, (gsize)experts);
    for (int i = 0; i < from; i++)
        for (int j = 0; j < experts; j++) {
            left[i] += moves[(gsize)i * (gsize)experts + (gsize)j];
            right[j] += moves[(gsize)i * (gsize)experts + (gsize)j];
        }
    double information = moe_mutual_information(moves, from, experts, MOE_WEIGH_PICKS, false);
    double scale = sqrt(moe_load_entropy(left, from) * moe_load_entropy(right, experts));
    return scale > 0 ? information / scale : NAN;
}

double
moe_flow_top(const int64_t *moves, int from, int experts)
{
    int64_t all = 0, top = 0;
    for (int i = 0; i < from; i++) {
        int64_t most = 0;
        for (int j = 0; j < experts; j++) {
            all += moves[(gsize)i * (gsize)experts + (gsize)j];
            most = MAX(most, moves[(gsize)i * (gsize)experts + (gsize)j]);
        }
        top += most;
    }
    return all > 0 ? (double)top / (double)all : NAN;
}
