/* SPDX-License-Identifier: MIT
 *
 * Scales: linear, logarithmic and band.
 */
#include "figure/scale.h"
#include "figure/number.h"

#include <math.h>

static void
domain(const MoeAxis *axis, double *low, double *high)
{
    bool log = axis->type == MOE_AXIS_LOG;
    *low = axis->type == MOE_AXIS_BAND ? 0 : log ? log10(axis->min) : axis->min;
    *high = axis->type == MOE_AXIS_BAND ? axis->bands : log ? log10(axis->max) : axis->max;
}

double
moe__scale_at(const Scale *scale, double value)
{
    double low, high;
    domain(scale->axis, &low, &high);
    if (scale->axis->type == MOE_AXIS_LOG)
        value = value > 0 ? log10(value) : value == 0 ? low : NAN;
    return scale->start + (value - low) / (high - low) * (scale->end - scale->start);
}

double
moe__scale_invert(const Scale *scale, double place)
{
    double low, high;
    domain(scale->axis, &low, &high);
    double value = low + (place - scale->start) / (scale->end - scale->start) * (high - low);
    return scale->axis->type == MOE_AXIS_LOG ? pow(10, value) : value;
}

int
moe__scale_band(const Scale *scale, double place)
{
    double band = floor(moe__scale_invert(scale, place));
    return band >= 0 && band < scale->axis->bands ? (int)band : -1;
}

char *
moe__axis_band_label(const MoeAxis *axis, int i)
{
    if (axis->names)
        return g_strdup(axis->names[i]);
    return moe__number_tick(axis->first + i * axis->step, 1, MOE_FORMAT_NUMBER);
}

bool
moe__axis_ruled(const MoeAxis *axis)
{
    return axis->type != MOE_AXIS_BAND && !axis->bare;
}

bool
moe__axis_equal(const MoeAxis *a, const MoeAxis *b)
{
    if (a->type != b->type || a->bare != b->bare || g_strcmp0(a->label, b->label) != 0)
        return false;
    if (a->type != MOE_AXIS_BAND)
        return a->min == b->min && a->max == b->max && a->whole == b->whole;
    if (a->bands != b->bands || !a->names != !b->names)
        return false;
    if (!a->names)
        return a->first == b->first && a->step == b->step;
    for (int i = 0; i < a->bands; i++) {
        if (g_strcmp0(a->names[i], b->names[i]) != 0)
            return false;
    }
    return true;
}
