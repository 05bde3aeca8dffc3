/* SPDX-License-Identifier: MIT
 *
 * scope-focus.h: what a tab looks at: the layer, expert, slot, step and token that are chosen, and
 * the filter that says which tokens count. All views of the tab follow it; every change can be
 * undone.
 *
 * Signal "changed" (guint what): some of ScopeFocusPart have new values.
 */
#ifndef SCOPE_FOCUS_H
#define SCOPE_FOCUS_H

#include <gio/gio.h>
#include <stdbool.h>

G_BEGIN_DECLS

typedef enum ScopeFocusPart {
    SCOPE_FOCUS_LAYER = 1 << 0,  /* a MoE layer's number in the model; -1: all */
    SCOPE_FOCUS_EXPERT = 1 << 1, /* -1: none */
    SCOPE_FOCUS_SLOT = 1 << 2,   /* of a unit's k picks, from 0 */
    SCOPE_FOCUS_STEP = 1 << 3,   /* of training; -1: the last */
    SCOPE_FOCUS_TOKEN = 1 << 4,  /* a token's row in the trace; -1: none */
    SCOPE_FOCUS_FILTER = 1 << 5, /* which tokens count, as `--where` has it; "": all */
    SCOPE_FOCUS_ALL = (1 << 6) - 1,
} ScopeFocusPart;

#define SCOPE_TYPE_FOCUS (scope_focus_get_type())
G_DECLARE_FINAL_TYPE(ScopeFocus, scope_focus, SCOPE, FOCUS, GObject)

ScopeFocus *scope_focus_new(void);

/* One of the parts that are numbers. */
gint64 scope_focus_get(ScopeFocus *focus, ScopeFocusPart part);
/* Sets it, as one step to undo. Nothing happens where it is so already. */
void scope_focus_set(ScopeFocus *focus, ScopeFocusPart part, gint64 value);
/* Several at once, as one step to undo: begin, set, end. */
void scope_focus_begin(ScopeFocus *focus);
void scope_focus_end(ScopeFocus *focus);
/* (transfer none) */
const char *scope_focus_get_filter(ScopeFocus *focus);
void scope_focus_set_filter(ScopeFocus *focus, const char *filter);

bool scope_focus_can_undo(ScopeFocus *focus);
bool scope_focus_can_redo(ScopeFocus *focus);
void scope_focus_undo(ScopeFocus *focus);
void scope_focus_redo(ScopeFocus *focus);

G_END_DECLS

#endif
