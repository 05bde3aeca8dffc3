/* SPDX-License-Identifier: MIT
 *
 * layer-curve.h: a number by layer, with its interval and what chance would show.
 */
#ifndef FIGURE_LAYER_CURVE_H
#define FIGURE_LAYER_CURVE_H

#include <glib.h>
#include <stdbool.h>

/* [n] each; NaN: not known. `at` is the middle of the layer's band on an axis of layers. */
typedef struct LayerCurve {
    int n;
    double *at, *value, *low, *high, *chance;
} LayerCurve;

/* Of which nothing is known yet. */
LayerCurve moe__layer_curve(int n);
void moe__layer_curve_clear(LayerCurve *curve);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LayerCurve, moe__layer_curve_clear)
/* Whether any layer has an interval. */
bool moe__layer_curve_has_intervals(const LayerCurve *curve);

#endif
