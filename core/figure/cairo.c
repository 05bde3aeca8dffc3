/* SPDX-License-Identifier: MIT
 *
 * Draws a laid-out scene with Cairo: the window, PNG and PDF.
 */
#include "figure/cell-shapes.h"
#include "figure/eps-cells.h"
#include "figure/pdf-cells.h"
#include "figure/picture.h"
#include "figure/shaped.h"

#include <math.h>
#include <string.h>

static void
set_colour(cairo_t *cr, const Item *item)
{
    cairo_set_source_rgba(cr, item->colour.r, item->colour.g, item->colour.b, item->opacity);
}

/* Whether there are pixels; PDF and PostScript have none. */
static bool
has_pixels(cairo_t *cr)
{
    switch (cairo_surface_get_type(cairo_get_target(cr))) {
    case CAIRO_SURFACE_TYPE_PDF:
    case CAIRO_SURFACE_TYPE_PS:
    case CAIRO_SURFACE_TYPE_SVG:
    case CAIRO_SURFACE_TYPE_RECORDING:
        return false;
    default:
        return true;
    }
}

/* To whole pixels: edges are sharp, and neighbours touch. */
static Box
snapped(cairo_t *cr, Box box)
{
    double x0 = box.x, y0 = box.y, x1 = box.x + box.width, y1 = box.y + box.height;
    cairo_user_to_device(cr, &x0, &y0);
    cairo_user_to_device(cr, &x1, &y1);
    x0 = round(x0), y0 = round(y0), x1 = round(x1), y1 = round(y1);
    cairo_device_to_user(cr, &x0, &y0);
    cairo_device_to_user(cr, &x1, &y1);
    return (Box){x0, y0, x1 - x0, y1 - y0};
}

static void
draw_rect(cairo_t *cr, const Item *item, bool pixels)
{
    Box box = pixels && item->rect.crisp ? snapped(cr, item->box) : item->box;
    set_colour(cr, item);
    cairo_rectangle(cr, box.x, box.y, box.width, box.height);
    cairo_fill(cr);
}

/* Gaps are as many pixels everywhere. */
static Box
cell_in_pixels(cairo_t *cr, const Item *item)
{
    Box box = snapped(cr, item->box);
    double one = 1, none = 0;
    cairo_device_to_user_distance(cr, &one, &none); /* a pixel, in points */
    double gap = round(item->cell.gap / one), before = floor(gap / 2);
    return (Box){box.x + before * one, box.y + before * one, box.width - gap * one,
                 box.height - gap * one};
}

static void
draw_cell(cairo_t *cr, const Item *item, bool pixels)
{
    Box box = pixels ? cell_in_pixels(cr, item) : moe__cell_ink(item);
    set_colour(cr, item);
    cairo_rectangle(cr, box.x, box.y, box.width, box.height);
    cairo_fill(cr);
}

static void
draw_path(cairo_t *cr, const Drawing *drawing, const Item *item)
{
    const Point *points = &g_array_index(drawing->points, Point, item->path.first);
    set_colour(cr, item);
    cairo_new_path(cr); /* text leaves a current point */
    for (int i = 0; i < item->path.n; i++)
        cairo_line_to(cr, points[i].x, points[i].y);
    if (item->path.width == 0) {
        cairo_fill(cr);
        return;
    }
    const double dashes[2] = {DASH * item->path.width, DASH * item->path.width};
    cairo_set_dash(cr, dashes, item->path.dashed ? 2 : 0, 0);
    cairo_set_line_width(cr, item->path.width);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_stroke(cr);
}

static void
draw_text(cairo_t *cr, const Item *item, ShapedTexts *texts)
{
    int width;
    PangoLayout *layout =
        moe__shaped_find(texts, item->text.string, item->text.size, item->text.bold);
    pango_layout_get_size(layout, &width, NULL);
    double share = item->text.anchor == ANCHOR_START    ? 0
                   : item->text.anchor == ANCHOR_MIDDLE ? 0.5
                                                        : 1;
    double baseline = (double)pango_layout_get_baseline(layout) / PANGO_SCALE;
    cairo_save(cr);
    set_colour(cr, item);
    cairo_translate(cr, item->box.x, item->box.y);
    if (item->text.upwards)
        cairo_rotate(cr, -G_PI / 2);
    cairo_move_to(cr, -share * width / PANGO_SCALE, -baseline);
    pango_cairo_show_layout(cr, layout);
    cairo_restore(cr);
}

/* How many pixels of an image the device shows; false: all of them. */
static bool
pixels_shown(cairo_t *cr, Box box, int *columns, int *rows)
{
    int all_columns = *columns, all_rows = *rows;
    cairo_user_to_device_distance(cr, &box.width, &box.height);
    *columns = (int)CLAMP(ceil(fabs(box.width)), 1, all_columns);
    *rows = (int)CLAMP(ceil(fabs(box.height)), 1, all_rows);
    return *columns < all_columns || *rows < all_rows;
}

/* Cells where there are no pixels: paths of rectangles, or in files of our own what stands for them
 * until they are put in (pdf-cells.h, eps-cells.h). */
static void
draw_shapes(cairo_t *cr, const Item *item)
{
    g_auto(CellShapes) shapes = {0};
    if (moe__pdf_cells_take(cr, item) || moe__eps_cells_take(cr, item))
        return;
    moe__cell_shapes_init(&shapes, item->image.pixels, item->image.columns, item->image.rows);
    cairo_save(cr);
    cairo_translate(cr, item->box.x, item->box.y);
    cairo_scale(cr, item->box.width / item->image.columns, item->box.height / item->image.rows);
    for (int s = 0; s < shapes.n_shapes; s++) {
        const CellShape *shape = &shapes.shapes[s];
        for (int i = shape->first; i < shape->first + shape->n; i++) {
            CellRun run = shapes.runs[i];
            cairo_rectangle(cr, run.first, run.row, run.end - run.first, 1);
        }
        cairo_set_source_rgb(cr, (shape->colour >> 16 & 0xff) / 255.0,
                             (shape->colour >> 8 & 0xff) / 255.0, (shape->colour & 0xff) / 255.0);
        cairo_fill(cr);
    }
    cairo_restore(cr);
}

/* A rectangle of whole pixels. */
typedef struct Pixels {
    int x, y, width, height;
} Pixels;

/* Which pixels of the device a box of whole ones is; false: the device has others than it says, or
 * lies askew. */
static bool
whole_pixels(cairo_t *cr, Box box, Pixels *out)
{
    double scale_x, scale_y;
    cairo_matrix_t matrix;
    cairo_get_matrix(cr, &matrix);
    cairo_surface_get_device_scale(cairo_get_target(cr), &scale_x, &scale_y);
    cairo_user_to_device(cr, &box.x, &box.y);
    cairo_user_to_device_distance(cr, &box.width, &box.height);
    *out = (Pixels){(int)lround(box.x), (int)lround(box.y), (int)lround(box.width),
                    (int)lround(box.height)};
    return scale_x == 1 && scale_y == 1 && matrix.xy == 0 && matrix.yx == 0 && out->width > 0 &&
           out->height > 0;
}

/* Those that can be seen. */
static Pixels
visible(cairo_t *cr, const Pixels *all)
{
    double x0, y0, x1, y1;
    cairo_clip_extents(cr, &x0, &y0, &x1, &y1);
    cairo_user_to_device(cr, &x0, &y0);
    cairo_user_to_device(cr, &x1, &y1);
    int left = MAX(all->x, (int)floor(x0)), right = MIN(all->x + all->width, (int)ceil(x1));
    int top = MAX(all->y, (int)floor(y0)), bottom = MIN(all->y + all->height, (int)ceil(y1));
    return (Pixels){left, top, MAX(right - left, 0), MAX(bottom - top, 0)};
}

/* The i-th of `size` pixels shows what its middle lies in, of n. */
static int
shown_by(int64_t i, int64_t size, int64_t n)
{
    return (int)((2 * i + 1) * n / (2 * size));
}

/* Cells have edges: nothing is made up between them, and each is where it is whichever part of the
 * image is drawn. */
static void
fill_cells(const Pixels *all, const Pixels *seen, const uint32_t *cells, int columns, int rows,
           uint32_t *out)
{
    g_autofree int *column = g_new(int, seen->width);
    for (int x = 0; x < seen->width; x++)
        column[x] = shown_by(seen->x - all->x + x, all->width, columns);
    for (int y = 0, before = -1; y < seen->height; y++, out += seen->width) {
        int row = shown_by(seen->y - all->y + y, all->height, rows);
        if (row == before) {
            memcpy(out, out - seen->width, (size_t)seen->width * sizeof(*out));
            continue;
        }
        for (int x = 0; x < seen->width; x++)
            out[x] = cells[(size_t)row * (size_t)columns + (size_t)column[x]];
        before = row;
    }
}

/* Memory that is used again. */
typedef struct Room {
    uint32_t *pixels;
    size_t n;
} Room;

static uint32_t *
reserve(Room *room, size_t n)
{
    if (n > room->n) {
        g_free(room->pixels);
        room->pixels = g_new(uint32_t, n);
        room->n = n;
    }
    return room->pixels;
}

static void
draw_cells(cairo_t *cr, const Pixels *all, const uint32_t *cells, int columns, int rows, Room *room)
{
    const Pixels seen = visible(cr, all);
    if (seen.width == 0 || seen.height == 0)
        return;
    uint32_t *out = reserve(room, (size_t)seen.width * (size_t)seen.height);
    fill_cells(all, &seen, cells, columns, rows, out);
    cairo_surface_t *surface = cairo_image_surface_create_for_data(
        (unsigned char *)out, CAIRO_FORMAT_ARGB32, seen.width, seen.height, seen.width * 4);
    cairo_save(cr);
    cairo_identity_matrix(cr);
    cairo_set_source_surface(cr, surface, seen.x, seen.y);
    cairo_rectangle(cr, seen.x, seen.y, seen.width, seen.height);
    cairo_fill(cr);
    cairo_restore(cr);
    cairo_surface_finish(surface); /* whoever wants the pixels later has a copy now */
    cairo_surface_destroy(surface);
}

static void
draw_scaled(cairo_t *cr, Box box, const uint32_t *pixels, int columns, int rows)
{
    cairo_surface_t *surface = cairo_image_surface_create_for_data(
        (unsigned char *)pixels, CAIRO_FORMAT_ARGB32, columns, rows, columns * 4);
    cairo_save(cr);
    cairo_translate(cr, box.x, box.y);
    cairo_scale(cr, box.width / columns, box.height / rows);
    cairo_set_source_surface(cr, surface, 0, 0);
    /* Cells have edges: nothing is made up between them. */
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_rectangle(cr, 0, 0, columns, rows);
    cairo_fill(cr);
    cairo_restore(cr);
    cairo_surface_finish(surface); /* the pixels go; whoever wants them later has a copy now */
    cairo_surface_destroy(surface);
}

/* `kept`: what becomes of its pixels at this size, for the next time it is drawn; NULL: not known
 * yet, or they stay. */
static void
draw_image(cairo_t *cr, const Item *item, bool pixels, uint32_t **kept, Room *room)
{
    Pixels all;
    int across = 1, down = 1, columns = item->image.columns, rows = item->image.rows;
    Box box = pixels ? snapped(cr, item->box) : item->box;
    if (pixels && pixels_shown(cr, box, &columns, &rows) && !*kept)
        *kept = moe__image_shrunk(item, columns, rows);
    else if (!pixels && (*kept = moe__image_magnified(item, &across, &down)))
        columns *= across, rows *= down;
    const uint32_t *cells = *kept ? *kept : item->image.pixels;
    if (pixels && whole_pixels(cr, box, &all))
        draw_cells(cr, &all, cells, columns, rows, room);
    else
        draw_scaled(cr, box, cells, columns, rows);
}

struct MoePainter {
    const Drawing *drawing;
    cairo_t *cr;
    bool pixels; /* there are any */
    ShapedTexts *texts;
    uint32_t **images; /* [items] what draw_image() keeps; NULL: nothing was kept yet */
    Room room;
};

MoePainter *
moe__painter_new(const Drawing *drawing, cairo_t *cr)
{
    MoePainter *painter = g_new(MoePainter, 1);
    *painter = (MoePainter){drawing, cr,       has_pixels(cr), moe__shaped_new(cr, drawing->family),
                            NULL,    {NULL, 0}};
    return painter;
}

void
moe__painter_free(MoePainter *painter)
{
    if (!painter)
        return;
    for (guint i = 0; painter->images && i < painter->drawing->items->len; i++)
        g_free(painter->images[i]);
    g_free(painter->images);
    g_free(painter->room.pixels);
    moe__shaped_free(painter->texts);
    g_free(painter);
}

static void
paint_image(MoePainter *painter, guint number)
{
    const Item *item = &g_array_index(painter->drawing->items, Item, number);
    if (!painter->pixels && item->image.kind & IMAGE_SHAPES) {
        draw_shapes(painter->cr, item);
        return;
    }
    if (!painter->images)
        painter->images = g_new0(uint32_t *, painter->drawing->items->len);
    draw_image(painter->cr, item, painter->pixels, &painter->images[number], &painter->room);
}

static void
paint_item(MoePainter *painter, guint number)
{
    cairo_t *cr = painter->cr;
    const Item *item = &g_array_index(painter->drawing->items, Item, number);
    switch (item->type) {
    case ITEM_RECT:
        draw_rect(cr, item, painter->pixels);
        break;
    case ITEM_CELL:
        draw_cell(cr, item, painter->pixels);
        break;
    case ITEM_PATH:
        draw_path(cr, painter->drawing, item);
        break;
    case ITEM_TEXT:
        draw_text(cr, item, painter->texts);
        break;
    case ITEM_IMAGE:
        paint_image(painter, number);
        break;
    case ITEM_CLIP:
        cairo_save(cr);
        cairo_rectangle(cr, item->box.x, item->box.y, item->box.width, item->box.height);
        cairo_clip(cr);
        break;
    case ITEM_UNCLIP:
        cairo_restore(cr);
        break;
    }
}

/* Letters reach no further than this many sizes from their baseline. */
#define REACH 4

/* Whether nothing of an item can be seen there; false where that isn't plain. */
static bool
is_outside(const Item *item, double top, double bottom)
{
    const Box *box = &item->box;
    switch (item->type) {
    case ITEM_RECT:
    case ITEM_CELL:
    case ITEM_IMAGE:
        return MAX(box->y, box->y + box->height) < top ||
               MIN(box->y, box->y + box->height) > bottom;
    case ITEM_TEXT:
        return !item->text.upwards && (box->y + REACH * item->text.size < top ||
                                       box->y - REACH * item->text.size > bottom);
    default:
        return false;
    }
}

void
moe__painter_draw(MoePainter *painter, double top, double bottom)
{
    cairo_save(painter->cr);
    for (guint i = 0; i < painter->drawing->items->len; i++)
        if (!is_outside(&g_array_index(painter->drawing->items, Item, i), top, bottom))
            paint_item(painter, i);
    cairo_restore(painter->cr);
}

void
moe__cairo_draw(const Drawing *drawing, cairo_t *cr)
{
    g_autoptr(MoePainter) painter = moe__painter_new(drawing, cr);
    moe__painter_draw(painter, -INFINITY, INFINITY);
}

void
moe_scene_render(MoeScene *scene, cairo_t *cr, double width, double height)
{
    g_return_if_fail(width > 0 && height > 0);
    moe__cairo_draw(moe__picture(scene, width, height), cr);
}
