/* SPDX-License-Identifier: MIT
 *
 * Servers record passes: pieces of many texts at once, a token or a chunk of each. Strings the
 * pieces of a text together, by the request's name where it is known, else by positions. Without
 * names only what can't be mistaken is joined:
 *
 * - a pass with a piece for each piece of the pass before, each going on where that one ended;
 * - a piece that goes on where exactly one text ended, if no other piece of its pass begins there.
 *
 * Any other piece begins a document.
 */
#ifndef MOE_IMPORT_SEQUENCES_H
#define MOE_IMPORT_SEQUENCES_H

#include <moescope/base.h>

typedef struct MoePiece {
    char *name;    /* of its request; NULL: unknown */
    int64_t at;    /* place of its first token in the pass */
    int32_t first; /* position of that token in the text */
    int32_t n;     /* tokens, at least one */
    int32_t doc;   /* what it belongs to */
} MoePiece;

typedef struct MoeSequences MoeSequences;

MoeSequences *moe__sequences_new(void);
void moe__sequences_free(MoeSequences *sequences);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeSequences, moe__sequences_free)
/* Sets `doc` of the pieces of a pass. */
void moe__sequences_join(MoeSequences *sequences, MoePiece *pieces, int n);
/* What follows belongs to none of the texts so far; documents count on. */
void moe__sequences_end(MoeSequences *sequences);
/* Pieces that begin amid a text whose beginning wasn't found. */
int64_t moe__sequences_lost(const MoeSequences *sequences);

#endif
