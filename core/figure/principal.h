/* SPDX-License-Identifier: MIT
 *
 * principal.h: the plane in which points spread most.
 */
#ifndef FIGURE_PRINCIPAL_H
#define FIGURE_PRINCIPAL_H

#include <glib.h>

/* Principal components of n vectors whose inner products are gram[n × n]: the first two coordinates
 * of each about their mean, x[n] and y[n], and the share of the variance that each of the two has.
 * All products are finite. Every axis points to where its largest coordinate is (the first of equal
 * ones). Returns 0, with all coordinates 0, if the vectors are all the same; else how many axes
 * they spread along, at most 2. */
int moe__principal(const double *gram, int n, double *x, double *y, double share[2]);

#endif
