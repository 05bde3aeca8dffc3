/* SPDX-License-Identifier: MIT
 *
 * Formats that write a line for each token and layer: brings the layers of a token together, in
 * whatever order they come. A token goes on as soon as its last layer is there, so memory is what
 * lies between a token's first and last layer, up to a limit.
 */
#ifndef MOE_IMPORT_ROWS_H
#define MOE_IMPORT_ROWS_H

#include <moescope/import.h>

typedef struct MoeRows MoeRows;

MoeRows *moe__rows_new(MoeImport *import, int n_layers, bool gates);
void moe__rows_free(MoeRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeRows, moe__rows_free)
/* Of rows that have one expert each: `gather`: those of a token and layer are k that stand
 * anywhere; `once`: nobody says how many there are, so a token that comes again is refused. */
void moe__rows_apart(MoeRows *rows, bool gather, bool once);
/* The picks ([n], at most k) of token (doc, pos) in layer `index` of the shape. A token that was
 * whole may come again, unless rows stand apart. Fails with MOE_ERROR_DATA if this layer came
 * already and others are missing, too many tokens wait, or a token has more picks than k. */
bool moe__rows_add(MoeRows *rows, int index, const MoeImportToken *token, int n, GError **error);
/* Forgets the tokens that wait for a layer; they are reported as left out. */
void moe__rows_end(MoeRows *rows);

#endif
