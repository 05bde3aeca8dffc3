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

/* What figures are made of: one trace or summary, or several. Summaries are counted when a figure
 * asks for one, and kept. Threads may share it. */
typedef struct MoeFigureInput MoeFigureInput;

MOE_API MoeFigureInput *moe_figure_input_new(void);
MOE_API void moe_figure_input_free(MoeFigureInput *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeFigureInput, moe_figure_input_free)
/* Opens a trace, a summary, a run's folder (its trace, or of a dense run the log of its losses), or
 * the weights of a model: a .safetensors file, or a folder with such, as checkpoints of ours and of
 * Hugging Face are; they are read when a figure asks. `name` is what readers see (NULL: the file's
 * name, or the run folder's). The errors of moe_trace_open() and moe_summary_open(). */
MOE_API bool moe_figure_input_open(MoeFigureInput *input, const char *path, const char *name,
                                   GError **error);
/* Adds what the caller has open, which has to live longer; one of the two may be NULL. */
MOE_API void moe_figure_input_add(MoeFigureInput *input, const MoeTrace *trace,
                                  const MoeSummary *summary, const char *name);
MOE_API int moe_figure_input_count(const MoeFigureInput *input);
MOE_API const char *moe_figure_input_name(const MoeFigureInput *input, int i);
/* NULL for a summary of no trace, and for weights. (transfer none) */
MOE_API const MoeTrace *moe_figure_input_trace(const MoeFigureInput *input, int i);
/* Its meta.json; may be NULL. (transfer none) */
MOE_API const char *moe_figure_input_meta(const MoeFigureInput *input, int i);
/* The path of an input that is weights, NULL of others. (transfer none) */
MOE_API const char *moe_figure_input_weights(const MoeFigureInput *input, int i);
/* Tallies to count whenever a summary is asked for, since other figures will ask for them. */
MOE_API void moe_figure_input_expect(MoeFigureInput *input, unsigned tallies);
/* Of which tokens figures are made (copied); NULL: of all. Summaries that were counted are freed:
 * nobody may be building a figure, or hold a summary. What belongs to a run rather than to tokens
 * (series, measures, load over training) stays as it is. */
MOE_API void moe_figure_input_set_filter(MoeFigureInput *input, const MoeTokenFilter *filter);
/* Counts every n-th chunk of each trace alone, from the first on (0: every one): a first look at
 * what takes long to count. As of moe_figure_input_set_filter(), nobody may be building a figure.
 */
MOE_API void moe_figure_input_set_sample(MoeFigureInput *input, int every);
/* What is told of counting from now on (copied; NULL: nobody), on the thread that asked for a
 * figure or a summary, and may stop it: MOE_ERROR_CANCELLED. */
MOE_API void moe_figure_input_set_progress(MoeFigureInput *input, const MoeProgress *progress);
/* NULL: none. (transfer none) */
MOE_API const MoeTokenFilter *moe_figure_input_filter(const MoeFigureInput *input);
/* Its summary, with at least these tallies. A summary of no trace that lacks one is MOE_ERROR_DATA;
 * so are a choice of steps there, a filter, and weights. MOE_ERROR_CANCELLED. (transfer none) */
MOE_API const MoeSummary *moe_figure_input_summary(MoeFigureInput *input, int i, unsigned tallies,
                                                   MoeSteps steps, int32_t step, GError **error);

/* Values of a figure's options: defaults, and what was set. */
typedef struct MoeFigureOptions MoeFigureOptions;

MOE_API MoeFigureOptions *moe_figure_options_new(const MoeFigure *figure);
MOE_API void moe_figure_options_free(MoeFigureOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeFigureOptions, moe_figure_options_free)
/* "norm=relative". "layers" also names the option layer of figures that show one, and "layer"
 * layers; so do "experts" and "expert". MOE_ERROR_RECIPE if the figure has no such option or it
 * can't have that value. */
MOE_API bool moe_figure_options_set(MoeFigureOptions *options, const char *assignment,
                                    GError **error);
MOE_API bool moe_figure_options_has(const MoeFigureOptions *options, const char *name);
/* The value as text; a name that the figure doesn't have aborts. (transfer none) */
MOE_API const char *moe_figure_options_text(const MoeFigureOptions *options, const char *name);
MOE_API double moe_figure_options_real(const MoeFigureOptions *options, const char *name);
MOE_API bool moe_figure_options_bool(const MoeFigureOptions *options, const char *name);
/* Index of a CHOICE in its list. */
MOE_API int moe_figure_options_choice(const MoeFigureOptions *options, const char *name);
/* Whether the common options pick this layer, expert, domain (no choice, or no such option: all).
 */
MOE_API bool moe_figure_options_layer(const MoeFigureOptions *options, int layer);
MOE_API bool moe_figure_options_expert(const MoeFigureOptions *options, int expert);
MOE_API bool moe_figure_options_domain(const MoeFigureOptions *options, const char *domain);
/* The common option steps; `step` is set for MOE_STEPS_ONE. */
MOE_API MoeSteps moe_figure_options_steps(const MoeFigureOptions *options, int32_t *step);

/* Options that several figures have, beside their own fields. */
typedef enum MoeFigureCommon {
    MOE_FIGURE_LAYERS = 1 << 0,  /* layers = 0,4-7: routers of these layers */
    MOE_FIGURE_DOMAINS = 1 << 1, /* domains = code,prose */
    MOE_FIGURE_STEPS = 1 << 2,   /* steps = last | all | 1200: which snapshots count; a figure of
                                    tokens, which a filter applies to */
    MOE_FIGURE_CAPTION = 1 << 3, /* caption = true | false */
    MOE_FIGURE_EXPERTS = 1 << 4, /* experts = 0,4-7 */
    MOE_FIGURE_DOMAIN = 1 << 5,  /* domains = code: figures that show one, or all tokens */
} MoeFigureCommon;

struct MoeFigure {
    size_t struct_size;     /* sizeof(MoeFigure) */
    const char *name;       /* "load" */
    const char *title;      /* "Expert load" */
    const char *help;       /* one line */
    const MoeField *fields; /* its own, names without a group: "norm" */
    int n_fields;
    unsigned common;  /* MoeFigureCommon */
    unsigned tallies; /* MoeTallies that it asks for, so that several figures share one pass */
    int most_inputs;  /* inputs beyond the first are for comparisons; 0: one */
    int least_inputs; /* 0: one */
    /* (transfer full); MOE_ERROR_DATA, saying what is missing and how to record it, if the input
     * can't support the figure. */
    MoeScene *(*build)(MoeFigureInput *input, const MoeFigureOptions *options, GError **error);
};
/* Makes the scene, after checking the number of inputs. */
MOE_API MoeScene *moe_figure_build(const MoeFigure *figure, MoeFigureInput *input,
                                   const MoeFigureOptions *options, GError **error);
/* All its fields, the common ones last. (transfer none) */
MOE_API int moe_figure_n_fields(const MoeFigure *figure);
MOE_API const MoeField *moe_figure_field(const MoeFigure *figure, int i);

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
/* The same from a summary. Domains without picks have no panel; `model` may be NULL. */
MOE_API MoeScene *moe_figure_load(const MoeSummary *summary, const char *model,
                                  const MoeFigureOptions *options, GError **error);

G_END_DECLS

#endif
