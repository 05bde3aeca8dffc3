/* SPDX-License-Identifier: MIT
 *
 * SVG written from the drawing itself: Cairo's back end turns text into outlines, and a paper's
 * figure should be searchable and editable. Scalable Vector Graphics 1.1, W3C, 2011.
 */
#include "figure/number.h"
#include "figure/writers.h"

#include <math.h>

/* Places to a hundredth of a point or better, at any size of page. */
#define DIGITS 6

static void
attribute(GString *out, const char *name, double value)
{
    g_string_append_printf(out, " %s=\"", name);
    moe__number_append(out, fabs(value) < 1e-4 ? 0 : value, DIGITS);
    g_string_append_c(out, '"');
}

static void
colour_attribute(GString *out, const char *name, const Item *item)
{
    MoeColour colour = item->colour;
    g_string_append_printf(out, " %s=\"#%02x%02x%02x\"", name, (int)lround(colour.r * 255),
                           (int)lround(colour.g * 255), (int)lround(colour.b * 255));
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
    write_box(out, item->box);
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
        moe__number_append(out, point.x, DIGITS);
        g_string_append_c(out, ',');
        moe__number_append(out, point.y, DIGITS);
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
        moe__number_append(out, item->box.x, DIGITS);
        g_string_append_c(out, ' ');
        moe__number_append(out, item->box.y, DIGITS);
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
    g_autoptr(GByteArray) png =
        moe__png_encode_alpha(item->image.pixels, item->image.columns, item->image.rows);
    g_autofree char *base64 = g_base64_encode(png->data, png->len);
    g_string_append(out, "<image preserveAspectRatio=\"none\" image-rendering=\"optimizeSpeed\" "
                         "style=\"image-rendering:pixelated\"");
    write_box(out, item->box);
    g_string_append_printf(out, " xlink:href=\"data:image/png;base64,%s\"/>\n", base64);
}

static void
write_clip(GString *out, const Item *item, guint number)
{
    g_string_append_printf(out, "<clipPath id=\"clip%u\"><rect", number);
    write_box(out, item->box);
    g_string_append_printf(out, "/></clipPath>\n<g clip-path=\"url(#clip%u)\">\n", number);
}

static void
write_item(GString *out, const Drawing *drawing, guint i)
{
    const Item *item = &g_array_index(drawing->items, Item, i);
    switch (item->type) {
    case ITEM_RECT:
        write_rect(out, item);
        break;
    case ITEM_PATH:
        write_path(out, drawing, item);
        break;
    case ITEM_TEXT:
        write_text(out, item);
        break;
    case ITEM_IMAGE:
        write_image(out, item);
        break;
    case ITEM_CLIP:
        write_clip(out, item, i);
        break;
    case ITEM_UNCLIP:
        g_string_append(out, "</g>\n");
        break;
    }
}

static void
write_items(GString *out, const Drawing *drawing)
{
    bool tiles = false;
    for (guint i = 0; i < drawing->items->len; i++) {
        const Item *item = &g_array_index(drawing->items, Item, i);
        bool tile = item->type == ITEM_RECT && item->tile;
        if (tile != tiles)
            g_string_append(out, tile ? "<g shape-rendering=\"crispEdges\">\n" : "</g>\n");
        tiles = tile;
        write_item(out, drawing, i);
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
    moe__number_append(out, drawing->width, DIGITS);
    g_string_append(out, "pt\" height=\"");
    moe__number_append(out, drawing->height, DIGITS);
    g_string_append(out, "pt\" viewBox=\"0 0 ");
    moe__number_append(out, drawing->width, DIGITS);
    g_string_append_c(out, ' ');
    moe__number_append(out, drawing->height, DIGITS);
    g_string_append_printf(out, "\" font-family=\"%s, Helvetica, Arial, sans-serif\">\n",
                           drawing->family);
    g_autofree char *escaped = g_markup_escape_text(title, -1);
    g_string_append_printf(out, "<title>%s</title>\n", escaped);
    write_items(out, drawing);
    g_string_append(out, "</svg>\n");
    return out;
}
