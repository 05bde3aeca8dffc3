/* SPDX-License-Identifier: MIT
 *
 * Lanczos's iteration: a few hundred products with the matrix, where all eigenvalues would take as
 * many as it has rows, several times over.
 */
#include "figure/lanczos.h"

#include "base/blas.h"

#include <math.h>
#include <moescope/base.h>
#include <string.h>

/* Steps at most; how often it is looked whether they suffice, and to which share of the eigenvalue.
 */
enum { MOST_STEPS = 600, LOOK = 20 };
#define CLOSE 1e-9
/* What is left of a vector within the space that was searched already. */
#define NOTHING 1e-13

typedef struct Krylov {
    const double *a, *known;
    int n, n_known;
    double *basis;        /* [MOST_STEPS + 1, n] */
    double *alpha, *beta; /* the matrix within the basis: its diagonal, and beside it */
    int steps;
} Krylov;

static double
dot(const double *x, const double *y, int n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static void
take_off(double *x, const double *y, double times, int n)
{
    for (int i = 0; i < n; i++)
        x[i] -= times * y[i];
}

static double *
vector_of(const Krylov *k, int i)
{
    return k->basis + (gsize)i * (gsize)k->n;
}

/* Makes x orthogonal to what is known and to the basis; twice, since once loses digits. */
static void
straighten(const Krylov *k, double *x, int vectors)
{
    for (int twice = 0; twice < 2; twice++) {
        for (int i = 0; i < k->n_known; i++) {
            const double *known = k->known + (gsize)i * (gsize)k->n;
            take_off(x, known, dot(x, known, k->n), k->n);
        }
        for (int i = 0; i < vectors; i++)
            take_off(x, vector_of(k, i), dot(x, vector_of(k, i), k->n), k->n);
    }
}

/* Returns the length that it had. */
static double
normalise(double *x, int n)
{
    double length = sqrt(dot(x, x, n));
    for (int i = 0; i < n && length > 0; i++)
        x[i] /= length;
    return length;
}

static void
multiply(const Krylov *k, const double *x, double *out)
{
#pragma omp parallel for schedule(static) num_threads(moe_threads())
    for (int i = 0; i < k->n; i++)
        out[i] = dot(k->a + (gsize)i * (gsize)k->n, x, k->n);
}

/* One more vector; returns how far it led out of the space. */
static double
step(Krylov *k)
{
    int j = k->steps++;
    double *next = vector_of(k, j + 1);
    multiply(k, vector_of(k, j), next);
    k->alpha[j] = dot(next, vector_of(k, j), k->n);
    straighten(k, next, j + 1);
    k->beta[j] = normalise(next, k->n);
    return k->beta[j];
}

/* The largest eigenvalue within the basis, and its vector [steps]. */
static double
within(const Krylov *k, double *weights)
{
    gsize m = (gsize)k->steps;
    int order = k->steps, info;
    g_autofree double *values = g_memdup2(k->alpha, m * sizeof(double));
    g_autofree double *beside = g_memdup2(k->beta, m * sizeof(double));
    g_autofree double *vectors = g_new(double, m *m), *work = g_new(double, 2 * m);
    moe__blas()->dstev("V", &order, values, beside, vectors, &order, work, &info);
    g_assert(info == 0);
    memcpy(weights, vectors + (m - 1) * m, m * sizeof(*weights));
    return values[m - 1];
}

static double
iterate(Krylov *k, double *weights)
{
    int most = MIN(MOST_STEPS, k->n - k->n_known);
    double value = 0;
    for (;;) {
        double left = step(k);
        bool last = k->steps >= most || left <= NOTHING * fabs(k->alpha[0]);
        if (!last && k->steps % LOOK != 0)
            continue;
        value = within(k, weights);
        if (last || left * fabs(weights[k->steps - 1]) <= CLOSE * fabs(value))
            return value;
    }
}

double
moe__lanczos(const double *a, int n, const double *known, int n_known, double *vector)
{
    gsize most = (gsize)MIN(MOST_STEPS, n);
    Krylov k = {a,
                known,
                n,
                n_known,
                g_new(double, (most + 1) * (gsize)n),
                g_new(double, most),
                g_new(double, most),
                0};
    g_autofree double *weights = g_new0(double, most);
    MoeRng rng = moe_rng(1, 0);
    for (int i = 0; i < n; i++)
        k.basis[i] = moe_rng_normal(&rng);
    straighten(&k, k.basis, 0);
    normalise(k.basis, n);
    double value = iterate(&k, weights);
    memset(vector, 0, (gsize)n * sizeof(*vector));
    for (int i = 0; i < k.steps; i++)
        take_off(vector, vector_of(&k, i), -weights[i], n);
    normalise(vector, n);
    g_free(k.basis);
    g_free(k.alpha);
    g_free(k.beta);
    return value;
}
