/* SPDX-License-Identifier: MIT
 *
 * scope-tiles.h: the cells of a panel as textures, cut into tiles at sizes a power of two apart:
 * moving over a map is drawing the same textures elsewhere.
 */
#ifndef SCOPE_TILES_H
#define SCOPE_TILES_H

#include "scope-image.h"

#include <moescope/scene-view.h>

G_BEGIN_DECLS

typedef struct ScopeTiles ScopeTiles;

/* `scene` has to live longer. */
ScopeTiles *scope_tiles_new(MoeScene *scene, int panel);
void scope_tiles_free(ScopeTiles *tiles);
/* Draws what is seen of the cells into `place`, whose lengths are pixels of the window; `scale`:
 * pixels of the screen in one of these; `by_cairo`: as of scope_image_by_cairo(). */
void scope_tiles_snapshot(ScopeTiles *tiles, GtkSnapshot *snapshot, const MoePanelPlace *place,
                          int scale, bool by_cairo);

G_END_DECLS

#endif
