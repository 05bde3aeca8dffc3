/* SPDX-License-Identifier: MIT
 *
 * How alike experts are. The matrices are as wide as there are experts, so LAPACK's plain symmetric
 * eigensolver (part of OpenBLAS) serves everything that needs a spectrum.
 */
#include "moe/similarity.h"

#include "base/blas.h"

#include <math.h>
#include <moescope/base.h>
#include <omp.h>
#include <string.h>

/* Eigenvalues below this share of the largest count as zero: rounding of float32 data. */
#define RANK_CUTOFF 1e-10

/* Values of a row that are multiplied at a time, and products that are worth waking threads for. */
enum { STRETCH = 2048, PARALLEL_FROM = 1 << 18 };

static double
dot(const float *x, const float *y, int64_t d)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < d; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

void
moe__gram(const float *x, int64_t n, int64_t d, double *g)
{
    memset(g, 0, (size_t)(n * n) * sizeof *g);
    /* In stretches of which all rows stay in cache: weights of experts have millions of values. */
    for (int64_t from = 0; from < d; from += STRETCH) {
        int64_t length = MIN(STRETCH, d - from);
#pragma omp parallel for schedule(dynamic, 1) \
    num_threads(moe_threads()) if (n * n * length > PARALLEL_FROM)
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = i; j < n; j++)
                g[i * n + j] += dot(x + i * d + from, x + j * d + from, length);
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            g[i * n + j] = g[j * n + i];
}

void
moe__cosines(const double *g, int64_t n, float *c)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double square = g[i * n + i] * g[j * n + j];
            c[i * n + j] = square > 0 ? (float)(g[i * n + j] / sqrt(square)) : 0;
        }
}

double
moe__mean_off_diagonal(const float *c, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            sum += i == j ? 0 : (double)c[i * n + j];
    return n < 2 ? NAN : sum / (double)(n * (n - 1));
}

void
moe__eigen(const double *g, int64_t n, double *values, double *vectors)
{
    if (n == 0)
        return;
    int order = (int)n, lwork = 64 * order, info;
    g_autofree double *work = g_new(double, lwork);
    memcpy(vectors, g, (size_t)(n * n) * sizeof *g);
    /* OpenBLAS's OpenMP flavour takes as many threads as this one may start, and rounds by how many
     * they are. */
    const MoeBlas *blas = moe__blas();
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    /* Fortran's columns are our rows. */
    blas->dsyev("V", "U", &order, vectors, &order, values, work, &lwork, &info);
    omp_set_num_threads(threads);
    g_assert(info == 0);
}

double
moe__effective_rank(const double *g, int64_t n)
{
    g_autofree double *values = g_new(double, MAX(n, 1)), *vectors = g_new(double, MAX(n * n, 1));
    moe__eigen(g, n, values, vectors);
    double sum = 0, entropy = 0;
    /* Singular values are the roots of the eigenvalues, which rounding may push below zero. */
    double least = n > 0 ? RANK_CUTOFF * values[n - 1] : 0;
    for (int64_t i = 0; i < n; i++) {
        values[i] = values[i] > least ? sqrt(values[i]) : 0;
        sum += values[i];
    }
    for (int64_t i = 0; i < n; i++)
        if (values[i] > 0)
            entropy -= values[i] / sum * log(values[i] / sum);
    return sum > 0 ? exp(entropy) : 0;
}

/* Makes every column of x [m, d] sum to zero. */
static void
centre(float *x, int64_t m, int64_t d)
{
    g_autofree double *mean = g_new0(double, d);
    for (int64_t r = 0; r < m; r++)
        for (int64_t i = 0; i < d; i++)
            mean[i] += (double)x[r * d + i] / (double)m;
    for (int64_t r = 0; r < m; r++)
        for (int64_t i = 0; i < d; i++)
            x[r * d + i] -= (float)mean[i];
}

/* E⟨K, P L Pᵀ⟩ over all orders P of the rows is tr K tr L / (m - 1), since the rows of both sum to
 * zero. */
static void
shuffled_cka(const float *kernels, const double *products, int64_t n, int64_t m, float *c)
{
    g_autofree double *trace = g_new0(double, MAX(n, 1));
    for (int64_t e = 0; e < n; e++)
        for (int64_t r = 0; r < m; r++)
            trace[e] += (double)kernels[(e * m + r) * m + r];
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b < n; b++) {
            double norms = sqrt(products[a * n + a] * products[b * n + b]);
            c[a * n + b] =
                norms > 0 && m > 1 ? (float)(trace[a] * trace[b] / (double)(m - 1) / norms) : NAN;
        }
}

void
moe__linear_cka(const float *y, int64_t n, int64_t m, int64_t d, float *c, float *shuffled)
{
    /* ‖YᵀX‖² = ⟨XXᵀ, YYᵀ⟩: with the m x m Gram matrices as vectors, CKA is their cosine. */
    g_autofree float *x = g_new(float, m *d);
    g_autofree double *gram = g_new(double, m *m);
    g_autofree float *kernels = g_new(float, n *m *m);
    for (int64_t e = 0; e < n; e++) {
        memcpy(x, y + e * m * d, (size_t)(m * d) * sizeof *x);
        centre(x, m, d);
        moe__gram(x, m, d, gram);
        for (int64_t i = 0; i < m * m; i++)
            kernels[e * m * m + i] = (float)gram[i];
    }
    g_autofree double *products = g_new(double, n *n);
    moe__gram(kernels, n, m * m, products);
    if (shuffled)
        shuffled_cka(kernels, products, n, m, shuffled);
    moe__cosines(products, n, c);
}

typedef struct {
    int64_t d, rows; /* rows that have a class */
    int n;           /* classes */
    double *mean;    /* [n, d] */
    int64_t *count;  /* [n] */
    double *offset;  /* [n, d]: sqrt(count / rows) (class mean - mean): Σ_B = offsetᵀ offset */
} Classes;

static void
class_means(Classes *k, const float *x, int64_t m, const int32_t *klass)
{
    g_autofree double *mean = g_new0(double, k->d);
    for (int64_t r = 0; r < m; r++) {
        if (klass[r] < 0)
            continue;
        k->rows++;
        k->count[klass[r]]++;
        for (int64_t i = 0; i < k->d; i++)
            k->mean[klass[r] * k->d + i] += (double)x[r * k->d + i];
    }
    for (int c = 0; c < k->n; c++)
        for (int64_t i = 0; i < k->d; i++) {
            mean[i] += k->mean[c * k->d + i] / (double)MAX(k->rows, 1);
            k->mean[c * k->d + i] /= (double)MAX(k->count[c], 1);
        }
    for (int c = 0; c < k->n; c++) {
        double weight = sqrt((double)k->count[c] / (double)MAX(k->rows, 1));
        for (int64_t i = 0; i < k->d; i++)
            k->offset[c * k->d + i] = weight * (k->mean[c * k->d + i] - mean[i]);
    }
}

static void
offset_gram(const Classes *k, double *g)
{
    for (int a = 0; a < k->n; a++)
        for (int b = 0; b < k->n; b++) {
            double sum = 0;
            for (int64_t i = 0; i < k->d; i++)
                sum += k->offset[a * k->d + i] * k->offset[b * k->d + i];
            g[a * k->n + b] = sum;
        }
}

/* uᵀ Σ_W u, the variance within classes along u. */
static double
variance_within(const Classes *k, const float *x, int64_t m, const int32_t *klass, const double *u)
{
    double sum = 0;
    for (int64_t r = 0; r < m; r++) {
        if (klass[r] < 0)
            continue;
        double along = 0;
        for (int64_t i = 0; i < k->d; i++)
            along += ((double)x[r * k->d + i] - k->mean[klass[r] * k->d + i]) * u[i];
        sum += along * along;
    }
    return sum / (double)k->rows;
}

/* Σ_B = offsetᵀ offset has the eigenvalues λ of the small matrix offset offsetᵀ; with v one of its
 * unit eigenvectors, u = offsetᵀ v / √λ is Σ_B's. Tr(Σ_W Σ_B⁺) = Σ uᵀ Σ_W u / λ. */
static double
trace_over_directions(const Classes *k, const float *x, int64_t m, const int32_t *klass)
{
    g_autofree double *g = g_new(double, k->n * k->n), *vectors = g_new(double, k->n * k->n);
    g_autofree double *values = g_new(double, k->n), *u = g_new(double, k->d);
    offset_gram(k, g);
    moe__eigen(g, k->n, values, vectors);
    double trace = 0;
    for (int c = 0; c < k->n; c++) {
        if (values[c] <= RANK_CUTOFF * values[k->n - 1])
            continue;
        for (int64_t i = 0; i < k->d; i++) {
            u[i] = 0;
            for (int b = 0; b < k->n; b++)
                u[i] += vectors[c * k->n + b] * k->offset[b * k->d + i] / sqrt(values[c]);
        }
        trace += variance_within(k, x, m, klass, u) / values[c];
    }
    return values[k->n - 1] > 0 ? trace : NAN;
}

double
moe__representation_collapse(const float *x, int64_t m, int64_t d, const int32_t *klass, int n)
{
    if (n == 0)
        return NAN;
    g_autofree double *mean = g_new0(double, n *d), *offset = g_new0(double, n *d);
    g_autofree int64_t *count = g_new0(int64_t, n);
    Classes classes = {.d = d, .n = n, .mean = mean, .count = count, .offset = offset};
    class_means(&classes, x, m, klass);
    int filled = 0;
    for (int c = 0; c < n; c++)
        filled += count[c] > 0;
    return filled < 2 ? NAN : trace_over_directions(&classes, x, m, klass);
}
