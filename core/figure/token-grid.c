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
    return (TokenGrid){n,
                       columns,
                       g_new0(double, cells),
                       g_new0(double, cells),
                       g_new0(const char *, cells + 1),
                       g_ptr_array_new_with_free_func(g_free)};
}

void
moe__token_grid_clear(TokenGrid *grid)
{
    g_clear_pointer(&grid->numbers, g_ptr_array_unref);
    g_free(grid->texts);
    g_free(grid->expert);
    g_free(grid->gate);
}

static const char *
number_of(TokenGrid *grid, int expert)
{
    if (expert < 0)
        return NULL;
    if ((guint)expert >= grid->numbers->len)
        g_ptr_array_set_size(grid->numbers, expert + 1);
    char **number = (char **)&g_ptr_array_index(grid->numbers, expert);
    if (!*number)
        *number = g_strdup_printf("%d", expert);
    return *number;
}

void
moe__token_grid_set(TokenGrid *grid, int row, int column, const SpanRouter *router, int unit,
                    int slot)
{
    gsize i = (gsize)row * (gsize)grid->columns + (gsize)column;
    int expert = moe__span_expert(router, unit, slot);
    grid->expert[i] = expert < 0 ? NAN : expert;
    grid->gate[i] = moe__span_gate(router, unit, slot);
    grid->texts[i] = number_of(grid, expert);
}

void
moe__token_grid_panel(MoeScene *scene, const TokenGrid *grid, const TokenSpan *span, int first,
                      int rows, const char *title, const MoeAxis *x, const char *words)
{
    gsize start = (gsize)first * (gsize)grid->columns;
    rows = MIN(rows, span->n - first);
    g_auto(GStrv) labels = g_new0(char *, (gsize)rows + 1);
    for (int i = 0; i < rows; i++)
        labels[i] = moe__span_label(span, first + i);
    MoeAxis y = {.type = MOE_AXIS_BAND,
                 .bands = rows,
                 .names = (const char *const *)labels,
                 .every = true,
                 .key = "token",
                 .numbers = &g_array_index(span->row, double, first)};
    MoeCells cells = {.rows = rows,
                      .columns = grid->columns,
                      .values = grid->expert + start,
                      .numbers = {grid->gate + start, NULL},
                      .words = words,
                      .categories = moe__span_experts(span),
                      .texts = grid->texts + start,
                      .keys = {"expert", grid->expert + start}};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, title, NULL, x, &y), &cells);
}
