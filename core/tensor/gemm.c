/* SPDX-License-Identifier: MIT */
#include "tensor/gemm.h"

#include "base/blas.h"
#include "tensor/thin.h"

#include <glib.h>
#include <moescope/base.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Multiplications below which another thread isn't worth waking. */
#define SMALL ((double)(1 << 17))
/* Rows of a piece are a multiple of what a kernel computes at once. */
#define PIECE_ROWS 16

static bool
always(void)
{
    return true;
}

/* OpenBLAS has been told to stay on its caller's thread: moe_set_threads(). */
static void
openblas_gemm(const MoeGemm *p)
{
    g_assert(MAX(MAX(p->m, p->n), p->k) <= INT32_MAX);
    g_assert(MAX(MAX(p->lda, p->ldb), p->ldc) <= INT32_MAX);
    /* BLAS refuses a distance of 0, which an empty k gives. */
    moe__blas()->sgemm(CblasRowMajor, p->trans_a ? CblasTrans : CblasNoTrans,
                       p->trans_b ? CblasTrans : CblasNoTrans, (blasint)p->m, (blasint)p->n,
                       (blasint)p->k, 1, p->a, (blasint)MAX(p->lda, 1), p->b,
                       (blasint)MAX(p->ldb, 1), p->beta, p->c, (blasint)p->ldc);
}

static const MoeGemmBackend backends[] = {
    {"OpenBLAS", always, openblas_gemm},
};

const MoeGemmBackend *
moe__gemm_backend(void)
{
    static gsize chosen;
    if (g_once_init_enter(&chosen)) {
        moe__blas(); /* and its own threads are settled */
        const MoeGemmBackend *backend = backends;
        while (!backend->supported())
            backend++;
        g_once_init_leave(&chosen, (gsize)backend);
    }
    return (const MoeGemmBackend *)chosen;
}

static double
work(const MoeGemm *p)
{
    return (double)p->m * (double)p->n * (double)MAX(p->k, 1);
}

/* Rows from … of the product, `rows` of them. */
static MoeGemm
cut_rows(const MoeGemm *p, int64_t from, int64_t rows)
{
    MoeGemm piece = *p;
    piece.m = rows;
    if (p->a_row && !p->trans_a)
        piece.a_row += from;
    else
        piece.a += p->trans_a ? from : from * p->lda;
    if (p->c_row)
        piece.c_row += from;
    else
        piece.c += from * p->ldc;
    return piece;
}

static MoeGemm
cut_columns(const MoeGemm *p, int64_t from, int64_t columns)
{
    MoeGemm piece = *p;
    piece.n = columns;
    if (p->b_row && p->trans_b)
        piece.b_row += from;
    else
        piece.b += p->trans_b ? from * p->ldb : from;
    piece.c += from;
    if (p->bias)
        piece.bias += from;
    return piece;
}

/* Appends the product in about `wanted` pieces: of rows, or of columns where rows are few. */
static void
append_pieces(GArray *pieces, const MoeGemm *p, int64_t wanted)
{
    bool by_rows = p->m >= wanted * PIECE_ROWS || p->m >= p->n;
    int64_t whole = by_rows ? p->m : p->n;
    int64_t step = (whole + wanted - 1) / wanted;
    step = (step + PIECE_ROWS - 1) / PIECE_ROWS * PIECE_ROWS;
    for (int64_t from = 0; from < whole; from += step) {
        int64_t here = MIN(step, whole - from);
        MoeGemm piece = by_rows ? cut_rows(p, from, here) : cut_columns(p, from, here);
        g_array_append_val(pieces, piece);
    }
}

/* Scratch of the calling thread, kept from product to product. */
static float *
thread_scratch(size_t count)
{
    static GPrivate kept = G_PRIVATE_INIT(free);
    static GPrivate kept_size = G_PRIVATE_INIT(NULL);
    if (GPOINTER_TO_SIZE(g_private_get(&kept_size)) < count) {
        void *memory = NULL;
        if (posix_memalign(&memory, 64, count * sizeof(float)) != 0)
            g_error("out of memory: %zu numbers of scratch for a product", count);
        g_private_replace(&kept, memory);
        g_private_set(&kept_size, GSIZE_TO_POINTER(count));
    }
    return g_private_get(&kept);
}

/* Rows row[0 … n-1] of x, `width` wide, one after the other. */
static void
gather(float *to, const float *x, int64_t ld, const int32_t *row, int64_t n, int64_t width)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(to + i * width, x + row[i] * ld, (size_t)width * sizeof *to);
}

/* The result's rows to their places. */
static void
scatter(float *to, int64_t ld, const int32_t *row, const float *from, int64_t n, int64_t width)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(to + row[i] * ld, from + i * width, (size_t)width * sizeof *to);
}

static void
run_piece(const MoeGemmBackend *backend, const MoeGemm *piece)
{
    MoeGemm p = *piece;
    int64_t a_rows = p.trans_a ? p.k : p.m, a_width = p.trans_a ? p.m : p.k;
    int64_t b_rows = p.trans_b ? p.n : p.k, b_width = p.trans_b ? p.k : p.n;
    size_t a_count = p.a_row ? (size_t)(a_rows * a_width) : 0;
    size_t b_count = p.b_row ? (size_t)(b_rows * b_width) : 0;
    size_t c_count = p.c_row ? (size_t)(p.m * p.n) : 0;
    bool moves = p.a_row || p.b_row || p.c_row;
    float *scratch = moves ? thread_scratch(MAX(a_count + b_count + c_count, 1)) : NULL;
    if (p.a_row) {
        gather(scratch, p.a, p.lda, p.a_row, a_rows, a_width);
        p.a = scratch;
        p.lda = a_width;
    }
    if (p.b_row) {
        gather(scratch + a_count, p.b, p.ldb, p.b_row, b_rows, b_width);
        p.b = scratch + a_count;
        p.ldb = b_width;
    }
    if (p.c_row) {
        p.c = scratch + a_count + b_count;
        p.ldc = p.n;
    }
    if (!moves && moe__thin(moe__thin_kernels()[0], &p, thread_scratch(MOE_THIN_SCRATCH)))
        return;
    if (p.bias) {
        for (int64_t i = 0; i < p.m; i++)
            memcpy(p.c + i * p.ldc, p.bias, (size_t)p.n * sizeof *p.c);
        p.beta = 1;
    }
    backend->gemm(&p);
    if (p.c_row)
        scatter(piece->c, piece->ldc, p.c_row, p.c, p.m, p.n);
}

static int
largest_first(const void *a, const void *b)
{
    double x = work(a), y = work(b);
    return (x < y) - (x > y);
}

static void
run_pieces(const MoeGemmBackend *backend, GArray *pieces, int threads)
{
    const MoeGemm *piece = (const MoeGemm *)(gpointer)pieces->data;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (guint i = 0; i < pieces->len; i++)
        run_piece(backend, &piece[i]);
}

void
moe__gemm_all(const MoeGemm *products, int n)
{
    const MoeGemmBackend *backend = moe__gemm_backend();
    double total = 0;
    for (int i = 0; i < n; i++)
        total += work(&products[i]);
    int threads = omp_in_parallel() || total < SMALL ? 1 : moe_threads();
    /* Several products fill each other's gaps when none is more than half of a thread's share. */
    double most = total / (n > 1 ? 2 * threads : threads);
    g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(MoeGemm));
    for (int i = 0; i < n; i++) {
        const MoeGemm *p = &products[i];
        if (p->m < 1 || p->n < 1)
            continue;
        if (threads == 1)
            run_piece(backend, p);
        else
            append_pieces(pieces, p, MAX(1, (int64_t)(work(p) / most + 0.99)));
    }
    if (threads == 1)
        return;
    /* Equal ones may change places, which changes nothing: each piece has its part of c. */
    qsort(pieces->data, pieces->len, sizeof(MoeGemm), largest_first);
    run_pieces(backend, pieces, threads);
}

void
moe__gemm(const MoeGemm *product)
{
    moe__gemm_all(product, 1);
}
