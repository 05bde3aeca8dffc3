/* SPDX-License-Identifier: MIT
 *
 * picture.h: the list that writers draw, made of a layout when it is asked for.
 */
#ifndef FIGURE_PICTURE_H
#define FIGURE_PICTURE_H

#include "figure/mark.h"

/* The whole scene at a size, kept with its layout. */
const Drawing *moe__picture(MoeScene *scene, double width, double height);
/* Draws the list into 0 … width × 0 … height of `cr`. */
void moe__cairo_draw(const Drawing *drawing, cairo_t *cr);

#endif
