/* SPDX-License-Identifier: MIT
 *
 * Images with fewer pixels, or more, than they have: what stands for several is said in captions
 * (layout.c), and never any one of them by accident.
 */
#include "figure/drawing.h"

#include <string.h>

/* Pixels of an image are cut in four each way, or in two where there are many; not where they are
 * finer than a point already. */
#define MANY_PIXELS 5000
#define TOO_MANY    10000

/* Columns and rows of an image that become one pixel, each up to the end given. */
typedef struct Block {
    int x0, x1, y0, y1;
} Block;

static uint32_t
pixel_at(const Item *item, int x, int y)
{
    return item->image.pixels[(gsize)y * (gsize)item->image.columns + (gsize)x];
}

/* The mean of each channel, premultiplied as they are. */
static uint32_t
mean_of(const Item *item, Block b)
{
    uint32_t sum[4] = {0}, n = (uint32_t)(b.x1 - b.x0) * (uint32_t)(b.y1 - b.y0), mean = 0;
    for (int y = b.y0; y < b.y1; y++)
        for (int x = b.x0; x < b.x1; x++)
            for (int c = 0; c < 4; c++)
                sum[c] += pixel_at(item, x, y) >> 8 * c & 0xff;
    for (int c = 0; c < 4; c++)
        mean |= (sum[c] + n / 2) / n << 8 * c;
    return mean;
}

/* How many pixels of a block, from the given one on, are like it. */
static int
alike_from(const Item *item, Block b, int from)
{
    int width = b.x1 - b.x0, n = width * (b.y1 - b.y0), count = 0;
    uint32_t own = pixel_at(item, b.x0 + from % width, b.y0 + from / width);
    for (int i = from; i < n; i++)
        count += pixel_at(item, b.x0 + i % width, b.y0 + i / width) == own;
    return count;
}

/* The commonest pixel; of equals, the first. Blocks are small: images are made at most some sixteen
 * pixels a point fine. */
static uint32_t
commonest_of(const Item *item, Block b)
{
    int width = b.x1 - b.x0, n = width * (b.y1 - b.y0), best = 0, most = 0;
    if (n == 1)
        return pixel_at(item, b.x0, b.y0);
    for (int i = 0; i + most < n; i++) {
        int count = alike_from(item, b, i);
        if (count > most) {
            most = count;
            best = i;
        }
    }
    return pixel_at(item, b.x0 + best % width, b.y0 + best / width);
}

uint32_t *
moe__image_shrunk(const Item *item, int columns, int rows)
{
    uint32_t *pixels = g_new(uint32_t, (gsize)columns * (gsize)rows), *at = pixels;
    int64_t all_columns = item->image.columns, all_rows = item->image.rows;
    for (int y = 0; y < rows; y++) {
        Block block = {.y0 = (int)(y * all_rows / rows), .y1 = (int)((y + 1) * all_rows / rows)};
        for (int x = 0; x < columns; x++) {
            block.x0 = (int)(x * all_columns / columns);
            block.x1 = (int)((x + 1) * all_columns / columns);
            *at++ = item->image.kind & IMAGE_CATEGORIES ? commonest_of(item, block)
                                                        : mean_of(item, block);
        }
    }
    return pixels;
}

uint32_t *
moe__image_magnified(const Item *item, int *across, int *down)
{
    int columns = item->image.columns, rows = item->image.rows;
    int n = columns * rows, finer = n <= MANY_PIXELS ? 4 : n <= TOO_MANY ? 2 : 1;
    *across = *down = 1;
    if (finer == 1 || item->box.width < columns || item->box.height < rows)
        return NULL;
    *across = *down = finer;
    size_t width = (size_t)columns * *across;
    uint32_t *pixels = g_new(uint32_t, width * rows * *down), *at = pixels;
    for (int row = 0; row < rows; row++) {
        const uint32_t *from = item->image.pixels + (size_t)row * columns;
        for (size_t x = 0; x < width; x++)
            at[x] = from[x / *across];
        for (int copy = 1; copy < *down; copy++)
            memcpy(at + copy * width, at, width * sizeof(*at));
        at += *down * width;
    }
    return pixels;
}
