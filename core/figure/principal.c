/* SPDX-License-Identifier: MIT
 *
 * Principal components from inner products: with the mean taken off, G = XXᵀ, the coordinates along
 * component c are sqrt(λ_c) u_c of its eigenvectors (Gower 1966), whatever the vectors' dimension.
 */
#include "figure/principal.h"
#include "figure/lanczos.h"
#include "moe/similarity.h"

#include <math.h>
#include <string.h>

/* Eigenvalues below this share of all are rounding. */
#define LEAST 1e-12
/* Of larger matrices only what is needed is computed. */
#define MOST_WHOLE 256

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

/* The two largest eigenvalues, and their vectors [2 × n]. */
static void
top_two(const double *g, int n, double values[2], double *vectors)
{
    if (n > MOST_WHOLE) {
        for (int c = 0; c < 2; c++)
            values[c] = moe__lanczos(g, n, vectors, c, vectors + (gsize)c * (gsize)n);
        return;
    }
    gsize size = (gsize)n;
    g_autofree double *all = g_new(double, size), *of_all = g_new(double, size *size);
    moe__eigen(g, n, all, of_all);
    for (int c = 0; c < 2; c++) {
        values[c] = c < n ? all[n - 1 - c] : 0;
        if (c < n)
            memcpy(vectors + c * size, of_all + (size - 1 - (gsize)c) * size,
                   size * sizeof(*vectors));
    }
}

int
moe__principal(const double *gram, int n, double *x, double *y, double share[2])
{
    g_autofree double *g = centred(gram, n), *vectors = g_new(double, 2 * (gsize)MAX(n, 1));
    double *const out[] = {x, y};
    double values[2] = {0}, total = 0, length = 0;
    int axes = 0;
    for (int i = 0; i < n; i++) {
        total += g[i * (n + 1)]; /* the trace: the sum of all eigenvalues */
        length += gram[i * (n + 1)];
        x[i] = y[i] = 0;
    }
    share[0] = share[1] = 0;
    if (!(total > LEAST * length))
        return 0;
    top_two(g, n, values, vectors);
    for (int c = 0; c < 2 && c < n && values[c] > LEAST * total; c++, axes++) {
        share[c] = values[c] / total;
        coordinates(vectors + (gsize)c * (gsize)n, values[c], n, out[c]);
    }
    return axes;
}
