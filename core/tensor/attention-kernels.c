/* SPDX-License-Identifier: MIT
 *
 * Which of the builds of attention-head.c this CPU runs, and how much memory they need.
 */
#include "tensor/attention-head.h"

#include <glib.h>

extern const MoeAttentionKernel moe__attention_baseline;
#if defined(__x86_64__)
extern const MoeAttentionKernel moe__attention_avx2, moe__attention_avx512;
#endif

const MoeAttentionKernel *const *
moe__attention_kernels(void)
{
    static const MoeAttentionKernel *kernel[4];
    static gsize chosen;
    if (g_once_init_enter(&chosen)) {
        int n = 0;
#if defined(__x86_64__)
        bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
        if (avx2 && __builtin_cpu_supports("avx512f"))
            kernel[n++] = &moe__attention_avx512;
        if (avx2)
            kernel[n++] = &moe__attention_avx2;
#endif
        kernel[n] = &moe__attention_baseline;
        g_once_init_leave(&chosen, 1);
    }
    return kernel;
}

size_t
moe__attention_scratch(const MoeHeadShape *shape, bool backward)
{
    int64_t length = moe__attention_pad(shape->length), dim = moe__attention_pad(shape->dim);
    int64_t block = MOE_ATTENTION_BLOCK_QUERIES * MOE_ATTENTION_BLOCK_ROW;
    int64_t panel = MOE_ATTENTION_PANEL * (length + MOE_ATTENTION_ALIGN + dim);
    return (size_t)(backward ? 8 * length * dim + 2 * length + 2 * block
                             : 3 * length * dim + panel);
}
