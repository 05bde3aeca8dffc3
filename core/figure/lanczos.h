/* SPDX-License-Identifier: MIT
 *
 * lanczos.h: the top of a large matrix's spectrum, without the rest.
 */
#ifndef FIGURE_LANCZOS_H
#define FIGURE_LANCZOS_H

/* The largest eigenvalue of the symmetric matrix a [n × n], n above 0, among the vectors at right
 * angles to known [n_known × n] (orthonormal), and its eigenvector [n] of length 1. The same bits
 * for any number of threads. Lanczos 1950, with full reorthogonalisation (Golub and Van
 * Loan, 10.3); of several equal eigenvalues it finds one: the next is found beside it. */
double moe__lanczos(const double *a, int n, const double *known, int n_known, double *vector);

#endif
