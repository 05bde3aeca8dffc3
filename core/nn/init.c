/* SPDX-License-Identifier: MIT
 *
 * Initial values. Element i of a tensor is a function of (seed, name, i) alone, so pieces can be
 * filled by any thread.
 */
#include <moescope/nn.h>

#include <math.h>
#include <string.h>

#define PIECE 4096 /* elements; a multiple of four, the numbers in a block of the generator */

/* FNV-1a: the number of the stream that belongs to a name. */
static uint64_t
stream_of(const char *name)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001B3u;
    return hash;
}

/* x[i] = scale · draw(number i of the stream); a draw takes `words` 32-bit words. */
static void
fill(MoeTensor *x, const char *name, uint64_t seed, double scale, float (*draw)(MoeRng *rng),
     int words)
{
    int64_t n = x->data ? moe_tensor_count(x) : 0;
    uint64_t stream = stream_of(name);
#pragma omp parallel for schedule(static)
    for (int64_t from = 0; from < n; from += PIECE) {
        MoeRng rng = moe_rng(seed, stream);
        rng.counter = (uint64_t)(from * words / 4);
        for (int64_t i = from; i < MIN(from + PIECE, n); i++)
            x->data[i] = (float)(scale * (double)draw(&rng));
    }
}

/* Uniform in (-1, 1), symmetric about zero. */
static float
draw_uniform(MoeRng *rng)
{
    return 2 * moe_rng_uniform(rng) - (1 - 0x1p-24f);
}

void
moe_init_constant(MoeTensor *x, float value)
{
    for (int64_t i = 0, n = moe_tensor_count(x); x->data && i < n; i++)
        x->data[i] = value;
}

void
moe_init_normal(MoeTensor *x, const char *name, uint64_t seed, double std)
{
    fill(x, name, seed, std, moe_rng_normal, 2);
}

void
moe_init_uniform(MoeTensor *x, const char *name, uint64_t seed, double limit)
{
    fill(x, name, seed, limit, draw_uniform, 1);
}

void
moe_init_xavier(MoeTensor *x, const char *name, uint64_t seed, double gain)
{
    g_return_if_fail(x->ndim >= 2);
    double fans = (double)(x->shape[x->ndim - 1] + x->shape[x->ndim - 2]);
    moe_init_uniform(x, name, seed, gain * sqrt(6 / fans));
}

static double
dot(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Modified Gram-Schmidt on k rows of n, each taken twice: once leaves an error that grows with the
 * condition of the matrix, twice is enough (Giraud, Langou, Rozložník 2005). */
static void
orthonormalise(double *q, int64_t k, int64_t n)
{
    for (int64_t i = 0; i < k; i++) {
        double *row = q + i * n;
        for (int pass = 0; pass < 2; pass++) {
            for (int64_t j = 0; j < i; j++) {
                double along = dot(row, q + j * n, n);
                for (int64_t c = 0; c < n; c++)
                    row[c] -= along * q[j * n + c];
            }
            double norm = sqrt(dot(row, row, n));
            for (int64_t c = 0; c < n; c++)
                row[c] /= norm;
        }
    }
}

void
moe_init_orthogonal(MoeTensor *x, const char *name, uint64_t seed, double gain)
{
    g_return_if_fail(x->ndim == 2);
    if (!x->data)
        return;
    int64_t rows = x->shape[0], columns = x->shape[1];
    int64_t k = MIN(rows, columns), n = MAX(rows, columns);
    g_autofree double *q = g_new(double, k *n);
    moe_init_normal(x, name, seed, 1);
    for (int64_t i = 0; i < k * n; i++)
        q[i] = x->data[i];
    orthonormalise(q, k, n);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++)
            x->data[r * columns + c] =
                (float)(gain * (rows <= columns ? q[r * n + c] : q[c * n + r]));
}
