/* SPDX-License-Identifier: MIT
 *
 * What a tab looks at, and undoing it.
 */
#include "scope-focus.h"

static void
count(ScopeFocus *focus, guint what, gpointer user)
{
    guint *seen = user;
    seen[0]++;
    seen[1] |= what;
}

static void
test_defaults(void)
{
    g_autoptr(ScopeFocus) focus = scope_focus_new();
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_LAYER), ==, -1);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_SLOT), ==, 0);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_STEP), ==, -1);
    g_assert_cmpstr(scope_focus_get_filter(focus), ==, "");
    g_assert_false(scope_focus_can_undo(focus));
    g_assert_false(scope_focus_can_redo(focus));
}

static void
test_set(void)
{
    g_autoptr(ScopeFocus) focus = scope_focus_new();
    guint seen[2] = {0};
    g_signal_connect(focus, "changed", G_CALLBACK(count), seen);
    scope_focus_set(focus, SCOPE_FOCUS_LAYER, 3);
    scope_focus_set(focus, SCOPE_FOCUS_LAYER, 3); /* it is so already */
    g_assert_cmpuint(seen[0], ==, 1);
    g_assert_cmpuint(seen[1], ==, SCOPE_FOCUS_LAYER);
    scope_focus_set_filter(focus, "  domain=law ");
    g_assert_cmpstr(scope_focus_get_filter(focus), ==, "domain=law");
    g_assert_cmpuint(seen[0], ==, 2);
}

static void
test_together(void)
{
    g_autoptr(ScopeFocus) focus = scope_focus_new();
    guint seen[2] = {0};
    g_signal_connect(focus, "changed", G_CALLBACK(count), seen);
    scope_focus_begin(focus);
    scope_focus_set(focus, SCOPE_FOCUS_LAYER, 1);
    scope_focus_set(focus, SCOPE_FOCUS_EXPERT, 5);
    g_assert_cmpuint(seen[0], ==, 0);
    scope_focus_end(focus);
    g_assert_cmpuint(seen[0], ==, 1);
    g_assert_cmpuint(seen[1], ==, SCOPE_FOCUS_LAYER | SCOPE_FOCUS_EXPERT);
    scope_focus_undo(focus);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_LAYER), ==, -1);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_EXPERT), ==, -1);
}

static void
test_undo(void)
{
    g_autoptr(ScopeFocus) focus = scope_focus_new();
    scope_focus_set(focus, SCOPE_FOCUS_EXPERT, 1);
    scope_focus_set_filter(focus, "pos=0-9");
    scope_focus_undo(focus);
    g_assert_cmpstr(scope_focus_get_filter(focus), ==, "");
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_EXPERT), ==, 1);
    scope_focus_undo(focus);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_EXPERT), ==, -1);
    g_assert_false(scope_focus_can_undo(focus));
    scope_focus_undo(focus); /* nothing is left: nothing happens */
    scope_focus_redo(focus);
    scope_focus_redo(focus);
    g_assert_cmpstr(scope_focus_get_filter(focus), ==, "pos=0-9");
    g_assert_false(scope_focus_can_redo(focus));
}

/* What is done after an undo takes the place of what was undone. */
static void
test_branch(void)
{
    g_autoptr(ScopeFocus) focus = scope_focus_new();
    scope_focus_set(focus, SCOPE_FOCUS_LAYER, 1);
    scope_focus_undo(focus);
    scope_focus_set(focus, SCOPE_FOCUS_LAYER, 2);
    g_assert_false(scope_focus_can_redo(focus));
    scope_focus_undo(focus);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_LAYER), ==, -1);
}

/* Playing through a training is one step. */
static void
test_scrub(void)
{
    g_autoptr(ScopeFocus) focus = scope_focus_new();
    for (int step = 0; step < 50; step++)
        scope_focus_set(focus, SCOPE_FOCUS_STEP, step);
    scope_focus_undo(focus);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_STEP), ==, -1);
    g_assert_false(scope_focus_can_undo(focus));
}

static void
test_many(void)
{
    g_autoptr(ScopeFocus) focus = scope_focus_new();
    int undone = 0;
    for (int i = 0; i < 1000; i++)
        scope_focus_set(focus, SCOPE_FOCUS_TOKEN, i);
    for (; scope_focus_can_undo(focus); undone++)
        scope_focus_undo(focus);
    g_assert_cmpint(undone, >=, 100);
    g_assert_cmpint(undone, <, 1000);
    g_assert_cmpint(scope_focus_get(focus, SCOPE_FOCUS_TOKEN), ==, 999 - undone);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/focus/defaults", test_defaults);
    g_test_add_func("/focus/set", test_set);
    g_test_add_func("/focus/together", test_together);
    g_test_add_func("/focus/undo", test_undo);
    g_test_add_func("/focus/branch", test_branch);
    g_test_add_func("/focus/scrub", test_scrub);
    g_test_add_func("/focus/many", test_many);
    return g_test_run();
}
