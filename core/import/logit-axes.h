/* SPDX-License-Identifier: MIT
 *
 * What the axes of router logits mean.
 */
#ifndef MOE_IMPORT_LOGIT_AXES_H
#define MOE_IMPORT_LOGIT_AXES_H

#include "import/logit-pass.h"

/* Sets experts, rows and length of a pass, base and stride of its layers; makes one layer of many
 * where one array holds them all. `axes` as in moe__logit_passes(). */
bool moe__logit_settle_axes(const MoeArrays *arrays, MoeLogitPass *pass, const char *axes,
                            GError **error);

#endif
