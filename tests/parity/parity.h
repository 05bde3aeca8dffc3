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

/* A parameter's name in the fixture, and in the layer without its prefix; and how the fixture's
 * numbers lie in the layer's tensor, whose last two axes are rows × columns (a vector is a column,
 * axes before them count matrices). */
typedef struct ParityName {
    const char *fixture; /* "%d" in it: one tensor for each index of the layer's first axis */
    const char *layer;
    int part, parts; /* it fills the part-th of `parts` equal stretches of rows; parts 0: all */
    bool transposed; /* it has columns × rows */
} ParityName;

/* One fixture under check. */
typedef struct Parity {
    const MoeSafetensors *file;
    GHashTable *seen;  /* names of the tensors that were used or compared */
    GString *problems; /* a line each */
    int compared;
    double worst; /* largest error, as a share of what is allowed */
    char *where;  /* "grad.x[12]" */

    MoeRecipe *recipe;
    MoeParams *params; /* the layer's, and the input "x" */
    MoeLayer *layer;
    MoeTape *tape;
    MoeArena *keep, *lasting; /* taken back each pass; at the end */
    MoeTensor *x, *y;
    MoeContext context;
    MoeRouting routing;
} Parity;

typedef struct ParityFamily {
    const char *name;
    bool (*knows)(const MoeSafetensors *file);
    void (*check)(Parity *parity);
} ParityFamily;

extern const ParityFamily parity_routers;

/* --- layer.c: reading, building, running -------------------------------------------------------*/

Parity *parity_new(const MoeSafetensors *file);
void parity_free(Parity *parity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Parity, parity_free)

void parity_problem(Parity *parity, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A whole number of __metadata__ in 1 … 2^20; a problem and 0 if it isn't one. */
int parity_size(Parity *parity, const char *key);
/* An array of the file, and that it was looked at; NULL if it isn't there. */
const MoeStored *parity_find(Parity *parity, const char *name);
/* The same as floats; a problem and NULL if it isn't there or has other than `count` values.
 * (transfer full) */
float *parity_read(Parity *parity, const char *name, int64_t count);
/* Sets a key of the recipe; a value that is refused is a problem. */
void parity_set(Parity *parity, const char *key, const char *value);
void parity_set_int(Parity *parity, const char *key, int value);
/* Builds the layer of the recipe for x of [N, d] and loads `names` (ended by a NULL). False, and
 * problems, if the recipe is refused or a weight or x isn't there. */
bool parity_build(Parity *parity, int d_model, const ParityName *names);
/* A pass in training mode over x, gradients dropped. */
void parity_forward(Parity *parity);
/* From here on frozen parameters get gradients too, for fixtures that recorded them. */
void parity_unfreeze(Parity *parity);

/* --- names.c: between the layouts of fixture and layer -----------------------------------------*/

/* How many tensors of the fixture `name` stands for. */
int parity_name_tensors(const ParityName *name, const MoeTensor *x);
/* The name of the i-th. (transfer full) */
char *parity_name_of(const ParityName *name, int i);
/* Numbers that each has. */
int64_t parity_name_count(const ParityName *name, const MoeTensor *x);
/* Copies the i-th: from the layer's layout (`layer`, of the shape of x) to the fixture's, or back.
 */
void parity_name_take(const ParityName *name, const MoeTensor *x, int i, const float *layer,
                      float *fixture);
void parity_name_put(const ParityName *name, const MoeTensor *x, int i, float *layer,
                     const float *fixture);

/* --- compare.c: each looks whether the file has `name`, and compares if so ---------------------*/

/* `values` NULL: zeros. */
void parity_compare(Parity *parity, const char *name, const float *values, int64_t count,
                    double tolerance);
void parity_compare_exactly(Parity *parity, const char *name, const int64_t *values, int64_t count);
/* prefix + "x", and prefix + each of `names`, with the gradients of x and of the parameters. */
void parity_compare_gradients(Parity *parity, const char *prefix, const ParityName *names);
/* The arrays that nothing looked at, as text; empty if none. (transfer full) */
char *parity_unseen(const Parity *parity);

#endif
