/* SPDX-License-Identifier: MIT
 *
 * SVG written from the drawing itself: Cairo's back end turns text into outlines, and a paper's
 * figure should be searchable and editable. Scalable Vector Graphics 1.1, W3C, 2011.
 */
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
colour_attribute(GString *out, const char *name, const Item *item)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t colour = moe__pixel_of(item->colour);
    g_string_append_c(out, ' ');
    g_string_append(out, name);
    g_string_append(out, "=\"#");
    for (int shift = 20; shift >= 0; shift -= 4)
        g_string_append_c(out, digits[colour >> shift & 15]);
    g_string_append_c(out, '"');
    if (item->opacity < 1)
        attribute(out, "opacity", item->opacity);
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
write_rect(GString *out, const Item *item)
{
    g_string_append(out, "<rect");
    write_box(out, item->type == ITEM_CELL ? moe__cell_ink(item) : item->box);
    colour_attribute(out, "fill", item);
    g_string_append(out, "/>\n");
}

static void
write_path(GString *out, const Drawing *drawing, const Item *item)
{
    if (item->path.width == 0) {
        g_string_append(out, "<polygon");
        colour_attribute(out, "fill", item);
    } else {
        g_string_append(out, "<polyline fill=\"none\" stroke-linejoin=\"round\"");
        colour_attribute(out, "stroke", item);
        attribute(out, "stroke-width", item->path.width);
    }
    if (item->path.dashed)
        attribute(out, "stroke-dasharray", DASH * item->path.width);
    g_string_append(out, " points=\"");
    for (int i = 0; i < item->path.n; i++) {
        Point point = g_array_index(drawing->points, Point, item->path.first + i);
        number(out, point.x);
        g_string_append_c(out, ',');
        number(out, point.y);
        g_string_append(out, i + 1 < item->path.n ? " " : "\"/>\n");
    }
}

static void
write_text(GString *out, const Item *item)
{
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
    colour_attribute(out, "fill", item);
    g_autofree char *escaped = g_markup_escape_text(item->text.string, -1);
    g_string_append_printf(out, ">%s</text>\n", escaped);
}

static void
write_image(GString *out, const Item *item)
{
    int across = 1, down = 1;
    g_autofree uint32_t *finer = moe__image_magnified(item, &across, &down);
    g_autoptr(GByteArray) png = moe__png_encode_alpha(
        finer ? finer : item->image.pixels, item->image.columns * across, item->image.rows * down);
    g_autofree char *base64 = g_base64_encode(png->data, png->len);
    g_string_append(out, "<image preserveAspectRatio=\"none\" image-rendering=\"optimizeSpeed\" "
                         "style=\"image-rendering:pixelated\"");
    write_box(out, item->box);
    g_string_append_printf(out, " xlink:href=\"data:image/png;base64,%s\"/>\n", base64);
}

static void
write_items(GString *out, const Drawing *drawing)
{
    bool tiles = false;
    for (guint i = 0; i < drawing->items->len; i++) {
        const Item *item = &g_array_index(drawing->items, Item, i);
        bool tile = item->type == ITEM_CELL && item->cell.gap == 0;
        if (tile != tiles)
            g_string_append(out, tile ? "<g shape-rendering=\"crispEdges\">\n" : "</g>\n");
        tiles = tile;
        if (item->type == ITEM_RECT || item->type == ITEM_CELL)
            write_rect(out, item);
        else if (item->type == ITEM_PATH)
            write_path(out, drawing, item);
        else if (item->type == ITEM_TEXT)
            write_text(out, item);
        else
            write_image(out, item);
    }
    if (tiles)
        g_string_append(out, "</g>\n");
}

GString *
moe__svg_encode(const Drawing *drawing, const char *title)
{
    GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                                "xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.1\"");
    g_string_append(out, " width=\"");
    number(out, drawing->width);
    g_string_append(out, "pt\" height=\"");
    number(out, drawing->height);
    g_string_append(out, "pt\" viewBox=\"0 0 ");
    number(out, drawing->width);
    g_string_append_c(out, ' ');
    number(out, drawing->height);
    g_string_append_printf(out, "\" font-family=\"%s, Helvetica, Arial, sans-serif\">\n",
                           drawing->family);
    g_autofree char *escaped = g_markup_escape_text(title, -1);
    g_string_append_printf(out, "<title>%s</title>\n", escaped);
    write_items(out, drawing);
    g_string_append(out, "</svg>\n");
    return out;
}
