/* SPDX-License-Identifier: MIT
 *
 * Cells: a grid of values through the colour scale.
 */
#include "figure/cell-image.h"
#include "figure/number.h"

#include <math.h>

/* More small cells than these are drawn as one: pixels where there are pixels, and one shape a
 * colour where there are none (cell-shapes.h). More cells than these are pixels everywhere: as
 * shapes they would make files large and viewers slow. */
#define MOST_SMALL_CELLS  2000
#define MOST_VECTOR_CELLS 100000
#define MANY_GRIDS        4
/* 1,152 dots an inch. */
#define MOST_PIXELS_A_POINT 16
/* Cells at least this large stand apart by a hair. */
#define GAP_FROM 5.0
#define GAP      0.5
#define THIN     12.0
#define SLENDER  3
/* Nobody reads smaller type than this. */
#define SMALLEST_TEXT 3.0
#define SHORT_TEXT    4   /* letters */
#define FILL          0.9 /* of a cell's width, for the widest number */

/* Cells first … end - 1 along an axis. */
typedef struct Run {
    int first, end;
} Run;

/* Those that are seen between two places. */
static Run
seen(const Scale *scale, double from, double to, int n)
{
    /* A hair of slack: the edge of a cell that lies on that of the panel. */
    double first = moe__scale_invert(scale, from), end = moe__scale_invert(scale, to);
    return (Run){(int)CLAMP(floor(first + 1e-9), 0, n), (int)CLAMP(ceil(end - 1e-9), 0, n)};
}

/* How often an image is halved so that it has no more than so many pixels a point. */
static int
halvings(Run run, double points)
{
    int down = 0;
    while ((run.end - run.first) >> down > MAX(points * MOST_PIXELS_A_POINT, 1))
        down++;
    return down;
}

/* Of what is seen, as fine as any device shows it; as shapes if every cell is there. */
static void
draw_image(const Mark *mark, const View *view, Run rows, Run columns, bool shapes, Drawing *drawing)
{
    const MoeCells *cells = &mark->cells;
    int down_x = halvings(columns, view->frame->box.width);
    int down_y = halvings(rows, view->frame->box.height);
    /* Making the image changes nothing that can be seen of the mark. */
    const CellImage *image = moe__cell_image(view->scene, (Mark *)mark, down_x, down_y);
    int left = columns.first >> down_x, right = ((columns.end - 1) >> down_x) + 1;
    int top = rows.first >> down_y, bottom = ((rows.end - 1) >> down_y) + 1;
    int width = right - left, height = bottom - top;
    uint32_t *pixels = g_new(uint32_t, (gsize)width * (gsize)height);
    for (int y = 0; y < height; y++)
        memcpy(pixels + (gsize)y * width, image->pixels + (gsize)(top + y) * image->columns + left,
               sizeof(*pixels) * (gsize)width);
    double x = moe__scale_at(&view->x, (double)left * (1 << down_x));
    double y = moe__scale_at(&view->y, (double)top * (1 << down_y));
    double x1 = moe__scale_at(&view->x, MIN((double)right * (1 << down_x), cells->columns));
    double y1 = moe__scale_at(&view->y, MIN((double)bottom * (1 << down_y), cells->rows));
    ImageKind kind = cells->categories > 0 ? IMAGE_CATEGORIES : IMAGE_BLEND;
    kind |= shapes && down_x == 0 && down_y == 0 ? IMAGE_SHAPES : 0;
    moe__drawing_image(drawing, (Box){x, y, x1 - x, y1 - y}, pixels, width, height, kind);
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

/* Between thin ones that are higher than wide, as steps of time are, lines would be all that one
 * sees. */
static bool
apart(Box box)
{
    return !small(box) && (box.width >= THIN || box.height <= SLENDER * box.width);
}

static int64_t
count_cells(const MoeScene *scene)
{
    int64_t all = 0;
    for (guint p = 0; p < scene->panels->len; p++) {
        const Panel *panel = g_ptr_array_index(scene->panels, p);
        for (guint m = 0; m < panel->marks->len; m++) {
            const Mark *mark = &g_array_index(panel->marks, Mark, m);
            if (mark->type == MARK_CELLS)
                all += (int64_t)mark->cells.rows * mark->cells.columns;
        }
    }
    return all;
}

typedef enum {
    ONE_BY_ONE,
    AS_SHAPES,
    AS_IMAGE,
} Way;

/* A theme may allow fewer; all grids of a scene then count together. */
static Way
way_of(const View *view, Run rows, Run columns)
{
    int64_t n = (int64_t)(rows.end - rows.first) * (columns.end - columns.first);
    int own = view->scene->theme->most_cells;
    if (own > 0)
        return n > own || count_cells(view->scene) > MANY_GRIDS * own ? AS_IMAGE : ONE_BY_ONE;
    if (n > MOST_VECTOR_CELLS)
        return AS_IMAGE;
    return n > MOST_SMALL_CELLS && small(cell_box(view, 0, 0)) ? AS_SHAPES : ONE_BY_ONE;
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
text_size(const MoeCells *cells, const View *view, Run rows, Run columns)
{
    Box box = cell_box(view, 0, 0);
    double theme = view->scene->theme->tick_size, size = MIN(theme, 0.62 * box.height), widest = 0;
    for (int row = rows.first; size >= SMALLEST_TEXT && row < rows.end; row++)
        for (int column = columns.first; column < columns.end; column++) {
            const char *text = cells->texts[row * cells->columns + column];
            if (text && !isnan(cells->values[row * cells->columns + column]) && is_short(text))
                widest = moe__ruler_wider(view->ruler, text, theme, widest);
        }
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
draw_shapes(const MoeCells *cells, const View *view, const Tint *tint, Run rows, Run columns,
            Drawing *drawing)
{
    for (int row = rows.first; row < rows.end; row++) {
        for (int column = columns.first; column < columns.end; column++) {
            double value = cells->values[(size_t)row * (size_t)cells->columns + (size_t)column];
            if (isnan(value))
                continue;
            Box box = cell_box(view, row, column);
            moe__drawing_cell(drawing, box, moe__tint_at(tint, value), apart(box) ? GAP : 0,
                              column + 1 < cells->columns, row + 1 < cells->rows);
        }
    }
}

static void
draw_texts(const MoeCells *cells, const View *view, const Tint *tint, Run rows, Run columns,
           Drawing *drawing)
{
    double size = text_size(cells, view, rows, columns);
    if (size == 0)
        return;
    for (int row = rows.first; row < rows.end; row++) {
        for (int column = columns.first; column < columns.end; column++) {
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
    Box box = view->frame->box;
    Run rows = seen(&view->y, box.y, box.y + box.height, cells->rows);
    Run columns = seen(&view->x, box.x, box.x + box.width, cells->columns);
    Way way = way_of(view, rows, columns);
    if (way != ONE_BY_ONE) {
        draw_image(mark, view, rows, columns, way == AS_SHAPES, drawing);
        return;
    }
    g_autofree Tint *tint = g_new(Tint, 1);
    moe__tint_init(tint, view->scene, cells->categories);
    draw_shapes(cells, view, tint, rows, columns, drawing);
    if (cells->texts)
        draw_texts(cells, view, tint, rows, columns, drawing);
}

static char *
interval_words(const MoeCells *cells, size_t i)
{
    if (!cells->low || !cells->high || isnan(cells->low[i]) || isnan(cells->high[i]))
        return g_strdup("unknown");
    g_autofree char *low = moe__number_short(cells->low[i]);
    g_autofree char *high = moe__number_short(cells->high[i]);
    return g_strdup_printf("%s to %s", low, high);
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
    g_autofree char *interval = interval_words(cells, i);
    const char *text = cells->texts ? cells->texts[i] : NULL;
    const WordsKey keys[] = {
        {"{row}", row_text},         {"{column}", column_text},     {"{value}", value},
        {"{0}", first ? first : ""}, {"{1}", second ? second : ""}, {"{text}", text ? text : ""},
        {"{interval}", interval},
    };
    return moe__words_fill(cells->words, keys, G_N_ELEMENTS(keys));
}

static int
cells_hit(const Mark *mark, const View *view, double x, double y)
{
    const MoeCells *cells = &mark->cells;
    int row = moe__scale_band(&view->y, y), column = moe__scale_band(&view->x, x);
    if (row < 0 || column < 0 || row >= cells->rows || column >= cells->columns)
        return -1;
    int piece = row * cells->columns + column;
    return isnan(cells->values[piece]) ? -1 : piece;
}

static int
cells_count(const Mark *mark)
{
    return mark->cells.rows * mark->cells.columns;
}

static bool
cells_place(const Mark *mark, const View *view, int piece, Place *place)
{
    int row = piece / mark->cells.columns, column = piece % mark->cells.columns;
    *place = (Place){cell_box(view, row, column), column + 0.5, row + 0.5};
    return !isnan(mark->cells.values[piece]);
}

static void
cells_tell(const Mark *mark, const View *view, int piece, MoeDatum *datum)
{
    datum->row = piece / mark->cells.columns;
    datum->column = piece % mark->cells.columns;
    datum->value = mark->cells.values[piece];
    datum->words = cell_words(&mark->cells, view, datum->row, datum->column);
}

static MoeKey
cells_key(const Mark *mark, int piece, int which)
{
    const MoeKeys *keys = &mark->cells.keys;
    bool has = which == 0 && keys->name;
    return (MoeKey){has ? keys->name : NULL, has ? keys->number[piece] : NAN, NULL};
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

const MarkClass moe__mark_cells = {.name = "cells",
                                   .draw = cells_draw,
                                   .hit = cells_hit,
                                   .dump = cells_dump,
                                   .count = cells_count,
                                   .place = cells_place,
                                   .tell = cells_tell,
                                   .key = cells_key};
