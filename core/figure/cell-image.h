/* SPDX-License-Identifier: MIT
 *
 * cell-image.h: cells as pixels, at any size.
 */
#ifndef FIGURE_CELL_IMAGE_H
#define FIGURE_CELL_IMAGE_H

#include "figure/mark.h"

/* An image of cells, a pixel standing for 2^down_x × 2^down_y of them by their mean colour, or
 * of categories by that of the commonest. */
typedef struct CellImage {
    int down_x, down_y;
    int columns, rows;
    uint32_t *pixels; /* 0xAARRGGBB, premultiplied; 0: no cell */
} CellImage;

/* The image of CELLS, made when it is asked for first and kept. */
const CellImage *moe__cell_image(const MoeScene *scene, Mark *mark, int down_x, int down_y);
void moe__cell_images_free(struct CellImages *images);

#endif
