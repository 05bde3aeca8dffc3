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
/* Nobody reads smaller type than this. */
#define SMALLEST_TEXT 3.0
#define SHORT_TEXT    4   /* letters */
#define FILL          0.9 /* of a cell's width, for the widest number */

static uint32_t
pixel_of(MoeColour colour)
{
    return 0xff000000u | (uint32_t)lround(colour.r * 255) << 16 |
           (uint32_t)lround(colour.g * 255) << 8 | (uint32_t)lround(colour.b * 255);
}

static void
draw_image(const MoeCells *cells, const View *view, const Tint *tint, Drawing *drawing)
{
    size_t n = (size_t)cells->rows * (size_t)cells->columns;
    uint32_t *pixels = g_new(uint32_t, n);
    for (size_t i = 0; i < n; i++)
        pixels[i] = isnan(cells->values[i]) ? 0 : pixel_of(moe__tint_at(tint, cells->values[i]));
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

static bool
is_short(const char *text)
{
    return g_utf8_strlen(text, -1) <= SHORT_TEXT;
}

/* The size at which the cells' texts are set; 0: none is. Short ones are numbers, half of which
 * would be another number, and some of which would look like all: they are set if all of them fit,
 * in smaller type if need be. */
static double
text_size(const MoeCells *cells, const View *view)
{
    Box box = cell_box(view, 0, 0);
    double theme = view->scene->theme->tick_size, size = MIN(theme, 0.62 * box.height), widest = 0;
    for (int i = 0; i < cells->rows * cells->columns; i++)
        if (cells->texts[i] && !isnan(cells->values[i]) && is_short(cells->texts[i]))
            widest = MAX(widest, moe__ruler_width(view->ruler, cells->texts[i], theme, false));
    if (widest > 0)
        size = MIN(size, FILL * box.width * theme / widest);
    return size >= SMALLEST_TEXT ? size : 0;
}

/* Of words the beginning will do. */
static void
draw_text(const char *text, double size, Box box, MoeColour ground, const View *view,
          Drawing *drawing)
{
    if (size == 0 || (!is_short(text) && box.width <= SHORT_TEXT * size))
        return;
    g_autofree char *shown = moe__ruler_fit(view->ruler, text, size, box.width);
    TextStyle style = {moe__tint_text(ground), size, ANCHOR_MIDDLE, false, false};
    moe__drawing_text(drawing, shown, box.x + box.width / 2,
                      box.y + box.height / 2 + size * view->ruler->digit / 2, style);
}

static void
cells_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    const MoeCells *cells = &mark->cells;
    g_autofree Tint *tint = g_new(Tint, 1);
    moe__tint_init(tint, view->scene, cells->categories);
    if ((int64_t)cells->rows * cells->columns > MOST_VECTOR_CELLS) {
        draw_image(cells, view, tint, drawing);
        return;
    }
    double size = cells->texts ? text_size(cells, view) : 0;
    for (int row = 0; row < cells->rows; row++) {
        for (int column = 0; column < cells->columns; column++) {
            size_t i = (size_t)row * (size_t)cells->columns + (size_t)column;
            if (isnan(cells->values[i]))
                continue;
            MoeColour colour = moe__tint_at(tint, cells->values[i]);
            draw_cell(cells, view, row, column, colour, drawing);
            if (cells->texts && cells->texts[i])
                draw_text(cells->texts[i], size, cell_box(view, row, column), colour, view,
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
    const char *text = cells->texts ? cells->texts[i] : NULL;
    const WordsKey keys[] = {
        {"{row}", row_text},         {"{column}", column_text},     {"{value}", value},
        {"{0}", first ? first : ""}, {"{1}", second ? second : ""}, {"{text}", text ? text : ""},
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
    g_string_append_printf(out, " %d x %d \"%s\"", cells->rows, cells->columns,
                           cells->words ? cells->words : "");
    if (cells->categories > 0)
        g_string_append_printf(out, " of %d categories", cells->categories);
    g_string_append_c(out, '\n');
    for (int row = 0; row < cells->rows; row++) {
        g_string_append(out, "     ");
        for (int column = 0; column < cells->columns; column++) {
            double value = cells->values[(size_t)row * cells->columns + column];
            g_string_append_c(out, ' ');
            if (isnan(value))
                g_string_append_c(out, '-');
            else
                moe__number_append(out, value, 6);
            if (cells->texts && cells->texts[(size_t)row * cells->columns + column])
                g_string_append_printf(out, " \"%s\"",
                                       cells->texts[(size_t)row * cells->columns + column]);
        }
        g_string_append_c(out, '\n');
    }
}

const MarkClass moe__mark_cells = {"cells", cells_draw, cells_pick, cells_dump, NULL};
