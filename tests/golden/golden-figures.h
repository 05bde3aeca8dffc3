/* SPDX-License-Identifier: MIT
 *
 * golden-figures.h: figures of the registry against their committed texts and pictures, from a
 * table a program.
 */
#ifndef MOESCOPE_TESTS_GOLDEN_FIGURES_H
#define MOESCOPE_TESTS_GOLDEN_FIGURES_H

#include <moescope/figure.h>

typedef struct GoldenFigure {
    const char *name;        /* of the committed files: NAME.txt, NAME.png */
    const char *figure;      /* in the registry */
    const char *assignments; /* its options: "norm=log2 layers=0"; NULL: none */
    const char *theme;       /* of the picture; NULL: there is only the text */
    const char *of;          /* what it is of, in words of the program's own; NULL: the usual */
} GoldenFigure;

/* Makes the scene, or fails as moe_figure_build() does. */
typedef MoeScene *(*GoldenBuild)(const GoldenFigure *golden, GError **error);

/* Adds tests GROUP/text/NAME and GROUP/picture/NAME; pictures are drawn into `folder`. The table
 * and both strings have to stay. */
void golden_figures_add(const char *group, const GoldenFigure *table, size_t n, GoldenBuild build,
                        const char *folder);
/* Adds tests GROUP/missing/…: each fails with MOE_ERROR_DATA, in a sentence that has `name` in it.
 */
void golden_missing_add(const char *group, const GoldenFigure *table, size_t n, GoldenBuild build);
/* The figure of `input` with the options set. */
MoeScene *golden_figure_build(const GoldenFigure *golden, MoeFigureInput *input, GError **error);

#endif
