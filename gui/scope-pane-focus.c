/* SPDX-License-Identifier: MIT
 *
 * Keys of the data as parts of a focus, and back. The slot isn't outlined: figures show one.
 */
#include "scope-pane-focus.h"

#include <math.h>

static const struct {
    const char *name;
    ScopeFocusPart part;
} keys[] = {{"layer", SCOPE_FOCUS_LAYER},
            {"expert", SCOPE_FOCUS_EXPERT},
            {"slot", SCOPE_FOCUS_SLOT},
            {"step", SCOPE_FOCUS_STEP},
            {"token", SCOPE_FOCUS_TOKEN}};

/* Adds a part to a selection, where it is chosen. */
static void
add(ScopeSelection *selection, ScopeFocus *focus, ScopeFocusPart part)
{
    gint64 value = scope_focus_get(focus, part);
    for (size_t i = 0; i < G_N_ELEMENTS(keys) && value >= 0; i++)
        if (keys[i].part == part)
            selection->keys[selection->n++] = (MoeKey){keys[i].name, (double)value, NULL};
}

/* An expert is one of its layer, a token may be seen in a layer; a step is one by itself. Where an
 * expert is chosen its cell is meant, not all of the layer. */
void
scope_pane_focus_select(ScopeFocus *focus, ScopeSceneView *view)
{
    ScopeSelection selections[3] = {0};
    int n = 0;
    add(&selections[n], focus, SCOPE_FOCUS_EXPERT);
    add(&selections[n], focus, SCOPE_FOCUS_LAYER);
    n += selections[n].n > 0;
    add(&selections[n], focus, SCOPE_FOCUS_TOKEN);
    if (selections[n].n > 0)
        add(&selections[n], focus, SCOPE_FOCUS_LAYER);
    n += selections[n].n > 0;
    add(&selections[n], focus, SCOPE_FOCUS_STEP);
    n += selections[n].n > 0;
    scope_scene_view_select(view, selections, n);
}

/* What a key sets a part to; of a row or column as a whole (NaN) there is no one, and the choice is
 * as at first. -2: nothing. */
static gint64
value_of(const MoeKey *key, ScopeFocusPart part)
{
    if (isnan(key->number))
        return part == SCOPE_FOCUS_SLOT ? 0 : -1;
    return key->number >= 0 && key->number < 1e15 ? (gint64)key->number : -2;
}

/* A key that is there twice, as in a map of experts by experts, is meant as it is first. */
void
scope_pane_focus_take(ScopeFocus *focus, const MoeDatum *datum)
{
    unsigned taken = 0;
    scope_focus_begin(focus);
    for (int i = 0; i < datum->n_keys; i++)
        for (size_t j = 0; j < G_N_ELEMENTS(keys); j++) {
            const MoeKey *key = &datum->keys[i];
            gint64 value = value_of(key, keys[j].part);
            if (!g_str_equal(key->name, keys[j].name) || taken & keys[j].part || value < -1)
                continue;
            taken |= keys[j].part;
            scope_focus_set(focus, keys[j].part, value);
        }
    scope_focus_end(focus);
}
