/* SPDX-License-Identifier: MIT
 *
 * Cells: a grid of values through the colour scale.
 */
#include "figure/mark.h"
#include "figure/number.h"

#include <math.h>

/* More cells than these become one image with a pixel a cell: of small ones, nobody takes one up to
 * edit it, and as shapes they make files large and viewers slow; of any size. */
#define MOST_SMALL_CELLS  2000
#define MOST_VECTOR_CELLS 100000
/* Cells at least this large stand apart by a hair. */
#define GAP_FROM 5.0
#define GAP      0.5
/* Nobody reads smaller type than this. */
#define SMALLEST_TEXT 3.0
#define SHORT_TEXT    4   /* letters */
#define FILL          0.9 /* of a cell's width, for the widest number */

static void
draw_image(const MoeCells *cells, const View *view, const Tint *tint, Drawing *drawing)
{
    size_t n = (size_t)cells->rows * (size_t)cells->columns;
    uint32_t *pixels = g_new(uint32_t, n);
    for (size_t i = 0; i < n; i++)
        pixels[i] =
            isnan(cells->values[i]) ? 0 : moe__pixel_of(moe__tint_at(tint, cells->values[i]));
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

static bool
small(Box box)
{
    return box.width < GAP_FROM || box.height < GAP_FROM;
}

static bool
drawn_as_image(const MoeCells *cells, const View *view)
{
    int64_t n = (int64_t)cells->rows * cells->columns;
    return n > MOST_VECTOR_CELLS || (n > MOST_SMALL_CELLS && small(cell_box(view, 0, 0)));
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
    if (size < SMALLEST_TEXT)
        return 0;
    for (int i = 0; i < cells->rows * cells->columns; i++)
        if (cells->texts[i] && !isnan(cells->values[i]) && is_short(cells->texts[i]))
            widest = moe__ruler_wider(view->ruler, cells->texts[i], theme, widest);
    if (widest > 0)
        size = MIN(size, FILL * box.width * theme / widest);
    return size >= SMALLEST_TEXT ? size : 0;
}

/* Of words the beginning will do. */
static void
draw_text(const char *text, double size, Box box, MoeColour ground, const View *view,
          Drawing *drawing)
{
    if (!is_short(text) && box.width <= SHORT_TEXT * size)
        return;
    g_autofree char *shown = moe__ruler_fit(view->ruler, text, size, box.width);
    TextStyle style = {moe__tint_text(ground), size, ANCHOR_MIDDLE, false, false};
    moe__drawing_text(drawing, shown, box.x + box.width / 2,
                      box.y + box.height / 2 + size * view->ruler->digit / 2, style);
}

static void
draw_shapes(const MoeCells *cells, const View *view, const Tint *tint, Drawing *drawing)
{
    for (int row = 0; row < cells->rows; row++) {
        for (int column = 0; column < cells->columns; column++) {
            double value = cells->values[(size_t)row * (size_t)cells->columns + (size_t)column];
            if (isnan(value))
                continue;
            Box box = cell_box(view, row, column);
            moe__drawing_cell(drawing, box, moe__tint_at(tint, value), small(box) ? 0 : GAP,
                              column + 1 < cells->columns, row + 1 < cells->rows);
        }
    }
}

static void
draw_texts(const MoeCells *cells, const View *view, const Tint *tint, Drawing *drawing)
{
    double size = text_size(cells, view);
    if (size == 0)
        return;
    for (int row = 0; row < cells->rows; row++) {
        for (int column = 0; column < cells->columns; column++) {
            size_t i = (size_t)row * (size_t)cells->columns + (size_t)column;
            if (!isnan(cells->values[i]) && cells->texts[i])
                draw_text(cells->texts[i], size, cell_box(view, row, column),
                          moe__tint_at(tint, cells->values[i]), view, drawing);
        }
    }
}

static void
cells_draw(const Mark *mark, const View *view, Drawing *drawing)
{
    const MoeCells *cells = &mark->cells;
    g_autofree Tint *tint = g_new(Tint, 1);
    moe__tint_init(tint, view->scene, cells->categories);
    if (drawn_as_image(cells, view))
        draw_image(cells, view, tint, drawing);
    else
        draw_shapes(cells, view, tint, drawing);
    if (cells->texts)
        draw_texts(cells, view, tint, drawing);
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
