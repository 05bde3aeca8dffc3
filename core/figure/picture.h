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

/* Draws it band by band: what all bands need is made once. The drawing and `cr` have to live as
 * long. */
typedef struct MoePainter MoePainter;
MoePainter *moe__painter_new(const Drawing *drawing, cairo_t *cr);
void moe__painter_free(MoePainter *painter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoePainter, moe__painter_free)
/* What can be seen from `top` to `bottom` (points), and maybe more. */
void moe__painter_draw(MoePainter *painter, double top, double bottom);

#endif
