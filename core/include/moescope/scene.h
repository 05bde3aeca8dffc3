/* SPDX-License-Identifier: MIT
 *
 * scene.h: a figure as data, not drawing commands: panels with axes, marks with the numbers behind
 * them, colours, legends, words. The window, PNG, SVG and PDF show the same scene, and what lies
 * under the pointer is asked of the scene.
 *
 * Lengths are points (1/72 inch) unless a name says otherwise; y grows downwards on the page.
 * A scene is used by one thread at a time; different scenes by different threads.
 */
#ifndef MOESCOPE_SCENE_H
#define MOESCOPE_SCENE_H

#include <moescope/base.h>

G_BEGIN_DECLS

/* The drawing context of Cairo, whose header only those who draw need. */
typedef struct _cairo cairo_t;

/* --- Colours ----------------------------------------------------------------------------------*/

/* sRGB, 0 … 1. */
typedef struct MoeColour {
    double r, g, b;
} MoeColour;

/* viridis and magma: Smith & van der Walt, 2015; cividis: Nuñez, Anderton & Renslow, 2018. All are
 * sequential, with lightness rising from dark to light. blue-red is diverging: equally dark ends,
 * neutral light centre; its ends stay apart in the common kinds of colour blindness. */
typedef enum {
    MOE_COLOURS_VIRIDIS,
    MOE_COLOURS_CIVIDIS,
    MOE_COLOURS_MAGMA,
    MOE_COLOURS_BLUE_RED,
} MoeColours;
#define MOE_COLOURS_COUNT 4

/* The colour at `t` (held to 0 … 1). */
MOE_API MoeColour moe_colour_at(MoeColours colours, double t);
MOE_API const char *moe_colours_name(MoeColours colours);
/* Eight colours for unordered things, `i` modulo 8 (Okabe & Ito, 2008; order by contrast on white).
 */
MOE_API MoeColour moe_colour_qualitative(int i);
/* A colour for thing `i` of `n` (experts): up to 8 the set above; beyond, n colours on a screw
 * through CIELAB, whose neighbours differ in hue and lightness both, so that 64 are told apart by
 * eye and 256 by neighbourhood. */
MOE_API MoeColour moe_colour_category(int i, int n);
/* Difference of two colours in CIEDE2000 units (Sharma, Wu & Dalal 2005); about 1 is just seen.
 * `sight`: as people with that colour vision see them (Machado, Oliveira & Fernandes 2009). */
typedef enum {
    MOE_SIGHT_COMMON,
    MOE_SIGHT_PROTAN,
    MOE_SIGHT_DEUTAN,
    MOE_SIGHT_TRITAN,
} MoeSight;
MOE_API double moe_colour_difference(MoeColour a, MoeColour b, MoeSight sight);

/* --- What marks stand for
 * -----------------------------------------------------------------------*/

/* A thing of the data, so that what is chosen in one figure can be shown in another. Names: "layer"
 * (its number in the model), "expert", "slot" (of a unit's k picks, from 0), "head" (of sub-tokens,
 * from 0), "token" (a row of the trace), "step" (of training), "domain", "lag" (tokens apart). */
typedef struct MoeKey {
    const char *name; /* NULL: nothing */
    double number;    /* NaN: only the text says which */
    const char *text; /* "german"; or NULL */
} MoeKey;

/* One of each piece of a mark. */
typedef struct MoeKeys {
    const char *name;     /* NULL: they stand for nothing */
    const double *number; /* [n]; NaN: nothing */
} MoeKeys;

/* --- Building a scene -------------------------------------------------------------------------
 * The add functions copy all they are given. */

typedef struct MoeScene MoeScene;

MOE_API MoeScene *moe_scene_new(const char *title);
MOE_API void moe_scene_free(MoeScene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeScene, moe_scene_free)

/* The sentences below the figure: what is shown, over what, and what one would see by chance. */
MOE_API void moe_scene_set_caption(MoeScene *scene, const char *caption);
/* "" where there is none; valid until it is set again. (transfer none) */
MOE_API const char *moe_scene_caption(const MoeScene *scene);

/* "paper-column" (82.5 mm wide, an ICML column), "paper-full" (139.7 mm, a NeurIPS text block; the
 * default), "acl-column" (77 mm), "acl-full" (160 mm), "icml-full" (171.5 mm), "slide" (254 mm,
 * large type), "screen", "dark", "report"
 * (171.5 mm, a page of a report). Returns false with MOE_ERROR_DATA, naming the themes, if there is
 * no such one. */
MOE_API bool moe_scene_set_theme(MoeScene *scene, const char *theme, GError **error);
/* Another width than the theme's, and another height than the one that suits it; 0: as it was. */
MOE_API void moe_scene_set_size(MoeScene *scene, double width_mm, double height_mm);
/* The names of the themes, NULL-terminated. (transfer none) */
MOE_API const char *const *moe_themes(void);

/* How a number is written beside an axis or a colour bar. */
typedef enum {
    MOE_FORMAT_NUMBER,
    MOE_FORMAT_TIMES, /* 2 -> "2×" */
    MOE_FORMAT_LOG2,  /* log2 of a ratio: -2 -> "1/4×", 1 -> "2×" */
} MoeFormat;

/* A value that readers compare with, drawn across the colour bar ("uniform"). */
typedef struct MoeReference {
    double value;
    const char *label;
} MoeReference;

/* Values to colours, linear from `min` to `max`; values beyond get the colour of the end, which
 * the colour bar then says. One a scene: cells of all panels can be compared. */
typedef struct MoeColourScale {
    MoeColours colours;
    double min, max; /* finite, min < max */
    MoeFormat format;
    const char *label;
    bool below, above;  /* whether values beyond min, max occur */
    double first, last; /* the part of the colours that is used, of 0 … 1; both 0: all */
    int n_references;
    const MoeReference *references;
} MoeColourScale;
MOE_API void moe_scene_set_colour_scale(MoeScene *scene, const MoeColourScale *scale);

typedef enum {
    MOE_AXIS_LINEAR, /* min … max; y grows upwards */
    MOE_AXIS_BAND,   /* bands of equal width, band 0 at the left or at the top */
    MOE_AXIS_LOG,    /* 0 < min … max, by their logarithm */
} MoeAxisType;

typedef struct MoeAxis {
    MoeAxisType type;
    const char *label;
    double min, max;    /* LINEAR, LOG: finite, min < max */
    int bands;          /* BAND: how many, at least 1 */
    double first, step; /* BAND: band i stands for first + i·step; step > 0, 0 means 1; … */
    const char *const *names; /* … unless the bands have names: [bands] */
    bool bare;                /* no line, ticks or labels: places mean nothing by themselves */
    bool square; /* of y, both axes BAND: bands as high as those of x are wide, where they can be */
    bool every;  /* of y, with names: the panel is high enough for all of them, as a list is */
    /* What its values or bands stand for, as keys name it ("expert"), or NULL. A band's number is
     * numbers[i]; without those the number that its name is; without names first + i·step. */
    const char *key;
    const double *numbers; /* BAND: [bands], or NULL */
    bool whole;            /* LINEAR: a count, which has ticks at whole numbers only */
} MoeAxis;

/* Adds a panel and returns its number, from 0. Panels fill the page row by row; how many stand
 * beside each other follows from the width at hand. Equal axes are labelled once. `note` is set
 * small at the right of the title where it fits, or NULL. */
MOE_API int moe_scene_add_panel(MoeScene *scene, const char *title, const char *note,
                                const MoeAxis *x, const MoeAxis *y);
/* Adds what all marks of a panel stand for: a layer, a domain. */
MOE_API void moe_scene_add_panel_key(MoeScene *scene, int panel, MoeKey key);

/* Places on a BAND axis, in marks other than cells and bars, are counted in bands: 0 … bands, i +
 * 0.5 being the middle of band i. */

/* What a mark is drawn with. Zero: the first qualitative colour, opaque, not in the legend. */
typedef struct MoeInk {
    int colour;           /* as moe_colour_qualitative() counts … */
    const MoeColour *own; /* … or this one */
    bool exact;           /* own: on a dark ground too, as cells and words have it */
    bool plain;           /* … or that of the theme's text */
    double opacity;       /* 0 … 1; 0 means 1 */
    bool dashed;          /* lines */
    const char *name;     /* its line in the legend, or NULL; equal names share one */
    bool unlisted;        /* the name is for CSV and words alone, not in the legend */
    MoeKey key;           /* what all of it stands for */
} MoeInk;

/* A grid of values through the colour scale, or of categories; row i lies in band i of the y axis,
 * column j in band j of the x axis, both of which are BAND axes with at least as many bands. */
typedef struct MoeCells {
    int rows, columns;
    const double *values;     /* [rows × columns]; NaN: no cell there */
    const double *numbers[2]; /* further numbers a cell, [rows × columns] each, or NULL */
    /* What a reader is told about a cell. {row} and {column} stand for the labels of the bands,
     * {value}, {0} and {1} for the numbers, {interval} for "0.1 to 0.2" or "unknown", {text} for
     * its text. */
    const char *words;
    int categories;           /* > 0: values are 0 … categories - 1, coloured by
                                 moe_colour_category(), not through the scale */
    const char *const *texts; /* [rows × columns] written into the cell: short ones where they fit,
                                 words as far as they do; or NULL */
    MoeKeys keys;             /* [rows × columns], the values themselves, for one */
    const double *low, *high; /* [rows × columns] an interval of the value; NaN or NULL: none */
} MoeCells;
MOE_API void moe_scene_add_cells(MoeScene *scene, int panel, const MoeCells *cells);

/* A line through points. A NaN breaks the line. */
typedef struct MoeLine {
    int n;
    const double *x, *y; /* [n] */
    MoeInk ink;
    bool steps;        /* goes along x, then y, as distribution functions do */
    bool dots;         /* shows where its points are */
    const char *words; /* {x} and {y} stand for the numbers of the point ({x} for the label of its
                          band), {name} for the ink's */
} MoeLine;
MOE_API void moe_scene_add_line(MoeScene *scene, int panel, const MoeLine *line);

/* Bars, one a band: upright where x is the BAND axis, lying where y is; the other axis isn't. */
typedef struct MoeBars {
    int n;                    /* bar i stands in band i */
    const double *value;      /* [n]; NaN: no bar */
    const double *base;       /* [n] where it begins; NULL: at 0, or the end of a LOG axis */
    const double *low, *high; /* [n] an interval, as a whisker; NaN or NULL: none */
    const MoeColour *each;    /* [n] a colour a bar, or NULL */
    MoeInk ink;
    int place, places; /* where several bars share a band: which of how many; places 0 means 1 */
    const char *words; /* {band}, {value}, {low}, {high}, {name} */
} MoeBars;
MOE_API void moe_scene_add_bars(MoeScene *scene, int panel, const MoeBars *bars);

/* The area between two curves: an interval around a line, a layer of a stack; along y, a violin. */
typedef struct MoeArea {
    int n;
    const double *at;         /* [n] along x (or along y) */
    const double *low, *high; /* [n] across; NaN breaks the area */
    MoeInk ink;
    bool along_y;
    const char *words; /* {at}, {low}, {high}, {width} (high - low), {name} */
} MoeArea;
MOE_API void moe_scene_add_area(MoeScene *scene, int panel, const MoeArea *area);

/* Dots. */
typedef struct MoePoints {
    int n;
    const double *x, *y;       /* [n] */
    const double *area;        /* [n] relative to the theme's dot; NULL: 1 */
    const MoeColour *each;     /* [n] a colour a dot, or NULL */
    const char *const *labels; /* [n] set beside the dot where there is room, or NULL */
    MoeInk ink;
    const char *words;        /* {x}, {y}, {label}, {name}, {note} */
    const char *const *notes; /* [n] what {note} stands for, or NULL */
    MoeKeys keys;
} MoePoints;
MOE_API void moe_scene_add_points(MoeScene *scene, int panel, const MoePoints *points);

/* Bands that flow from the left to the right (an alluvial diagram), on axes that aren't BAND. */
typedef struct MoeFlows {
    int n;
    const double *x0, *low0, *high0; /* [n] left end */
    const double *x1, *low1, *high1; /* [n] right end */
    const double *value;             /* [n] what the reader is told */
    const MoeColour *each;           /* [n], or NULL */
    const char *const *names;        /* [n], or NULL */
    MoeInk ink;
    const char *words; /* {name} (of the flow), {value} */
    MoeKeys keys[2];
} MoeFlows;
MOE_API void moe_scene_add_flows(MoeScene *scene, int panel, const MoeFlows *flows);

/* Texts at places of the data; one that would lie over one before it is left out. */
typedef enum { MOE_ANCHOR_START, MOE_ANCHOR_MIDDLE, MOE_ANCHOR_END } MoeAnchor;
typedef struct MoeLabels {
    int n;
    const double *x, *y;      /* [n] */
    const char *const *texts; /* [n] */
    MoeAnchor anchor;         /* what of the text stands at x; y is its middle */
} MoeLabels;
MOE_API void moe_scene_add_labels(MoeScene *scene, int panel, const MoeLabels *labels);

/* A value to compare with, as a dashed line across the panel ("uniform"); with `high` above `value`
 * a band of values (what chance would show). */
typedef struct MoeRule {
    bool upright;       /* of the x axis; else of y */
    double value, high; /* high: NaN or ≤ value: a line */
    const char *label;  /* or NULL */
} MoeRule;
MOE_API void moe_scene_add_rule(MoeScene *scene, int panel, const MoeRule *rule);

/* A tree above a panel whose x axis is a BAND one (a dendrogram): join i brings the branches at
 * left[i] and right[i] together, which begin at heights of their own. */
typedef struct MoeTree {
    int n;                                /* joins */
    const double *left, *right;           /* [n] places along x, counted in bands */
    const double *from_left, *from_right; /* [n] heights, 0 (the leaves) … 1 */
    const double *height;                 /* [n] at which they are joined */
} MoeTree;
MOE_API void moe_scene_add_tree(MoeScene *scene, int panel, const MoeTree *tree);

/* Running text whose words have a background (coloured text); a panel of its own, which grows with
 * it. Both axes are bare. */
typedef struct MoeProse {
    int n;
    const char *const *texts; /* [n] pieces, in order, blanks included; "\n" ends a line */
    const double *values;     /* [n] through the colour scale, or categories; NaN: none */
    int categories;           /* as of MoeCells */
    const char *const *notes; /* [n] what a reader is told of a piece, or NULL */
    MoeKeys keys[2];
} MoeProse;
MOE_API void moe_scene_add_prose(MoeScene *scene, int panel, const MoeProse *prose);

/* --- Showing a scene --------------------------------------------------------------------------*/

/* The size that suits the scene in its theme. */
MOE_API void moe_scene_size(MoeScene *scene, double *width, double *height);

/* Draws the scene into 0 … width × 0 … height of `cr`, one user unit a point. The layout is kept
 * until the size or the theme changes. */
MOE_API void moe_scene_render(MoeScene *scene, cairo_t *cr, double width, double height);

/* Writes the scene, at the size that suits it, to a .png, .svg, .pdf or .eps as the ending says.
 * `dpi`: dots an inch of a PNG (0: the theme's own). Text stays text in SVG, PDF and EPS; grids of
 * more than 100,000 cells, and of more than 2,000 small ones (below 5 points), become one image. A
 * PNG has a palette where 256 colours suffice, if need be with greys rounded to one of 64. The same
 * scene gives the same bytes. The file appears whole or not at all. Another ending is
 * MOE_ERROR_UNSUPPORTED. */
MOE_API bool moe_scene_save(MoeScene *scene, const char *path, double dpi, GError **error);

/* The scene as an <svg> element to stand in an HTML page, without ids. Ink, grey and paper are the
 * page's custom properties --ink, --soft, --faint and --paper, through classes that the page
 * defines (fi fs ff fp fill with them, si ss sf sp stroke); lines and shapes too dark for a dark
 * page have class fd or sd and custom properties --l and --d, their colour on a light and on a dark
 * one. Up to `hovers` marks say what they are in a <title>; over images of cells lies a rectangle
 * whose data-cells has their numbers, and the words for them, as JSON. (transfer full) */
MOE_API char *moe_scene_to_html(MoeScene *scene, int hovers);

/* What lies under a point. */
#define MOE_DATUM_KEYS 8
typedef struct MoeDatum {
    int panel;
    int row, column; /* of a cell; of a line: row 0, column the point */
    double value;
    double x, y, width, height; /* where the mark is */
    char *words;                /* "layer 3, expert 5, domain german: 0.183 of picks …" */
    int mark, piece;            /* which of the panel's marks, and of its pieces */
    int n_keys;
    MoeKey keys[MOE_DATUM_KEYS]; /* what it stands for; names last for ever, texts are its own */
} MoeDatum;
MOE_API void moe_datum_clear(MoeDatum *datum);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeDatum, moe_datum_clear)

/* What lies at (x, y) of the scene drawn at width × height. Returns false, with `datum` untouched,
 * where there is nothing. `datum->words` is the caller's: moe_datum_clear(). */
MOE_API bool moe_scene_pick(MoeScene *scene, double width, double height, double x, double y,
                            MoeDatum *datum);

/* The scene as text, stable from run to run and independent of theme, size and fonts: data
 * coordinates, numbers to 6 digits, words. (transfer full) */
MOE_API char *moe_scene_to_text(const MoeScene *scene);

/* The numbers behind the figure, as CSV: a line a cell, bar, point, flow, rule or piece of text,
 * with its panel, its series (the name in the legend), band labels, and 15 digits. (transfer full)
 */
MOE_API char *moe_scene_to_csv(const MoeScene *scene);

G_END_DECLS

#endif
