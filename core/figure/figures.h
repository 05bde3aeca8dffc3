/* SPDX-License-Identifier: MIT
 *
 * figures.h: the figures of this room enter the registry, as those of plugins do.
 */
#ifndef FIGURE_FIGURES_H
#define FIGURE_FIGURES_H

void moe__figure_register(void);

#endif
