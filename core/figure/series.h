/* SPDX-License-Identifier: MIT
 *
 * series.h: the figure "series".
 */
#ifndef FIGURE_SERIES_H
#define FIGURE_SERIES_H

#include <moescope/figure.h>

extern const MoeFigure moe__figure_series;

#endif
