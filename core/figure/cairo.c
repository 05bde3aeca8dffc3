/* SPDX-License-Identifier: MIT
 *
 * Draws a laid-out scene with Cairo: the window, PNG and PDF.
 */
#include "figure/cell-shapes.h"
#include "figure/eps-cells.h"
#include "figure/pdf-cells.h"
#include "figure/picture.h"

#include <math.h>

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
draw_text(cairo_t *cr, const Drawing *drawing, const Item *item, PangoLayout *layout)
{
    int width;
    moe__ruler_set(layout, drawing->family, item->text.string, item->text.size, item->text.bold);
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

static void
draw_image(cairo_t *cr, const Item *item, bool pixels)
{
    int across = 1, down = 1, columns = item->image.columns, rows = item->image.rows;
    Box box = pixels ? snapped(cr, item->box) : item->box;
    g_autofree uint32_t *made = NULL;
    if (pixels && pixels_shown(cr, box, &columns, &rows))
        made = moe__image_shrunk(item, columns, rows);
    else if (!pixels && (made = moe__image_magnified(item, &across, &down)))
        columns *= across, rows *= down;
    cairo_surface_t *surface =
        cairo_image_surface_create_for_data((unsigned char *)(made ? made : item->image.pixels),
                                            CAIRO_FORMAT_ARGB32, columns, rows, columns * 4);
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

static PangoLayout *
text_layout(cairo_t *cr)
{
    PangoLayout *layout = pango_cairo_create_layout(cr);
    cairo_font_options_t *options = moe__ruler_font_options();
    PangoContext *context = pango_layout_get_context(layout);
    pango_cairo_context_set_font_options(context, options);
    pango_context_set_round_glyph_positions(context, FALSE);
    cairo_font_options_destroy(options);
    return layout;
}

void
moe__cairo_draw(const Drawing *drawing, cairo_t *cr)
{
    PangoLayout *layout = text_layout(cr);
    bool pixels = has_pixels(cr);
    cairo_save(cr);
    for (guint i = 0; i < drawing->items->len; i++) {
        const Item *item = &g_array_index(drawing->items, Item, i);
        switch (item->type) {
        case ITEM_RECT:
            draw_rect(cr, item, pixels);
            break;
        case ITEM_CELL:
            draw_cell(cr, item, pixels);
            break;
        case ITEM_PATH:
            draw_path(cr, drawing, item);
            break;
        case ITEM_TEXT:
            draw_text(cr, drawing, item, layout);
            break;
        case ITEM_IMAGE:
            if (!pixels && item->image.kind & IMAGE_SHAPES)
                draw_shapes(cr, item);
            else
                draw_image(cr, item, pixels);
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
    cairo_restore(cr);
    g_object_unref(layout);
}

void
moe_scene_render(MoeScene *scene, cairo_t *cr, double width, double height)
{
    g_return_if_fail(width > 0 && height > 0);
    moe__cairo_draw(moe__picture(scene, width, height), cr);
}
