/* SPDX-License-Identifier: MIT
 *
 * scope-pane-focus.h: between a focus and what marks stand for.
 */
#ifndef SCOPE_PANE_FOCUS_H
#define SCOPE_PANE_FOCUS_H

#include "scope-focus.h"
#include "scope-scene-view.h"

G_BEGIN_DECLS

/* Outlines what the focus has chosen. */
void scope_pane_focus_select(ScopeFocus *focus, ScopeSceneView *view);
/* Sets the parts that a mark stands for, as one step to undo. */
void scope_pane_focus_take(ScopeFocus *focus, const MoeDatum *datum);

G_END_DECLS

#endif
