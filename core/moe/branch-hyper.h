/* SPDX-License-Identifier: MIT
 *
 * What branch = hyper-expert makes in a pass, for its report and for tests.
 */
#ifndef MOE_MOE_BRANCH_HYPER_H
#define MOE_MOE_BRANCH_HYPER_H

#include "moe/sets.h"

/* Tensors of the pass's tape. S sets, E experts, e width of an expert's embedding, h of the
 * hypernetwork's input, l of a layer's embedding, b hidden width, a width of the generated
 * bottleneck, w unit width. */
typedef struct MoeHyperPass {
    MoeSets sets;
    MoeTensor *selection;        /* [S, e] selection embeddings */
    MoeTensor *compressed;       /* [S, h] */
    MoeTensor *input;            /* [S, h + l] of the hypernetwork */
    MoeTensor *hidden;           /* [S, b] */
    MoeTensor *down, *down_bias; /* [S, a, w], [S, a]: the generated experts, each matrix */
    MoeTensor *up, *up_bias;     /* [S, w, a], [S, w]  [out, in] */
} MoeHyperPass;

typedef enum {
    MOE_CONDITION_UNSELECTED_SUM,
    MOE_CONDITION_UNSELECTED_MEAN,
    MOE_CONDITION_SELECTED,
} MoeHyperCondition;

/* The state of the branch in one layer; what isn't per layer is shared by all. */
typedef struct MoeHyperBranch {
    MoeHyperCondition condition;
    int64_t adapter;
    MoeTensor *embedding;                    /* [E, e] per layer */
    MoeTensor *w1, *b1, *w2, *b2;            /* [p, e], [p], [h, p], [h] per layer */
    MoeTensor *layer;                        /* [1, l] per layer */
    MoeTensor *hidden, *hidden_bias;         /* [b, h + l], [b] */
    MoeTensor *down, *down_bias;             /* [a w, b], [a w] make the down-projection */
    MoeTensor *up, *up_bias;                 /* [w a, b], [w a] the up-projection */
    MoeTensor *shift_down, *shift_down_bias; /* [a, b], [a] the bias of the down-projection */
    MoeTensor *shift_up, *shift_up_bias;     /* [w, b], [w] that of the up-projection */
    MoeHyperPass pass;                       /* the last one, until its tape is reset */
} MoeHyperBranch;

/* The branch of a layer whose branch is hyper-expert. */
const MoeHyperBranch *moe__hyper_branch(const MoeLayer *layer);

/* Slot `report` (branch-hyper-report.c). */
void moe__hyper_report(MoeRouting *routing, void *state, bool thorough, const MoeReporter *to);
/* ‖branch‖ / ‖combined‖, Frobenius norms over the units of a pass. */
double moe__branch_ratio(const MoeRouting *routing);

#endif
