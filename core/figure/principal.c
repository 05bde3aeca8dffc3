/* SPDX-License-Identifier: MIT
 *
 * Principal components from inner products: with the mean taken off, G = XXᵀ, the coordinates along
 * component c are sqrt(λ_c) u_c of its eigenvectors (Gower 1966), whatever the vectors' dimension.
 */
#include "figure/principal.h"
#include "moe/similarity.h"

#include <math.h>

/* Eigenvalues below this share of all are rounding. */
#define LEAST 1e-12

static double *
centred(const double *gram, int n)
{
    double *g = g_memdup2(gram, sizeof(double) * (gsize)n * (gsize)n);
    g_autofree double *mean = g_new0(double, (gsize)n);
    double all = 0;
    for (int i = 0; i < n * n; i++) {
        mean[i / n] += g[i] / n;
        all += g[i] / n / n;
    }
    for (int i = 0; i < n * n; i++)
        g[i] += all - mean[i / n] - mean[i % n];
    return g;
}

static void
coordinates(const double *vector, double value, int n, double *out)
{
    double most = 0;
    for (int i = 0; i < n; i++)
        if (fabs(vector[i]) > fabs(most) * (1 + 1e-9))
            most = vector[i];
    for (int i = 0; i < n; i++)
        out[i] = (most < 0 ? -1 : 1) * sqrt(value) * vector[i];
}

int
moe__principal(const double *gram, int n, double *x, double *y, double share[2])
{
    gsize size = (gsize)MAX(n, 1);
    g_autofree double *g = centred(gram, n), *values = g_new(double, size);
    g_autofree double *vectors = g_new(double, size *size);
    double *const out[] = {x, y};
    double total = 0, length = 0;
    int axes = 0;
    moe__eigen(g, n, values, vectors);
    for (int i = 0; i < n; i++) {
        total += fmax(values[i], 0);
        length += gram[i * (n + 1)];
        x[i] = y[i] = 0;
    }
    share[0] = share[1] = 0;
    for (int c = 0; c < 2 && c < n && total > LEAST * length; c++) {
        double value = values[n - 1 - c];
        if (value <= LEAST * total)
            break;
        share[c] = value / total;
        coordinates(vectors + (gsize)(n - 1 - c) * (gsize)n, value, n, out[c]);
        axes++;
    }
    return axes;
}
