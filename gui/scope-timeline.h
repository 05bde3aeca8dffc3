/* SPDX-License-Identifier: MIT
 *
 * scope-timeline.h: the recorded steps of a run, to play and to scrub; sets the focus's step.
 */
#ifndef SCOPE_TIMELINE_H
#define SCOPE_TIMELINE_H

#include "scope-document.h"
#include "scope-focus.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SCOPE_TYPE_TIMELINE (scope_timeline_get_type())
G_DECLARE_FINAL_TYPE(ScopeTimeline, scope_timeline, SCOPE, TIMELINE, GtkWidget)

void scope_timeline_show(ScopeTimeline *timeline, ScopeDocument *document, ScopeFocus *focus);

G_END_DECLS

#endif
