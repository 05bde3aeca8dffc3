/* SPDX-License-Identifier: MIT
 *
 * blas.h: OpenBLAS, loaded when it is first asked for.
 */
#ifndef MOE_BASE_BLAS_H
#define MOE_BASE_BLAS_H

#include <cblas.h>
#include <stdbool.h>

typedef struct MoeBlas {
    __typeof__(&cblas_sgemm) sgemm;
    __typeof__(&openblas_set_num_threads) set_num_threads;
    __typeof__(&openblas_get_parallel) get_parallel;
    __typeof__(&openblas_get_config) get_config;
    __typeof__(&openblas_get_corename) get_corename;
    /* LAPACK: eigenvalues, ascending, and eigenvectors of a symmetric matrix; of a tridiagonal one,
     * which unlike those of full ones are the same bits for any number of threads. */
    void (*dsyev)(const char *job, const char *triangle, const int *n, double *a, const int *lda,
                  double *w, double *work, const int *lwork, int *info);
    void (*dstev)(const char *job, const int *n, double *d, double *e, double *z, const int *ldz,
                  double *work, int *info);
} MoeBlas;

/* Loads it, and has it stay on its caller's thread. Ends the program where there is none. */
const MoeBlas *moe__blas(void);
/* NULL: nobody has asked for it yet. */
const MoeBlas *moe__blas_loaded(void);

/* Keeps it on its caller's thread, and OpenMP at so many: its OpenMP flavour passes its own number
 * on to omp_set_num_threads(). */
void moe__blas_settle(const MoeBlas *blas, int threads);

#endif
