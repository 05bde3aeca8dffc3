/* SPDX-License-Identifier: MIT
 *
 * The cells of a trace: half precision, and the .npy header, also malformed.
 */
#include "trace/npy.h"
#include "trace/half.h"

#include <math.h>

/* --- Half precision ---------------------------------------------------------------------------*/

/* By definition: (-1)^s 2^(e-15) (1 + m/1024), or 2^-14 m/1024 where e is 0. */
static double
half_value(uint16_t half)
{
    int exponent = half >> 10 & 31, mantissa = half & 1023;
    double x = exponent == 0    ? ldexp(mantissa, -24)
               : exponent == 31 ? (mantissa ? NAN : INFINITY)
                                : ldexp(1024 + mantissa, exponent - 25);
    return half & 0x8000 ? -x : x;
}

static void
test_every_half(void)
{
    for (uint32_t i = 0; i <= UINT16_MAX; i++) {
        double expected = half_value((uint16_t)i);
        float x = moe__half_to_float((uint16_t)i);
        if (isnan(expected)) {
            g_assert_true(isnan(x));
            g_assert_true(isnan(moe__half_to_float(moe__half_from_float(x))));
            continue;
        }
        g_assert_cmpfloat(x, ==, expected);
        g_assert_cmpint(signbit(x) != 0, ==, i >> 15);
        g_assert_cmphex(moe__half_from_float(x), ==, i);
    }
}

/* Between two neighbours: below the middle down, above it up, in the middle to the even one. */
static void
test_rounding(void)
{
    for (uint16_t low = 0; low < 0x7bff; low++) {
        float a = moe__half_to_float(low), b = moe__half_to_float(low + 1), middle = (a + b) / 2;
        uint16_t even = low % 2 ? low + 1 : low;
        g_assert_cmphex(moe__half_from_float(middle), ==, even);
        g_assert_cmphex(moe__half_from_float(-middle), ==, even | 0x8000);
        g_assert_cmphex(moe__half_from_float(nextafterf(middle, 0)), ==, low);
        g_assert_cmphex(moe__half_from_float(nextafterf(middle, b)), ==, low + 1);
    }
    g_assert_cmphex(moe__half_from_float(65519.996f), ==, 0x7bff); /* 65504, the largest */
    g_assert_cmphex(moe__half_from_float(65520), ==, 0x7c00);
    g_assert_cmphex(moe__half_from_float(1e30f), ==, 0x7c00);
    g_assert_cmphex(moe__half_from_float(-INFINITY), ==, 0xfc00);
    g_assert_cmphex(moe__half_from_float(1e-30f), ==, 0);
}

/* --- Headers ----------------------------------------------------------------------------------*/

static void
test_round_trip(void)
{
    static const int64_t shapes[][4] = {{0}, {3}, {0, 5}, {2, 3}, {2, 1, 4}, {1, 2, 3, 4}};
    static const int ndims[] = {0, 1, 2, 2, 3, 4};
    for (int type = MOE_U8; type <= MOE_F64; type++)
        for (gsize i = 0; i < G_N_ELEMENTS(ndims); i++) {
            g_autoptr(GError) error = NULL;
            MoeArray array = {(MoeType)type, ndims[i], {0}, NULL}, read;
            memcpy(array.shape, shapes[i], sizeof array.shape);
            g_autofree uint8_t *bytes = g_malloc0(1024);
            size_t header = moe__npy_header(&array, (char *)bytes);
            size_t length = header + (size_t)moe_array_count(&array) * moe_type_size(array.type);
            g_assert_cmpuint(header % 64, ==, 0);
            g_assert_true(moe__npy_parse(bytes, length, &read, &error));
            g_assert_no_error(error);
            g_assert_cmpint(read.type, ==, type);
            g_assert_cmpint(read.ndim, ==, ndims[i]);
            g_assert_cmpmem(read.shape, sizeof read.shape, shapes[i], sizeof shapes[i]);
            g_assert_true(read.data == bytes + header);
            g_assert_false(moe__npy_parse(bytes, length + 1, &read, NULL));
            g_assert_false(moe__npy_parse(bytes, length - 1, &read, NULL));
        }
}

/* The text of numpy 1.24 for np.zeros((2, 3), '<f4'). */
static void
test_numpy_text(void)
{
    char header[MOE_NPY_HEADER_MAX];
    MoeArray array = {MOE_F32, 2, {2, 3}, NULL};
    size_t n = moe__npy_header(&array, header);
    g_assert_cmpuint(n, ==, 128);
    const char *text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } ";
    g_assert_cmpmem(header + 10, strlen(text), text, strlen(text));
    g_assert_cmpint(header[n - 1], ==, '\n');
}

/* An array of three zero bytes behind this header. */
static void
assert_header(const char *dict, int code)
{
    g_autoptr(GError) error = NULL;
    MoeArray array;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    uint8_t prefix[10] = "\x93NUMPY\x01";
    prefix[8] = (uint8_t)strlen(dict);
    g_byte_array_append(bytes, prefix, sizeof prefix);
    g_byte_array_append(bytes, (const guint8 *)dict, (guint)strlen(dict));
    g_byte_array_append(bytes, (const guint8 *)"\0\0", 3);
    bool ok = moe__npy_parse(bytes->data, bytes->len, &array, &error);
    g_test_message("%s: %s", dict, error ? error->message : "read");
    if (code < 0)
        g_assert_no_error(error);
    else
        g_assert_error(error, MOE_ERROR, code);
    g_assert_cmpint(ok, ==, code < 0);
}

static void
test_malformed(void)
{
    assert_header("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }\n", -1);
    assert_header("{'shape':(3,),'fortran_order':False,'descr':'|u1'}   \n", -1);
    assert_header("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3), }\n", -1);

    assert_header("{'descr': '>i4', 'fortran_order': False, 'shape': (3,), }\n",
                  MOE_ERROR_UNSUPPORTED);
    assert_header("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }\n",
                  MOE_ERROR_UNSUPPORTED);
    assert_header("{'descr': '|u1', 'fortran_order': True, 'shape': (3,), }\n",
                  MOE_ERROR_UNSUPPORTED);
    static const char *const malformed[] = {
        "",
        "\n",
        "{}\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), } x\n",
        "{'descr': '|u1', 'fortran_order': False, }\n",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3,), }\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3), }\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3 1), }\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-3,), }\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,1,1,1,3), }\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (9999999999999999999999,), }\n",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296,4294967296,2), }\n",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(malformed); i++)
        assert_header(malformed[i], MOE_ERROR_FORMAT);
}

static void
test_cut(void)
{
    uint8_t bytes[MOE_NPY_HEADER_MAX];
    MoeArray array = {MOE_U8, 1, {0}, NULL};
    size_t n = moe__npy_header(&array, (char *)bytes);
    for (size_t i = 0; i < n; i++) {
        g_autofree uint8_t *cut = g_memdup2(bytes, i); /* a block of its own, for the sanitizer */
        g_assert_false(moe__npy_parse(cut, i, &array, NULL));
    }
}

static void
test_values(void)
{
    const uint8_t u8[] = {0, 255};
    const uint16_t u16[] = {0, 65535}, f16[] = {0, 0x3c00};
    const int32_t i32[] = {0, INT32_MIN};
    const int64_t i64[] = {0, INT64_C(1) << 40};
    const float f32[] = {0, 0.5f};
    const double f64[] = {0, M_PI};
    const void *data[] = {u8, u16, i32, i64, f16, f32, f64};
    const double expected[] = {255, 65535, INT32_MIN, (double)(INT64_C(1) << 40), 1, 0.5, M_PI};
    for (int type = MOE_U8; type <= MOE_F64; type++) {
        MoeArray array = {(MoeType)type, 1, {2}, data[type]};
        g_assert_cmpfloat(moe_array_value(&array, 1), ==, expected[type]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/half/every-value", test_every_half);
    g_test_add_func("/half/rounding", test_rounding);
    g_test_add_func("/npy/round-trip", test_round_trip);
    g_test_add_func("/npy/numpy-text", test_numpy_text);
    g_test_add_func("/npy/malformed", test_malformed);
    g_test_add_func("/npy/cut", test_cut);
    g_test_add_func("/npy/values", test_values);
    return g_test_run();
}
