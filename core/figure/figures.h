/* SPDX-License-Identifier: MIT
 *
 * figures.h: the figures of this room enter the registry, as those of plugins do.
 */
#ifndef FIGURE_FIGURES_H
#define FIGURE_FIGURES_H

#include <moescope/figure.h>

void moe__figure_register(void);

/* One file each. */
extern const MoeFigure moe__figure_activation, moe__figure_activation_curve, moe__figure_caches,
    moe__figure_coactivation, moe__figure_domains, moe__figure_flow, moe__figure_locality,
    moe__figure_transitions;
extern const MoeFigure moe__figure_agreement, moe__figure_collapse, moe__figure_load_difference,
    moe__figure_losses, moe__figure_matching, moe__figure_fluctuation, moe__figure_saturation;
extern const MoeFigure moe__figure_token_map, moe__figure_text, moe__figure_sub_tokens,
    moe__figure_divergence, moe__figure_embeddings, moe__figure_scores, moe__figure_similarity,
    moe__figure_token_scores, moe__figure_vocabulary, moe__figure_top_tokens;
extern const MoeFigure moe__figure_expert, moe__figure_heads, moe__figure_layers,
    moe__figure_load_at_step;

#endif
