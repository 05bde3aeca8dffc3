/* SPDX-License-Identifier: MIT
 *
 * A GGUF file with a value of each type, whole and cut off.
 */
#include "import/gguf.h"
#include "python-tree.h"

#include <glib/gstdio.h>

static char *
sample_path(void)
{
    return g_build_filename(g_getenv("MOESCOPE_SOURCE_ROOT"), "tests", "fixtures", "fuzz",
                            "imatrix.gguf", NULL);
}

static MoeGguf *
open_sample(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = sample_path();
    MoeGguf *gguf = moe__gguf_open(path, &error);
    g_assert_no_error(error);
    return gguf;
}

static void
test_metadata(void)
{
    static const char *const minus_one[] = {"i8", "i16", "i32", "i64"};
    g_autoptr(MoeGguf) gguf = open_sample();
    const MoePy *metadata = moe__gguf_metadata(gguf);
    g_assert_cmpint(metadata->count, ==, 13);
    g_assert_true(moe__py_is(moe__py_get(metadata, "general.type"), "imatrix"));
    g_assert_cmpint(integer(moe__py_get(metadata, "imatrix.chunk_count")), ==, 7);
    const MoePy *list = moe__py_get(metadata, "imatrix.datasets");
    g_assert_cmpint(list->count, ==, 2);
    g_assert_true(moe__py_is(list->items[1], "b.txt"));
    for (gsize i = 0; i < G_N_ELEMENTS(minus_one); i++)
        g_assert_cmpint(integer(moe__py_get(metadata, minus_one[i])), ==, -1);
    g_assert_cmpint(integer(moe__py_get(metadata, "u8")), ==, 255);
    g_assert_cmpint(integer(moe__py_get(metadata, "u16")), ==, 65535);
    g_assert_cmpint(integer(moe__py_get(metadata, "bool")), ==, 1);
    g_assert_cmpfloat(number(moe__py_get(metadata, "u64")), ==, 18446744073709551616.0);
    g_assert_cmpfloat(number(moe__py_get(metadata, "f32")), ==, 0.5);
    g_assert_cmpfloat(number(moe__py_get(metadata, "f64")), ==, -0.25);
}

static void
check_tensor(const MoeGguf *gguf, const char *name, MoeStoredType type, const char *shape,
             const double *expected)
{
    g_autoptr(GError) error = NULL;
    g_auto(MoeValues) values = {0};
    moe__gguf_values(gguf, moe__gguf_find(gguf, name), &values, &error);
    g_assert_no_error(error);
    check_values(&values, type, shape, expected);
}

static void
test_tensors(void)
{
    g_autoptr(MoeGguf) gguf = open_sample();
    g_autoptr(GError) error = NULL;
    g_auto(MoeValues) values = {0};
    g_assert_cmpint(moe__gguf_count(gguf), ==, 7);
    g_assert_cmpint(moe__gguf_find(gguf, "missing"), ==, -1);
    check_tensor(gguf, "blk.0.ffn_up_exps.weight.counts", MOE_STORED_F32, "[3, 1]",
                 (double[]){5, 0, 2});
    check_tensor(gguf, "blk.0.ffn_up_exps.weight.in_sum2", MOE_STORED_F32, "[3, 2]",
                 (double[]){0, 1, 2, 3, 4, 5});
    check_tensor(gguf, "f16", MOE_STORED_F16, "[2]", (double[]){0, 0.5});
    check_tensor(gguf, "bf16", MOE_STORED_BF16, "[2]", (double[]){0, 0.5});
    check_tensor(gguf, "i32", MOE_STORED_I32, "[2]", (double[]){-1, 9});
    check_tensor(gguf, "scalar", MOE_STORED_F64, "[]", (double[]){1.5});
    int i = moe__gguf_find(gguf, "quantised");
    g_assert_false(moe__gguf_values(gguf, i, &values, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
}

/* Bytes that are put into the sample, and what is said of it. */
static void
test_refused(void)
{
    static const struct {
        size_t at, n;
        const char *bytes;
        int code;
    } cases[] = {
        {0, 4, "GGML", MOE_ERROR_FORMAT},
        {4, 4, "\1\0\0\0", MOE_ERROR_UNSUPPORTED},
        {4, 4, "\0\0\0\3", MOE_ERROR_UNSUPPORTED}, /* big-endian */
        {8, 8, "\xff\xff\xff\xff\xff\xff\xff\x7f", MOE_ERROR_TRUNCATED},
        {16, 8, "\xff\xff\xff\xff\xff\xff\xff\x7f", MOE_ERROR_TRUNCATED},
        {24, 8, "\xff\xff\xff\xff\xff\xff\xff\xff", MOE_ERROR_TRUNCATED},
        {44, 4, "\x0d\0\0\0", MOE_ERROR_FORMAT}, /* a type that there isn't */
    };
    g_autofree char *folder = g_dir_make_tmp("moescope-gguf-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "changed.gguf", NULL);
    g_autofree char *sample = sample_path(), *bytes = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(sample, &bytes, &length, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *copy = g_memdup2(bytes, length);
        g_autoptr(GError) error = NULL;
        memcpy(copy + cases[i].at, cases[i].bytes, cases[i].n);
        g_assert_true(g_file_set_contents_full(path, copy, (gssize)length, G_FILE_SET_CONTENTS_NONE,
                                               0644, NULL));
        g_assert_null(moe__gguf_open(path, &error));
        g_assert_error(error, MOE_ERROR, cases[i].code);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, "changed.gguf: byte "));
    }
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gguf/metadata", test_metadata);
    g_test_add_func("/gguf/tensors", test_tensors);
    g_test_add_func("/gguf/refused", test_refused);
    return g_test_run();
}
