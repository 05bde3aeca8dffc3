/* SPDX-License-Identifier: MIT
 *
 * nn.h: parameters, their initial values, the optimiser and its schedule.
 */
#ifndef MOESCOPE_NN_H
#define MOESCOPE_NN_H

#include <moescope/recipe.h>
#include <moescope/tensor.h>

G_BEGIN_DECLS

/* --- Parameters: an ordered set of named tensors in an arena of its own ------------------------*/

typedef enum {
    MOE_PARAM_FROZEN = 1 << 0,   /* no gradient, no optimiser state; saved all the same */
    MOE_PARAM_NO_DECAY = 1 << 1, /* exempt from weight decay (biases, norms, embeddings) */
    MOE_PARAM_ROUTER = 1 << 2,   /* decides routing */
    MOE_PARAM_RESIDUAL = 1 << 3, /* the last matrix before a residual addition */
    MOE_PARAM_EXPERT = 1 << 4,   /* the first axis counts experts, of which a token uses few */
    MOE_PARAM_BUFFER = 1 << 5,   /* no gradient either: changed by a rule of its own; saved */
    MOE_PARAM_UNTRAINED = MOE_PARAM_FROZEN | MOE_PARAM_BUFFER,
} MoeParamFlags;

typedef struct MoeParam {
    const char *name; /* "blocks.0.attn.qkv.weight" */
    MoeTensor *tensor;
    MoeParamFlags flags;
} MoeParam;

typedef struct MoeParams MoeParams;

MOE_API MoeParams *moe_params_new(void);
/* The same for parameters that are only to be counted: tensors have a shape and no data, and
 * moe_init_*() leave them alone. A model of any size costs nothing to describe. */
MOE_API MoeParams *moe_params_new_shapes(void);
MOE_API void moe_params_free(MoeParams *params);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeParams, moe_params_free)

/* Adds a tensor, zeroed, with memory for its gradient unless untrained. The name is copied and must
 * be new. */
MOE_API MoeTensor *moe_params_add(MoeParams *params, const char *name, int ndim,
                                  const int64_t *shape, MoeParamFlags flags);
MOE_API int moe_params_count(const MoeParams *params);
MOE_API const MoeParam *moe_params_get(const MoeParams *params, int i);
MOE_API MoeTensor *moe_params_find(const MoeParams *params, const char *name);
/* Number of values, of all parameters or of the trainable ones. */
MOE_API int64_t moe_params_size(const MoeParams *params, bool trainable_only);
/* A number that changes whenever values do: what was computed from parameters alone holds as long
 * as it stays. Loading and an optimiser's step change it; whoever writes values directly once they
 * have been used says so with moe_params_touch(). */
MOE_API uint64_t moe_params_version(const MoeParams *params);
MOE_API void moe_params_touch(MoeParams *params);
/* Marks all gradients as absent. */
MOE_API void moe_params_drop_grads(MoeParams *params);
/* Safetensors; loading is strict: names and shapes must be exactly these, and the error lists what
 * is missing, left over or of another shape. */
MOE_API bool moe_params_save(const MoeParams *params, const char *path, GError **error);
MOE_API bool moe_params_load(MoeParams *params, const char *path, GError **error);

/* --- Initial values ---------------------------------------------------------------------------
 * Each draws from its own random stream, named by (seed, name), so that adding a parameter changes
 * no other's values. A tensor without data (moe_params_new_shapes()) is left as it is. */
MOE_API void moe_init_constant(MoeTensor *x, float value);
MOE_API void moe_init_normal(MoeTensor *x, const char *name, uint64_t seed, double std);
MOE_API void moe_init_uniform(MoeTensor *x, const char *name, uint64_t seed, double limit);
/* U(±gain sqrt(6 / (fan_in + fan_out))), fans being the last two axes (Glorot & Bengio 2010). */
MOE_API void moe_init_xavier(MoeTensor *x, const char *name, uint64_t seed, double gain);
/* Rows (or columns, whichever are fewer) orthonormal, times gain. x [m, n]. */
MOE_API void moe_init_orthogonal(MoeTensor *x, const char *name, uint64_t seed, double gain);
/* As [init] of the recipe says for a matrix with `fan_in` inputs (0: a bias, zeros):
 *   normal   N(0, init.std²)
 *   torch    U(±1/sqrt(fan_in)), the default of torch.nn.Linear
 * and, with init.scale_residual, `residual` matrices divided by sqrt(2 · model.layers) (GPT-2). */
MOE_API void moe_init_from_recipe(MoeTensor *x, const MoeRecipe *recipe, const char *name,
                                  uint64_t seed, int64_t fan_in, bool residual);

/* --- AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101, algorithm 2) ---------------------------*/

typedef struct MoeAdamW MoeAdamW;
typedef struct MoeAdamWOptions {
    double beta1, beta2, eps, decay;
    double clip; /* global norm of the gradient; 0: none */
} MoeAdamWOptions;

MOE_API MoeAdamWOptions moe_adamw_options(const MoeRecipe *recipe);
/* State (two tensors) for every trainable parameter of `params`, which must outlive it. */
MOE_API MoeAdamW *moe_adamw_new(MoeParams *params, const MoeAdamWOptions *options);
MOE_API void moe_adamw_free(MoeAdamW *adamw);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeAdamW, moe_adamw_free)
/* Scales the gradients by `scale` (1 / micro-batches), clips, and takes one step at learning rate
 * lr. A parameter without a gradient takes a step with gradient zero; one that was frozen
 * (needs_grad = false) takes none, and it and its state keep their bits. `grad_norm`, if not NULL,
 * receives the global norm after scaling, before clipping. Returns false, and changes nothing, if
 * that norm isn't finite. */
MOE_API bool moe_adamw_step(MoeAdamW *adamw, double lr, double scale, double *grad_norm);
MOE_API bool moe_adamw_save(const MoeAdamW *adamw, const char *path, GError **error);
MOE_API bool moe_adamw_load(MoeAdamW *adamw, const char *path, GError **error);

/* --- Learning-rate schedule -------------------------------------------------------------------*/

typedef struct MoeSchedule {
    int kind;         /* index into "constant | cosine | linear" */
    double lr, floor; /* floor: share of lr at the end */
    int64_t warmup, steps;
} MoeSchedule;

/* From [optim] and train.steps. */
MOE_API MoeSchedule moe_schedule_from_recipe(const MoeRecipe *recipe);
/* Rate of step 0 … steps-1: linear from lr/warmup to lr over `warmup` steps, then as `kind`. */
MOE_API double moe_schedule_lr(const MoeSchedule *schedule, int64_t step);

G_END_DECLS

#endif
