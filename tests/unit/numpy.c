/* SPDX-License-Identifier: MIT
 *
 * Files of numpy.save() and numpy.savez(), whole and damaged.
 */
#include "import/numpy.h"
#include "python-tree.h"

static void
check_member(const MoeNumpy *numpy, const char *name, MoeStoredType type, const char *shape,
             const double *expected)
{
    g_autoptr(GError) error = NULL;
    g_auto(MoeValues) values = {0};
    int i = moe__numpy_find(numpy, name);
    g_assert_cmpint(i, >=, 0);
    moe__numpy_values(numpy, i, &values, &error);
    g_assert_no_error(error);
    check_values(&values, type, shape, expected);
}

static MoeNumpy *
open_fixture(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = fixture_path(name);
    MoeNumpy *numpy = moe__numpy_open(path, &error);
    g_assert_no_error(error);
    return numpy;
}

static void
test_archives(void)
{
    static const char *const names[] = {"stored.npz", "deflated.npz"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(MoeNumpy) numpy = open_fixture(names[i]);
        g_assert_cmpint(moe__numpy_count(numpy), ==, 9);
        check_member(numpy, "f4", MOE_STORED_F32, "[2, 3]", (double[]){0, 0.5, 1, 1.5, 2, 2.5});
        check_member(numpy, "f8", MOE_STORED_F64, "[3]", (double[]){0, 0.5, 1});
        check_member(numpy, "f2", MOE_STORED_F16, "[4]", (double[]){0, 0.5, 1, 1.5});
        check_member(numpy, "i8", MOE_STORED_I64, "[3]", (double[]){0, 1, 2});
        check_member(numpy, "u1", MOE_STORED_U8, "[3]", (double[]){0, 1, 2});
        check_member(numpy, "bool", MOE_STORED_BOOL, "[2]", (double[]){0, 1});
        check_member(numpy, "fortran", MOE_STORED_I32, "[2, 3]", (double[]){0, 1, 2, 3, 4, 5});
        check_member(numpy, "scalar", MOE_STORED_I16, "[]", (double[]){7});
        check_member(numpy, "empty", MOE_STORED_F32, "[0, 4]", NULL);
        g_assert_cmpint(moe__numpy_find(numpy, "f3"), ==, -1);
        for (int j = 0; j < moe__numpy_count(numpy); j++)
            g_assert_false(moe__numpy_is_objects(numpy, j));
    }
}

static void
test_single(void)
{
    g_autoptr(MoeNumpy) fortran = open_fixture("fortran.npy");
    g_assert_cmpint(moe__numpy_count(fortran), ==, 1);
    check_member(fortran, "", MOE_STORED_I32, "[2, 3]", (double[]){0, 1, 2, 3, 4, 5});
    g_autoptr(MoeNumpy) second = open_fixture("version-2.npy");
    check_member(second, "", MOE_STORED_F32, "[2, 3]", (double[]){0, 0.5, 1, 1.5, 2, 2.5});
    g_autoptr(MoeNumpy) third = open_fixture("version-3.npy");
    check_member(third, "", MOE_STORED_F32, "[2, 3]", (double[]){0, 0.5, 1, 1.5, 2, 2.5});
}

static MoePyDoc *
read_objects(const MoeNumpy *numpy, const char *name)
{
    g_autoptr(GError) error = NULL;
    int i = moe__numpy_find(numpy, name);
    g_assert_true(moe__numpy_is_objects(numpy, i));
    MoePyDoc *doc = moe__numpy_objects(numpy, i, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe__py_root(doc)->kind, ==, MOE_PY_LIST);
    return doc;
}

/* Ragged rows, and a dict, which numpy takes for an array of one object without axes. */
static void
test_objects(void)
{
    g_autoptr(GError) error = NULL, reason = NULL;
    g_autoptr(MoeNumpy) numpy = open_fixture("objects.npz");
    g_autoptr(MoePyDoc) rows = read_objects(numpy, "rows"),
                        settings = read_objects(numpy, "settings");
    g_auto(MoeValues) values = {0}, none = {0};
    g_assert_cmpint(moe__py_root(rows)->count, ==, 2);
    g_assert_true(moe__py_values(rows, moe__py_root(rows)->items[1], &values, &error));
    check_values(&values, MOE_STORED_I64, "[3]", (double[]){0, 10, 20});
    g_assert_cmpint(integer(moe__py_get(moe__py_root(settings)->items[0], "k")), ==, 2);
    g_assert_false(moe__numpy_values(numpy, moe__numpy_find(numpy, "rows"), &none, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
    g_autoptr(MoeNumpy) single = open_fixture("objects.npy");
    g_autoptr(MoePyDoc) alone = read_objects(single, "");
    g_assert_cmpint(moe__py_root(alone)->count, ==, 2);
    int plain = moe__numpy_find(numpy, "plain");
    g_assert_false(moe__numpy_is_objects(numpy, plain));
    g_assert_null(moe__numpy_objects(numpy, plain, &reason));
    g_assert_error(reason, MOE_ERROR, MOE_ERROR_DATA);
}

/* Headers by hand over three bytes of data. */
static void
test_types(void)
{
    static const struct {
        const char *dict;
        int code;
    } cases[] = {
        {"{'descr': '>c8', 'fortran_order': False, 'shape': (3,), }\n", MOE_ERROR_UNSUPPORTED},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (3,), }\n", MOE_ERROR_UNSUPPORTED},
        {"{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (3,), }\n",
         MOE_ERROR_UNSUPPORTED},
        {"{'descr': '|i1', 'fortran_order': None, 'shape': (3,), }\n", MOE_ERROR_FORMAT},
        {"{'descr': '|i1', 'fortran_order': True, 'shape': (4,), }\n", MOE_ERROR_FORMAT},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296,4294967296), }\n",
         MOE_ERROR_FORMAT},
        {"{'descr': '|i1', 'fortran_order': False, 'shape': (0,9999999999,9999999999,3), }\n",
         MOE_ERROR_FORMAT},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_auto(MoeValues) values = {0};
        uint8_t prefix[10] = "\x93NUMPY\x01";
        prefix[8] = (uint8_t)strlen(cases[i].dict);
        g_byte_array_append(bytes, prefix, sizeof prefix);
        g_byte_array_append(bytes, (const guint8 *)cases[i].dict, (guint)strlen(cases[i].dict));
        g_byte_array_append(bytes, (const guint8 *)"\0\0", 3);
        g_assert_false(moe__npy_values(bytes->data, bytes->len, &values, &error));
        g_assert_error(error, MOE_ERROR, cases[i].code);
        g_test_message("%s", error->message);
    }
}

/* Every beginning of an array is refused; with flipped bits it is read or refused. */
static void
test_damage(void)
{
    static const char *const names[] = {"fortran.npy", "version-2.npy"};
    MoeRng rng = moe_rng(4, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GBytes) whole = fixture(names[i]);
        gsize length;
        const uint8_t *data = g_bytes_get_data(whole, &length);
        for (gsize n = 0; n < length; n++) {
            g_autofree uint8_t *copy = g_memdup2(data, n);
            g_auto(MoeValues) values = {0};
            g_assert_false(moe__npy_values(copy, n, &values, NULL));
        }
        for (int n = 0; n < 2000; n++) {
            g_autoptr(GError) error = NULL;
            g_autofree uint8_t *copy = g_memdup2(data, length);
            g_auto(MoeValues) values = {0};
            copy[moe_rng_below(&rng, length)] ^= (uint8_t)(1 << moe_rng_below(&rng, 8));
            g_assert_true(moe__npy_values(copy, length, &values, &error) == !error);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/numpy/archives", test_archives);
    g_test_add_func("/numpy/single", test_single);
    g_test_add_func("/numpy/objects", test_objects);
    g_test_add_func("/numpy/types", test_types);
    g_test_add_func("/numpy/damage", test_damage);
    return g_test_run();
}
