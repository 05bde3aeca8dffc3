/* SPDX-License-Identifier: MIT
 *
 * expert.h: the panels of the figure "expert".
 */
#ifndef FIGURE_EXPERT_H
#define FIGURE_EXPERT_H

#include "figure/kit.h"

/* One expert of one router. */
typedef struct OneExpert {
    const Kit *kit;
    MoeScene *scene;
    int router, expert;
    const MoeRouterInfo *info;
    char *title; /* "layer 3, expert 5" */
    MoeColour colour;
} OneExpert;

/* Each adds a panel, where there is something to show. */
void moe__expert_add_domains(const OneExpert *one);
void moe__expert_add_ranks(const OneExpert *one);
void moe__expert_add_positions(const OneExpert *one);
void moe__expert_add_tokens(const OneExpert *one);
void moe__expert_add_partners(const OneExpert *one);
void moe__expert_add_history(const OneExpert *one);

#endif
