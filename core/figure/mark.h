/* SPDX-License-Identifier: MIT
 *
 * mark.h: kinds of marks. A kind is one file with one MarkClass, and a line in mark.c.
 */
#ifndef FIGURE_MARK_H
#define FIGURE_MARK_H

#include "figure/ruler.h"
#include "figure/scale.h"
#include "figure/scene.h"

/* What a mark needs to know of its surroundings. */
typedef struct View {
    const MoeScene *scene;
    const Panel *panel;
    Frame *frame;
    Scale x, y;
    Ruler *ruler;
} View;

/* Where a piece of a mark is: on the page, and along the axes, as marks are given (NaN: at no one
 * place of the axis). */
typedef struct Place {
    Box box;
    double x, y;
} Place;

typedef struct MarkClass {
    const char *name;
    void (*draw)(const Mark *mark, const View *view, Drawing *drawing);
    /* The piece at (x, y), or -1; NULL: there is none. */
    int (*hit)(const Mark *mark, const View *view, double x, double y);
    /* Appends what is to be seen in moe_scene_to_text(), after the kind's name, lines indented by
     * six blanks. */
    void (*dump)(const Mark *mark, GString *out);
    /* Writes what has to be read over all marks of the panel, or NULL. */
    void (*write)(const Mark *mark, const View *view, Drawing *drawing);
    /* What can be pointed at, one by one, or NULL: how many pieces there are; where a piece is
     * (false: it isn't drawn); what is told of one that is, into row, column, value and words. */
    int (*count)(const Mark *mark);
    bool (*place)(const Mark *mark, const View *view, int piece, Place *place);
    void (*tell)(const Mark *mark, const View *view, int piece, MoeDatum *datum);
    /* The keys that a piece has beside those of axes, panel and ink, NaN for none; or NULL. */
    MoeKey (*key)(const Mark *mark, int piece, int which);
} MarkClass;

/* Most keys of a piece that MarkClass.key() tells. */
#define PIECE_KEYS 2

extern const MarkClass moe__mark_area, moe__mark_bars, moe__mark_cells, moe__mark_flows,
    moe__mark_labels, moe__mark_line, moe__mark_points, moe__mark_prose, moe__mark_rule,
    moe__mark_tree;

const MarkClass *moe__mark_class(MarkType type);
void moe__marks_draw(const MoeScene *scene, int panel, Frame *frame, Ruler *ruler,
                     Drawing *drawing);

View moe__view_of(const MoeScene *scene, int panel, Frame *frame, Ruler *ruler);
/* All of `datum` about a piece that is drawn. */
void moe__piece_tell(const View *view, int panel, int mark, int piece, MoeDatum *datum);

/* The ink that all of a mark is drawn with, or NULL. */
const MoeInk *moe__mark_ink(const Mark *mark);
/* Colours that hardly show on the theme's paper are moved towards its text. */
MoeColour moe__ink_colour(const MoeInk *ink, const Theme *theme);
MoeColour moe__colour_on(MoeColour colour, const Theme *theme);
/* 0 means opaque; more on dark paper, on which a share of a colour shows less. */
double moe__ink_opacity(const MoeInk *ink, const Theme *theme);

/* Diameter of a dot of area 1, in widths of the theme's line. */
#define MARK_DOT 3.6
void moe__draw_dot(Point at, double r, MoeColour colour, Drawing *drawing);

/* The colour at `t` of the part that the scale uses, 0 … 1. */
MoeColour moe__scale_colour(const MoeColourScale *scale, double t);

/* Values to colours as cells and prose have them: through the scene's scale, or categories. */
#define COLOUR_LEVELS 256
/* Of a scale: with the greys of letters they fit into the palette of a PNG. */
#define SCALE_LEVELS 205
typedef struct Tint {
    const MoeColourScale *scale;
    int categories;
    MoeColour levels[COLOUR_LEVELS]; /* of the scale, or of the first categories */
    uint32_t pixels[COLOUR_LEVELS];  /* the same */
} Tint;
void moe__tint_init(Tint *tint, const MoeScene *scene, int categories);
MoeColour moe__tint_at(const Tint *tint, double value);
uint32_t moe__tint_pixel(const Tint *tint, double value);
/* Black or white, whichever is read more easily on it. */
MoeColour moe__tint_text(MoeColour ground);

/* Height of running text at that width. */
double moe__prose_height(const MoeProse *prose, Ruler *ruler, const Theme *theme, double width);

/* Room that a tree takes above its panel, in sizes of the type. */
#define TREE_ROOM 3.2

/* For dumps: the ink's name (or nothing) and the end of the line; a line of numbers, "-" for NaN,
 * and a text (or NULL). */
void moe__dump_name(GString *out, const MoeInk *ink);
void moe__dump_row(GString *out, const double *values, int n, const char *text);

/* "{name}" in a template stands for the text beside that name. */
typedef struct WordsKey {
    const char *name, *text;
} WordsKey;
/* (transfer full) */
char *moe__words_fill(const char *words, const WordsKey *keys, int n);

#endif
