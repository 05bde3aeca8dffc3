/* SPDX-License-Identifier: MIT
 *
 * scene.h: what a scene is made of, inside this room.
 */
#ifndef FIGURE_SCENE_H
#define FIGURE_SCENE_H

#include "figure/layout.h"
#include "figure/theme.h"

#include <moescope/figure.h>
#include <moescope/scene-view.h>

typedef enum {
    MARK_AREA,
    MARK_BARS,
    MARK_CELLS,
    MARK_FLOWS,
    MARK_LABELS,
    MARK_LINE,
    MARK_POINTS,
    MARK_PROSE,
    MARK_RULE,
    MARK_TREE,
} MarkType;

/* One layer of data in a panel. Pointers belong to the scene. */
typedef struct Mark {
    MarkType type;
    union {
        MoeArea area;
        MoeBars bars;
        MoeCells cells;
        MoeFlows flows;
        MoeLabels labels;
        MoeLine line;
        MoePoints points;
        MoeProse prose;
        MoeRule rule;
        MoeTree tree;
    };
    struct CellImages *images; /* of CELLS, made when asked for */
} Mark;

#define PANEL_KEYS 3
typedef struct Panel {
    const char *title, *note;
    MoeAxis x, y;
    int like_x, like_y; /* the first panel with the same axis */
    GArray *marks;      /* of Mark */
    MoeKey keys[PANEL_KEYS];
    int n_keys;
    MoeSceneView view;
} Panel;

struct MoeScene {
    const char *title, *caption;
    const Theme *theme;
    double width_mm, height_mm; /* 0: the theme's; what suits the width */
    bool has_colours;
    MoeColourScale colours;
    GPtrArray *panels; /* of Panel */
    GPtrArray *owned;  /* every copy that the scene holds */
    Layout *layout;    /* of the last size asked for, or NULL */
};

Panel *moe__scene_panel(const MoeScene *scene, int panel);
/* Whether it shows its axes from end to end. */
bool moe__panel_whole(const Panel *panel);

/* Copies into the scene: NULL stays NULL. */
const void *moe__scene_own(MoeScene *scene, const void *data, size_t size);
const char *moe__scene_own_text(MoeScene *scene, const char *text);
const char *const *moe__scene_own_texts(MoeScene *scene, const char *const *texts, size_t n);
const char *const *moe__scene_own_pieces(MoeScene *scene, const char *const *pieces, size_t n);
MoeKey moe__scene_own_key(MoeScene *scene, MoeKey key);
/* A layout describes the scene as it was: any change drops it. */
void moe__scene_changed(MoeScene *scene);

#endif
