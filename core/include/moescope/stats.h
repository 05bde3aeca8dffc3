/* SPDX-License-Identifier: MIT
 *
 * stats.h: measures of load balance, collapse and specialisation, as plain functions of counts.
 * summary.h makes the counts.
 *
 * Notation throughout: E experts, T units, k picks a unit, c_e picks of expert e, N = Σ c_e,
 * f_e = c_e / N, m = N / E. Entropies and information are in nats.
 */
#ifndef MOESCOPE_STATS_H
#define MOESCOPE_STATS_H

#include <moescope/base.h>

G_BEGIN_DECLS

/* --- Load balance -----------------------------------------------------------------------------
 * Functions of the counts c[0 … E-1]. Where nothing was counted (N = 0) they return NaN, except
 * moe_load_dead(). */

/* f_e = c_e / N, the load share ("relative expert load", DeepSeek-V3, arXiv 2412.19437, without its
 * factor E). Fills share[E]; the shares of no picks are NaN. */
MOE_API void moe_load_share(const int64_t *count, int experts, double *share);
/* H = -Σ f_e ln f_e, nats, 0 … ln E. Plug-in estimate: low by about (E₊ - 1) / 2N for E₊ experts
 * in use (Miller 1955). */
MOE_API double moe_load_entropy(const int64_t *count, int experts);
/* H / ln E, 0 … 1; 1 for a single expert. */
MOE_API double moe_load_entropy_normalised(const int64_t *count, int experts);
/* exp(H), the Hill number of order 1 (Hill 1973): how many equally loaded experts have this
 * entropy. 1 … E. */
MOE_API double moe_load_effective_experts(const int64_t *count, int experts);
/* MaxVio = (max_e c_e - m) / m (Wang et al., arXiv 2408.15664, section 4.1): 0 when balanced, E - 1
 * when one expert takes all. Some programs report max_e c_e / m, which is one more. */
MOE_API double moe_load_max_violation(const int64_t *count, int experts);
/* CV = sqrt(mean_e (c_e - m)²) / m, with the population's variance (Shazeer et al. 2017,
 * arXiv 1701.06538, eq. 7 use its square). */
MOE_API double moe_load_cv(const int64_t *count, int experts);
/* Experts with c_e = 0. */
MOE_API int moe_load_dead(const int64_t *count, int experts);
/* 1 / Σ f_e², the Hill number of order 2 (inverse Simpson index; Hill 1973); 1 … E. */
MOE_API double moe_load_effective_simpson(const int64_t *count, int experts);
/* 1 / max_e f_e, the Hill number of order ∞; 1 … E. */
MOE_API double moe_load_effective_max(const int64_t *count, int experts);
/* MinVio = (m - min_e c_e) / m: 0 when balanced, 1 when an expert gets nothing. */
MOE_API double moe_load_min_violation(const int64_t *count, int experts);
/* AvgVio = (1/E) Σ_e |c_e - m| / m. */
MOE_API double moe_load_mean_violation(const int64_t *count, int experts);
/* Gini = Σ_i (2i - E - 1) c_(i) / (E N) with c_(1) ≤ … ≤ c_(E): 0 … (E - 1) / E. */
MOE_API double moe_load_gini(const int64_t *count, int experts);
/* m / max_e c_e, 0 … 1 ("balancedness" of SGLang and vLLM, there over ranks). */
MOE_API double moe_load_balancedness(const int64_t *count, int experts);
/* ln E - H, nats: the Kullback-Leibler divergence of the load from an even one. */
MOE_API double moe_load_divergence(const int64_t *count, int experts);
/* ½ Σ_e |f_e - 1/E|: the share of picks that would have to move for an even load. */
MOE_API double moe_load_uneven(const int64_t *count, int experts);
/* The share of picks that the n most loaded experts take; 1 where n ≥ E. */
MOE_API double moe_load_coverage(const int64_t *count, int experts, int n);
/* The smallest n whose coverage is at least q, 0 … 1 (a hot set; Megatron-LM tools/moe_routing); 0
 * where nothing was counted. */
MOE_API int moe_load_hot_set(const int64_t *count, int experts, double q);
/* The share of experts with f_e > theta: a point of MH-MoE's "activation ratio" as a curve, over
 * the share of picks (arXiv 2404.15045 leaves theta and the denominator open). */
MOE_API double moe_load_activation(const int64_t *count, int experts, double theta);

/* What a router that picks k of E experts uniformly at random, unit by unit, would show after
 * `units` units: c_e ~ Bin(T, k/E), so that
 *   CV0 = sqrt((1 - k/E) / (T k/E))   (the root of the expected CV²),
 *   expected dead experts = E (1 - k/E)^T. */
MOE_API double moe_null_cv(int64_t units, int k, int experts);
MOE_API double moe_null_dead(int64_t units, int k, int experts);
/* The same where k varies: making[j], j = 0 … E, units make j picks each (MoeSummaryCell.making).
 * c_e is a sum of T draws of probability j/E, so that
 *   CV0 = sqrt(Σ_j making_j (j/E) (1 - j/E)) / Σ_j making_j (j/E),
 *   expected dead experts = E Π_j (1 - j/E)^making_j. */
MOE_API double moe_null_cv_varying(const int64_t *making, int experts);
MOE_API double moe_null_dead_varying(const int64_t *making, int experts);

/* --- Specialisation ---------------------------------------------------------------------------*/

typedef enum {
    MOE_WEIGH_DOMAINS, /* w_d = 1 / D over the domains that have picks */
    MOE_WEIGH_PICKS,   /* w_d = N_d / N: by tokens, where every token makes as many picks */
} MoeDomainWeight;

/* I(expert; domain) = H(q) - Σ_d w_d H(p_d) with p_d(e) = c_de / N_d and q = Σ_d w_d p_d, nats,
 * 0 … min(ln E, ln D): what a pick tells about its domain. count[D × E], domain-major; domains
 * without picks are left out; NaN if none has any.
 *
 * The plug-in estimate is biased upwards. `corrected` subtracts the bias to first order in 1/N, for
 * independent picks; the result may then be slightly negative. By picks that is Miller and Madow's
 * (Miller 1955), with E₊, D₊ and J₊ the numbers of experts, domains and pairs that occur:
 *   I - (J₊ - E₊ - D₊ + 1) / 2N.
 * By domains the same expansion for samples of fixed size N_d gives each H(p_d) + (E₊_d - 1) / 2N_d
 * and H(q) + ½ Σ_e Σ_d w_d² p_d(e) (1 - p_d(e)) / (N_d q(e)). Picks of one unit exclude each
 * other: use first choices where that matters. */
MOE_API double moe_mutual_information(const int64_t *count, int domains, int experts,
                                      MoeDomainWeight weight, bool corrected);
/* ½ Σ_e |f_e - g_e| of two loads' shares, 0 … 1: the share of picks that would have to move to
 * other experts for the loads to be alike. */
MOE_API double moe_total_variation(const int64_t *a, const int64_t *b, int experts);

/* --- Experts picked together ------------------------------------------------------------------
 * Functions of n_ij, together[E × E], symmetric: units that pick both i and j; the diagonal n_i;
 * `units` T. Where nothing is to be measured they return NaN. */

/* max_{i≠j} n_ij / n_i (OLMoE, arXiv 2409.02060, section 5.2, over all pairs of a unit's picks).
 * Tells which (may be NULL): of equal ones the last, by i and then j. */
MOE_API double moe_pairs_top(const int64_t *together, int experts, int *i, int *j);
/* Pairs that independence would make fewer than this often, n_i n_j / T, are left out of lifts: the
 * filter doesn't look at what is measured. */
#define MOE_PAIRS_LEAST 10
/* The standard deviation, over pairs i < j, of their lift n_ij T / (n_i n_j). */
MOE_API double moe_pairs_lift_spread(const int64_t *together, int64_t units, int experts);
/* The highest ln lift, pointwise mutual information (Church & Hanks 1990), nats, and whose it is
 * (may be NULL). -INFINITY where none of the pairs occurs. */
MOE_API double moe_pairs_max_pmi(const int64_t *together, int64_t units, int experts, int *i,
                                 int *j);
/* The mean, over pairs i < j of which one occurs, of n_ij / (n_i + n_j - n_ij) (Jaccard 1901). */
MOE_API double moe_pairs_jaccard(const int64_t *together, int experts);
/* The mean, over experts with partners, of the top partner's share max_j n_ij / Σ_{j≠i} n_ij
 * (q(j | i) of BuddyMoE, arXiv 2511.10054). */
MOE_API double moe_pairs_partner(const int64_t *together, int experts);
/* max_{i≠j} (a_ij + a_ji) / c_i of adjacent[E × E], j in the slot right behind i, and picks c[E]:
 * OLMoE's published figure (its run_moe_analysis.py pairs neighbours in rank only). */
MOE_API double moe_pairs_adjacent_top(const int64_t *adjacent, const int64_t *count, int experts,
                                      int *i, int *j);

/* --- From one router to the next --------------------------------------------------------------
 * Functions of moves[from × experts]: units that choose the row's expert first at one router and
 * the column's at the next. The information between them is moe_mutual_information() by picks. */

/* I / sqrt(H H') of the plug-in estimates; NaN where one of the entropies is 0. */
MOE_API double moe_flow_normalised(const int64_t *moves, int from, int experts);
/* Σ_i max_j moves_ij / N: how often the likeliest next expert is the one. */
MOE_API double moe_flow_top(const int64_t *moves, int from, int experts);

G_END_DECLS

#endif
