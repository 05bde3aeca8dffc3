/* SPDX-License-Identifier: MIT
 *
 * drawing.h: a scene laid out at one size: rectangles, paths, texts and images at their places.
 * All writers (Cairo, SVG) draw this one list, in order.
 */
#ifndef FIGURE_DRAWING_H
#define FIGURE_DRAWING_H

#include <moescope/figure.h>

typedef struct Box {
    double x, y, width, height;
} Box;

/* Dashes and the gaps between them, in widths of the line. */
#define DASH 3.0

typedef enum {
    ITEM_RECT,
    ITEM_CELL,
    ITEM_PATH,
    ITEM_TEXT,
    ITEM_IMAGE,
    ITEM_CLIP,   /* what follows is seen within the box alone … */
    ITEM_UNCLIP, /* … up to here */
} ItemType;

typedef enum {
    ANCHOR_START,
    ANCHOR_MIDDLE,
    ANCHOR_END,
} Anchor;

/* What the pixels of an image are. */
typedef enum {
    IMAGE_BLEND = 0,           /* shades: one pixel for several has their mean */
    IMAGE_CATEGORIES = 1 << 0, /* names: it has the commonest of them */
    IMAGE_SHAPES = 1 << 1,     /* cells, which files of vectors have as shapes (cell-shapes.h) */
} ImageKind;

typedef struct Item {
    ItemType type;
    MoeColour colour; /* of all but images */
    double opacity;
    Box box; /* RECT, CELL, IMAGE, CLIP; TEXT: x, y of the anchor on the baseline */
    union {
        struct {
            bool crisp; /* RECT: its edges are whole pixels where there are pixels */
        } rect;
        struct {
            double gap;        /* CELL: what is left free between its ink and that of the next */
            bool right, below; /* there is a cell there */
        } cell;
        struct {
            int first, n; /* PATH: run of drawing->points */
            double width; /* 0: filled, its end joined to its beginning */
            bool dashed;
        } path;
        struct {
            char *string;
            double size;
            Anchor anchor;
            bool bold, upwards; /* upwards: turned a quarter to the left */
        } text;
        struct {
            uint32_t *pixels; /* 0xAARRGGBB, row by row from the top */
            int columns, rows;
            ImageKind kind;
        } image;
    };
} Item;

typedef struct Point {
    double x, y;
} Point;

typedef struct Drawing {
    double width, height;
    const char *family;
    double opacity; /* of what is added */
    GArray *items;  /* of Item */
    GArray *points; /* of Point */
} Drawing;

Drawing *moe__drawing_new(double width, double height, const char *family);
void moe__drawing_free(Drawing *drawing);

void moe__drawing_rect(Drawing *drawing, Box box, MoeColour colour);
/* The colour of an entry of a legend. */
void moe__drawing_swatch(Drawing *drawing, Box box, MoeColour colour);
/* One cell of a grid; grids have edges of whole pixels where there are pixels. */
void moe__drawing_cell(Drawing *drawing, Box box, MoeColour colour, double gap, bool right,
                       bool below);
/* A polyline; its points are added one by one behind it. */
void moe__drawing_path(Drawing *drawing, MoeColour colour, double width);
void moe__drawing_dashes(Drawing *drawing, MoeColour colour, double width);
/* A polygon, its points likewise. */
void moe__drawing_shape(Drawing *drawing, MoeColour colour);
void moe__drawing_point(Drawing *drawing, double x, double y);
void moe__drawing_line(Drawing *drawing, Point from, Point to, MoeColour colour, double width);
void moe__drawing_clip(Drawing *drawing, Box box);
void moe__drawing_unclip(Drawing *drawing);
/* An opaque pixel. */
uint32_t moe__pixel_of(MoeColour colour);
/* `pixels` is taken over. */
void moe__drawing_image(Drawing *drawing, Box box, uint32_t *pixels, int columns, int rows,
                        ImageKind kind);

typedef struct TextStyle {
    MoeColour colour;
    double size;
    Anchor anchor;
    bool bold, upwards;
} TextStyle;
void moe__drawing_text(Drawing *drawing, const char *string, double x, double y, TextStyle style);

/* Where a cell's ink lies in a file of vectors: inside of its gap; without one a little under its
 * neighbours, which are drawn later: viewers would show seams between edges that merely touch. */
Box moe__cell_ink(const Item *item);

/* The image with each pixel as several, [columns × across] × [rows × down], so that viewers which
 * blur images leave the middle of a cell alone. NULL, and 1 × 1: it is fine enough as it is.
 * (transfer full) */
uint32_t *moe__image_magnified(const Item *item, int *across, int *down);

/* The image with so many pixels, at most as many as it has: one of several is their mean, or the
 * commonest of categories. (transfer full) */
uint32_t *moe__image_shrunk(const Item *item, int columns, int rows);

#endif
