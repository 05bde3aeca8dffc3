/* SPDX-License-Identifier: MIT
 *
 * How alike experts are: small dense problems over n vectors, one an expert, in double.
 */
#ifndef MOE_MOE_SIMILARITY_H
#define MOE_MOE_SIMILARITY_H

#include <glib.h>
#include <stdint.h>

/* Inner products g[i, j] = x_i · x_j of n rows of d values. g [n, n]. */
void moe__gram(const float *x, int64_t n, int64_t d, double *g);
/* Cosines of a Gram matrix: c[i, j] = g[i, j] / sqrt(g[i, i] g[j, j]), 0 where a row is zero. */
void moe__cosines(const double *g, int64_t n, float *c);
/* The mean of c over i != j; NaN for n < 2. */
double moe__mean_off_diagonal(const float *c, int64_t n);
/* exp of the entropy of the singular values' shares (Roy & Vetterli 2007) of the n rows whose Gram
 * matrix is g: 1 when all are multiples of one vector, n when orthogonal and of one length. 0 for a
 * zero matrix. g isn't changed. */
double moe__effective_rank(const double *g, int64_t n);
/* Eigenvalues (ascending) and eigenvectors (rows of `vectors` [n, n]) of a symmetric matrix. */
void moe__eigen(const double *g, int64_t n, double *values, double *vectors);
/* Linear CKA of every pair of n sets of outputs on the same m inputs (Kornblith et al. 2019):
 * ‖YᵀX‖² / (‖XᵀX‖ ‖YᵀY‖), columns centred. y [n, m, d] -> c [n, n]; shuffled [n, n]: its
 * expectation where the inputs of one of the two come in any order, NaN for m < 2; or NULL. */
void moe__linear_cka(const float *y, int64_t n, int64_t m, int64_t d, float *c, float *shuffled);
/* Representation collapse RC = Tr(Σ_W Σ_B⁺) (Chi et al. 2022, X-MoE, arXiv 2204.09179, section 3.2)
 * of m rows x [m, d] in classes 0 … n-1 (-1: left out), Σ_W the covariance within classes, Σ_B that
 * of the class means, each class weighted with its share of the rows. The smaller, the further
 * collapsed: rows lie near the mean of their class compared to the distance of classes. NaN with
 * fewer than two classes. */
double moe__representation_collapse(const float *x, int64_t m, int64_t d, const int32_t *klass,
                                    int n);

#endif
