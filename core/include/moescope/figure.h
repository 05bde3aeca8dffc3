/* SPDX-License-Identifier: MIT
 *
 * figure.h: figures by name: what was recorded, as a scene (scene.h), with options.
 */
#ifndef MOESCOPE_FIGURE_H
#define MOESCOPE_FIGURE_H

#include <moescope/recipe.h>
#include <moescope/scene.h>
#include <moescope/summary.h>
#include <moescope/trace.h>

G_BEGIN_DECLS

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
/* The same from a summary of a trace, which gives the names. Domains without picks have no panel;
 * MOE_ERROR_DATA if the two don't belong together. */
MOE_API MoeScene *moe_figure_load(const MoeTrace *trace, const MoeSummary *summary,
                                  const MoeFigureOptions *options, GError **error);

G_END_DECLS

#endif
