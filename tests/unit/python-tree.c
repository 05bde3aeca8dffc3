/* SPDX-License-Identifier: MIT */
#include "python-tree.h"

char *
fixture_path(const char *name)
{
    return g_build_filename(g_getenv("MOESCOPE_SOURCE_ROOT"), "tests", "fixtures", "pickle", name,
                            NULL);
}

GBytes *
fixture(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = fixture_path(name);
    char *bytes;
    gsize length;
    g_file_get_contents(path, &bytes, &length, &error);
    g_assert_no_error(error);
    return g_bytes_new_take(bytes, length);
}

char *
data_path(const char *name)
{
    const char *named = g_getenv("MOESCOPE_DATA");
    g_autofree char *folder =
        named ? g_strdup(named)
              : g_build_filename(g_getenv("MOESCOPE_SOURCE_ROOT"), "..", "shared", "data", NULL);
    g_autofree char *path = g_build_filename(folder, "real", name, NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&path);
    g_test_skip("the measured data aren't there (MOESCOPE_DATA)");
    return NULL;
}

int64_t
integer(const MoePy *value)
{
    int64_t out = 0;
    g_assert_true(moe__py_integer(value, &out));
    return out;
}

double
number(const MoePy *value)
{
    double out = 0;
    g_assert_true(moe__py_number(value, &out));
    return out;
}

void
check_values(const MoeValues *values, MoeStoredType type, const char *shape, const double *expected)
{
    const MoeStored stored = {.ndim = values->ndim, .shape = values->shape};
    g_autofree char *found = moe_stored_shape_string(&stored);
    g_assert_cmpstr(found, ==, shape);
    g_assert_cmpint(values->type, ==, type);
    for (int64_t i = 0; i < values->count; i++)
        g_assert_cmpfloat(moe__values_number(values, i), ==, expected[i]);
}

void
check_array(const MoePyDoc *doc, const char *key, MoeStoredType type, const char *shape,
            const double *expected)
{
    g_autoptr(GError) error = NULL;
    g_auto(MoeValues) values = {0};
    const MoePy *array = moe__py_get(moe__py_root(doc), key);
    g_assert_nonnull(array);
    moe__py_values(doc, array, &values, &error);
    g_assert_no_error(error);
    check_values(&values, type, shape, expected);
}

void
read_all_arrays(const MoePyDoc *doc, const MoePy *value)
{
    bool dict = value->kind == MOE_PY_DICT;
    if (value->kind == MOE_PY_ARRAY) {
        g_autoptr(GError) error = NULL;
        g_auto(MoeValues) values = {0};
        bool ok = moe__py_values(doc, value, &values, &error);
        g_assert_true(ok == !error);
        for (int64_t i = 0; ok && i < MIN(values.count, 64); i++)
            moe__values_number(&values, i);
    } else if (dict || value->kind == MOE_PY_TUPLE || value->kind == MOE_PY_LIST ||
               value->kind == MOE_PY_SET) {
        for (int64_t i = 0; i < value->count * (dict ? 2 : 1); i++)
            read_all_arrays(doc, value->items[i]);
    }
}
