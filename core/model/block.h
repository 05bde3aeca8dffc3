/* SPDX-License-Identifier: MIT */
#ifndef MOE_MODEL_BLOCK_H
#define MOE_MODEL_BLOCK_H

#include <moescope/model.h>

/* A norm with its weights: RMSNorm or LayerNorm, as model.norm says. */
typedef struct MoeNorm {
    bool layer; /* LayerNorm */
    float eps;
    MoeTensor *weight, *bias; /* [d]; bias only with LayerNorm */
} MoeNorm;

MoeNorm moe__norm_new(const MoeRecipe *recipe, MoeParams *params, const char *name);
MoeTensor *moe__norm(MoeTape *tape, const MoeNorm *norm, MoeTensor *x);

/* One transformer block: x += attention(norm1(x)); x += feed-forward(norm2(x)). The feed-forward
 * is an MoE layer (`moe`), or dense (w1, w2). */
typedef struct MoeBlock {
    int index, heads;
    float rope_base, dropout;
    MoeNorm norm1, norm2;
    MoeTensor *qkv, *qkv_bias; /* [3d, d], [3d] or NULL */
    MoeTensor *out, *out_bias; /* [d, d], [d] or NULL */
    MoeLayer *moe;             /* NULL: dense */
    int activation;            /* index into moe.activation's choices */
    int64_t hidden;
    MoeTensor *w1, *b1, *w2, *b2;
} MoeBlock;

/* `router`: the index of the block's router if it is an MoE block, else -1. */
void moe__block_init(MoeBlock *block, const MoeRecipe *recipe, MoeParams *params, int index,
                     int router, int vocabulary);
void moe__block_clear(MoeBlock *block);
/* x [N, d] -> [N, d]. `routing` is filled if the block has a router. */
MoeTensor *moe__block_forward(MoeBlock *block, MoeContext *context, MoeTensor *x,
                              MoeRouting *routing, MoeObserver observer, void *user);
/* The random stream of a block's dropout after its attention (site 0) or feed-forward (1). */
uint64_t moe__block_dropout_stream(int block, int site);
/* FLOPs a token of the forward pass. */
double moe__block_flops(const MoeBlock *block, int64_t d_model, int length);

#endif
