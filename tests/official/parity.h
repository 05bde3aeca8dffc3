/* SPDX-License-Identifier: MIT
 *
 * parity.h: a layer built from a fixture and held against what the official code computed. A family
 * is a kind of fixture: which files it knows, what recipe they ask for, how their weights are
 * called. Everything else is here.
 */
#ifndef MOESCOPE_TESTS_PARITY_H
#define MOESCOPE_TESTS_PARITY_H

#include <moescope/moe.h>
#include <moescope/safetensors.h>

#define PARITY_FORWARD  1e-5 /* of the largest value of a tensor */
#define PARITY_GRADIENT 2e-5
#define PARITY_LEAST    1e-7 /* allowed in any case */
#define PARITY_ROUNDING                                                      \
    1e-5 /* instead, of what is analytically 0 and was recorded as round-off \
          */

typedef struct Parity Parity;

/* Where element i of a fixture's array stands in the layer's tensor x; -1: nowhere, it takes no
 * part in this layer. Of arrays for each expert this is the e-th. */
typedef int64_t (*ParityPlace)(const Parity *parity, const MoeTensor *x, const MoeStored *array,
                               int64_t e, int64_t i);

/* A parameter's name in the fixture, and in the layer without its prefix; and how the fixture's
 * numbers lie in the layer's tensor, whose last two axes are rows x columns (a vector is a column,
 * axes before them count matrices). Several names may fill one parameter. A name that neither the
 * layer nor the fixture has is passed over. */
typedef struct ParityName {
    const char *fixture; /* "%d" in it: one array for each index of the layer's first axis */
    const char *layer;
    int part, parts;   /* it fills the part-th of `parts` equal stretches of rows; parts 0: all */
    bool transposed;   /* it has columns x rows */
    ParityPlace place; /* an order that the above can't say; NULL: it can */
    double least;      /* error of a gradient allowed in any case, if more than the rest's */
} ParityName;

/* One fixture under check. */
struct Parity {
    const MoeSafetensors *file;
    GHashTable *seen;  /* names of the tensors that were used or compared */
    GString *problems; /* a line each */
    int compared;
    double worst; /* largest error, as a share of what is allowed */
    char *where;  /* "grad.x[12]" */

    const char *x_name; /* what the fixture calls x: "x" unless set before parity_build() */
    double least;       /* error allowed in any case: PARITY_LEAST unless set */
    bool partial;       /* it has no weights for a part of the layer: those stay as initialised */
    int64_t loaded;     /* values of the layer that it has filled */

    MoeRecipe *recipe;
    MoeParams *params; /* the layer's, and the input "x" */
    MoeLayer *layer;
    MoeTape *tape;
    MoeArena *keep, *lasting; /* taken back each pass; at the end */
    MoeTensor *x, *y;
    MoeContext context;
    MoeRouting routing;
};

typedef struct ParityFamily {
    const char *name;
    bool (*knows)(const MoeSafetensors *file);
    void (*check)(Parity *parity);
} ParityFamily;

extern const ParityFamily parity_routers;
extern const ParityFamily parity_gate;
extern const ParityFamily parity_mhmoe;
extern const ParityFamily parity_adjacent;
extern const ParityFamily parity_deepseek;
extern const ParityFamily parity_expert_choice;
extern const ParityFamily parity_hypermoe;

/* --- layer.c: reading, building, running -------------------------------------------------------*/

Parity *parity_new(const MoeSafetensors *file);
void parity_free(Parity *parity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Parity, parity_free)

void parity_problem(Parity *parity, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A whole number of __metadata__ in 1 … 2^20; a problem and 0 if it isn't one. */
int parity_size(Parity *parity, const char *key);
/* A value of __metadata__; a problem and "" if there is none. */
const char *parity_text(Parity *parity, const char *key);
/* Whether __metadata__ says "True", "true" or "1". */
bool parity_flag(const Parity *parity, const char *key);
/* An array of the file, and that it was looked at; NULL if it isn't there. */
const MoeStored *parity_find(Parity *parity, const char *name);
/* Whether the file has it; a problem if it does with other than `count` values. */
bool parity_has(Parity *parity, const char *name, int64_t count);
/* The number of rows of a matrix of the file; a problem and 0 if there is none. */
int parity_rows(Parity *parity, const char *name);
/* An array as floats; a problem and NULL if it isn't there or has other than `count` values.
 * (transfer full) */
float *parity_read(Parity *parity, const char *name, int64_t count);
/* The same of whole numbers or flags (I64, U8, BOOL). (transfer full) */
int64_t *parity_read_integers(Parity *parity, const char *name, int64_t count);
/* Sets a key of the recipe; a value that is refused is a problem. */
void parity_set(Parity *parity, const char *key, const char *value);
void parity_set_int(Parity *parity, const char *key, int value);
/* Brings all keys of a group ("topk.") back to their defaults: those of a part that is exchanged,
 * since a key that nothing reads is refused. */
void parity_reset(Parity *parity, const char *group);
/* Builds the layer of the recipe for x of [N, d] or [sequences, length, d] and loads `names` (ended
 * by a NULL); a second call builds another in its place. False, and problems, if the recipe is
 * refused, a weight or x isn't there, or a weight of the layer isn't filled. */
bool parity_build(Parity *parity, int d_model, const ParityName *names);
/* The same for n rows x, one sequence, that aren't the file's. */
bool parity_build_on(Parity *parity, int64_t n, int d_model, const float *x,
                     const ParityName *names);
/* A pass over x as p->context says (training mode unless changed), gradients dropped. */
void parity_forward(Parity *parity);
/* From here on frozen parameters get gradients too, for fixtures that recorded them. */
void parity_unfreeze(Parity *parity);

/* --- names.c: parameters under other names and in other orders ---------------------------------*/

/* Copies the arrays of a name into its parameter. */
void parity_load_name(Parity *parity, const ParityName *name);
/* Compares the parameter's gradient with those arrays that are called prefix + the name's. */
void parity_compare_name(Parity *parity, const char *prefix, const ParityName *name);

/* --- routing.c: what fixtures of adjacent codes call router.* ----------------------------------*/

/* Everything of the pass that has run. */
void parity_compare_routing(Parity *parity);

/* --- parts.c: parts of a layer that only fixtures need -----------------------------------------*/

/* Adds them: call it once, after moe_init(). */
bool parity_parts_register(GError **error);
/* The picks of moe.select = given: [U, k], borrowed until the pass is over. */
void parity_give(const int32_t *picks);
/* The gradient of the logits, after a backward pass of a layer with moe.score = watched. */
void parity_compare_logits_gradient(Parity *parity, const char *name);

/* --- schedule.c --------------------------------------------------------------------------------*/

/* Holds moe_k_schedule() against a JSON file of schedules, and prints its line. */
bool parity_check_schedules(const char *path);

/* --- compare.c: each looks whether the file has `name`, and compares if so ---------------------*/

/* `values` NULL: zeros. */
void parity_compare_within(Parity *parity, const char *name, const float *values, int64_t count,
                           double tolerance, double least);
/* The same with the fixture's own least. */
void parity_compare(Parity *parity, const char *name, const float *values, int64_t count,
                    double tolerance);
void parity_compare_tensor(Parity *parity, const char *name, const MoeTensor *x);
/* Of whole numbers or flags. */
void parity_compare_exactly(Parity *parity, const char *name, const int64_t *values, int64_t count);
/* prefix + "x", and prefix + each of `names`, with the gradients of x and of the parameters. */
void parity_compare_gradients(Parity *parity, const char *prefix, const ParityName *names);
/* Backward of the pass that has run, from the tensor `from` with the file's array `cotangent`; then
 * compares gradients. */
void parity_backward(Parity *parity, MoeTensor *from, const char *cotangent, const char *prefix,
                     const ParityName *names);
/* A pass, its balance losses times their coefficients against `name`, their gradients against
 * `prefix`. Nothing if the layer has none. */
void parity_balance(Parity *parity, const char *name, const char *prefix, const ParityName *names);
/* The arrays that nothing looked at, as text; empty if none. (transfer full) */
char *parity_unseen(const Parity *parity);

#endif
