/* SPDX-License-Identifier: MIT
 *
 * Arenas, views and the tape, apart from any one operation.
 */
#include "tensor/tape.h"

#include <moescope/ops.h>

#include <string.h>

static void
test_arena_marks(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    char *first = moe_arena_alloc(arena, 10);
    memset(first, 1, 10);
    MoeArenaMark mark = moe_arena_mark(arena);
    char *second = moe_arena_alloc(arena, 100);
    /* more than a chunk holds, so that the mark lies in an earlier one */
    memset(moe_arena_alloc(arena, 5 << 20), 2, 5 << 20);
    size_t size = moe_arena_size(arena);
    moe_arena_release(arena, mark);
    g_assert_true(moe_arena_alloc(arena, 100) == second);
    moe_arena_alloc(arena, 5 << 20);
    g_assert_cmpuint(moe_arena_size(arena), ==, size);
    for (int i = 0; i < 10; i++)
        g_assert_cmpint(first[i], ==, 1);
    moe_arena_reset(arena);
    g_assert_true(moe_arena_alloc(arena, 1) == first);
}

static void
test_arena_alignment(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    for (size_t bytes = 0; bytes < 200; bytes += 7) {
        char *p = moe_arena_alloc0(arena, bytes);
        g_assert_cmpuint((uintptr_t)p % 64, ==, 0);
        for (size_t i = 0; i < bytes; i++)
            g_assert_cmpint(p[i], ==, 0);
        if (bytes)
            memset(p, 0xff, bytes);
    }
}

/* A leaf of 2 × 3: 1, 2, … 6. */
static MoeTensor *
leaf(MoeArena *arena)
{
    MoeTensor *x = moe_tensor_2d(arena, 2, 3);
    moe_tensor_require_grad(arena, x);
    for (int i = 0; i < 6; i++)
        x->data[i] = (float)i + 1;
    return x;
}

static void
assert_grad(const MoeTensor *x, float factor, const float *expected)
{
    g_assert_true(x->has_grad);
    for (int64_t i = 0; i < moe_tensor_count(x); i++)
        g_assert_cmpfloat(x->grad[i], ==, factor * expected[i]);
}

/* Views of views, on both sides of an operation; the tensor behind them is used directly too. */
static void
test_views(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    g_autoptr(MoeTape) tape = moe_tape_new(true);
    MoeTensor *x = leaf(arena);
    MoeTensor *flat = moe_reshape(tape, x, 1, (int64_t[]){6});
    MoeTensor *tall = moe_reshape(tape, flat, 2, (int64_t[]){3, 2});
    g_assert_true(tall->data == x->data);
    MoeTensor *y = moe_reshape(tape, moe_square(tape, tall), 2, (int64_t[]){2, 3});
    MoeTensor *z = moe_sum(tape, moe_add(tape, y, x));
    g_assert_cmpfloat(z->data[0], ==, 91 + 21);
    moe_tape_backward(tape, z, 1);
    assert_grad(x, 1, (float[]){3, 5, 7, 9, 11, 13});
    g_assert_null(flat->grad);
    g_assert_null(tall->grad);
}

static void
test_root_is_a_view_of_a_leaf(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    g_autoptr(MoeTape) tape = moe_tape_new(true);
    MoeTensor *x = leaf(arena), *flat = moe_reshape(tape, x, 1, (int64_t[]){6});
    float cotangent[] = {1, 2, 3, 4, 5, 6};
    moe_tape_backward_from(tape, flat, cotangent);
    moe_tape_backward_from(tape, flat, cotangent);
    assert_grad(x, 2, cotangent);
}

static void
test_detach(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    g_autoptr(MoeTape) tape = moe_tape_new(true);
    MoeTensor *x = leaf(arena);
    MoeTensor *y = moe_mul(tape, x, moe_detach(tape, moe_square(tape, x)));
    moe_tape_backward(tape, moe_sum(tape, y), 1);
    assert_grad(x, 1, (float[]){1, 4, 9, 16, 25, 36});
}

static void
test_frozen(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    g_autoptr(MoeTape) tape = moe_tape_new(true);
    MoeTensor *x = leaf(arena), *w = moe_tensor_zeros(arena, 1, (int64_t[]){3});
    MoeTensor *constant = moe_square(tape, w);
    g_assert_false(constant->needs_grad);
    g_assert_null(moe__tape_last_node(tape));
    MoeTensor *y = moe_sum(tape, moe_add(tape, moe_add(tape, x, w), constant));
    moe_tape_backward(tape, y, 2);
    assert_grad(x, 2, (float[]){1, 1, 1, 1, 1, 1});
    g_assert_null(w->grad);
    g_assert_false(w->has_grad);
    g_assert_null(constant->grad);
}

static void
test_not_recording(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    MoeTensor *x = leaf(arena), *y = moe_sum(tape, moe_square(tape, x));
    g_assert_cmpfloat(y->data[0], ==, 91);
    g_assert_false(y->needs_grad);
    g_assert_null(moe__tape_last_node(tape));
    moe_tape_backward(tape, y, 1);
    g_assert_false(x->has_grad);
}

/* A result that the root doesn't depend on passes nothing back. */
static void
test_unused_branch(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    g_autoptr(MoeTape) tape = moe_tape_new(true);
    MoeTensor *x = leaf(arena), *unused = leaf(arena);
    MoeTensor *y = moe_sum(tape, x);
    moe_sum(tape, moe_square(tape, moe_mul(tape, x, unused)));
    moe_tape_backward(tape, y, 1);
    assert_grad(x, 1, (float[]){1, 1, 1, 1, 1, 1});
    g_assert_false(unused->has_grad);
}

/* One step after another: gradients add up until dropped, memory is used again. */
static void
test_steps(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    g_autoptr(MoeTape) tape = moe_tape_new(true);
    MoeTensor *x = moe_tensor_2d(arena, 300, 500);
    moe_tensor_require_grad(arena, x);
    for (int i = 0; i < 300 * 500; i++)
        x->data[i] = 0.5f;
    float *memory = x->grad;
    size_t size = 0;
    for (int step = 0; step < 5; step++) {
        moe_tape_reset(tape);
        MoeTensor *y = x;
        for (int i = 0; i < 4; i++)
            y = moe_add(tape, y, x);
        moe_tape_backward(tape, moe_sum(tape, moe_square(tape, y)), 1);
        if (step == 0)
            size = moe_arena_size(moe_tape_arena(tape));
        g_assert_cmpuint(moe_arena_size(moe_tape_arena(tape)), ==, size);
        /* (5 x)², slope 50 x */
        g_assert_cmpfloat(x->grad[7], ==, 25.0f * (float)(step + 1));
        g_assert_true(x->grad == memory);
    }
    moe_tensor_drop_grad(x);
    moe_tape_backward(tape, moe_sum(tape, x), 3);
    g_assert_cmpfloat(x->grad[149999], ==, 3);
}

/* A leaf in the tape's own arena, without memory for its gradient, borrows the tape's. */
static void
test_leaf_on_the_tape(void)
{
    g_autoptr(MoeTape) tape = moe_tape_new(true);
    MoeTensor *x = moe_tensor_zeros(moe_tape_arena(tape), 1, (int64_t[]){4});
    x->needs_grad = true;
    moe_tape_backward(tape, moe_sum(tape, moe_affine(tape, x, 3, 1)), 1);
    assert_grad(x, 3, (float[]){1, 1, 1, 1});
}

static void
test_shapes(void)
{
    g_autoptr(MoeArena) arena = moe_arena_new();
    MoeTensor *x = moe_tensor_3d(arena, 2, 0, 5), *scalar = moe_tensor_new(arena, 0, NULL);
    g_autofree char *shape = moe_tensor_shape_string(x), *none = moe_tensor_shape_string(scalar);
    g_assert_cmpstr(shape, ==, "[2, 0, 5]");
    g_assert_cmpstr(none, ==, "[]");
    g_assert_cmpint(moe_tensor_count(x), ==, 0);
    g_assert_cmpint(moe_tensor_rows(x), ==, 0);
    g_assert_cmpint(moe_tensor_last(x), ==, 5);
    g_assert_cmpint(moe_tensor_count(scalar), ==, 1);
    g_assert_cmpint(moe_tensor_rows(scalar), ==, 1);
    g_assert_true(moe_tensor_same_shape(x, moe_tensor_3d(arena, 2, 0, 5)));
    g_assert_false(moe_tensor_same_shape(x, moe_tensor_2d(arena, 2, 0)));
}

/* Wrong shapes are the programmer's mistake: abort, naming both. */
static void
test_wrong_shapes(void)
{
    if (g_test_subprocess()) {
        g_autoptr(MoeTape) tape = moe_tape_new(false);
        moe_add(tape, leaf(moe_tape_arena(tape)), moe_tensor_2d(moe_tape_arena(tape), 2, 2));
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*add: ?2, 3? does not go with ?2, 2?*");
}

/* The gradient of an intermediate result is gone after backward unless it is asked to stay, also
 * by way of a view. y = 3x, z = y²: dz/dy = 2y. */
static void
test_keep_grad(void)
{
    for (int keep = 0; keep < 2; keep++) {
        g_autoptr(MoeTape) tape = moe_tape_new(true);
        g_autoptr(MoeArena) arena = moe_arena_new();
        MoeTensor *x = moe_tensor_1d(arena, 2);
        moe_tensor_require_grad(arena, x);
        x->data[0] = 1;
        x->data[1] = -2;
        MoeTensor *y = moe_affine(tape, x, 3, 0);
        MoeTensor *view = moe_reshape(tape, y, 2, (int64_t[]){2, 1});
        if (keep)
            moe_tensor_keep_grad(view);
        moe_tape_backward(tape, moe_sum(tape, moe_square(tape, view)), 1);
        g_assert_true(moe_tensor_owner(view) == y);
        g_assert_cmpint(y->has_grad, ==, keep);
        g_assert_cmpfloat(x->grad[1], ==, -36);
        if (keep) {
            g_assert_cmpfloat(y->grad[0], ==, 6);
            g_assert_cmpfloat(y->grad[1], ==, -12);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/arena/marks", test_arena_marks);
    g_test_add_func("/arena/alignment", test_arena_alignment);
    g_test_add_func("/tensor/shapes", test_shapes);
    g_test_add_func("/tape/views", test_views);
    g_test_add_func("/tape/root-is-a-view-of-a-leaf", test_root_is_a_view_of_a_leaf);
    g_test_add_func("/tape/detach", test_detach);
    g_test_add_func("/tape/frozen", test_frozen);
    g_test_add_func("/tape/not-recording", test_not_recording);
    g_test_add_func("/tape/unused-branch", test_unused_branch);
    g_test_add_func("/tape/steps", test_steps);
    g_test_add_func("/tape/leaf-on-the-tape", test_leaf_on_the_tape);
    g_test_add_func("/tape/wrong-shapes", test_wrong_shapes);
    g_test_add_func("/tape/keep-grad", test_keep_grad);
    return g_test_run();
}
