/* SPDX-License-Identifier: MIT
 *
 * SVG written from the drawing itself: Cairo's back end turns text into outlines, and a paper's
 * figure should be searchable and editable. Scalable Vector Graphics 1.1, W3C, 2011.
 */
#include "figure/cell-shapes.h"
#include "figure/number.h"
#include "figure/writers.h"

#include <math.h>

/* A length or a share, to a thousandth: thousands of cells have five numbers each, and printf takes
 * its time. */
static void
number(GString *out, double value)
{
    char text[32], *at = text + sizeof(text);
    bool negative = value < 0;
    guint64 rest = (guint64)llround(fabs(CLAMP(value, -1e12, 1e12)) * 1000);
    int decimals = 3;
    for (; decimals > 0 && rest % 10 == 0; decimals--)
        rest /= 10;
    negative &= rest > 0;
    for (int i = 0; i < decimals; i++, rest /= 10)
        *--at = (char)('0' + rest % 10);
    if (decimals > 0)
        *--at = '.';
    do
        *--at = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (negative)
        *--at = '-';
    g_string_append_len(out, at, text + sizeof(text) - at);
}

/* Where a drawing goes; `page` NULL: a file of its own. */
typedef struct Pen {
    GString *out;
    const Drawing *drawing;
    SvgPage *page;
} Pen;

static void
attribute(GString *out, const char *name, double value)
{
    g_string_append_c(out, ' ');
    g_string_append(out, name);
    g_string_append(out, "=\"");
    number(out, value);
    g_string_append_c(out, '"');
}

static void
colour_attribute(const Pen *pen, const char *name, const Item *item)
{
    GString *out = pen->out;
    if (!pen->page || !moe__svg_page_colour(pen->page, out, name, item)) {
        static const char digits[] = "0123456789abcdef";
        uint32_t colour = moe__pixel_of(item->colour);
        g_string_append_c(out, ' ');
        g_string_append(out, name);
        g_string_append(out, "=\"#");
        for (int shift = 20; shift >= 0; shift -= 4)
            g_string_append_c(out, digits[colour >> shift & 15]);
        g_string_append_c(out, '"');
    }
    if (item->opacity < 1)
        attribute(out, "opacity", item->opacity);
}

/* Ends the element of an item: in a page, with what a reader is told who points at it. */
static void
end_element(const Pen *pen, const char *element, const Item *item)
{
    g_autofree char *words = pen->page ? moe__svg_page_words(pen->page, pen->drawing, item) : NULL;
    if (words)
        g_string_append_printf(pen->out, "><title>%s</title></%s>\n", words, element);
    else
        g_string_append(pen->out, "/>\n");
}

static void
write_box(GString *out, Box box)
{
    attribute(out, "x", box.x);
    attribute(out, "y", box.y);
    attribute(out, "width", box.width);
    attribute(out, "height", box.height);
}

static void
write_rect(const Pen *pen, const Item *item)
{
    g_string_append(pen->out, "<rect");
    write_box(pen->out, item->type == ITEM_CELL ? moe__cell_ink(item) : item->box);
    colour_attribute(pen, "fill", item);
    end_element(pen, "rect", item);
}

static void
write_path(const Pen *pen, const Item *item)
{
    GString *out = pen->out;
    bool shape = item->path.width == 0;
    if (shape) {
        g_string_append(out, "<polygon");
        colour_attribute(pen, "fill", item);
    } else {
        g_string_append(out, "<polyline fill=\"none\" stroke-linejoin=\"round\"");
        colour_attribute(pen, "stroke", item);
        attribute(out, "stroke-width", item->path.width);
    }
    if (item->path.dashed)
        attribute(out, "stroke-dasharray", DASH * item->path.width);
    g_string_append(out, " points=\"");
    for (int i = 0; i < item->path.n; i++) {
        Point point = g_array_index(pen->drawing->points, Point, item->path.first + i);
        number(out, point.x);
        g_string_append_c(out, ',');
        number(out, point.y);
        g_string_append_c(out, i + 1 < item->path.n ? ' ' : '"');
    }
    end_element(pen, shape ? "polygon" : "polyline", item);
}

static void
write_text(const Pen *pen, const Item *item)
{
    GString *out = pen->out;
    static const char *const anchors[] = {"start", "middle", "end"};
    g_string_append(out, "<text");
    if (item->text.upwards) {
        g_string_append(out, " transform=\"translate(");
        number(out, item->box.x);
        g_string_append_c(out, ' ');
        number(out, item->box.y);
        g_string_append(out, ") rotate(-90)\"");
    } else {
        attribute(out, "x", item->box.x);
        attribute(out, "y", item->box.y);
    }
    attribute(out, "font-size", item->text.size);
    if (item->text.anchor != ANCHOR_START)
        g_string_append_printf(out, " text-anchor=\"%s\"", anchors[item->text.anchor]);
    if (item->text.bold)
        g_string_append(out, " font-weight=\"bold\"");
    colour_attribute(pen, "fill", item);
    g_autofree char *escaped = g_markup_escape_text(item->text.string, -1);
    g_string_append_printf(out, ">%s</text>\n", escaped);
}

/* Of cells; a page has them as an image, beside which stands what they are. */
static void
write_shapes(const Pen *pen, const Item *item)
{
    g_auto(CellShapes) shapes = {0};
    Box box = item->box;
    moe__cell_shapes_init(&shapes, item->image.pixels, item->image.columns, item->image.rows);
    g_string_append(pen->out, "<g shape-rendering=\"crispEdges\" transform=\"translate(");
    number(pen->out, box.x);
    g_string_append_c(pen->out, ' ');
    number(pen->out, box.y);
    g_string_append(pen->out, ") scale(");
    moe__number_append(pen->out, box.width / item->image.columns, 9);
    g_string_append_c(pen->out, ' ');
    moe__number_append(pen->out, box.height / item->image.rows, 9);
    g_string_append(pen->out, ")\">\n");
    moe__cell_shapes_svg(&shapes, pen->out);
    g_string_append(pen->out, "</g>\n");
}

static void
write_image(const Pen *pen, const Item *item)
{
    GString *out = pen->out;
    int across = 1, down = 1;
    g_autofree uint32_t *finer = moe__image_magnified(item, &across, &down);
    g_autoptr(GByteArray) png = moe__png_encode_alpha(
        finer ? finer : item->image.pixels, item->image.columns * across, item->image.rows * down);
    g_autofree char *base64 = g_base64_encode(png->data, png->len);
    g_string_append(out, "<image preserveAspectRatio=\"none\" image-rendering=\"optimizeSpeed\" "
                         "style=\"image-rendering:pixelated\"");
    write_box(out, item->box);
    /* HTML knows no namespaces. */
    g_string_append_printf(out, " %s=\"data:image/png;base64,%s\"/>\n",
                           pen->page ? "href" : "xlink:href", base64);
    if (pen->page)
        moe__svg_page_image(pen->page, out, pen->drawing, item);
}

static void
write_clip(const Pen *pen, const Item *item, guint number)
{
    g_string_append_printf(pen->out, "<clipPath id=\"clip%u\"><rect", number);
    write_box(pen->out, item->box);
    g_string_append_printf(pen->out, "/></clipPath>\n<g clip-path=\"url(#clip%u)\">\n", number);
}

static void
write_item(const Pen *pen, guint i)
{
    const Item *item = &g_array_index(pen->drawing->items, Item, i);
    switch (item->type) {
    case ITEM_RECT:
    case ITEM_CELL:
        write_rect(pen, item);
        break;
    case ITEM_PATH:
        write_path(pen, item);
        break;
    case ITEM_TEXT:
        write_text(pen, item);
        break;
    case ITEM_IMAGE:
        if (item->image.kind & IMAGE_SHAPES && !pen->page)
            write_shapes(pen, item);
        else
            write_image(pen, item);
        break;
    case ITEM_CLIP:
        write_clip(pen, item, i);
        break;
    case ITEM_UNCLIP:
        g_string_append(pen->out, "</g>\n");
        break;
    }
}

static void
write_items(const Pen *pen, guint first)
{
    bool tiles = false;
    for (guint i = first; i < pen->drawing->items->len; i++) {
        const Item *item = &g_array_index(pen->drawing->items, Item, i);
        bool tile = item->type == ITEM_CELL && item->cell.gap == 0;
        if (tile != tiles)
            g_string_append(pen->out, tile ? "<g shape-rendering=\"crispEdges\">\n" : "</g>\n");
        tiles = tile;
        write_item(pen, i);
    }
    if (tiles)
        g_string_append(pen->out, "</g>\n");
}

/* Its size, and the family of its texts: attributes of <svg>. */
static void
write_size(GString *out, const Drawing *drawing, const char *unit)
{
    g_string_append(out, " width=\"");
    number(out, drawing->width);
    g_string_append_printf(out, "%s\" height=\"", unit);
    number(out, drawing->height);
    g_string_append_printf(out, "%s\" viewBox=\"0 0 ", unit);
    number(out, drawing->width);
    g_string_append_c(out, ' ');
    number(out, drawing->height);
    g_string_append_printf(out, "\" font-family=\"%s, Helvetica, Arial, sans-serif\"",
                           drawing->family);
}

GString *
moe__svg_encode(const Drawing *drawing, const char *title)
{
    GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                                "xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.1\"");
    write_size(out, drawing, "pt");
    g_autofree char *escaped = g_markup_escape_text(title, -1);
    g_string_append_printf(out, ">\n<title>%s</title>\n", escaped);
    write_items(&(Pen){out, drawing, NULL}, 0);
    g_string_append(out, "</svg>\n");
    return out;
}

GString *
moe__svg_encode_page(const Drawing *drawing, const char *title, SvgPage *page)
{
    GString *out = g_string_new("<svg role=\"img\"");
    g_autofree char *escaped = g_markup_escape_text(title, -1);
    g_string_append_printf(out, " aria-label=\"%s\"", escaped);
    write_size(out, drawing, "");
    g_string_append(out, ">\n");
    /* The first item is the paper, which a page has itself. */
    write_items(&(Pen){out, drawing, page}, 1);
    moe__svg_page_points(page, out, drawing);
    g_string_append(out, "</svg>\n");
    return out;
}
