/* SPDX-License-Identifier: MIT
 *
 * Numbers by layer.
 */
#include "figure/layer-curve.h"

#include <math.h>

LayerCurve
moe__layer_curve(int n)
{
    gsize size = (gsize)n;
    LayerCurve curve = {n,
                        g_new(double, size),
                        g_new(double, size),
                        g_new(double, size),
                        g_new(double, size),
                        g_new(double, size)};
    for (int i = 0; i < n; i++) {
        curve.at[i] = i + 0.5;
        curve.value[i] = curve.low[i] = curve.high[i] = curve.chance[i] = NAN;
    }
    return curve;
}

void
moe__layer_curve_clear(LayerCurve *curve)
{
    g_free(curve->at);
    g_free(curve->value);
    g_free(curve->low);
    g_free(curve->high);
    g_free(curve->chance);
}

bool
moe__layer_curve_has_intervals(const LayerCurve *curve)
{
    for (int i = 0; i < curve->n; i++)
        if (isfinite(curve->low[i]))
            return true;
    return false;
}
