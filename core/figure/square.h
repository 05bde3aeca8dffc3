/* SPDX-License-Identifier: MIT
 *
 * square.h: matrices of expert by expert, whose experts are chosen and arranged, with the tree that
 * the arrangement follows.
 */
#ifndef FIGURE_SQUARE_H
#define FIGURE_SQUARE_H

#include "figure/order.h"

/* A matrix as shown: cells [n × n] of the n experts. */
typedef struct Square {
    GArray *experts; /* of int */
    GArray *merges;  /* of Merge; NULL: the order follows no tree */
    double *value, *number[2];
} Square;

/* Chooses the experts of a router with `n` and arranges them: by likeness where `sort` says so and
 * alike[n × n] is at hand, else as `experts` is, which is taken. */
Square moe__square(GArray *experts, Sort sort, const double *alike, int n);
void moe__square_clear(gpointer square);
/* Cells out of whole[n × n], about all experts of the router. (transfer full) */
double *moe__square_take(const Square *square, const double *whole, int n);
/* Adds the panel: rows and columns are experts; `words` as of MoeCells. */
void moe__square_panel(MoeScene *scene, const Square *square, const char *title, const char *note,
                       const char *words);
/* Extends least and most by the finite values; whether there are infinite ones. */
bool moe__square_range(const Square *square, double *least, double *most);

#endif
