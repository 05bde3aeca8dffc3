/* SPDX-License-Identifier: MIT
 *
 * layout.h: where everything of a scene stands at one size.
 */
#ifndef FIGURE_LAYOUT_H
#define FIGURE_LAYOUT_H

#include "figure/drawing.h"

/* A panel's place, and which of its labels it bears itself. */
typedef struct Frame {
    Box box;
    bool x_ticks, y_ticks;
    double spill_left, spill_right; /* how far labels below may reach beyond the box */
    Box *pieces;                    /* of running text, as drawn; NULL: there is none */
} Frame;

typedef struct Layout {
    double width, height;
    bool natural;      /* the height is the one that suits the width */
    int columns, rows; /* of panels */
    Frame *frames;     /* [n_frames]: a panel each */
    int n_frames;
    double head;      /* room for trees between a panel and its title */
    double note;      /* the line of notes below titles; 0: they stand beside them */
    double legend;    /* its top edge; 0: there is none */
    Box grid;         /* around all panels */
    Box bar;          /* the colour bar; width 0: none */
    double y_ticks;   /* room for the labels of the y ticks */
    double row_foot;  /* room for x ticks below each row but the last */
    double last_foot; /* … and below the last */
    bool shared_x_label, shared_y_label;
    bool y_label_by_row; /* shared, but rows have scales of their own: it stands beside each */
    char **caption;      /* lines */
    struct Ruler *ruler; /* that it was measured with */
    Drawing *drawing;    /* as of moe__picture(), or NULL */
} Layout;

/* The layout at that size (height 0: the one that suits the width), made or kept from before. */
Layout *moe__layout(MoeScene *scene, double width, double height);
void moe__layout_free(Layout *layout);

#endif
