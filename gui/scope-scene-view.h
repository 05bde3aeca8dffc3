/* SPDX-License-Identifier: MIT
 *
 * scope-scene-view.h: a widget that shows a scene at its own size, in the theme that goes with the
 * colours of the desktop, and tells what lies under the pointer, or under the caret that the arrow
 * keys move from mark to mark. Panels can be seen closer.
 *
 *   pointer                           keys
 *   wheel with Ctrl, pinch            +, -      closer, and back
 *   drag, wheel                       Ctrl+←…   moves what is seen closely
 *   drag with Shift                             what is in the rectangle fills the panel
 *                                     0         all of it again
 *   click                             Enter     "activated"
 *   pointing                          ←, …      the words of a mark; Esc: none
 *
 * Property "words" (string, readable): what a reader is told about the mark, or NULL where there is
 * none. Property "closer" (boolean, readable): whether a panel shows a part of its axes.
 * Signal "activated" (const MoeDatum *): see above.
 */
#ifndef SCOPE_SCENE_VIEW_H
#define SCOPE_SCENE_VIEW_H

#include <gtk/gtk.h>
#include <moescope/figure.h>
#include <moescope/scene-view.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_SCENE_VIEW (scope_scene_view_get_type())
G_DECLARE_FINAL_TYPE(ScopeSceneView, scope_scene_view, SCOPE, SCENE_VIEW, GtkWidget)

/* Shows `scene` (transfer full), or nothing if NULL. `name` is what assistive technology calls the
 * picture. Where the scene before had as many panels, its views stay. */
void scope_scene_view_set_scene(ScopeSceneView *view, MoeScene *scene, const char *name);
/* Whether a scene is shown. */
bool scope_scene_view_has_scene(ScopeSceneView *view);
/* (transfer none) */
const char *scope_scene_view_get_words(ScopeSceneView *view);

/* The mark that they are about, or NULL. Valid until "words" is another. (transfer none) */
const MoeDatum *scope_scene_view_get_datum(ScopeSceneView *view);

/* What marks have to stand for, all of it, to be outlined. */
#define SCOPE_MOST_KEYS 3
typedef struct ScopeSelection {
    int n;
    MoeKey keys[SCOPE_MOST_KEYS]; /* of numbers */
} ScopeSelection;
/* Outlines the marks that any of `n` selections means, at most SCOPE_MOST_SELECTIONS. */
#define SCOPE_MOST_SELECTIONS 4
void scope_scene_view_select(ScopeSceneView *view, const ScopeSelection *selections, int n);

/* Closer (factor above 1) or back, about a point of the widget. Returns whether there is a panel
 * that can be. */
bool scope_scene_view_zoom(ScopeSceneView *view, double x, double y, double factor);
/* Moves what the panel at (x, y) shows of its axes by pixels. Returns whether it did. */
bool scope_scene_view_pan(ScopeSceneView *view, double x, double y, double dx, double dy);
/* All of all panels. */
void scope_scene_view_reset(ScopeSceneView *view);

/* Writes the scene as moe_scene_save() does, all of it, in `theme` (one of moe_themes()); where
 * `path` ends in .csv, its numbers. */
bool scope_scene_view_save(ScopeSceneView *view, const char *path, const char *theme,
                           GError **error);
/* The scene for other programs, all of it, as SVG and as a picture twice as fine as the screen.
 * NULL where it can't be kept meanwhile. (transfer full) */
GdkContentProvider *scope_scene_view_copy(ScopeSceneView *view);
/* Its numbers, as CSV. (transfer full) */
char *scope_scene_view_data(ScopeSceneView *view);

G_END_DECLS

#endif
