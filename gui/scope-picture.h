/* SPDX-License-Identifier: MIT
 *
 * scope-picture.h: a scene as files and other programs take it.
 */
#ifndef SCOPE_PICTURE_H
#define SCOPE_PICTURE_H

#include <gtk/gtk.h>
#include <moescope/figure.h>

G_BEGIN_DECLS

/* Writes a picture, or the numbers behind it where the name ends with .csv: the bytes that the
 * plot command writes. */
bool scope_picture_save(MoeScene *scene, const char *path, double dpi, GError **error);
/* The scene as a picture and as SVG, for a clipboard. (transfer full) */
GdkContentProvider *scope_picture_content(MoeScene *scene, double dpi, GError **error);
/* Draws the scene at the size that suits it, scaled to fit into the middle of width × height. */
void scope_picture_draw(MoeScene *scene, cairo_t *cr, int width, int height);

G_END_DECLS

#endif
