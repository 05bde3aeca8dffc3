/* SPDX-License-Identifier: MIT
 *
 * scope-painter.h: a scene as textures. A scene at rest is one picture. While one moves over a
 * panel, its cells are tiles and its other marks the last picture, stretched; its axes are drawn
 * anew for every frame.
 */
#ifndef SCOPE_PAINTER_H
#define SCOPE_PAINTER_H

#include <gtk/gtk.h>
#include <moescope/scene-view.h>

G_BEGIN_DECLS

typedef struct ScopePainter ScopePainter;

/* Draws `scene`, which has to live longer. */
ScopePainter *scope_painter_new(MoeScene *scene);
void scope_painter_free(ScopePainter *painter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScopePainter, scope_painter_free)

/* The size of the window's widget in pixels, pixels of the screen in one of these, and pixels of
 * the window a point. */
void scope_painter_set_size(ScopePainter *painter, int width, int height, int scale, double point);
/* All textures are made anew: the theme is another. */
void scope_painter_forget(ScopePainter *painter);
/* `moving`: nothing is made sharp that takes long. Returns whether the next frame would be sharper.
 */
bool scope_painter_snapshot(ScopePainter *painter, GtkSnapshot *snapshot, bool moving);

/* A texture of an image surface, which isn't drawn to any more. (transfer full) */
GdkTexture *scope_texture_new(cairo_surface_t *surface);

G_END_DECLS

#endif
