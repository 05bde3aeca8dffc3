/* SPDX-License-Identifier: MIT
 *
 * scope-image.h: pixels that are drawn many times. Where GSK draws with a graphics card, as a
 * texture; where it draws with Cairo, as Cairo's own image: GTK 4.8 converts all of a texture by
 * way of floating-point numbers, whatever its format, every time a part of it is drawn.
 */
#ifndef SCOPE_IMAGE_H
#define SCOPE_IMAGE_H

#include <gtk/gtk.h>
#include <stdbool.h>

G_BEGIN_DECLS

typedef struct ScopeImage ScopeImage;

/* Takes an image surface over, which isn't drawn to any more. */
ScopeImage *scope_image_new(cairo_surface_t *surface);
void scope_image_free(ScopeImage *image);

/* Whether the widget is drawn by Cairo. */
bool scope_image_by_cairo(GtkWidget *widget);
/* Draws the image into a rectangle, what of it lies within `clip`. */
void scope_image_snapshot(ScopeImage *image, GtkSnapshot *snapshot, const graphene_rect_t *rect,
                          const graphene_rect_t *clip, bool by_cairo);
/* Into a context of Cairo's. `cells`: edges stay edges. */
void scope_image_paint(ScopeImage *image, cairo_t *cr, const graphene_rect_t *rect, bool cells);
/* (transfer none) */
GdkTexture *scope_image_texture(ScopeImage *image);

G_END_DECLS

#endif
