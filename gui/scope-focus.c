/* SPDX-License-Identifier: MIT
 *
 * What is chosen, and the states that it had before and had again, as two lists of states.
 */
#include "scope-focus.h"

/* Undo reaches back so many steps. */
#define MOST_STEPS 200

enum { N_NUMBERS = 5 };

typedef struct State {
    gint64 number[N_NUMBERS]; /* by the bits of ScopeFocusPart */
    char *filter;
} State;

struct _ScopeFocus {
    GObject parent_instance;
    State now;
    GArray *before, *after; /* of State; the nearest last */
    int depth;              /* of begin … end */
    State begun;            /* the state at the outermost begin */
    unsigned last;          /* what the latest step changed, where another may join it; 0: none */
};

G_DEFINE_FINAL_TYPE(ScopeFocus, scope_focus, G_TYPE_OBJECT)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- States -----------------------------------------------------------------------------------*/

static void
state_clear(gpointer state)
{
    g_clear_pointer(&((State *)state)->filter, g_free);
}

static State
state_copy(const State *state)
{
    State copy = *state;
    copy.filter = g_strdup(state->filter);
    return copy;
}

/* The parts in which two states differ. */
static unsigned
differences(const State *a, const State *b)
{
    unsigned what = 0;
    for (unsigned i = 0; i < N_NUMBERS; i++)
        if (a->number[i] != b->number[i])
            what |= 1U << i;
    return g_str_equal(a->filter, b->filter) ? what : what | SCOPE_FOCUS_FILTER;
}

static int
number_of(ScopeFocusPart part)
{
    int i = g_bit_nth_lsf(part, -1);
    g_return_val_if_fail(i >= 0 && i < N_NUMBERS && part == 1U << i, 0);
    return i;
}

/* --- Steps ------------------------------------------------------------------------------------*/

static void
keep(GArray *states, State state)
{
    g_array_append_val(states, state);
    if (states->len > MOST_STEPS)
        g_array_remove_index(states, 0);
}

/* Scrubbing through the steps of a training is one step to undo, however many it passes. */
static void
record(ScopeFocus *self, State was, unsigned what)
{
    bool joins = what == SCOPE_FOCUS_STEP && self->last == what && self->before->len > 0;
    if (joins)
        state_clear(&was);
    else
        keep(self->before, was);
    self->last = what;
    g_array_set_size(self->after, 0);
}

/* After every change: nothing is said, or recorded, before the outermost end. */
static void
settle(ScopeFocus *self, State was)
{
    unsigned what = differences(&was, &self->now);
    if (what == 0) {
        state_clear(&was);
        return;
    }
    record(self, was, what);
    g_signal_emit(self, signals[CHANGED], 0, what);
}

static void
travel(ScopeFocus *self, GArray *from, GArray *to)
{
    if (from->len == 0 || self->depth > 0)
        return;
    State was = self->now;
    self->now = g_array_index(from, State, from->len - 1);
    g_array_index(from, State, from->len - 1).filter = NULL; /* it lives on in `now` */
    g_array_set_size(from, from->len - 1);
    self->last = 0;
    unsigned what = differences(&was, &self->now);
    keep(to, was);
    g_signal_emit(self, signals[CHANGED], 0, what);
}

/* --- The object -------------------------------------------------------------------------------*/

static void
scope_focus_finalize(GObject *object)
{
    ScopeFocus *self = SCOPE_FOCUS(object);
    g_array_unref(self->before);
    g_array_unref(self->after);
    state_clear(&self->now);
    state_clear(&self->begun);
    G_OBJECT_CLASS(scope_focus_parent_class)->finalize(object);
}

static void
scope_focus_class_init(ScopeFocusClass *class)
{
    G_OBJECT_CLASS(class)->finalize = scope_focus_finalize;
    signals[CHANGED] = g_signal_new("changed", SCOPE_TYPE_FOCUS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static GArray *
states_new(void)
{
    GArray *states = g_array_new(FALSE, FALSE, sizeof(State));
    g_array_set_clear_func(states, state_clear);
    return states;
}

static void
scope_focus_init(ScopeFocus *self)
{
    self->before = states_new();
    self->after = states_new();
    for (int i = 0; i < N_NUMBERS; i++)
        self->now.number[i] = -1;
    self->now.number[number_of(SCOPE_FOCUS_SLOT)] = 0;
    self->now.filter = g_strdup("");
}

ScopeFocus *
scope_focus_new(void)
{
    return g_object_new(SCOPE_TYPE_FOCUS, NULL);
}

/* --- Parts ------------------------------------------------------------------------------------*/

gint64
scope_focus_get(ScopeFocus *focus, ScopeFocusPart part)
{
    return focus->now.number[number_of(part)];
}

void
scope_focus_begin(ScopeFocus *focus)
{
    if (focus->depth++ == 0)
        focus->begun = state_copy(&focus->now);
}

void
scope_focus_end(ScopeFocus *focus)
{
    g_return_if_fail(focus->depth > 0);
    if (--focus->depth > 0)
        return;
    State was = focus->begun;
    focus->begun = (State){0};
    settle(focus, was);
}

void
scope_focus_set(ScopeFocus *focus, ScopeFocusPart part, gint64 value)
{
    scope_focus_begin(focus);
    focus->now.number[number_of(part)] = value;
    scope_focus_end(focus);
}

const char *
scope_focus_get_filter(ScopeFocus *focus)
{
    return focus->now.filter;
}

void
scope_focus_set_filter(ScopeFocus *focus, const char *filter)
{
    scope_focus_begin(focus);
    g_free(focus->now.filter);
    focus->now.filter = g_strstrip(g_strdup(filter ? filter : ""));
    scope_focus_end(focus);
}

/* --- Undo -------------------------------------------------------------------------------------*/

bool
scope_focus_can_undo(ScopeFocus *focus)
{
    return focus->before->len > 0;
}

bool
scope_focus_can_redo(ScopeFocus *focus)
{
    return focus->after->len > 0;
}

void
scope_focus_undo(ScopeFocus *focus)
{
    travel(focus, focus->before, focus->after);
}

void
scope_focus_redo(ScopeFocus *focus)
{
    travel(focus, focus->after, focus->before);
}
