/* SPDX-License-Identifier: MIT
 *
 * Grids of tokens coloured by expert.
 */
#include "figure/token-grid.h"

#include <math.h>

TokenGrid
moe__token_grid(int n, int columns)
{
    gsize cells = (gsize)n * (gsize)columns;
    return (TokenGrid){n, columns, g_new0(double, cells), g_new0(double, cells),
                       g_new0(char *, cells + 1)};
}

void
moe__token_grid_clear(TokenGrid *grid)
{
    for (int i = 0; grid->texts && i < grid->n * grid->columns; i++)
        g_free(grid->texts[i]);
    g_free(grid->texts);
    g_free(grid->expert);
    g_free(grid->gate);
}

void
moe__token_grid_set(TokenGrid *grid, int row, int column, const SpanRouter *router, int unit,
                    int slot)
{
    gsize i = (gsize)row * (gsize)grid->columns + (gsize)column;
    int expert = moe__span_expert(router, unit, slot);
    grid->expert[i] = expert < 0 ? NAN : expert;
    grid->gate[i] = moe__span_gate(router, unit, slot);
    grid->texts[i] = expert < 0 ? NULL : g_strdup_printf("%d", expert);
}

void
moe__token_grid_panel(MoeScene *scene, const TokenGrid *grid, const TokenSpan *span, int first,
                      int rows, const char *title, const MoeAxis *x, const char *words)
{
    g_auto(GStrv) labels = moe__span_labels(span);
    gsize start = (gsize)first * (gsize)grid->columns;
    rows = MIN(rows, span->n - first);
    MoeAxis y = {.type = MOE_AXIS_BAND,
                 .bands = rows,
                 .names = (const char *const *)labels + first,
                 .every = true,
                 .key = "token",
                 .numbers = &g_array_index(span->row, double, first)};
    MoeCells cells = {.rows = rows,
                      .columns = grid->columns,
                      .values = grid->expert + start,
                      .numbers = {grid->gate + start, NULL},
                      .words = words,
                      .categories = moe__span_experts(span),
                      .texts = (const char *const *)grid->texts + start,
                      .keys = {"expert", grid->expert + start}};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, title, NULL, x, &y), &cells);
}
