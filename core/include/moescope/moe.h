/* SPDX-License-Identifier: MIT
 *
 * moe.h: the Mixture-of-Experts layer as a pipeline of named parts:
 *
 *   split -> score -> select -> (capacity) -> gate -> experts -> branch -> join      + balance
 *
 * A variant of the literature is a choice at each of these places. Selection is plain data, made
 * outside the tape; gates are tape values gathered at it. Picks are counted and dispatched in one
 * place, by the layer, after selection and drops: no part can report a load that differs from the
 * one computed.
 *
 * Sizes: N tokens, d model width, U units (tokens, or sub-tokens where the split makes several of
 * each), w unit width, E experts, k picks a unit, R rows = picks kept.
 */
#ifndef MOESCOPE_MOE_H
#define MOESCOPE_MOE_H

#include <moescope/nn.h>
#include <moescope/ops.h>
#include <moescope/recipe.h>

G_BEGIN_DECLS

/* --- Picks ------------------------------------------------------------------------------------
 * What one router decided for one batch. Memory lives as long as the arena that the caller of the
 * layer chose for it (MoeContext.keep). */
typedef struct MoePicks {
    int64_t units;
    int experts, k;
    int32_t *expert;   /* [U, k] in order of choice; -1: no pick (padding) */
    uint8_t *dropped;  /* [U, k] 1: chosen, but over capacity */
    int32_t *slot;     /* [U, k] place in the expert's queue, from 0; NULL without capacity */
    int64_t capacity;  /* slots an expert has; 0: unlimited */
    int64_t *load;     /* [E] picks, before drops */
    int64_t *first;    /* [E] first choices, before drops */
    int64_t *overflow; /* [E] picks dropped */
    MoeGroups groups;  /* the kept picks' units, sorted by expert, then by unit: [R] */
    int32_t *place;    /* [U, k] row of that list; -1: none */
    float *gate;       /* [U, k] as applied, 0 where dropped; NULL until gates are known */
} MoePicks;

/* What a forward pass is part of. */
typedef struct MoeContext {
    MoeTape *tape;
    MoeArena *keep;         /* where picks go; they outlive the tape's scratch */
    bool train;             /* training rules (capacity, noise, dropout) or evaluation rules */
    int64_t step;           /* training step, from 0 */
    uint64_t seed;          /* random numbers of this pass: streams of this seed */
    int sequences, length;  /* N = sequences · length tokens */
    const int32_t *token;   /* [N] ids, or NULL */
    const int32_t *padding; /* [N] < 0: padding, never routed; or NULL */
} MoeContext;

typedef struct MoeLayer MoeLayer;

/* One pass of one layer, as its parts see it; fields are filled from top to bottom. */
typedef struct MoeRouting {
    MoeLayer *layer;
    MoeContext *context;
    MoeTensor *units;  /* [U, w] */
    MoeTensor *logits; /* [U, E] */
    MoePicks picks;
    MoeTensor *gates;         /* [U, k] before drops (combine leaves dropped picks out) */
    MoeTensor *probabilities; /* softmax(logits), or NULL: moe_routing_probabilities() */
} MoeRouting;

/* softmax(logits) [U, E], computed once a pass. */
MOE_API MoeTensor *moe_routing_probabilities(MoeRouting *routing);

/* --- Parts ------------------------------------------------------------------------------------*/

typedef enum {
    MOE_PLACE_SPLIT,
    MOE_PLACE_SCORE,
    MOE_PLACE_SELECT,
    MOE_PLACE_GATE,
    MOE_PLACE_EXPERTS,
    MOE_PLACE_BRANCH,
    MOE_PLACE_BALANCE,
    MOE_N_PLACES,
} MoePlace;
/* "score", for messages. */
MOE_API const char *moe_place_name(MoePlace place);
/* The recipe key that names the part of a place, "moe.score". */
MOE_API const char *moe_place_key(MoePlace place);

/* One way to fill one place: a constant. Slots marked with a place are required there and unused
 * elsewhere; the others may be NULL. `state` points to `state_size` zeroed bytes a layer. */
typedef struct MoePart {
    size_t struct_size; /* sizeof(MoePart) */
    MoePlace place;
    const char *name;
    const char *help; /* one line */
    const char *cite; /* paper, equation */
    size_t state_size;
    /* Adds the part's parameters (moe_layer_param()) and reads its keys of the recipe. */
    void (*init)(MoeLayer *layer, void *state);
    /* SPLIT: units per token and unit width follow from the recipe. [N, d] -> [U, w], and back. */
    void (*shape)(const MoeRecipe *recipe, int d_model, int *units_per_token, int *width);
    MoeTensor *(*split)(MoeRouting *routing, void *state, MoeTensor *x);
    MoeTensor *(*join)(MoeRouting *routing, void *state, MoeTensor *y);
    /* SCORE: routing->units -> logits [U, E]. */
    MoeTensor *(*score)(MoeRouting *routing, void *state);
    /* SELECT: fills picks.expert [U, k] (allocated) from routing->logits. */
    void (*select)(MoeRouting *routing, void *state);
    /* GATE: -> [U, k] from logits or probabilities at the picks; drops are known. */
    MoeTensor *(*gate)(MoeRouting *routing, void *state);
    /* EXPERTS: rows of routing->units in the order of picks.groups -> [R, w]. */
    MoeTensor *(*experts)(MoeRouting *routing, void *state);
    /* BRANCH: -> [U, w], added to the combined output. */
    MoeTensor *(*branch)(MoeRouting *routing, void *state);
    /* BALANCE: -> scalar, before its coefficient; and the coefficient. */
    MoeTensor *(*loss)(MoeRouting *routing, void *state);
    double (*coefficient)(const MoeRecipe *recipe);
    /* FLOPs (2 a multiply-add) of one token's forward pass through the part. */
    double (*flops)(const MoeLayer *layer, const void *state);
} MoePart;

/* Adds a part, and its name to what the recipe key of its place takes. Refused, with a sentence
 * that names the slot, if a slot that its place requires is NULL, the size is wrong, or the name is
 * taken. The part must live for ever. */
MOE_API bool moe_part_add(const MoePart *part, GError **error);
MOE_API const MoePart *moe_part_find(MoePlace place, const char *name);
/* All parts of a place, in the order of registration. (transfer none) */
MOE_API const MoePart *const *moe_parts_list(MoePlace place, int *n);

/* --- The layer --------------------------------------------------------------------------------*/

typedef struct MoeLayerSize {
    int index;          /* which router of the model, from 0 */
    int block;          /* which transformer block, from 0 */
    int d_model;        /* d */
    const char *prefix; /* of parameter names, "blocks.3.moe." (copied) */
} MoeLayerSize;

/* Builds the layer that the recipe describes ([moe]); its parameters go into `params`, their
 * initial values from [init] and `seed`. The recipe has passed moe_recipe_check(). */
MOE_API MoeLayer *moe_layer_new(const MoeRecipe *recipe, const MoeLayerSize *size,
                                MoeParams *params, uint64_t seed);
MOE_API void moe_layer_free(MoeLayer *layer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeLayer, moe_layer_free)

/* x [N, d] -> [N, d]. `routing`, the caller's, receives what was decided; it and the picks live
 * until context->keep is reset. */
MOE_API MoeTensor *moe_layer_forward(MoeLayer *layer, MoeContext *context, MoeTensor *x,
                                     MoeRouting *routing);
/* The balance losses of a pass times their coefficients, summed -> scalar; NULL: the layer has
 * none. `raw`, if not NULL, receives each loss before its coefficient, in the order of
 * moe_layer_balance(). */
MOE_API MoeTensor *moe_layer_balance_loss(MoeRouting *routing, float *raw);

/* What parts and recorders ask a layer. */
MOE_API const MoeRecipe *moe_layer_recipe(const MoeLayer *layer);
MOE_API int moe_layer_index(const MoeLayer *layer);
MOE_API int moe_layer_block(const MoeLayer *layer);
MOE_API int moe_layer_experts(const MoeLayer *layer);
MOE_API int moe_layer_k(const MoeLayer *layer);
MOE_API int moe_layer_units_per_token(const MoeLayer *layer);
MOE_API int moe_layer_width(const MoeLayer *layer);
MOE_API const MoePart *moe_layer_part(const MoeLayer *layer, MoePlace place);
MOE_API const MoePart *const *moe_layer_balance(const MoeLayer *layer, int *n);
MOE_API double moe_layer_flops(const MoeLayer *layer);
/* Adds a parameter called prefix + name, initialised as [init] says for a matrix
 * with `fan_in` inputs; fan_in 0: zeros (biases). */
MOE_API MoeTensor *moe_layer_param(MoeLayer *layer, const char *name, int ndim,
                                   const int64_t *shape, MoeParamFlags flags, int64_t fan_in);
/* The seed of this layer's own random numbers, another one in each layer: for parts whose initial
 * values aren't those of [init]. */
MOE_API uint64_t moe_layer_seed(const MoeLayer *layer);
/* The same, initialised U(±limit) whatever [init] says: for parts whose source fixes the values. */
MOE_API MoeTensor *moe_layer_param_uniform(MoeLayer *layer, const char *name, int ndim,
                                           const int64_t *shape, MoeParamFlags flags, double limit);

G_END_DECLS

#endif
