/* SPDX-License-Identifier: MIT
 *
 * likeness-read.h: the sources of likeness. Each adds the layers that it has, if any, and fails
 * only where reading does.
 */
#ifndef FIGURE_LIKENESS_READ_H
#define FIGURE_LIKENESS_READ_H

#include "figure/likeness.h"

/* Rows of routers and embeddings, out of the inputs that are weights. */
bool moe__likeness_from_weights(Likenesses *likenesses, const MoeFigureOptions *options, Of of,
                                GError **error);
/* What routers told of themselves, out of the first trace. */
bool moe__likeness_from_measures(Likenesses *likenesses, const MoeFigureOptions *options, Of of,
                                 bool centred, GError **error);
/* What experts are picked for. */
void moe__likeness_from_summary(Likenesses *likenesses, const MoeFigureOptions *options, Of of);
/* The mean CKA of two experts' outputs if the inputs of one came in any order, at the chosen
 * step (options NULL: the last); NaN: it wasn't recorded. */
double moe__likeness_shuffled_outputs(const MoeTrace *trace, int router,
                                      const MoeFigureOptions *options);

#endif
