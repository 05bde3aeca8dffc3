/* SPDX-License-Identifier: MIT
 *
 * Cells: a grid of values through the colour scale.
 */
#include "figure/mark.h"
#include "figure/number.h"

#include <math.h>

/* More cells than this become one image with a pixel a cell. */
#define MOST_VECTOR_CELLS 100000
/* Cells at least this large stand apart by a hair. */
#define GAP_FROM 5.0
#define GAP      0.5
/* Tiles reach a little under their neighbours, which are drawn later: viewers of vector files would
 * show seams between edges that merely touch. */
#define BLEED 0.3

#define LEVELS 256

static void
colour_levels(const MoeColourScale *scale, MoeColour levels[LEVELS])
{
    for (int i = 0; i < LEVELS; i++)
        levels[i] = moe_colour_at(scale->colours, i / (LEVELS - 1.0));
}

static int
level_of(const MoeColourScale *scale, double value)
{
    double t = (value - scale->min) / (scale->max - scale->min);
    return (int)lround(CLAMP(t, 0.0, 1.0) * (LEVELS - 1));
}

static void
draw_image(const MoeCells *cells, const View *view, const MoeColour *levels, Drawing *drawing)
{
    uint32_t packed[LEVELS];
    for (int i = 0; i < LEVELS; i++) {
        packed[i] = 0xff000000u | (uint32_t)lround(levels[i].r * 255) << 16 |
                    (uint32_t)lround(levels[i].g * 255) << 8 | (uint32_t)lround(levels[i].b * 255);
    }
    size_t n = (size_t)cells->rows * (size_t)cells->columns;
    uint32_t *pixels = g_new(uint32_t, n);
    for (size_t i = 0; i < n; i++) {
        double value = cells->values[i];
        pixels[i] = isnan(value) ? 0 : packed[level_of(&view->scene->colours, value)];
    }
    double x = moe__scale_at(&view->x, 0), y = moe__scale_at(&view->y, 0);
    Box box = {x, y, moe__scale_at(&view->x, cells->columns) - x,
               moe__scale_at(&view->y, cells->rows) - y};
    moe__drawing_image(drawing, box, pixels, cells->columns, cells->rows);
}

static Box
cell_box(const View *view, int row, int column)
{
    double x = moe__scale_at(&view->x, column), y = moe__scale_at(&view->y, row);
    return (Box){x, y, moe__scale_at(&view->x, column + 1) - x,
                 moe__scale_at(&view->y, row + 1) - y};
}

static void
draw_cell(const MoeCells *cells, const View *view, int row, int column, MoeColour colour,
          Drawing *drawing)
{
    Box box = cell_box(view, row, column);
    if (box.width >= GAP_FROM && box.height >= GAP_FROM) {
        Box inner = {box.x + GAP / 2, box.y + GAP / 2, box.width - GAP, box.height - GAP};
        moe__drawing_rect(drawing, inner, colour);
        return;
    }
    box.width += column + 1 < cells->columns ? BLEED : 0;
    box.height += row + 1 < cells->rows ? BLEED : 0;
    moe__drawing_tile(drawing, box, colour);
}

static void
cells_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    const MoeCells *cells = &mark->cells;
    MoeColour levels[LEVELS];
    colour_levels(&view->scene->colours, levels);
    if ((int64_t)cells->rows * cells->columns > MOST_VECTOR_CELLS) {
        draw_image(cells, view, levels, drawing);
        return;
    }
    for (int row = 0; row < cells->rows; row++) {
        for (int column = 0; column < cells->columns; column++) {
            double value = cells->values[(size_t)row * cells->columns + column];
            if (!isnan(value))
                draw_cell(cells, view, row, column, levels[level_of(&view->scene->colours, value)],
                          drawing);
        }
    }
}

static char *
cell_words(const MoeCells *cells, const View *view, int row, int column)
{
    size_t i = (size_t)row * cells->columns + column;
    g_autofree char *row_text = moe__axis_band_label(&view->panel->y, row);
    g_autofree char *column_text = moe__axis_band_label(&view->panel->x, column);
    g_autofree char *value = moe__number_short(cells->values[i]);
    g_autofree char *first = cells->numbers[0] ? moe__number_short(cells->numbers[0][i]) : NULL;
    g_autofree char *second = cells->numbers[1] ? moe__number_short(cells->numbers[1][i]) : NULL;
    const WordsKey keys[] = {
        {"{row}", row_text},         {"{column}", column_text},     {"{value}", value},
        {"{0}", first ? first : ""}, {"{1}", second ? second : ""},
    };
    return moe__words_fill(cells->words, keys, G_N_ELEMENTS(keys));
}

static bool
cells_pick(const Mark *mark, const View *view, double x, double y, MoeDatum *datum)
{
    const MoeCells *cells = &mark->cells;
    int row = moe__scale_band(&view->y, y), column = moe__scale_band(&view->x, x);
    if (row < 0 || column < 0 || row >= cells->rows || column >= cells->columns)
        return false;
    double value = cells->values[(size_t)row * cells->columns + column];
    if (isnan(value))
        return false;
    Box box = cell_box(view, row, column);
    datum->row = row;
    datum->column = column;
    datum->value = value;
    datum->x = box.x;
    datum->y = box.y;
    datum->width = box.width;
    datum->height = box.height;
    datum->words = cell_words(cells, view, row, column);
    return true;
}

static void
cells_dump(const Mark *mark, GString *out)
{
    const MoeCells *cells = &mark->cells;
    g_string_append_printf(out, " %d x %d \"%s\"\n", cells->rows, cells->columns,
                           cells->words ? cells->words : "");
    for (int row = 0; row < cells->rows; row++) {
        g_string_append(out, "     ");
        for (int column = 0; column < cells->columns; column++) {
            double value = cells->values[(size_t)row * cells->columns + column];
            g_string_append_c(out, ' ');
            if (isnan(value))
                g_string_append_c(out, '-');
            else
                moe__number_append(out, value, 6);
        }
        g_string_append_c(out, '\n');
    }
}

const MarkClass moe__mark_cells = {"cells", cells_draw, cells_pick, cells_dump};
