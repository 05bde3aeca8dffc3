/* SPDX-License-Identifier: MIT
 *
 * The list that writers draw.
 */
#include "figure/drawing.h"

#include <math.h>
#include <string.h>

#define BLEED 0.3

static void
item_clear(gpointer data)
{
    Item *item = data;
    if (item->type == ITEM_TEXT)
        g_free(item->text.string);
    if (item->type == ITEM_IMAGE)
        g_free(item->image.pixels);
}

Drawing *
moe__drawing_new(double width, double height, const char *family)
{
    Drawing *drawing = g_new0(Drawing, 1);
    drawing->width = width;
    drawing->height = height;
    drawing->family = family;
    drawing->opacity = 1;
    drawing->items = g_array_new(FALSE, FALSE, sizeof(Item));
    g_array_set_clear_func(drawing->items, item_clear);
    drawing->points = g_array_new(FALSE, FALSE, sizeof(Point));
    return drawing;
}

void
moe__drawing_free(Drawing *drawing)
{
    if (!drawing)
        return;
    g_array_unref(drawing->items);
    g_array_unref(drawing->points);
    g_free(drawing);
}

static void
add_item(Drawing *drawing, Item item)
{
    item.opacity = drawing->opacity;
    g_array_append_val(drawing->items, item);
}

void
moe__drawing_rect(Drawing *drawing, Box box, MoeColour colour)
{
    Item item = {.type = ITEM_RECT, .colour = colour, .box = box};
    add_item(drawing, item);
}

void
moe__drawing_swatch(Drawing *drawing, Box box, MoeColour colour)
{
    Item item = {.type = ITEM_RECT, .colour = colour, .box = box};
    item.rect.crisp = true;
    add_item(drawing, item);
}

void
moe__drawing_cell(Drawing *drawing, Box box, MoeColour colour, double gap, bool right, bool below)
{
    Item item = {.type = ITEM_CELL, .colour = colour, .box = box};
    item.cell.gap = gap;
    item.cell.right = right;
    item.cell.below = below;
    add_item(drawing, item);
}

Box
moe__cell_ink(const Item *item)
{
    Box box = item->box;
    double gap = item->cell.gap;
    if (gap > 0)
        return (Box){box.x + gap / 2, box.y + gap / 2, box.width - gap, box.height - gap};
    box.width += item->cell.right ? BLEED : 0;
    box.height += item->cell.below ? BLEED : 0;
    return box;
}

static void
add_path(Drawing *drawing, MoeColour colour, double width, bool dashed)
{
    Item item = {.type = ITEM_PATH, .colour = colour};
    item.path.first = (int)drawing->points->len;
    item.path.width = width;
    item.path.dashed = dashed;
    add_item(drawing, item);
}

void
moe__drawing_path(Drawing *drawing, MoeColour colour, double width)
{
    add_path(drawing, colour, width, false);
}

void
moe__drawing_dashes(Drawing *drawing, MoeColour colour, double width)
{
    add_path(drawing, colour, width, true);
}

void
moe__drawing_shape(Drawing *drawing, MoeColour colour)
{
    add_path(drawing, colour, 0, false);
}

void
moe__drawing_point(Drawing *drawing, double x, double y)
{
    Item *item = &g_array_index(drawing->items, Item, drawing->items->len - 1);
    g_assert(item->type == ITEM_PATH);
    g_array_append_vals(drawing->points, &(Point){x, y}, 1);
    item->path.n++;
}

void
moe__drawing_line(Drawing *drawing, Point from, Point to, MoeColour colour, double width)
{
    moe__drawing_path(drawing, colour, width);
    moe__drawing_point(drawing, from.x, from.y);
    moe__drawing_point(drawing, to.x, to.y);
}

uint32_t
moe__pixel_of(MoeColour colour)
{
    return 0xff000000u | (uint32_t)lround(colour.r * 255) << 16 |
           (uint32_t)lround(colour.g * 255) << 8 | (uint32_t)lround(colour.b * 255);
}

void
moe__drawing_image(Drawing *drawing, Box box, uint32_t *pixels, int columns, int rows,
                   ImageKind kind)
{
    Item item = {.type = ITEM_IMAGE, .box = box};
    item.image.pixels = pixels;
    item.image.columns = columns;
    item.image.rows = rows;
    item.image.kind = kind;
    add_item(drawing, item);
}

void
moe__drawing_clip(Drawing *drawing, Box box)
{
    Item item = {.type = ITEM_CLIP, .box = box};
    add_item(drawing, item);
}

void
moe__drawing_unclip(Drawing *drawing)
{
    Item item = {.type = ITEM_UNCLIP};
    add_item(drawing, item);
}

void
moe__drawing_text(Drawing *drawing, const char *string, double x, double y, TextStyle style)
{
    Item item = {.type = ITEM_TEXT, .colour = style.colour, .box = {.x = x, .y = y}};
    item.text.string = g_strdup(string);
    item.text.size = style.size;
    item.text.anchor = style.anchor;
    item.text.bold = style.bold;
    item.text.upwards = style.upwards;
    add_item(drawing, item);
}
