/* SPDX-License-Identifier: MIT
 *
 * Passes of llama.cpp's traces that list every expert once, then once again, and so on. No router
 * picks like that: it is the run that warms a model up, in which every expert is used, or rows of
 * all experts in order of their scores, of which a tool took the first bytes as if they were the
 * rows of the k best.
 */
#ifndef MOE_IMPORT_LLAMA_WHOLE_H
#define MOE_IMPORT_LLAMA_WHOLE_H

#include <moescope/import.h>

typedef struct MoeLlamaWhole {
    int experts, k;          /* 0: not known, and nothing is looked for */
    bool *seen;              /* [experts], in the block of as many picks that is under way */
    int n;                   /* picks of it */
    bool distinct;           /* so far */
    int64_t blocks, wholes;  /* of the pass */
    int64_t picks;           /* of the pass */
    int64_t passes, in_them; /* passes that are such, their picks */
} MoeLlamaWhole;

void moe__llama_whole_init(MoeLlamaWhole *whole, int experts, int k);
void moe__llama_whole_clear(MoeLlamaWhole *whole);
/* A pick of the layer; `layer`: it is the first of one; `pass`: of a pass as well. */
void moe__llama_whole_take(MoeLlamaWhole *whole, int32_t expert, bool layer, bool pass);
/* The files are read: notes what was found. */
void moe__llama_whole_tell(MoeLlamaWhole *whole, MoeImport *import);

#endif
