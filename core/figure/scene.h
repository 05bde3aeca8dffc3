/* SPDX-License-Identifier: MIT
 *
 * scene.h: what a scene is made of, inside this room.
 */
#ifndef FIGURE_SCENE_H
#define FIGURE_SCENE_H

#include "figure/layout.h"
#include "figure/theme.h"

#include <moescope/figure.h>

typedef enum {
    MARK_CELLS,
    MARK_LINE,
} MarkType;

/* One layer of data in a panel. Pointers belong to the scene. */
typedef struct Mark {
    MarkType type;
    union {
        MoeCells cells;
        MoeLine line;
    };
} Mark;

typedef struct Panel {
    const char *title, *note;
    MoeAxis x, y;
    GArray *marks; /* of Mark */
} Panel;

struct MoeScene {
    const char *title, *caption;
    const Theme *theme;
    bool has_colours;
    MoeColourScale colours;
    GPtrArray *panels; /* of Panel */
    GPtrArray *owned;  /* every copy that the scene holds */
    Layout *layout;    /* of the last size asked for, or NULL */
};

Panel *moe__scene_panel(const MoeScene *scene, int panel);

#endif
