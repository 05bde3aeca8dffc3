/* SPDX-License-Identifier: MIT
 *
 * The inside of a model.
 */
#ifndef MOE_MODEL_MODEL_H
#define MOE_MODEL_MODEL_H

#include "model/block.h"

struct MoeModel {
    MoeRecipe *recipe;
    MoeParams *params;
    int vocabulary, n_blocks, n_routers;
    int64_t d_model;
    MoeBlock *blocks;
    MoeLayer **routers;
    MoeTensor *embedding; /* [V, d] */
    MoeTensor *head;      /* [V, d]: the embedding itself when tied */
    MoeNorm norm;
};

#endif
