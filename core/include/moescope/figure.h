/* SPDX-License-Identifier: MIT
 *
 * figure.h: figures as scenes. A scene is data, not drawing commands: panels with axes, marks with
 * the numbers behind them, a colour scale, words. The window, PNG, SVG and PDF show the same scene,
 * and what lies under the pointer is asked of the scene.
 *
 * Lengths are points (1/72 inch) unless a name says otherwise; y grows downwards on the page.
 * A scene is used by one thread at a time; different scenes by different threads.
 */
#ifndef MOESCOPE_FIGURE_H
#define MOESCOPE_FIGURE_H

#include <moescope/base.h>
#include <moescope/recipe.h>
#include <moescope/summary.h>
#include <moescope/trace.h>

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

/* --- Building a scene -------------------------------------------------------------------------
 * The add functions copy all they are given. */

typedef struct MoeScene MoeScene;

MOE_API MoeScene *moe_scene_new(const char *title);
MOE_API void moe_scene_free(MoeScene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeScene, moe_scene_free)

/* The sentences below the figure: what is shown, over what, and what one would see by chance. */
MOE_API void moe_scene_set_caption(MoeScene *scene, const char *caption);

/* "paper-column" (82.5 mm wide, an ICML column), "paper-full" (139.7 mm, a NeurIPS text block; the
 * default), "screen", "dark". Returns false with MOE_ERROR_DATA, naming the themes, if there is no
 * such one. */
MOE_API bool moe_scene_set_theme(MoeScene *scene, const char *theme, GError **error);
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
    bool below, above; /* whether values beyond min, max occur */
    int n_references;
    const MoeReference *references;
} MoeColourScale;
MOE_API void moe_scene_set_colour_scale(MoeScene *scene, const MoeColourScale *scale);

typedef enum {
    MOE_AXIS_LINEAR, /* min … max; y grows upwards */
    MOE_AXIS_BAND,   /* bands of equal width, band 0 at the left or at the top */
} MoeAxisType;

typedef struct MoeAxis {
    MoeAxisType type;
    const char *label;
    double min, max;    /* LINEAR: finite, min < max */
    int bands;          /* BAND: how many, at least 1 */
    double first, step; /* BAND: band i stands for first + i·step; step > 0, 0 means 1; … */
    const char *const *names; /* … unless the bands have names: [bands] */
} MoeAxis;

/* Adds a panel and returns its number, from 0. Panels fill the page row by row; how many stand
 * beside each other follows from the width at hand. Equal axes are labelled once. `note` is set
 * small at the right of the title where it fits, or NULL. */
MOE_API int moe_scene_add_panel(MoeScene *scene, const char *title, const char *note,
                                const MoeAxis *x, const MoeAxis *y);

/* A grid of values through the colour scale; row i lies in band i of the y axis, column j in band j
 * of the x axis, both of which are BAND axes with at least as many bands. */
typedef struct MoeCells {
    int rows, columns;
    const double *values;     /* [rows × columns]; NaN: no cell there */
    const double *numbers[2]; /* further numbers a cell, [rows × columns] each, or NULL */
    /* What a reader is told about a cell. {row} and {column} stand for the labels of the bands,
     * {value}, {0} and {1} for the numbers. */
    const char *words;
} MoeCells;
MOE_API void moe_scene_add_cells(MoeScene *scene, int panel, const MoeCells *cells);

/* A line through points, on LINEAR axes. A NaN breaks the line. */
typedef struct MoeLine {
    int n;
    const double *x, *y; /* [n] */
    int colour;          /* as moe_colour_qualitative() counts */
    const char *words;   /* {x} and {y} stand for the numbers of the point */
} MoeLine;
MOE_API void moe_scene_add_line(MoeScene *scene, int panel, const MoeLine *line);

/* --- Showing a scene --------------------------------------------------------------------------*/

/* The size that suits the scene in its theme. */
MOE_API void moe_scene_size(MoeScene *scene, double *width, double *height);

/* Draws the scene into 0 … width × 0 … height of `cr`, one user unit a point. The layout is kept
 * until the size or the theme changes. */
MOE_API void moe_scene_render(MoeScene *scene, cairo_t *cr, double width, double height);

/* Writes the scene, at the size that suits it, to a .png, .svg or .pdf as the ending says. `dpi`:
 * dots an inch of a PNG (0: the theme's own). Text stays text in SVG and PDF; grids of more than
 * 100,000 cells become one image with a pixel a cell. The same scene gives the same bytes. The file
 * appears whole or not at all. Another ending is MOE_ERROR_UNSUPPORTED. */
MOE_API bool moe_scene_save(MoeScene *scene, const char *path, double dpi, GError **error);

/* What lies under a point. */
typedef struct MoeDatum {
    int panel;
    int row, column; /* of a cell; of a line: row 0, column the point */
    double value;
    double x, y, width, height; /* where the mark is */
    char *words;                /* "layer 3, expert 5, domain german: 0.183 of picks …" */
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

/* --- Figures ----------------------------------------------------------------------------------
 * A figure makes a scene of what was recorded. */

typedef struct MoeFigure MoeFigure;

/* Values of a figure's options: defaults, and what was set. */
typedef struct MoeFigureOptions MoeFigureOptions;

MOE_API MoeFigureOptions *moe_figure_options_new(const MoeFigure *figure);
MOE_API void moe_figure_options_free(MoeFigureOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeFigureOptions, moe_figure_options_free)
/* "norm=relative". MOE_ERROR_RECIPE if the figure has no such option or it can't have that value.
 */
MOE_API bool moe_figure_options_set(MoeFigureOptions *options, const char *assignment,
                                    GError **error);
/* The value as text; a name that the figure doesn't have aborts. (transfer none) */
MOE_API const char *moe_figure_options_text(const MoeFigureOptions *options, const char *name);
MOE_API double moe_figure_options_real(const MoeFigureOptions *options, const char *name);
MOE_API bool moe_figure_options_bool(const MoeFigureOptions *options, const char *name);
/* Index of a CHOICE in its list. */
MOE_API int moe_figure_options_choice(const MoeFigureOptions *options, const char *name);

struct MoeFigure {
    size_t struct_size;     /* sizeof(MoeFigure) */
    const char *name;       /* "load" */
    const char *title;      /* "Expert load" */
    const char *help;       /* one line */
    const MoeField *fields; /* names without a group: "norm" */
    int n_fields;
    /* (transfer full); MOE_ERROR_DATA, saying what is missing and how to record it, if the trace
     * can't support the figure. */
    MoeScene *(*build)(const MoeTrace *trace, const MoeFigureOptions *options, GError **error);
};

/* Adds to the registry; `figure` must stay valid for ever. A name that exists already, or a figure
 * without name, title, help or build, is refused (a warning). */
MOE_API void moe_figures_add(const MoeFigure *figure);
/* All figures, in order of registration. (transfer none) */
MOE_API const MoeFigure *const *moe_figures_list(int *n);
/* The figure of that name; MOE_ERROR_DATA, naming the figures, if there is none. */
MOE_API const MoeFigure *moe_figures_find(const char *name, GError **error);

/* --- load: layer × expert, a panel a domain --------------------------------------------------- */

/* Picks after selection, before drops. */
typedef struct MoeLoadPanel {
    const char *name;             /* the domain, or "all" */
    int64_t tokens;               /* T: tokens of this panel */
    int64_t picks;                /* N: picks of one layer */
    const int64_t *const *counts; /* [layers] of [experts of that layer] */
} MoeLoadPanel;

typedef struct MoeLoad {
    const char *model;  /* or NULL */
    int layers;         /* MoE layers */
    const int *layer;   /* [layers] their numbers in the model */
    const int *experts; /* [layers] E of each */
    int k;              /* picks a unit; 0: varies */
    int n_panels;       /* the first is over all tokens */
    const MoeLoadPanel *panels;
} MoeLoad;

/* Heat map of the share of a layer's picks that each expert got, beside the uniform share 1/E.
 * `options` are those of figure "load" (NULL: defaults); norm: share (c/N) | relative (c/N · E) |
 * log2 (log2 of that, diverging). Returns NULL with MOE_ERROR_DATA if there is no layer or pick. */
MOE_API MoeScene *moe_figure_load_counts(const MoeLoad *load, const MoeFigureOptions *options,
                                         GError **error);
/* The same from a summary. The trace that it is of names the model; NULL: nothing does. Domains
 * without picks have no panel; MOE_ERROR_DATA if the two don't belong together. */
MOE_API MoeScene *moe_figure_load(const MoeTrace *trace, const MoeSummary *summary,
                                  const MoeFigureOptions *options, GError **error);

G_END_DECLS

#endif
