/* SPDX-License-Identifier: MIT
 *
 * follow.h: one text over the steps of a run, as figures need it.
 */
#ifndef FIGURE_FOLLOW_H
#define FIGURE_FOLLOW_H

#include "figure/kit.h"

#include <moescope/compare.h>

/* Follows the text of a kit's trace. Fails with the errors of moe_fluctuation(), which then say how
 * to record it, `also` behind that. (transfer full) */
MoeFluctuation *moe__follow_text(const Kit *kit, const char *also, GError **error);
/* The number of the kit's router i there; -1: it isn't followed. */
int moe__followed(const Kit *kit, guint i, const MoeFluctuation *fluctuation);

#endif
