/* SPDX-License-Identifier: MIT */
#include <moescope/nn.h>
#include <moescope/safetensors.h>

#include <glib/gstdio.h>
#include <string.h>

static char *folder;

/* A matrix, a norm's weight and a frozen router; `names` differ in the tests of strictness. */
static MoeParams *
make_params(const char *second, int64_t width)
{
    MoeParams *params = moe_params_new();
    MoeTensor *a = moe_params_add(params, "a.weight", 2, (int64_t[]){3, width}, 0);
    moe_params_add(params, second, 1, (int64_t[]){4}, MOE_PARAM_NO_DECAY);
    MoeTensor *c = moe_params_add(params, "c.router", 2, (int64_t[]){2, 2},
                                  MOE_PARAM_FROZEN | MOE_PARAM_ROUTER);
    moe_init_normal(a, "a.weight", 1, 1);
    moe_init_constant(c, 7);
    return params;
}

static void
test_add(void)
{
    g_autoptr(MoeParams) params = make_params("b.weight", 5);
    g_assert_cmpint(moe_params_count(params), ==, 3);
    g_assert_cmpint(moe_params_size(params, false), ==, 15 + 4 + 4);
    g_assert_cmpint(moe_params_size(params, true), ==, 15 + 4);
    const MoeParam *b = moe_params_get(params, 1), *c = moe_params_get(params, 2);
    g_assert_cmpstr(b->name, ==, "b.weight");
    g_assert_cmpfloat(b->tensor->data[3], ==, 0);
    g_assert_true(b->tensor->needs_grad);
    g_assert_nonnull(b->tensor->grad);
    g_assert_false(b->tensor->has_grad);
    g_assert_false(c->tensor->needs_grad);
    g_assert_null(c->tensor->grad);
    g_assert_true(moe_params_find(params, "c.router") == c->tensor);
    g_assert_null(moe_params_find(params, "d"));
    b->tensor->has_grad = true;
    moe_params_drop_grads(params);
    g_assert_false(b->tensor->has_grad);
}

static void
test_save_load(void)
{
    g_autofree char *path = g_build_filename(folder, "p.safetensors", NULL);
    g_autoptr(MoeParams) params = make_params("b.weight", 5), other = make_params("b.weight", 5);
    g_autoptr(GError) error = NULL;
    moe_init_constant(moe_params_find(other, "a.weight"), 0);
    moe_init_constant(moe_params_find(other, "c.router"), 0);
    g_assert_true(moe_params_save(params, path, &error));
    g_assert_no_error(error);
    g_assert_true(moe_params_load(other, path, &error));
    g_assert_no_error(error);
    for (int i = 0; i < 3; i++) {
        MoeTensor *x = moe_params_get(params, i)->tensor, *y = moe_params_get(other, i)->tensor;
        size_t bytes = (size_t)moe_tensor_count(x) * sizeof(float);
        g_assert_cmpmem(x->data, bytes, y->data, bytes);
    }
}

/* Names what is missing, left over and of another shape, all at once, and changes nothing. */
static void
test_strict(void)
{
    g_autofree char *path = g_build_filename(folder, "p.safetensors", NULL);
    g_autoptr(MoeParams) params = make_params("b.weight", 5), other = make_params("bb", 6);
    g_autoptr(GError) error = NULL;
    g_assert_true(moe_params_save(params, path, NULL));
    moe_init_constant(moe_params_find(other, "c.router"), 1);
    g_assert_false(moe_params_load(other, path, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_autofree char *expected =
        g_strdup_printf("%s: \"a.weight\" has shape [3, 5], expected [3, 6]; \"bb\" is missing; "
                        "\"b.weight\" isn't expected",
                        path);
    g_assert_cmpstr(error->message, ==, expected);
    g_assert_cmpfloat(moe_params_find(other, "c.router")->data[0], ==, 1);
}

static void
test_wrong_type(void)
{
    g_autofree char *path = g_build_filename(folder, "p.safetensors", NULL);
    g_autoptr(MoeSafetensorsWriter) writer = moe_safetensors_writer_new();
    g_autoptr(MoeParams) params = moe_params_new();
    g_autoptr(GError) error = NULL;
    moe_params_add(params, "a", 1, (int64_t[]){1}, 0);
    moe_safetensors_writer_add(writer, "a", MOE_STORED_I32, 1, (int64_t[]){1}, (int32_t[]){1});
    g_assert_true(moe_safetensors_writer_save(writer, path, NULL));
    g_assert_false(moe_params_load(params, path, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "\"a\" has dtype I32, expected F64"));
}

static void
test_added_twice(void)
{
    if (g_test_subprocess()) {
        moe_params_free(make_params("a.weight", 5));
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*\"a.weight\" is added twice*");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-XXXXXX", NULL);
    g_test_add_func("/params/add", test_add);
    g_test_add_func("/params/save-load", test_save_load);
    g_test_add_func("/params/strict", test_strict);
    g_test_add_func("/params/wrong-type", test_wrong_type);
    g_test_add_func("/params/added-twice", test_added_twice);
    int status = g_test_run();
    g_autofree char *path = g_build_filename(folder, "p.safetensors", NULL);
    g_unlink(path);
    g_rmdir(folder);
    g_free(folder);
    return status;
}
