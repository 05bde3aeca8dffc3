/* SPDX-License-Identifier: MIT
 *
 * token-grid.h: tokens downwards, something across, cells coloured by expert: what token-map and
 * sub-tokens share.
 */
#ifndef FIGURE_TOKEN_GRID_H
#define FIGURE_TOKEN_GRID_H

#include "figure/token-span.h"

/* Cells [n tokens × columns] being made. */
typedef struct TokenGrid {
    int n, columns;
    double *expert, *gate; /* NaN: none */
    const char **texts;    /* the experts' numbers */
    GPtrArray *numbers;    /* of the texts, by expert: there are few */
} TokenGrid;

TokenGrid moe__token_grid(int n, int columns);
void moe__token_grid_clear(TokenGrid *grid);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TokenGrid, moe__token_grid_clear)
/* The slot of a unit, into cell (row, column). */
void moe__token_grid_set(TokenGrid *grid, int row, int column, const SpanRouter *router, int unit,
                         int slot);
/* A panel of the rows first … first + rows - 1, fewer where the tokens end. `words` as of MoeCells,
 * {0} being the gate. */
void moe__token_grid_panel(MoeScene *scene, const TokenGrid *grid, const TokenSpan *span, int first,
                           int rows, const char *title, const MoeAxis *x, const char *words);

#endif
