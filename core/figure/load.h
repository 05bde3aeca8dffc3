/* SPDX-License-Identifier: MIT
 *
 * load.h: the figure "load".
 */
#ifndef FIGURE_LOAD_H
#define FIGURE_LOAD_H

#include <moescope/figure.h>

extern const MoeFigure moe__figure_load;

#endif
