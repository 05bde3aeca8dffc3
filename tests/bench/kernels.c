/* SPDX-License-Identifier: MIT
 *
 * How fast the hot operations are at the sizes of a training step (d 256, 8 heads, 8 experts of
 * 512, top-2, 8 sequences of 256), also as share of the matrix product that this machine reaches.
 * One line a figure, as run.sh says. Medians; causal attention counts half the square; backward of
 * a linear map is two products, of attention five.
 *
 *   bench-kernels [peak]            peak: only that product
 */
#include "base/blas.h"
#include "tensor/attention-head.h"
#include "tensor/gemm.h"

#include <moescope/ops.h>

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH   8
#define LENGTH  256
#define TOKENS  (BATCH * LENGTH)
#define WIDTH   256
#define HEADS   8
#define EXPERTS 8
#define HIDDEN  512
#define TOP_K   2
#define RUNS    15

static double peak; /* GFLOP/s of a 2048³ product */

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double
median(double *x, int n)
{
    qsort(x, (size_t)n, sizeof *x, compare);
    return x[n / 2];
}

static void
report(const char *name, const char *direction, double gflops, double target)
{
    double share = gflops / peak;
    printf("%s.%s\t%.1f\tGFLOP/s\t-\t-\n", name, direction, gflops);
    printf("%s.%s.share\t%.2f\t1\t>= %.2f\t%s\n", name, direction, share, target,
           share >= target ? "met" : "missed");
    fflush(stdout);
}

static MoeTensor *
input(MoeArena *arena, int ndim, const int64_t *shape)
{
    MoeTensor *x = moe_tensor_new(arena, ndim, shape);
    MoeRng rng = moe_rng(1, 0);
    for (int64_t i = 0; i < moe_tensor_count(x); i++)
        x->data[i] = moe_rng_normal(&rng);
    moe_tensor_require_grad(arena, x);
    return x;
}

/* Median rate of a 2048³ product, by OpenBLAS's own threads or by ours. */
static double
square_product(const MoeTensor *a, const MoeTensor *b, MoeTensor *c, bool own_threads)
{
    int64_t N = a->shape[0];
    MoeGemm product = {.trans_b = true,
                       .m = N,
                       .n = N,
                       .k = N,
                       .a = a->data,
                       .lda = N,
                       .b = b->data,
                       .ldb = N,
                       .c = c->data,
                       .ldc = N};
    double seconds[RUNS];
    int threads = moe_threads();
    if (own_threads)
        moe__blas()->set_num_threads(threads);
    for (int i = -2; i < RUNS; i++) {
        int64_t start = g_get_monotonic_time();
        if (own_threads)
            moe__gemm_backend()->gemm(&product);
        else
            moe__gemm(&product);
        if (i >= 0)
            seconds[i] = (double)(g_get_monotonic_time() - start) * 1e-6;
    }
    moe_set_threads(threads);
    return 2.0 * (double)(N * N * N) / median(seconds, RUNS) * 1e-9;
}

/* The faster of the two: the peak is the machine's, not that of a way to use it. */
static void
measure_peak(MoeArena *arena)
{
    int64_t shape[] = {2048, 2048};
    MoeTensor *a = input(arena, 2, shape), *b = input(arena, 2, shape);
    MoeTensor *c = moe_tensor_new(arena, 2, shape);
    peak = MAX(square_product(a, b, c, true), square_product(a, b, c, false));
    printf("sgemm.peak\t%.1f\tGFLOP/s\t-\t-\n", peak);
    fflush(stdout);
}

/* What is measured: one operation, applied to a fixed set of inputs. */
typedef struct {
    const char *name;
    MoeTensor *x, *w, *b;
    const MoeGroups *groups;
    double flops; /* of forward */
    double backward_factor, target;
} Kernel;

static MoeTensor *
apply(MoeTape *tape, const Kernel *k)
{
    if (!k->w)
        return moe_attention(tape, k->x, HEADS, 10000);
    return k->groups ? moe_grouped_linear(tape, k->x, k->w, k->b, k->groups)
                     : moe_linear(tape, k->x, k->w, k->b);
}

static void
measure(const Kernel *k, const float *cotangent)
{
    g_autoptr(MoeTape) tape = moe_tape_new(true);
    double forward[RUNS], backward[RUNS];
    for (int i = -3; i < RUNS; i++) {
        moe_tape_reset(tape);
        int64_t start = g_get_monotonic_time();
        MoeTensor *y = apply(tape, k);
        int64_t between = g_get_monotonic_time();
        moe_tape_backward_from(tape, y, cotangent);
        int64_t end = g_get_monotonic_time();
        for (MoeTensor *const *p = (MoeTensor *const[]){k->x, k->w, k->b, NULL}; *p; p++)
            moe_tensor_drop_grad(*p);
        if (i >= 0) {
            forward[i] = (double)(between - start) * 1e-6;
            backward[i] = (double)(end - between) * 1e-6;
        }
    }
    report(k->name, "forward", k->flops / median(forward, RUNS) * 1e-9, k->target);
    report(k->name, "backward", k->backward_factor * k->flops / median(backward, RUNS) * 1e-9,
           k->target);
}

/* `rows` picks shared out evenly among the experts; token r / TOP_K stands at place r. */
static MoeGroups
even_groups(int64_t rows, int64_t *offset, int32_t *row)
{
    for (int g = 0; g <= EXPERTS; g++)
        offset[g] = rows * g / EXPERTS;
    for (int64_t r = 0; r < rows; r++)
        row[r] = (int32_t)(r * 7 % (rows / TOP_K));
    return (MoeGroups){EXPERTS, offset, row};
}

static void
measure_grouped(MoeArena *arena, const char *name, int64_t rows, bool up, double target,
                const float *cotangent)
{
    int64_t offset[EXPERTS + 1];
    g_autofree int32_t *row = g_new(int32_t, rows);
    MoeGroups groups = even_groups(rows, offset, row);
    int64_t n_in = up ? WIDTH : HIDDEN, n_out = up ? HIDDEN : WIDTH;
    if (!up)
        groups.row = NULL;
    Kernel k = {name,
                input(arena, 2, (int64_t[]){up ? rows / TOP_K : rows, n_in}),
                input(arena, 3, (int64_t[]){EXPERTS, n_out, n_in}),
                input(arena, 2, (int64_t[]){EXPERTS, n_out}),
                &groups,
                2.0 * (double)(rows * n_in * n_out),
                2,
                target};
    measure(&k, cotangent);
}

int
main(int argc, char **argv)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    moe_set_threads(omp_get_max_threads());
    g_autofree char *engine = moe_engine_description();
    printf("# %s, products by %s, attention for %s\n", engine, moe__gemm_backend()->name,
           moe__attention_kernels()[0]->name);
    measure_peak(arena);
    if (argc > 1 && strcmp(argv[1], "peak") == 0)
        return 0;
    const float *cotangent = input(arena, 2, (int64_t[]){TOKENS * TOP_K, HIDDEN})->data;
    Kernel linear = {"linear",
                     input(arena, 2, (int64_t[]){TOKENS, WIDTH}),
                     input(arena, 2, (int64_t[]){3 * WIDTH, WIDTH}),
                     input(arena, 1, (int64_t[]){3 * WIDTH}),
                     NULL,
                     2.0 * TOKENS * WIDTH * 3 * WIDTH,
                     2,
                     0.85};
    measure(&linear, cotangent);
    measure_grouped(arena, "grouped_linear.512_rows.up", 4096, true, 0.8, cotangent);
    measure_grouped(arena, "grouped_linear.512_rows.down", 4096, false, 0.8, cotangent);
    measure_grouped(arena, "grouped_linear.32_rows.up", 256, true, 0.5, cotangent);
    Kernel attention = {"attention", input(arena, 4, (int64_t[]){BATCH, LENGTH, 3, WIDTH}),
                        NULL,        NULL,
                        NULL,        2.0 * BATCH * LENGTH * LENGTH * WIDTH,
                        2.5,         0.6};
    measure(&attention, cotangent);
    return 0;
}
