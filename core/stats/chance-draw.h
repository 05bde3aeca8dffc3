/* SPDX-License-Identifier: MIT
 *
 * chance-draw.h: drawn counts, for what chance would show where no formula says it: extremes over
 * many experts or pairs. The draws are the same each time.
 */
#ifndef MOESCOPE_STATS_CHANCE_DRAW_H
#define MOESCOPE_STATS_CHANCE_DRAW_H

#include <moescope/metrics.h>

/* One of Bin(n, p): exactly where few hits or misses are expected, else by the normal distribution,
 * rounded. */
int64_t moe__draw_binomial(MoeRng *rng, int64_t n, double p);

/* The highest of m of them. */
int64_t moe__draw_binomial_highest(MoeRng *rng, int64_t n, double p, double m);

/* How many marked ones are among n that are taken out of `all`: the same, of the hypergeometric
 * distribution. marked, n ≤ all. */
int64_t moe__draw_marked(MoeRng *rng, int64_t all, int64_t marked, int64_t n);

/* Units shared out by share[n], which sum to 1: multinomial. */
void moe__draw_row(MoeRng *rng, int64_t units, const double *share, int n, int64_t *drawn);

/* A unit's picks, appended to `picks` (of int32_t): every expert is among them with just its
 * chance, none twice, and they are as many as chances sum to, rounded down or up. order[experts]:
 * any order of 0 … experts - 1, which it changes. */
void moe__draw_set(MoeRng *rng, const double *chance, int experts, int *order, GArray *picks);

/* The same of experts that all have the chance `each`: a step a pick, not one an expert. */
void moe__draw_even_set(MoeRng *rng, double each, int experts, int *order, GArray *picks);

/* The load of a uniformly random router: counts [experts] of units that each pick an expert with
 * probability q, and units q E picks in all. */
void moe__draw_load(MoeRng *rng, int experts, int64_t units, double q, int64_t *count);

/* A number that a table of pairs gives. */
typedef double (*MoePairsFunc)(const int64_t *together, int64_t units, int experts);

/* Its mean over drawn tables n_ij ~ Bin(T, e_ij / T) with n_i as expected. Uniform: e_ij = Σ_j
 * making_j j (j - 1) / (E (E - 1)). Shuffled: experts keep their n_i and the sums of their row,
 * Σ_{j≠i} n_ij, and are picked with each other as chance has it: e_ij = a_i a_j for i ≠ j
 * (quasi-independence, Goodman 1968; the configuration model without loops), which is the uniform
 * one for even loads, (k - 1) / (E - 1) of n_i.
 *
 * Picks of a unit exclude each other, so that n_ij varies with n_i and n_j. `lift` says that the
 * number is of n_ij T / (n_i n_j), which has that taken out: tables then vary by what is left, the
 * interaction's variance P(ij) - 2 P(ijl) + P(ijlm) instead of P(ij) (1 - P(ij)), of even loads,
 * and that in (E - 3) / (E - 1) of the pairs. */
double moe__pairs_uniform(const MoeMetricCell *cell, MoePairsFunc of, bool lift);
double moe__pairs_shuffled(const MoeMetricCell *cell, MoePairsFunc of, bool lift);

/* A number that a table of moves gives. */
typedef double (*MoeFlowFunc)(const int64_t *moves, int from, int experts);

/* Its mean over drawn tables whose rows don't differ: row[from] units each, shared out by
 * share[experts], which sum to 1. */
double moe__moves_by_chance(const int64_t *row, int from, const double *share, int experts,
                            MoeFlowFunc of);

/* The same with as many units as in the cell, and columns in their shares. Uniform: rows and
 * columns even. (A formula would do for information, (r
 * - 1) (c - 1) / 2N, if there were many units a pair.) */
double moe__flow_by_chance(const MoeFlowCell *flow, MoeFlowFunc of, bool uniform);

#endif
