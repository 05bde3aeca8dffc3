/* SPDX-License-Identifier: MIT
 *
 * The values of a pass of router logits, and where its sequences begin.
 */
#ifndef MOE_IMPORT_LOGIT_LOAD_H
#define MOE_IMPORT_LOGIT_LOAD_H

#include "import/logit-pass.h"

/* The arrays of a pass. */
typedef struct MoeLogitLoaded {
    const MoeLogitPass *pass;
    MoeValues *logits; /* [n], of a layer that shares its array with the one before empty */
    MoeValues *expert; /* [n] */
    const MoeValues **of, **expert_of; /* [n]: where a layer's are */
    int n;
    MoeValues mask, ids;
    GPtrArray *strings; /* NULL: none */
    GArray *begins;     /* int64_t, of the sequences, and the end */
} MoeLogitLoaded;

/* Reads them; `pass` is set. Fails as the reader of the arrays does. */
bool moe__logit_load(MoeLogitLoaded *loaded, const MoeArrays *arrays, GError **error);
void moe__logit_loaded_clear(MoeLogitLoaded *loaded);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeLogitLoaded, moe__logit_loaded_clear)

/* The strings of a pass in the order of its tokens (MoePy, borrowed), and where each list begins,
 * behind them the end (int64_t); false if they aren't as many as the tokens. */
bool moe__logit_texts(const MoeLogitPass *pass, GPtrArray *strings, GArray *begins);

#endif
