/* SPDX-License-Identifier: MIT
 *
 * theme.h: sizes, fonts and colours of a figure.
 */
#ifndef FIGURE_THEME_H
#define FIGURE_THEME_H

#include <moescope/figure.h>

typedef struct Theme {
    const char *name;
    double width_mm;
    double dpi; /* of a PNG, where the caller doesn't say */
    /* Points. */
    double title_size; /* 0: the title is left to the document around the figure */
    double label_size; /* axis labels, panel titles */
    double tick_size;  /* tick labels, notes, caption */
    double margin, gap;
    double line;    /* strokes of data */
    double thin;    /* strokes of axes */
    int most_cells; /* of a grid, or a quarter of all grids of a scene: more become
                       images with a pixel a cell; 0: 100,000 of a grid */
    const char *family;
    MoeColour paper, ink, soft, faint; /* background, text, secondary text, axes */
    double contrast; /* with the paper, that lines and dots have at least; 0: 1.45 */
} Theme;

/* NULL if there is none of that name. */
const Theme *moe__theme_find(const char *name);

#endif
