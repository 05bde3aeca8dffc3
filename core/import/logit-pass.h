/* SPDX-License-Identifier: MIT
 *
 * Where the router logits are in a file of arrays. What was saved together (the layers of a forward
 * pass) is a pass; a file may hold several.
 */
#ifndef MOE_IMPORT_LOGIT_PASS_H
#define MOE_IMPORT_LOGIT_PASS_H

#include "import/arrays.h"

/* A layer: the logits of token t begin at element base + t · stride. */
typedef struct MoeLogitLayer {
    int layer;
    bool by_place; /* nothing but its place numbers it */
    const MoeItem *logits;
    int64_t base, stride;
    /* The experts that were picked, or NULL: of token t k from expert_base + t · expert_stride. */
    const MoeItem *expert;
    int64_t expert_base, expert_stride;
    /* Of passes of ids, whose `logits` are the ids [tokens, k]: their gates, or NULL. */
    const MoeItem *weights;
} MoeLogitLayer;

/* What stands beside the logits of a pass. */
typedef struct MoeLogitBeside {
    const MoeItem *item; /* NULL: it isn't there */
    int64_t part;        /* place along its first axis, or in the list; -1: all of it */
} MoeLogitBeside;

typedef struct MoeLogitPass {
    char *parent;             /* path of what holds the layers */
    GArray *layers;           /* MoeLogitLayer, ascending */
    int experts, k;           /* k 0: not said */
    int64_t rows, length;     /* tokens = rows × length, a sequence a row as far as is known */
    MoeLogitBeside mask, ids; /* [tokens]; mask 0: padding */
    MoeLogitBeside texts;     /* of the tokens, a list a sequence */
    const MoeItem *picks; /* [tokens, layers, k], as the logits have their first axes; or NULL */
} MoeLogitPass;

/* What the axes of one array of all layers mean, by letter: T token, L layer, E expert, B sequence,
 * S token in the sequence. Such as are known; NULL ends them. */
extern const char *const moe__logit_axes[];

/* The passes of a file, of MoeLogitPass. `axes` settles an array that holds all layers, NULL: what
 * stands beside it does. Fails with MOE_ERROR_FORMAT or _DATA where layers don't fit each other,
 * _UNSUPPORTED if there are no logits. (transfer full) */
GArray *moe__logit_passes(const MoeArrays *arrays, const char *axes, GError **error);
/* The same of ids [tokens, k], an array a layer: `experts` is k then. */
GArray *moe__id_passes(const MoeArrays *arrays, GError **error);
/* How sure it is that a file's arrays are router logits: 0 … 100. */
int moe__logit_score_arrays(const MoeArrays *arrays);
/* The same of ids, an array a layer. */
int moe__id_score_arrays(const MoeArrays *arrays);

#endif
