/* SPDX-License-Identifier: MIT
 *
 * scope-scene-private.h: what the files of ScopeSceneView share.
 */
#ifndef SCOPE_SCENE_PRIVATE_H
#define SCOPE_SCENE_PRIVATE_H

#include "scope-image.h"
#include "scope-painter.h"
#include "scope-scene-view.h"

/* What is selected, as it is drawn: by itself, as one of the points of a line, as a token. */
typedef struct ScopeOutline {
    MoeRect rect; /* points */
    int line;     /* points that follow each other with the same number are a line; below 0: none */
} ScopeOutline;

struct _ScopeSceneView {
    GtkWidget parent_instance;
    MoeScene *scene;      /* or NULL */
    const char *theme;    /* that the scene has, or NULL if that isn't known */
    double width, height; /* that suit the scene, points */
    double point;         /* pixels, when the style was looked at last */
    ScopePainter *painter;
    guint settling; /* a timeout: the movement is over; 0: all is at rest */

    MoeDatum datum;        /* under the pointer or the caret, if datum.words */
    bool walked;           /* it is the caret's */
    double at_x, at_y;     /* of the pointer; negative: outside */
    const char *cursor;    /* NULL: the usual one */
    double from_x, from_y; /* where a drag was begun, or was last */
    double pinched;        /* the scale that a pinch has come to */
    GtkGesture *drag;      /* what moves; two fingers aren't a drag. The widget's */
    bool dragged, banding; /* the drag moves, the drag spans a rectangle */
    graphene_rect_t band;

    ScopeSelection selections[SCOPE_MOST_SELECTIONS];
    int n_selections;
    ScopeOutline *outlines; /* NULL: to be found */
    int n_outlines;
};

/* Pixels of the window a point. */
double scope_scene_view_point(ScopeSceneView *self);
/* The widget's size in points; false: there is nothing to see. */
bool scope_scene_view_page(ScopeSceneView *self, double *width, double *height);
/* The panel at a point of the widget that can be seen closer, or the nearest such where `near`; -1:
 * none. Its place is in pixels. */
int scope_scene_view_panel(ScopeSceneView *self, double x, double y, bool near,
                           MoePanelPlace *place);

/* Shows a part of a panel's axes. */
void scope_scene_view_look(ScopeSceneView *self, int panel, MoeSceneView view);
/* Whether any panel shows a part. */
bool scope_scene_view_is_closer(ScopeSceneView *self);
/* Shows what the pointer can do where it is. */
void scope_scene_view_show_cursor(ScopeSceneView *self);
/* After any of these: what is seen is elsewhere. */
void scope_scene_view_moved(ScopeSceneView *self);
/* The views of all panels; sets them. (transfer full) */
MoeSceneView *scope_scene_views(MoeScene *scene);
void scope_scene_set_views(MoeScene *scene, const MoeSceneView *views);
/* What the pointer is at, or what the caret went to. */
void scope_scene_view_point_at(ScopeSceneView *self, double x, double y);
void scope_scene_view_walk(ScopeSceneView *self, MoeDirection direction);
void scope_scene_view_forget_datum(ScopeSceneView *self);
/* Tells everybody that the datum is another. */
void scope_scene_view_tell(ScopeSceneView *self);
/* The mark there is was clicked. */
void scope_scene_view_activate(ScopeSceneView *self);
/* The label of a row or column of a map: whether there is one at a point of the widget; that it was
 * clicked; or that of the mark's row, or column. False: there is none. */
bool scope_scene_view_is_label(ScopeSceneView *self, double x, double y);
bool scope_scene_view_activate_label(ScopeSceneView *self, double x, double y);
bool scope_scene_view_activate_line(ScopeSceneView *self, bool row);

/* Adds what listens to pointer and keys. */
void scope_scene_input_attach(ScopeSceneView *self);
/* Draws outlines: of what is selected, of the datum, of the rectangle that is spanned. */
void scope_scene_outlines(ScopeSceneView *self, GtkSnapshot *snapshot);

#endif
