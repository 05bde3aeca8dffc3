/* SPDX-License-Identifier: MIT
 *
 * scene-view.h: looking closely at a scene (scene.h): parts of its axes, marks found by what they
 * stand for, walking from mark to mark, and the parts that a window draws apart from each other so
 * that moving costs little.
 *
 * Sizes and places are points, of the scene at width × height, as for moe_scene_render().
 */
#ifndef MOESCOPE_SCENE_VIEW_H
#define MOESCOPE_SCENE_VIEW_H

#include <moescope/scene.h>

G_BEGIN_DECLS

/* --- Panels and what they show of their axes --------------------------------------------------*/

/* What a panel shows, as shares of its axes, 0 being their left and upper ends, 1 the others. */
typedef struct MoeSceneView {
    double left, right, top, bottom;
} MoeSceneView;
#define MOE_SCENE_WHOLE ((MoeSceneView){0, 1, 0, 1})

MOE_API int moe_scene_panels(const MoeScene *scene);

/* Shows a part of a panel's axes: the layout stays, marks are cut off at the panel's edges, axes
 * label what is seen. Panels with the same x axis follow in x, those with the same y axis in y,
 * since axes are labelled once. The view is held to the axes, and to a band at the closest.
 * Running text has no axes: nothing happens. What is saved shows the same. */
MOE_API void moe_scene_set_view(MoeScene *scene, int panel, MoeSceneView view);
/* Shows all of all panels. */
MOE_API void moe_scene_reset_view(MoeScene *scene);

typedef struct MoePanelPlace {
    double x, y, width, height;
    MoeSceneView view;
    bool fixed;             /* can't be seen closer */
    int rows, columns;      /* of its cells, where it has nothing but one grid of them; or 0 */
    double x_band, y_band;  /* size of a band, as it is seen; 0: the axis isn't of bands */
    double y_ticks, x_foot; /* room for labels of ticks, at the left and below */
} MoePanelPlace;
MOE_API MoePanelPlace moe_scene_panel_place(MoeScene *scene, double width, double height,
                                            int panel);

/* --- Drawing parts ----------------------------------------------------------------------------*/

/* Together, in this order, what moe_scene_render() draws. */
typedef enum MoeScenePart {
    MOE_PART_AROUND, /* paper, words, legend, colour bar; of no panel */
    MOE_PART_AXES,   /* ticks, their labels and grid lines of a panel */
    MOE_PART_MARKS,  /* what is in a panel */
} MoeScenePart;
MOE_API void moe_scene_render_part(MoeScene *scene, cairo_t *cr, double width, double height,
                                   MoeScenePart part, int panel);

/* Pixels of a panel's cells, whatever it shows of its axes. */
typedef struct MoeCellTile {
    int zoom_x, zoom_y; /* 2^zoom pixels a cell; below 0: 2^-zoom cells a pixel, their mean colour,
                           of categories that of the commonest; -24 … 24 */
    int64_t x, y;       /* the first pixel, counted from that of the first cell */
    int width, height;
} MoeCellTile;
/* Fills pixels [height × width] with 0xAARRGGBB, premultiplied; no cell: 0. The panel must have
 * cells (MoePanelPlace.rows). Coarser images are kept by the scene, 4 bytes a cell and more. */
MOE_API void moe_scene_draw_tile(MoeScene *scene, int panel, const MoeCellTile *tile,
                                 uint32_t *pixels);

/* --- Marks by what they stand for -------------------------------------------------------------*/

typedef struct MoeRect {
    double x, y, width, height;
} MoeRect;

/* Where the marks are, as far as they are seen, that stand for all those of `keys` whose names they
 * have, and for one at least: of {layer 3, expert 17} a cell of a map, but all bars of the layer
 * where bars aren't of experts. Cells side by side are one rectangle; a value on an axis that has
 * no bands is one without width or height. At most 4,096. (transfer full) */
MOE_API MoeRect *moe_scene_find(MoeScene *scene, double width, double height, const MoeKey *keys,
                                int n, int *n_found);

/* Sets where the mark of a datum is now, seen or not: another view or size moves it. */
MOE_API void moe_scene_locate(MoeScene *scene, double width, double height, MoeDatum *datum);

typedef enum MoeDirection { MOE_LEFT, MOE_RIGHT, MOE_UP, MOE_DOWN } MoeDirection;

/* Replaces `datum` by what lies next to it in that direction, if need be in another panel or
 * outside of what is seen; a datum without words by the scene's first. Returns false, with nothing
 * changed, where there is no other. */
MOE_API bool moe_scene_walk(MoeScene *scene, double width, double height, MoeDirection direction,
                            MoeDatum *datum);

G_END_DECLS

#endif
