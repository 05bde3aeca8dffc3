/* SPDX-License-Identifier: MIT
 *
 * load.h: what the figures of expert load share: counts to shares, norms, colour scales.
 */
#ifndef FIGURE_LOAD_H
#define FIGURE_LOAD_H

#include <moescope/figure.h>

/* Keeps "k = 2" on one line. */
#define NBSP "\xc2\xa0"

typedef enum {
    NORM_SHARE,    /* c/N */
    NORM_RELATIVE, /* c/N · E */
    NORM_LOG2,     /* log2 of that */
} Norm;

/* The options norm and colours, which every figure of load has. */
#define LOAD_FIELDS                                                                             \
    {.name = "norm",                                                                            \
     .type = MOE_FIELD_CHOICE,                                                                  \
     .fallback = "share",                                                                       \
     .choices = "share | relative | log2",                                                      \
     .help = "share of picks, multiple of uniform load, or its logarithm (diverging colours)"}, \
    {                                                                                           \
        .name = "colours", .type = MOE_FIELD_CHOICE, .fallback = "viridis",                     \
        .choices = "viridis | cividis | magma", .help = "colour map of share and relative"      \
    }

/* How loads are shown, and the range of what was met. */
typedef struct LoadLook {
    Norm norm;
    MoeColours colours;
    bool caption;
    double least, most; /* finite values */
    bool none;          /* whether log2 met an expert without picks */
} LoadLook;

/* The numbers of one panel, a cell each. */
typedef struct LoadNumbers {
    double *share, *ratio, *value;
} LoadNumbers;

/* Intervals of shares, which counts alone don't give. */
typedef struct LoadIntervals {
    const MoeSummary *summary;
    const int *router; /* [layers] */
    const int *domain; /* [panels] */
} LoadIntervals;

/* moe_figure_load_counts() with them (NULL: there are none). */
MoeScene *moe__load_scene(const MoeLoad *load, const LoadIntervals *intervals,
                          const MoeFigureOptions *options, GError **error);

LoadLook moe__load_look(const MoeFigureOptions *options);

/* `n` cells of NaN: none. */
LoadNumbers moe__load_numbers(size_t n);
void moe__load_numbers_clear(LoadNumbers *numbers);
/* Fills the cells at, at + stride, … from counts[experts] of which[n] (NULL: 0 … n-1), where -1
 * leaves a cell; leaves all where nothing was counted. */
void moe__load_place(LoadNumbers *numbers, size_t at, size_t stride, const int64_t *counts,
                     int experts, const int *which, int n, LoadLook *look);
/* Whether any panel had picks; otherwise an error that names the figure. */
bool moe__load_found(const LoadLook *look, const char *figure, GError **error);

/* The colour scale with uniform load marked on it. experts[n]: E of each layer. */
void moe__load_set_scale(MoeScene *scene, const LoadLook *look, const int *experts, int n);
/* The layers from the top down. Those at equal distances are numbers, others names, which
 * `names`[n] then keeps. */
MoeAxis moe__load_layer_axis(const int *layer, int n, char **names);
/* "Share of … picks that an expert receives". */
const char *moe__load_what(Norm norm);
/* "uniform load is 1/8 = 0.125". (transfer full) */
char *moe__load_uniform(const int *experts, int n);

/* The folder of a run without routers, which has only its log (run-log.h); NULL of others.
 * (transfer none) */
const char *moe__figure_log(const MoeFigureInput *input, int i);
/* The input's trace; an error that says so if it is a summary of none. (transfer none) */
const MoeTrace *moe__figure_trace(MoeFigureInput *input, int i, GError **error);
/* "smoe", from a meta.json, or NULL where that doesn't say. (transfer full) */
char *moe__figure_model(const char *meta_json);

extern const MoeFigure moe__figure_load, moe__figure_load_over_training;

#endif
