/* SPDX-License-Identifier: MIT
 *
 * cell-shapes.h: a picture of cells as shapes, one a colour.
 */
#ifndef FIGURE_CELL_SHAPES_H
#define FIGURE_CELL_SHAPES_H

#include "figure/drawing.h"

/* Cells first … end - 1 of a row. */
typedef struct CellRun {
    int row, first, end;
} CellRun;

/* A colour, 0xAARRGGBB, and what is painted with it: `n` runs of CellShapes.runs from `first` on.
 */
typedef struct CellShape {
    uint32_t colour;
    int first, n;
} CellShape;

/* Shapes in the order of painting, from dark to light. The first covers all cells, another its own
 * and the lighter ones beside them in their row, so that what lies on both sides of an edge was
 * painted on one ground: viewers let the paper shine through edges that merely touch. A run of
 * equal cells costs one run here, and one is added where a row lacks the darkest colour. */
typedef struct CellShapes {
    int n_shapes, n_runs;
    CellShape *shapes;
    CellRun *runs; /* of a shape: from the top, from the left */
} CellShapes;

/* Of columns × rows pixels; transparent ones (0) belong to no shape. */
void moe__cell_shapes_init(CellShapes *shapes, const uint32_t *pixels, int columns, int rows);
void moe__cell_shapes_clear(CellShapes *shapes);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CellShapes, moe__cell_shapes_clear)

/* Writes a whole number; returns the place behind it. Runs have three each, and printf takes its
 * time. */
char *moe__digits_put(char *at, int number);
enum { DIGITS = 11 }; /* that it takes at most */

/* The runs as paths of SVG, in places of columns and rows. */
void moe__cell_shapes_svg(const CellShapes *shapes, GString *out);

/* What PDF and PostScript write behind numbers: to choose red, green and blue, 0 … 1; to add, or
 * paint, a rectangle of column, row and width; to end a shape. */
typedef struct CellWords {
    const char *colour, *run, *end;
} CellWords;
void moe__cell_shapes_words(const CellShapes *shapes, const CellWords *words, GString *out);

#endif
