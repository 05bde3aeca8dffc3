/* SPDX-License-Identifier: MIT
 *
 * metrics.h: where the built-in metrics are.
 */
#ifndef MOESCOPE_STATS_METRICS_H
#define MOESCOPE_STATS_METRICS_H

#include <moescope/metrics.h>

/* Adds all of them; moe_init() calls it. */
void moe__metrics_register(void);
/* Those of the load by picks, of the load by gates, of devices, of kinds of experts, of units in
 * their order, of sub-tokens, scores, positions, caches, segments, of documents, domains, and of a
 * run's training steps and measures. */
void moe__metrics_register_load(void);
void moe__metrics_register_first(void);
void moe__metrics_register_gates(void);
void moe__metrics_register_ranks(void);
void moe__metrics_register_sent(void);
void moe__metrics_register_kinds(void);
void moe__metrics_register_order(void);
void moe__metrics_register_heads(void);
void moe__metrics_register_scores(void);
void moe__metrics_register_places(void);
void moe__metrics_register_caches(void);
void moe__metrics_register_segments(void);
void moe__metrics_register_documents(void);
void moe__metrics_register_domains(void);
void moe__metrics_register_affinity(void);
void moe__metrics_register_hot(void);
void moe__metrics_register_states(void);
void moe__metrics_register_measures(void);
void moe__metrics_register_pairs(void);
void moe__metrics_register_flow(void);
void moe__metrics_register_flow_picks(void);
void moe__metrics_register_paths(void);
void moe__metrics_register_tokens(void);

/* Which of the recorded training steps a cell is of: the last, or the one it asks for; -1: none. */
int64_t moe__state_of(const MoeMetricCell *cell, const MoeStates *states);

#endif
