/* SPDX-License-Identifier: MIT
 *
 * measures.h: the figure "measures".
 */
#ifndef FIGURE_MEASURES_H
#define FIGURE_MEASURES_H

#include <moescope/figure.h>

extern const MoeFigure moe__figure_measures;

#endif
