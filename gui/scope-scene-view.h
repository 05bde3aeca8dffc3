/* SPDX-License-Identifier: MIT
 *
 * scope-scene-view.h: a widget that shows a scene at its own size, in the theme that goes with the
 * colours of the desktop, and tells what lies under the pointer.
 *
 * Property "words" (string, readable): what a reader is told about the datum under the pointer, or
 * NULL where there is none.
 */
#ifndef SCOPE_SCENE_VIEW_H
#define SCOPE_SCENE_VIEW_H

#include <gtk/gtk.h>
#include <moescope/figure.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_SCENE_VIEW (scope_scene_view_get_type())
G_DECLARE_FINAL_TYPE(ScopeSceneView, scope_scene_view, SCOPE, SCENE_VIEW, GtkWidget)

/* Shows `scene` (transfer full), or nothing if NULL. `name` is what assistive technology calls the
 * picture. */
void scope_scene_view_set_scene(ScopeSceneView *view, MoeScene *scene, const char *name);
/* Whether a scene is shown. */
bool scope_scene_view_has_scene(ScopeSceneView *view);
/* (transfer none) */
const char *scope_scene_view_get_words(ScopeSceneView *view);
/* Writes the scene as moe_scene_save() does, in `theme` (one of moe_themes()). */
bool scope_scene_view_save(ScopeSceneView *view, const char *path, const char *theme,
                           GError **error);

G_END_DECLS

#endif
