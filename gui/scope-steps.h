/* SPDX-License-Identifier: MIT
 *
 * scope-steps.h: at which training step tokens are looked at. Runs record tokens at a few steps,
 * and other things at many: the step in focus stands for the last one before it that has tokens.
 */
#ifndef SCOPE_STEPS_H
#define SCOPE_STEPS_H

#include "scope-document.h"
#include "scope-focus.h"

#include <moescope/compare.h>

G_BEGIN_DECLS

/* As figures, summaries and queries take it: the last step, or one. */
typedef struct ScopeSteps {
    MoeSteps steps;
    int32_t step;
} ScopeSteps;

ScopeSteps scope_steps_of(ScopeFocus *focus, ScopeDocument *document);
/* The same for a routing to compare with: that step where it has tokens, else its last. Reads the
 * trace, for threads. */
MoeCompareSide scope_steps_side(ScopeSteps steps, const MoeTrace *trace);
/* Its summary; of a summary alone all that there is. (transfer none) */
const MoeSummary *scope_steps_summary(ScopeSteps steps, MoeFigureInput *input, unsigned tallies,
                                      GError **error);

G_END_DECLS

#endif
