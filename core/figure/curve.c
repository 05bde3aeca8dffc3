/* SPDX-License-Identifier: MIT */
#include "figure/curve.h"

#include <math.h>

void
moe__curve_clear(gpointer data)
{
    MoeCurve *curve = data;
    g_free(curve->step);
    g_free(curve->value);
}

double *
moe__series_read(const MoeTrace *trace, const char *name, int64_t *n, GError **error)
{
    MoeArray array;
    g_autofree char *member = g_strconcat("series/", name, NULL);
    if (!moe_trace_join(trace, member, &array, error))
        return NULL;
    *n = array.shape[0];
    if (array.type == MOE_F64 && array.ndim == 2 && array.shape[1] == 2)
        return (double *)array.data;
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                "%s: found %d dimensions of type %d, expected pairs of f64", member, array.ndim,
                (int)array.type);
    g_free((gpointer)array.data);
    return NULL;
}

void
moe__curve_thin(const double *pairs, int64_t n, int most, MoeCurve *curve)
{
    int64_t per = MAX((n + most - 1) / most, 1);
    *curve = (MoeCurve){.recorded = n, .per = per};
    curve->step = g_new(double, n / per + 1);
    curve->value = g_new(double, n / per + 1);
    for (int64_t start = 0; start < n; start += per) {
        double steps = 0, values = 0;
        int64_t end = MIN(start + per, n), finite = 0;
        for (int64_t i = start; i < end; i++) {
            steps += pairs[2 * i];
            values += isfinite(pairs[2 * i + 1]) ? pairs[2 * i + 1] : 0;
            finite += isfinite(pairs[2 * i + 1]);
        }
        curve->step[curve->n] = steps / (double)(end - start);
        curve->value[curve->n++] = finite > 0 ? values / (double)finite : NAN;
    }
}

void
moe__range_extend(MoeRange *range, const double *values, int n)
{
    for (int i = 0; i < n; i++) {
        if (isfinite(values[i])) {
            range->min = MIN(range->min, values[i]);
            range->max = MAX(range->max, values[i]);
        }
    }
}

bool
moe__range_valid(MoeRange range)
{
    return range.min <= range.max && range.min > -1e300 && range.max < 1e300;
}

MoeAxis
moe__axis_over(MoeRange range, double air, const char *label)
{
    double span = range.max - range.min, size = MAX(fabs(range.min), fabs(range.max));
    if (span == 0 && size == 0) /* of nothing but zeros, what would be more */
        return (MoeAxis){.type = MOE_AXIS_LINEAR, .label = label, .max = 1};
    double room = span > 1e-9 * size + 1e-100 ? air * span : MAX(size / 10, 1e-6);
    return (MoeAxis){
        .type = MOE_AXIS_LINEAR, .label = label, .min = range.min - room, .max = range.max + room};
}
