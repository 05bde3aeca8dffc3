/* SPDX-License-Identifier: MIT
 *
 * Which products are thin, and which of the builds of thin.c this CPU runs.
 */
#include "tensor/thin.h"

#include <glib.h>

extern const MoeThinKernel moe__thin_baseline;
#if defined(__x86_64__)
extern const MoeThinKernel moe__thin_avx2, moe__thin_avx512;
#endif

const MoeThinKernel *const *
moe__thin_kernels(void)
{
    static const MoeThinKernel *kernel[4];
    static gsize chosen;
    if (g_once_init_enter(&chosen)) {
        int n = 0;
#if defined(__x86_64__)
        bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
        if (avx2 && __builtin_cpu_supports("avx512f"))
            kernel[n++] = &moe__thin_avx512;
        if (avx2)
            kernel[n++] = &moe__thin_avx2;
#endif
        kernel[n] = &moe__thin_baseline;
        g_once_init_leave(&chosen, 1);
    }
    return kernel;
}

static bool
aligned(int64_t n)
{
    return n % MOE_THIN_ALIGN == 0;
}

bool
moe__thin(const MoeThinKernel *kernel, const MoeGemm *p, float *scratch)
{
    if ((p->beta != 0 && p->beta != 1) || (p->trans_a && p->trans_b) || (p->bias && !p->trans_b))
        return false;
    if (p->trans_a) {
        if (p->k > MOE_THIN_ROWS || p->k < 1 || p->m < MOE_THIN_LONG || p->n > MOE_THIN_DEPTH ||
            !aligned(p->m) || !aligned(p->n))
            return false;
        kernel->outer(p, scratch);
    } else if (p->trans_b) {
        if (p->m > MOE_THIN_ROWS || p->n < MOE_THIN_LONG || p->k > MOE_THIN_DEPTH || p->k < 1 ||
            !aligned(p->n) || !aligned(p->k))
            return false;
        kernel->times_transposed(p, scratch);
    } else {
        if (p->m > MOE_THIN_ROWS || p->k < MOE_THIN_LONG || p->n > MOE_THIN_DEPTH || !aligned(p->n))
            return false;
        kernel->times(p, scratch);
    }
    return true;
}
