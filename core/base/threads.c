/* SPDX-License-Identifier: MIT
 *
 * One pool of threads: OpenMP's. OpenBLAS is kept on the thread that calls it, whatever its flavour
 * (core/tensor/gemm.h says why).
 */
#include "base/blas.h"

#include <moescope/base.h>
#include <omp.h>

static int n_threads, all_threads;

void
moe__blas_settle(const MoeBlas *blas, int threads)
{
    blas->set_num_threads(1);
    omp_set_num_threads(threads);
}

void
moe_set_threads(int threads)
{
    /* What OMP_NUM_THREADS or the process's set of CPUs allows; our own setting would hide it. */
    if (all_threads == 0)
        all_threads = omp_get_max_threads();
    n_threads = MIN(threads > 0 ? threads : all_threads, MOE_THREADS_MOST);
    omp_set_num_threads(n_threads);
    if (moe__blas_loaded())
        moe__blas_settle(moe__blas_loaded(), n_threads);
}

int
moe_threads(void)
{
    if (n_threads == 0)
        moe_set_threads(0);
    return n_threads;
}

char *
moe_engine_description(void)
{
    static const char *const flavour[] = {"sequential", "pthread", "OpenMP"};
    const MoeBlas *blas = moe__blas();
    int parallel = blas->get_parallel();
    g_auto(GStrv) config = g_strsplit(blas->get_config(), " ", 3);
    bool named = config[0] && config[1];
    return g_strdup_printf("%s %s (%s threads, %s kernels), %d threads", named ? config[0] : "BLAS",
                           named ? config[1] : "", flavour[CLAMP(parallel, 0, 2)],
                           blas->get_corename(), moe_threads());
}
