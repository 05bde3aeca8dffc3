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
    int experts, k;    /* k: the most picks a unit can have in this pass */
    int32_t *expert;   /* [U, k] in order of choice; -1: no pick (padding, or fewer than k) */
    uint8_t *dropped;  /* [U, k] 1: chosen, but over capacity */
    int32_t *slot;     /* [U, k] place in the expert's queue, from 0, -1: no pick; or NULL:
                        * without capacity */
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
    int k;                  /* picks a unit; 0: as the recipe says for this step */
    const float *noise; /* [U, E] in place of the random numbers that parts and capacity would draw,
                         * to replay a recorded pass; or NULL */
} MoeContext;

typedef struct MoeLayer MoeLayer;

/* One pass of one layer, as its parts see it; fields are filled from top to bottom. */
typedef struct MoeRouting {
    MoeLayer *layer;
    MoeContext *context;
    MoeTensor *units;       /* [U, w] */
    MoeTensor *logits;      /* [U, E] */
    MoeTensor *clean;       /* [U, E] logits before noise; NULL: none was added */
    MoeTensor *noise_std;   /* [U, E] its standard deviation; NULL likewise */
    const float *selection; /* [U, E] what selection ranks, plain data: logits unless changed */
    float *own_selection;   /* the same where it may be written to, or NULL */
    MoePicks picks;
    MoeTensor *gates;         /* [U, k] before drops (combine leaves dropped picks out) */
    MoeTensor *combined;      /* [U, w] sum of the experts' outputs times gates */
    MoeTensor *branch;        /* [U, w] what the branch added; NULL: there is none */
    MoeTensor *probabilities; /* softmax(logits), or NULL: moe_routing_probabilities() */
    MoeTensor *affinities;    /* or NULL: moe_routing_affinities() */
} MoeRouting;

/* softmax(logits) [U, E], computed once a pass. */
MOE_API MoeTensor *moe_routing_probabilities(MoeRouting *routing);
/* Affinities [U, E], computed once a pass: softmax(logits), or sigmoid(logits) where moe.affinity
 * says so (DeepSeek-V3, arXiv 2412.19437, eq. 15). */
MOE_API MoeTensor *moe_routing_affinities(MoeRouting *routing);
/* Selection scores to write to [U, E]: the affinities at the first call of a pass. Whoever changes
 * them changes who is picked, and nothing else. */
MOE_API float *moe_routing_selection(MoeRouting *routing);

/* --- State that is worth recording ------------------------------------------------------------
 * Named numbers: `name` of letters, digits and "_", `values` of the given shape, valid during the
 * call. The same name always comes with the same shape. */
typedef struct MoeReporter {
    void (*func)(void *user, const char *name, int ndim, const int64_t *shape, const float *values);
    void *user;
} MoeReporter;
MOE_API void moe_report_scalar(const MoeReporter *to, const char *name, double value);
MOE_API void moe_report_tensor(const MoeReporter *to, const char *name, const MoeTensor *x);

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

typedef enum {
    MOE_PART_UNTRAINED = 1 << 0,  /* SCORE: nothing in it learns, so no loss can balance it */
    MOE_PART_NON_CAUSAL = 1 << 1, /* SELECT: a token's picks depend on tokens after it */
    MOE_PART_K_VARIES = 1 << 2,   /* SELECT: a unit gets from no pick to all experts */
} MoePartFlags;

/* One way to fill one place: a constant. Slots marked with a place are required there and unused
 * elsewhere, unless said to be optional; those without may be filled anywhere, or NULL. `state`
 * points to `state_size` zeroed bytes a layer. */
typedef struct MoePart {
    size_t struct_size; /* sizeof(MoePart) */
    MoePlace place;
    const char *name;
    const char *help; /* one line */
    const char *cite; /* paper, equation */
    MoePartFlags flags;
    const MoeField *fields; /* its own keys of a recipe, registered with it */
    int n_fields;
    const char *const *reads; /* keys of other parts that it reads too, ended by NULL; or NULL */
    MoeRecipeRule rule;       /* checked where a recipe chooses the part */
    size_t state_size;
    /* Adds the part's parameters (moe_layer_param()) and reads its keys of the recipe. Values are
     * set by moe_init_*(), or where there are any: a layer that is only described has no data. */
    void (*init)(MoeLayer *layer, void *state);
    /* Frees what init or a pass has put into the state; parameters aren't the state's. */
    void (*clear)(void *state);
    /* SPLIT: units per token and unit width follow from the recipe. [N, d] -> [U, w], and back. */
    void (*shape)(const MoeRecipe *recipe, int d_model, int *units_per_token, int *width);
    MoeTensor *(*split)(MoeRouting *routing, void *state, MoeTensor *x);
    MoeTensor *(*join)(MoeRouting *routing, void *state, MoeTensor *y);
    /* SCORE: routing->units -> logits [U, E]. May set clean, noise_std and selection. */
    MoeTensor *(*score)(MoeRouting *routing, void *state);
    /* SCORE, optional: a row for each expert that the score compares units with [E, any], biases
     * left out. */
    MoeTensor *(*rows)(MoeTape *tape, const void *state);
    /* SELECT: fills rows of picks.expert [U, k] (all -1), from the front, by routing->selection. */
    void (*select)(MoeRouting *routing, void *state);
    /* SELECT with MOE_PART_K_VARIES, required there: picks a unit on average, for costs. */
    double (*mean_k)(const MoeRecipe *recipe);
    /* GATE: -> [U, k] from logits or affinities at the picks; drops are known. */
    MoeTensor *(*gate)(MoeRouting *routing, void *state);
    /* EXPERTS: rows of routing->units in the order of picks.groups -> [R, w]. */
    MoeTensor *(*experts)(MoeRouting *routing, void *state);
    /* EXPERTS, optional: of those that always run, or NULL -> [U, w], added ungated. */
    MoeTensor *(*shared)(MoeRouting *routing, void *state);
    /* BRANCH: -> [U, w], added to the combined output. */
    MoeTensor *(*branch)(MoeRouting *routing, void *state);
    /* BALANCE: one of these two at least. A loss -> scalar, before its coefficient, or NULL where
     * the pass has none; and the coefficient. Or changes of moe_routing_selection(), before
     * selection. */
    MoeTensor *(*loss)(MoeRouting *routing, void *state);
    double (*coefficient)(const MoeRecipe *recipe);
    void (*prefer)(MoeRouting *routing, void *state);
    /* Before the passes of a training step: what freezes or anneals. */
    void (*before_step)(MoeLayer *layer, void *state, int64_t step);
    /* After the optimiser's step: `load` [E] is what the step's passes picked, before drops. */
    void (*after_step)(MoeLayer *layer, void *state, int64_t step, const int64_t *load);
    /* Tells state worth recording: cheap numbers after a step, or thoroughly at a snapshot. */
    void (*report)(MoeRouting *routing, void *state, bool thorough, const MoeReporter *to);
    /* FLOPs of the matrix products (2 a multiply-add) of one token's forward pass through the part,
     * at moe_layer_mean_k() picks a unit; and of what a pass costs beside that, whatever its number
     * of tokens up to `units` units. */
    double (*flops)(const MoeLayer *layer, const void *state);
    double (*pass_flops)(const MoeLayer *layer, const void *state, int64_t units);
} MoePart;

/* Adds a part, its keys, and its name to what the recipe key of its place takes. Refused, with a
 * sentence that names the slot, if a slot that its place requires is NULL, the size is wrong, or
 * the name is taken. The part must live for ever. */
MOE_API bool moe_part_add(const MoePart *part, GError **error);
MOE_API const MoePart *moe_part_find(MoePlace place, const char *name);
/* All parts of a place, in the order of registration. (transfer none) */
MOE_API const MoePart *const *moe_parts_list(MoePlace place, int *n);

/* --- Picks a unit over training ---------------------------------------------------------------
 * As in the code of SMoE-Dropout and HyperRouter (new_utils.calculate_gate_number), rounding half
 * to even; `step` from 0, of `steps`. */
typedef enum {
    MOE_K_CONSTANT, /* high */
    MOE_K_LINEAR_INCREASE,
    MOE_K_LINEAR_DECREASE,
    MOE_K_COSINE_INCREASE,
    MOE_K_COSINE_DECREASE,
    MOE_K_EXP_INCREASE,
    MOE_K_MULTI_STEP, /* low, then doubled in equal stretches up to high */
} MoeKSchedule;
MOE_API int moe_k_schedule(MoeKSchedule schedule, int low, int high, int64_t step, int64_t steps);

/* --- The layer --------------------------------------------------------------------------------*/

typedef struct MoeLayerSize {
    int index;          /* which router of the model, from 0 */
    int block;          /* which transformer block, from 0 */
    int d_model;        /* d */
    const char *prefix; /* of parameter names, "blocks.3.moe." (copied) */
    int vocabulary;     /* token ids are below it; 0: parts are given none */
} MoeLayerSize;

/* Builds the layer that the recipe describes ([moe]); its parameters go into `params`, their
 * initial values from [init] and `seed`. The recipe has passed moe_recipe_check(). */
MOE_API MoeLayer *moe_layer_new(const MoeRecipe *recipe, const MoeLayerSize *size,
                                MoeParams *params, uint64_t seed);
MOE_API void moe_layer_free(MoeLayer *layer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeLayer, moe_layer_free)

/* x [N, d] -> [N, d]. `routing`, the caller's, receives what was decided; it and the picks live
 * until context->keep is reset. A layer runs one pass at a time: parts keep what they made of the
 * parameters for the next one. */
MOE_API MoeTensor *moe_layer_forward(MoeLayer *layer, MoeContext *context, MoeTensor *x,
                                     MoeRouting *routing);
/* The balance losses of a pass times their coefficients, summed -> scalar; NULL: there are none.
 * `raw`, if not NULL, receives each loss before its coefficient, in the order of
 * moe_layer_balance(), and is left as it is where a part has no loss. */
MOE_API MoeTensor *moe_layer_balance_loss(MoeRouting *routing, float *raw);

/* Around each training step: lets parts freeze, anneal or
 * correct themselves (slots before_step, after_step). `load` [E]: picks of all the step's passes,
 * before drops. */
MOE_API void moe_layer_before_step(MoeLayer *layer, int64_t step);
MOE_API void moe_layer_after_step(MoeLayer *layer, int64_t step, const int64_t *load);
/* Tells the layer's state, of which a pass has just been made and its tape not reset: for every
 * variant "logit_std"; thoroughly, also the likeness of experts (core/moe/README.md lists all
 * names); then what the parts tell. */
MOE_API void moe_layer_report(MoeRouting *routing, bool thorough, const MoeReporter *to);

/* What parts and recorders ask a layer. */
MOE_API MoeParams *moe_layer_params(const MoeLayer *layer);
MOE_API const MoeRecipe *moe_layer_recipe(const MoeLayer *layer);
MOE_API int moe_layer_index(const MoeLayer *layer);
MOE_API int moe_layer_block(const MoeLayer *layer);
MOE_API int moe_layer_experts(const MoeLayer *layer);
/* Picks a unit at evaluation, unless the context says otherwise; 0: varies from unit to unit. */
MOE_API int moe_layer_k(const MoeLayer *layer);
/* Picks a unit that FLOPs are counted with: at evaluation, or, where those of training are, the
 * mean over its steps; on average where it varies from unit to unit. */
MOE_API double moe_layer_mean_k(const MoeLayer *layer);
/* Picks a unit in training step `step`, from 0; 0: varies from unit to unit. */
MOE_API int moe_layer_k_at(const MoeLayer *layer, int64_t step);
/* Whether all passes, of training and evaluation, have the same number of picks a unit. */
MOE_API bool moe_layer_k_fixed(const MoeLayer *layer);
MOE_API int moe_layer_units_per_token(const MoeLayer *layer);
MOE_API int moe_layer_width(const MoeLayer *layer);
/* Token ids (MoeContext.token) are below it; 0: unknown, the layer stands alone. */
MOE_API int moe_layer_vocabulary(const MoeLayer *layer);
MOE_API const MoePart *moe_layer_part(const MoeLayer *layer, MoePlace place);
MOE_API const MoePart *const *moe_layer_balance(const MoeLayer *layer, int *n);
/* FLOPs of one token's forward pass, and of what a pass of `units` units costs beside. */
MOE_API double moe_layer_flops(const MoeLayer *layer);
MOE_API double moe_layer_pass_flops(const MoeLayer *layer, int64_t units);
/* Adds a parameter called prefix + name, initialised as [init] says for a matrix
 * with `fan_in` inputs; fan_in 0: zeros (biases). */
MOE_API MoeTensor *moe_layer_param(MoeLayer *layer, const char *name, int ndim,
                                   const int64_t *shape, MoeParamFlags flags, int64_t fan_in);
/* A parameter that all layers of the model share, called "moe." + name: added, zeroed, by the first
 * that asks (*is_new: its initial values are to be set). */
MOE_API MoeTensor *moe_layer_shared_param(MoeLayer *layer, const char *name, int ndim,
                                          const int64_t *shape, MoeParamFlags flags, bool *is_new);
/* The seed of this layer's own random numbers, another one in each layer: for parts whose initial
 * values aren't those of [init]. */
MOE_API uint64_t moe_layer_seed(const MoeLayer *layer);
/* The same, initialised U(±limit) whatever [init] says: for parts whose source fixes the values. */
MOE_API MoeTensor *moe_layer_param_uniform(MoeLayer *layer, const char *name, int ndim,
                                           const int64_t *shape, MoeParamFlags flags, double limit);

G_END_DECLS

#endif
