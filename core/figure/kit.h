/* SPDX-License-Identifier: MIT
 *
 * kit.h: what figures of summaries have in common: which routers, which domains, what is said
 * below.
 */
#ifndef FIGURE_KIT_H
#define FIGURE_KIT_H

#include "figure/figures.h"
#include "figure/load.h"
#include "figure/number.h"
#include "figure/order.h"

/* A summary as a figure's options choose from it. */
typedef struct Kit {
    const MoeFigure *figure;
    MoeFigureInput *input;
    const MoeFigureOptions *options;
    const MoeSummary *summary; /* NULL: of a trace over training, which isn't counted */
    const MoeTrace *trace;     /* NULL: of a summary alone */
    GArray *routers;           /* of int: those that the option layers picks */
    int domain; /* that the option domains picks, where a figure shows one; or all tokens */
} Kit;

/* Counts input 0 with the figure's tallies. Fails with the errors of counting, and MOE_ERROR_DATA
 * if no router, none of a router's experts, or no domain is picked. */
bool moe__kit_init(Kit *kit, const MoeFigure *figure, MoeFigureInput *input,
                   const MoeFigureOptions *options, GError **error);
/* The same without counting: for what a run wrote down beside its tokens. Fails as
 * moe__figure_trace() does. */
bool moe__kit_init_trace(Kit *kit, const MoeFigure *figure, MoeFigureInput *input,
                         const MoeFigureOptions *options, GError **error);
void moe__kit_clear(Kit *kit);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Kit, moe__kit_clear)

int moe__kit_router(const Kit *kit, guint i);
const MoeRouterInfo *moe__kit_info(const Kit *kit, guint i);
/* "layer 3". (transfer full) */
char *moe__kit_title(const Kit *kit, guint i);
/* The experts of its router i that the options choose, arranged by load or domain where `sort` says
 * so. (transfer full, of int) */
GArray *moe__kit_experts(const Kit *kit, guint i, Sort sort);
/* Of its routers those that a figure of a panel a layer shows: the ones chosen, or `most` of all,
 * evenly. (transfer full, of int) */
GArray *moe__kit_shown(const Kit *kit, guint most);
/* "; evenly chosen layers" where not all are shown, for captions. */
const char *moe__kit_left_out(const Kit *kit, guint shown);
/* Whether the option layers doesn't choose. */
bool moe__kit_all_layers(const Kit *kit);
/* Keeps `most` of an array of ints, evenly chosen, the first and the last among them. */
void moe__kit_thin(GArray *numbers, guint most);
/* Compares doubles, for qsort(). */
int moe__kit_by_number(const void *a, const void *b);
/* The error of a figure that found nothing to show, with how to record it. */
void moe__kit_missing(const Kit *kit, const char *what, const char *how, GError **error);

/* "<what>. Model m, k = 2 of 64; T = 1,234 tokens, N = 2,468 picks a layer; <chance>." unless the
 * option caption says no. What differs from layer to layer is given as a range. `chance` may be
 * NULL. */
void moe__kit_caption(const Kit *kit, MoeScene *scene, const char *what, const char *chance);
/* The same where T and N aren't those of the summary; `size` ("12 recorded steps") may be NULL. */
void moe__kit_caption_sized(const Kit *kit, MoeScene *scene, const char *what, const char *size,
                            const char *chance);
/* What input `i` is called in a figure: its name without .npz, counted where several have
 * it. (transfer full) */
char *moe__kit_input_name(const MoeFigureInput *input, int i);
/* "2,048", or "2,048 to 8,192". (transfer full) */
char *moe__kit_counts(int64_t low, int64_t high);

/* What chance would show, as a dashed line from x0 to x1 that the legend names. */
void moe__kit_add_level(MoeScene *scene, int panel, double x0, double x1, double value,
                        const char *name);

#endif
