/* SPDX-License-Identifier: MIT
 *
 * How many experts a token gets, as the lines of a log show it: a number for all layers, one for
 * each, or none where lines of a layer differ; and what lines of type meta say of single layers.
 */
#ifndef MOE_IMPORT_LOG_WIDTH_H
#define MOE_IMPORT_LOG_WIDTH_H

#include "import/log-row.h"

#include <moescope/import.h>

typedef struct MoeLogWidths {
    int *least, *most;      /* [layers], of the lines of each; most -1: there are none */
    int64_t *tokens, *full; /* [layers], of each; and those that have the most */
    int *stated, *experts;  /* [layers], k and experts by a line about the layer; -1: none */
    int told;               /* k, by the caller or the file; 0: neither says */
    int first;              /* of the first line that wasn't one expert; -1: there is none */
    bool lists;             /* not all lines have one expert */
    bool gather;            /* lines of one token stand apart from each other */
    bool once;              /* lines have one expert, and nobody says how many make a token */
    char *partial;     /* "PATH: line L": the first with fewer than `told` of a token's experts */
    char *placeless;   /* the same: with one expert and no position, unless --k is 1 */
    GArray *k;         /* int, of the layers of the shape; 0: varies */
    int slots;         /* the most */
    GArray *of_layers; /* int: experts of the layers of the shape, where they differ */
} MoeLogWidths;

void moe__log_widths_init(MoeLogWidths *widths, int told);
void moe__log_widths_clear(MoeLogWidths *widths);
/* Experts a token of a row. */
int moe__log_width(const MoeLogRow *row);
/* Takes in a row of the file at `path`. Fails with MOE_ERROR_FORMAT. */
bool moe__log_widths_learn(MoeLogWidths *widths, const char *path, const MoeLogRow *row,
                           GError **error);
/* Takes in a line about a layer. Fails with MOE_ERROR_FORMAT if another said otherwise. */
bool moe__log_widths_state(MoeLogWidths *widths, const char *path, const MoeLogRow *row,
                           GError **error);
/* Whether another said the same, as far as it says anything. */
bool moe__log_widths_stated(const MoeLogWidths *widths, const MoeLogRow *row);
/* All rows are known: sets k and experts of the shape's layers, and notes where it varies. Fails
 * with MOE_ERROR_FORMAT. */
bool moe__log_widths_settle(MoeLogWidths *widths, MoeImport *import, MoeImportShape *shape,
                            GError **error);
/* Whether a row is as these were; `index`: its layer's in the shape. */
bool moe__log_widths_fit(const MoeLogWidths *widths, const MoeLogRow *row, int index);

#endif
