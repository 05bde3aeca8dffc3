/* SPDX-License-Identifier: MIT
 *
 * Images of cells, each coarser one made of a finer one (a pyramid whose axes are halved apart from
 * each other, since maps are often much longer than wide), or of categories made of the cells
 * themselves; and tiles cut out of them.
 */
#include "figure/cell-image.h"

#include <math.h>

/* Cells this many pixels wide and high stand apart in tiles, as they do when they are drawn. */
#define GAP_FROM_ZOOM 3

struct CellImages {
    GPtrArray *images; /* of CellImage */
};

static void
image_free(gpointer data)
{
    CellImage *image = data;
    g_free(image->pixels);
    g_free(image);
}

void
moe__cell_images_free(struct CellImages *images)
{
    g_ptr_array_unref(images->images);
    g_free(images);
}

static CellImage *
image_new(int down_x, int down_y, int columns, int rows)
{
    CellImage *image = g_new0(CellImage, 1);
    *image = (CellImage){down_x, down_y, columns, rows, NULL};
    image->pixels = g_new(uint32_t, (gsize)columns * (gsize)rows);
    return image;
}

static CellImage *
finest(const MoeScene *scene, const MoeCells *cells)
{
    CellImage *image = image_new(0, 0, cells->columns, cells->rows);
    g_autofree Tint *tint = g_new(Tint, 1);
    moe__tint_init(tint, scene, cells->categories);
    gsize n = (gsize)cells->columns * (gsize)cells->rows;
    for (gsize i = 0; i < n; i++)
        image->pixels[i] = isnan(cells->values[i]) ? 0 : moe__tint_pixel(tint, cells->values[i]);
    return image;
}

/* Of each channel, halves rounded up. */
static uint32_t
mean(uint32_t a, uint32_t b)
{
    return (a | b) - (((a ^ b) >> 1) & 0x7f7f7f7fu);
}

/* An odd one out at the end stands for itself. */
static CellImage *
halved(const CellImage *from, bool across)
{
    int columns = across ? (from->columns + 1) / 2 : from->columns;
    int rows = across ? from->rows : (from->rows + 1) / 2;
    CellImage *image = image_new(from->down_x + across, from->down_y + !across, columns, rows);
    for (int y = 0; y < rows; y++) {
        const uint32_t *first = from->pixels + (gsize)(across ? y : 2 * y) * from->columns;
        const uint32_t *second = !across && 2 * y + 1 < from->rows ? first + from->columns : first;
        uint32_t *out = image->pixels + (gsize)y * columns;
        for (int x = 0; x < columns; x++) {
            int at = across ? 2 * x : x, next = across && at + 1 < from->columns ? at + 1 : at;
            out[x] = mean(first[at], second[next]);
        }
    }
    return image;
}

static double
cell_at(const MoeCells *cells, int x, int y)
{
    return cells->values[(gsize)y * (gsize)cells->columns + (gsize)x];
}

/* The commonest category of cells from x, y on; -1: there is no cell. Leaves count at 0. */
static int
commonest_in(const MoeCells *cells, int x, int y, int width, int height, int *count)
{
    int right = MIN(x + width, cells->columns), bottom = MIN(y + height, cells->rows), best = -1;
    for (int row = y; row < bottom; row++)
        for (int column = x; column < right; column++) {
            double value = cell_at(cells, column, row);
            if (isnan(value))
                continue;
            int category = (int)CLAMP(value, 0, cells->categories - 1);
            count[category]++;
            if (best < 0 || count[category] > count[best])
                best = category;
        }
    for (int row = y; row < bottom; row++)
        for (int column = x; column < right; column++)
            if (!isnan(cell_at(cells, column, row)))
                count[(int)CLAMP(cell_at(cells, column, row), 0, cells->categories - 1)] = 0;
    return best;
}

/* Of categories a mean is none: the commonest of each block of cells, of equals the one that is so
 * first. */
static CellImage *
commonest(const MoeScene *scene, const MoeCells *cells, int down_x, int down_y)
{
    int columns = ((cells->columns - 1) >> down_x) + 1, rows = ((cells->rows - 1) >> down_y) + 1;
    CellImage *image = image_new(down_x, down_y, columns, rows);
    g_autofree Tint *tint = g_new(Tint, 1);
    g_autofree int *count = g_new0(int, cells->categories);
    moe__tint_init(tint, scene, cells->categories);
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            int best =
                commonest_in(cells, x << down_x, y << down_y, 1 << down_x, 1 << down_y, count);
            image->pixels[(gsize)y * (gsize)columns + (gsize)x] =
                best < 0 ? 0 : moe__tint_pixel(tint, best);
        }
    return image;
}

static const CellImage *
lookup(const struct CellImages *images, int down_x, int down_y)
{
    for (guint i = 0; i < images->images->len; i++) {
        const CellImage *image = g_ptr_array_index(images->images, i);
        if (image->down_x == down_x && image->down_y == down_y)
            return image;
    }
    return NULL;
}

const CellImage *
moe__cell_image(const MoeScene *scene, Mark *mark, int down_x, int down_y)
{
    if (!mark->images) {
        mark->images = g_new0(struct CellImages, 1);
        mark->images->images = g_ptr_array_new_with_free_func(image_free);
    }
    const CellImage *found = lookup(mark->images, down_x, down_y);
    if (found)
        return found;
    CellImage *made;
    if (mark->cells.categories > 0 && (down_x > 0 || down_y > 0))
        made = commonest(scene, &mark->cells, down_x, down_y);
    else if (down_y > 0)
        made = halved(moe__cell_image(scene, mark, down_x, down_y - 1), false);
    else if (down_x > 0)
        made = halved(moe__cell_image(scene, mark, down_x - 1, 0), true);
    else
        made = finest(scene, &mark->cells);
    g_ptr_array_add(mark->images->images, made);
    return made;
}

/* --- Tiles ------------------------------------------------------------------------------------*/

/* Which pixel of the image each pixel of a tile shows, along one axis; -1: none. */
static int *
sources(int64_t first, int n, int zoom, int size, bool apart)
{
    int *source = g_new(int, n);
    for (int i = 0; i < n; i++) {
        int64_t at = first + i, cell = zoom > 0 && at >= 0 ? at >> zoom : at;
        bool gap = apart && ((at + 1) & ((1 << zoom) - 1)) == 0;
        source[i] = cell >= 0 && cell < size ? gap ? -1 : (int)cell : -1;
    }
    return source;
}

void
moe_scene_draw_tile(MoeScene *scene, int number, const MoeCellTile *tile, uint32_t *pixels)
{
    const Panel *panel = moe__scene_panel(scene, number);
    Mark *mark = panel && panel->marks->len ? &g_array_index(panel->marks, Mark, 0) : NULL;
    g_return_if_fail(mark && mark->type == MARK_CELLS);
    g_return_if_fail(ABS(tile->zoom_x) <= 24 && ABS(tile->zoom_y) <= 24);
    const CellImage *image =
        moe__cell_image(scene, mark, MAX(-tile->zoom_x, 0), MAX(-tile->zoom_y, 0));
    bool apart = tile->zoom_x >= GAP_FROM_ZOOM && tile->zoom_y >= GAP_FROM_ZOOM;
    g_autofree int *column = sources(tile->x, tile->width, tile->zoom_x, image->columns, apart);
    g_autofree int *row = sources(tile->y, tile->height, tile->zoom_y, image->rows, apart);
    for (int y = 0; y < tile->height; y++) {
        uint32_t *out = pixels + (gsize)y * tile->width;
        const uint32_t *from = row[y] < 0 ? NULL : image->pixels + (gsize)row[y] * image->columns;
        for (int x = 0; x < tile->width; x++)
            out[x] = from && column[x] >= 0 ? from[column[x]] : 0;
    }
}
