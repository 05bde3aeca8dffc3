/* SPDX-License-Identifier: MIT
 *
 * scope-painter.h: a scene as images. A scene at rest is one picture. While one moves over a
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
 * the window a point. `by_cairo`: as of scope_image_by_cairo(). */
void scope_painter_set_size(ScopePainter *painter, int width, int height, int scale, double point,
                            bool by_cairo);
/* All images are made anew: the theme is another. */
void scope_painter_forget(ScopePainter *painter);
/* `moving`: nothing is made sharp that takes long. Returns whether the next frame would be sharper.
 */
bool scope_painter_snapshot(ScopePainter *painter, GtkSnapshot *snapshot, bool moving);

G_END_DECLS

#endif
