/* SPDX-License-Identifier: MIT
 *
 * Where ticks go: at round numbers, as many as fit.
 */
#include "figure/scale.h"

#include <math.h>

/* Fewer ticks than this don't tell the scale of a log axis. */
#define LEAST_LOG 3

static Ticks
ticks_of_step(double min, double max, double step)
{
    /* A hair of slack, so that 0.3 counts as a multiple of 0.1. */
    double first = ceil(min / step - 1e-9), last = floor(max / step + 1e-9);
    return (Ticks){.first = first * step, .step = step, .n = MAX(0, (int)(last - first) + 1)};
}

Ticks
moe__ticks(double min, double max, int most, double smallest)
{
    static const double digits[] = {1, 2, 5};
    most = MAX(most, 2);
    double power = pow(10, floor(log10((max - min) / most)));
    for (;; power *= 10) {
        for (int i = 0; i < 3; i++) {
            Ticks ticks = ticks_of_step(min, max, digits[i] * power);
            if (ticks.n <= most && ticks.step >= smallest * (1 - 1e-9))
                return ticks;
        }
    }
}

double
moe__ticks_at(const Ticks *ticks, int i)
{
    double value = ticks->first + i * ticks->step;
    return fabs(value) < ticks->step * 1e-9 ? 0 : value;
}

/* Fills values[most] with decades, every stride-th, times the first n of 1, 2, 5; how many there
 * would be. */
static int
log_ticks(double min, double max, int stride, int n, int most, double *values)
{
    static const double digits[] = {1, 2, 5};
    int count = 0;
    double slack = 1 + 1e-9;
    int first = (int)floor(log10(min)), last = (int)ceil(log10(max));
    for (int decade = first - ((first % stride) + stride) % stride; decade <= last;
         decade += stride) {
        for (int i = 0; i < n; i++) {
            double value = digits[i] * pow(10, decade);
            if (value * slack < min || value > max * slack)
                continue;
            if (count < most)
                values[count] = value;
            count++;
        }
    }
    return count;
}

int
moe__ticks_log(double min, double max, int most, double *values)
{
    most = MAX(most, 2);
    int few = log_ticks(min, max, 1, 3, most, values);
    if (few < LEAST_LOG && few < most) { /* less than a decade */
        Ticks ticks = moe__ticks(min, max, most, 0);
        for (int i = 0; i < ticks.n; i++)
            values[i] = moe__ticks_at(&ticks, i);
        return ticks.n;
    }
    if (few <= most)
        return few;
    for (int stride = 1;; stride++) {
        int n = log_ticks(min, max, stride, 1, most, values);
        if (n <= most)
            return n;
    }
}

static bool
power_of_two(int n)
{
    return n >= 8 && (n & (n - 1)) == 0;
}

/* Strides through bands that stand for themselves: halves where the count is a power of two, as
 * experts mostly are, otherwise 1, 2, 5, 10 … */
static int
index_stride(int bands, int most)
{
    static const int digits[] = {1, 2, 5};
    if (power_of_two(bands)) {
        int stride = 1;
        while ((bands + stride - 1) / stride > most)
            stride *= 2;
        return stride;
    }
    for (int power = 1;; power *= 10) {
        for (int i = 0; i < 3; i++) {
            int stride = digits[i] * power;
            if ((bands + stride - 1) / stride <= most)
                return stride;
        }
    }
}

static bool
whole(double value)
{
    return fabs(value - round(value)) < 1e-6;
}

BandTicks
moe__band_ticks(const MoeAxis *axis, int most)
{
    most = MAX(most, 1);
    if (axis->names || axis->bands <= most || (axis->first == 0 && axis->step == 1))
        return (BandTicks){0, index_stride(axis->bands, most)};
    /* Bands that stand for numbers (training steps): label those that are round. */
    double last = axis->first + (axis->bands - 1) * axis->step, smallest = 0;
    for (int tries = 0; tries < 12; tries++) {
        Ticks ticks = moe__ticks(axis->first, last, most, smallest);
        double stride = ticks.step / axis->step;
        double first = (ticks.first - axis->first) / axis->step;
        if (ticks.n > 0 && whole(stride) && whole(first) && stride > 0.5)
            return (BandTicks){(int)lround(first), (int)lround(stride)};
        smallest = ticks.step * 1.5;
    }
    return (BandTicks){0, index_stride(axis->bands, most)};
}
