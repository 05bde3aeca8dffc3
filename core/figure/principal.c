/* SPDX-License-Identifier: MIT
 *
 * Principal components from inner products: with the mean taken off, G = XXᵀ, the coordinates along
 * component c are sqrt(λ_c) u_c of its eigenvectors (Gower 1966), whatever the vectors' dimension.
 */
#include "figure/principal.h"
#include "figure/lanczos.h"

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
    g_autofree double *g = centred(gram, n), *vectors = g_new(double, 2 * (gsize)MAX(n, 1));
    double *const out[] = {x, y};
    double total = 0, length = 0;
    int axes = 0;
    for (int i = 0; i < n; i++) {
        total += g[i * (n + 1)]; /* the trace: the sum of all eigenvalues */
        length += gram[i * (n + 1)];
        x[i] = y[i] = 0;
    }
    share[0] = share[1] = 0;
    for (; axes < 2 && axes < n && total > LEAST * length; axes++) {
        double *vector = vectors + (gsize)axes * (gsize)n;
        double value = moe__lanczos(g, n, vectors, axes, vector);
        if (value <= LEAST * total)
            break;
        share[axes] = value / total;
        coordinates(vector, value, n, out[axes]);
    }
    return axes;
}
