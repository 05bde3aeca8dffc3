/* SPDX-License-Identifier: MIT */
#include "tensor/rope.h"

#include <math.h>

/* Each position's pair (cos, sin) is the last one's turned by the frequency, in double: the error
 * grows with the length but stays far below a float's. */
float *
moe__rope_table(MoeArena *arena, int64_t length, int64_t dim, float base)
{
    int64_t half = dim / 2;
    float *table = moe_arena_alloc(arena, (size_t)(length * dim) * sizeof *table);
    for (int64_t i = 0; i < half; i++) {
        double frequency = pow(base, -2.0 * (double)i / (double)dim);
        double c = cos(frequency), s = sin(frequency), x = 1, y = 0;
        for (int64_t t = 0; t < length; t++) {
            table[t * dim + i] = (float)x;
            table[t * dim + half + i] = (float)y;
            double turned = x * c - y * s;
            y = x * s + y * c;
            x = turned;
        }
    }
    return table;
}

void
moe__rope_reference(double *x, int64_t t, int64_t dim, float base)
{
    int64_t half = dim / 2;
    for (int64_t i = 0; i < half; i++) {
        double angle = (double)t * pow(base, -2.0 * (double)i / (double)dim);
        double a = x[i], b = x[i + half];
        x[i] = a * cos(angle) - b * sin(angle);
        x[i + half] = b * cos(angle) + a * sin(angle);
    }
}
