/* SPDX-License-Identifier: MIT
 *
 * attention-head.h: causal attention of one head of one sequence, built once per CPU level.
 */
#ifndef MOE_TENSOR_ATTENTION_HEAD_H
#define MOE_TENSOR_ATTENTION_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows and dimensions of packed matrices are padded to this, with zeros: a multiple of every
 * level's lanes and rows of a tile. */
#define MOE_ATTENTION_ALIGN 16
/* Queries or keys that a product takes at a time. */
#define MOE_ATTENTION_PANEL 8
/* Queries and keys of a block of backward, and the distance of its rows: a power of two would put
 * them into the same few sets of the cache. */
#define MOE_ATTENTION_BLOCK_QUERIES 32
#define MOE_ATTENTION_BLOCK_KEYS    64
#define MOE_ATTENTION_BLOCK_ROW     (MOE_ATTENTION_BLOCK_KEYS + MOE_ATTENTION_ALIGN)

static inline int64_t
moe__attention_pad(int64_t n)
{
    return (n + MOE_ATTENTION_ALIGN - 1) / MOE_ATTENTION_ALIGN * MOE_ATTENTION_ALIGN;
}

typedef struct {
    int64_t length;    /* T, positions of the sequence */
    int64_t dim;       /* D, of the head */
    int64_t width;     /* H·D: from q to k, from k to v, and from row to row of the result */
    const float *rope; /* [T, D], moe__rope_table(); NULL: positions aren't turned in */
} MoeHeadShape;

/* q, k, v of position t stand at qkv + t·3·width, + width, + 2·width; results at out + t·width.
 * `log_sum` [T] gets the logarithm (base 2) of each position's softmax denominator, which backward
 * needs; NULL if nobody asks. `scratch` holds moe__attention_scratch() floats. */
typedef struct {
    const char *name;
    void (*forward)(const MoeHeadShape *shape, const float *qkv, float *out, float *log_sum,
                    float *scratch);
    void (*backward)(const MoeHeadShape *shape, const float *qkv, const float *out,
                     const float *log_sum, const float *grad_out, float *grad_qkv, bool accumulate,
                     float *scratch);
} MoeAttentionKernel;

/* The kernels that this CPU can run, best first, ended by NULL. */
const MoeAttentionKernel *const *moe__attention_kernels(void);

/* Floats of scratch that one thread needs. */
size_t moe__attention_scratch(const MoeHeadShape *shape, bool backward);

#endif
