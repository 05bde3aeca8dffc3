/* SPDX-License-Identifier: MIT */
#include <moescope/safetensors.h>

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static char *folder;

static char *
path_of(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* A file of a header (its length is put before it) and `n_values` bytes of values. */
static char *
write_raw(const char *header, size_t n_values)
{
    char *path = path_of("raw.safetensors");
    g_autoptr(GString) bytes = g_string_new(NULL);
    uint64_t length = strlen(header);
    g_string_append_len(bytes, (const char *)&length, sizeof length);
    g_string_append(bytes, header);
    for (size_t i = 0; i < n_values; i++)
        g_string_append_c(bytes, (char)i);
    g_assert_true(g_file_set_contents(path, bytes->str, (gssize)bytes->len, NULL));
    return path;
}

static void
expect_refusal(const char *header, size_t n_values, int code, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = write_raw(header, n_values);
    g_autoptr(MoeSafetensors) file = moe_safetensors_open(path, &error);
    g_assert_null(file);
    g_assert_error(error, MOE_ERROR, code);
    g_assert_true(g_str_has_prefix(error->message, path));
    if (!strstr(error->message, part))
        g_error("\"%s\" isn't in \"%s\"", part, error->message);
}

static void
test_round_trip(void)
{
    g_autoptr(MoeSafetensorsWriter) writer = moe_safetensors_writer_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_of("round.safetensors");
    float weight[6] = {1, -2, 0.5f, INFINITY, 1e-40f, -0.0f}, scalar = 3;
    int64_t step[1] = {1234567890123};
    uint8_t byte[3] = {1, 2, 255};
    moe_safetensors_writer_set(writer, "format", "old");
    moe_safetensors_writer_set(writer, "format", "a \"b\" é\n");
    moe_safetensors_writer_add(writer, "bytes", MOE_STORED_U8, 1, (int64_t[]){3}, byte);
    moe_safetensors_writer_add(writer, "w\"eight/é", MOE_STORED_F32, 2, (int64_t[]){2, 3}, weight);
    moe_safetensors_writer_add(writer, "scalar", MOE_STORED_F32, 0, NULL, &scalar);
    moe_safetensors_writer_add(writer, "step", MOE_STORED_I64, 1, (int64_t[]){1}, step);
    moe_safetensors_writer_add(writer, "empty", MOE_STORED_F32, 2, (int64_t[]){0, 3}, NULL);
    g_assert_true(moe_safetensors_writer_save(writer, path, &error));
    g_assert_no_error(error);

    g_autoptr(MoeSafetensors) file = moe_safetensors_open(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_safetensors_count(file), ==, 5);
    g_assert_cmpstr(moe_safetensors_metadata(file, "format"), ==, "a \"b\" é\n");
    g_assert_null(moe_safetensors_metadata(file, "none"));
    g_assert_null(moe_safetensors_find(file, "none"));
    const MoeStored *w = moe_safetensors_find(file, "w\"eight/é");
    g_assert_nonnull(w);
    g_assert_cmpint(w->count, ==, 6);
    g_assert_cmpint(w->shape[1], ==, 3);
    g_assert_cmpmem(w->data, 24, weight, 24);
    g_assert_cmpint(moe_safetensors_find(file, "scalar")->count, ==, 1);
    g_assert_cmpint(moe_safetensors_find(file, "scalar")->ndim, ==, 0);
    g_assert_cmpint(moe_safetensors_find(file, "empty")->count, ==, 0);
    g_assert_cmpmem(moe_safetensors_find(file, "bytes")->data, 3, byte, 3);
    g_assert_cmpstr(moe_safetensors_get(file, 0)->name, ==, "step");
    g_assert_cmpint(GPOINTER_TO_SIZE(moe_safetensors_get(file, 0)->data) % 8, ==, 0);
    g_unlink(path);
}

/* What the official package 0.8.0 wrote for the same arrays, byte for byte. */
static void
test_official_bytes(void)
{
    static const char header[] =
        "{\"__metadata__\":{\"k\":\"v\"},\"c\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":"
        "[0,8]},\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[8,16]},\"b\":{\"dtype\":"
        "\"F32\",\"shape\":[1],\"data_offsets\":[16,20]},\"d\":{\"dtype\":\"U8\",\"shape\":[2],"
        "\"data_offsets\":[20,22]}}    ";
    g_autoptr(MoeSafetensorsWriter) writer = moe_safetensors_writer_new();
    g_autofree char *path = path_of("official.safetensors"), *bytes = NULL;
    gsize length;
    moe_safetensors_writer_set(writer, "k", "v");
    moe_safetensors_writer_add(writer, "d", MOE_STORED_U8, 1, (int64_t[]){2}, (uint8_t[]){5, 6});
    moe_safetensors_writer_add(writer, "b", MOE_STORED_F32, 1, (int64_t[]){1}, (float[]){3});
    moe_safetensors_writer_add(writer, "c", MOE_STORED_I64, 1, (int64_t[]){1}, (int64_t[]){7});
    moe_safetensors_writer_add(writer, "a", MOE_STORED_F32, 2, (int64_t[]){2, 1}, (float[]){1, 2});
    g_assert_true(moe_safetensors_writer_save(writer, path, NULL));
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    g_assert_cmpint((int)length, ==, 8 + (int)strlen(header) + 22);
    g_assert_cmpint(bytes[0], ==, (char)strlen(header));
    g_assert_cmpmem(bytes + 8, strlen(header), header, strlen(header));
    g_assert_cmpint(bytes[length - 1], ==, 6);
    g_unlink(path);
}

static void
test_read_floats(void)
{
    static const char header[] =
        "{\"h\":{\"dtype\":\"F16\",\"shape\":[6],\"data_offsets\":[0,12]},"
        "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[12,16]},"
        "\"i\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[16,17]},"
        "\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[17,25]}}"; /* not aligned */
    uint16_t half[8] = {0x3C00, 0xC000, 0x7C00, 0x0001, 0x8000, 0x7BFF, 0x3F80, 0xC040};
    double wide = 0.1;
    g_autofree char *path = write_raw(header, 25), *bytes = NULL;
    gsize length;
    float out[6];
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    memcpy(bytes + length - 25, half, 16);
    memcpy(bytes + length - 8, &wide, 8);
    g_assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
    g_autoptr(MoeSafetensors) file = moe_safetensors_open(path, &error);
    g_assert_no_error(error);
    g_assert_true(moe_stored_read_floats(moe_safetensors_find(file, "h"), out, NULL));
    const float expected[] = {1, -2, INFINITY, 0x1p-24f, -0.0f, 65504};
    g_assert_cmpmem(out, 24, expected, 24);
    g_assert_true(moe_stored_read_floats(moe_safetensors_find(file, "b"), out, NULL));
    g_assert_cmpfloat(out[0], ==, 1);
    g_assert_cmpfloat(out[1], ==, -3);
    g_assert_true(moe_stored_read_floats(moe_safetensors_find(file, "d"), out, NULL));
    g_assert_cmpfloat(out[0], ==, 0.1f);
    g_assert_false(moe_stored_read_floats(moe_safetensors_find(file, "i"), out, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "\"i\" has dtype I8"));
}

#define ARRAY(dtype, shape, begin, end) \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

static void
test_hostile_json(void)
{
    static const char *const bad[] = {
        "",
        " {}",
        "{",
        "{} x",
        "[]",
        "{\"a\"",
        "{\"a\":}",
        "{\"a\":1}",
        "{\"a\":{}}",
        "{\"a\":{\"dtype\":\"F32\"}}",
        "{\"a\":" ARRAY("F32", "[1]", "0", "4") ",}",
        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":1}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}",
        "{\"a\":" ARRAY("F32", "[-1]", "0", "4") "}",
        "{\"a\":" ARRAY("F32", "[1.0]", "0", "4") "}",
        "{\"a\":" ARRAY("F32", "[9223372036854775808]", "0", "4") "}",
        "{\"a\":" ARRAY("F32", "[[1]]", "0", "4") "}",
        "{\"a\\q\":" ARRAY("F32", "[1]", "0", "4") "}",
        "{\"a\\u00\":" ARRAY("F32", "[1]", "0", "4") "}",
        "{\"a\\ud800\":" ARRAY("F32", "[1]", "0", "4") "}",
        "{\"a\\u0000\":" ARRAY("F32", "[1]", "0", "4") "}",
        "{\"a\xff\":" ARRAY("F32", "[1]", "0", "4") "}",
        "{\"a\n\":" ARRAY("F32", "[1]", "0", "4") "}",
        "{\"__metadata__\":{\"a\":1},"
        "\"a\":" ARRAY("F32", "[1]", "0", "4") "}",
        "{\"__metadata__\":{\"a\":{}}}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        expect_refusal(bad[i], 4, MOE_ERROR_FORMAT, "expected");
    g_autofree char *deep = g_strnfill(1000000, '[');
    g_autofree char *header = g_strconcat("{\"a\":{\"shape\":", deep, NULL);
    expect_refusal(header, 4, MOE_ERROR_FORMAT, "expected a whole number");
    expect_refusal("{\"a\":" ARRAY("F4", "[2]", "0", "4") "}", 4, MOE_ERROR_UNSUPPORTED, "\"F4\"");
}

static void
test_hostile_offsets(void)
{
    expect_refusal("{\"a\":" ARRAY("F32", "[1]", "0", "8") "}", 8, MOE_ERROR_FORMAT, "its shape");
    expect_refusal("{\"a\":" ARRAY("F32", "[2]", "0", "8") "}", 4, MOE_ERROR_FORMAT, "outside");
    expect_refusal("{\"a\":" ARRAY("F32", "[1]", "4", "0") "}", 4, MOE_ERROR_FORMAT, "outside");
    expect_refusal("{\"a\":" ARRAY("F32", "[1]", "9223372036854775800", "9223372036854775804") "}",
                   4, MOE_ERROR_FORMAT, "outside");
    expect_refusal("{\"a\":" ARRAY("F32", "[4294967296,4294967296]", "0", "0") "}", 0,
                   MOE_ERROR_FORMAT, "addressed");
    expect_refusal("{\"a\":" ARRAY("F32", "[4611686018427387904]", "0", "0") "}", 0,
                   MOE_ERROR_FORMAT, "addressed");
    expect_refusal(
        "{\"a\":" ARRAY("F32", "[1]", "0", "4") ",\"b\":" ARRAY("F32", "[1]", "2", "6") "}", 6,
        MOE_ERROR_FORMAT, "before it ends");
    expect_refusal(
        "{\"a\":" ARRAY("F32", "[1]", "0", "4") ",\"b\":" ARRAY("F32", "[1]", "8", "12") "}", 12,
        MOE_ERROR_FORMAT, "before it ends");
    expect_refusal("{\"a\":" ARRAY("F32", "[1]", "0", "4") "}", 5, MOE_ERROR_FORMAT,
                   "cover 4 of 5");
    expect_refusal(
        "{\"a\":" ARRAY("F32", "[1]", "0", "4") ",\"a\":" ARRAY("F32", "[1]", "4", "8") "}", 8,
        MOE_ERROR_FORMAT, "twice");
}

static void
test_cut_files(void)
{
    g_autofree char *path = write_raw("{\"a\":" ARRAY("F32", "[3]", "0", "12") "}", 12),
                    *bytes = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    for (gsize n = 0; n < length; n++) {
        g_autoptr(GError) error = NULL;
        g_assert_true(g_file_set_contents(path, bytes, (gssize)n, NULL));
        g_autoptr(MoeSafetensors) file = moe_safetensors_open(path, &error);
        g_assert_null(file);
        g_assert_true(g_error_matches(error, MOE_ERROR, MOE_ERROR_TRUNCATED) ||
                      g_error_matches(error, MOE_ERROR, MOE_ERROR_FORMAT));
    }
    g_autoptr(GError) error = NULL;
    memset(bytes, 0xff, 8);
    g_assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
    g_assert_null(moe_safetensors_open(path, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_FORMAT);
    g_assert_nonnull(strstr(error->message, "isn't a safetensors file"));
}

/* Any byte of the header may be anything: the reader says no, or what it gives can be read. */
static void
test_flipped_bytes(void)
{
    g_autofree char *path = write_raw("{\"__metadata__\":{\"k\":\"v\"},\"a\":" ARRAY("F16", "[2,3]",
                                                                                     "0", "12") "}",
                                      12),
                    *bytes = NULL;
    gsize length;
    MoeRng rng = moe_rng(11, 0);
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    for (int i = 0; i < 1000; i++) {
        g_autofree char *copy = g_memdup2(bytes, length);
        for (uint64_t k = 0, n = 1 + moe_rng_below(&rng, 3); k < n; k++)
            copy[moe_rng_below(&rng, length)] = (char)moe_rng_u32(&rng);
        GFileSetContentsFlags flags = G_FILE_SET_CONTENTS_NONE;
        g_assert_true(g_file_set_contents_full(path, copy, (gssize)length, flags, 0600, NULL));
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeSafetensors) file = moe_safetensors_open(path, &error);
        g_assert_true(!file == !!error);
        for (int a = 0; file && a < moe_safetensors_count(file); a++) {
            const MoeStored *stored = moe_safetensors_get(file, a);
            g_autofree float *out = g_new(float, (gsize)stored->count);
            moe_stored_read_floats(stored, out, NULL);
        }
    }
}

static void
test_failed_save(void)
{
    g_autoptr(MoeSafetensorsWriter) writer = moe_safetensors_writer_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_of("missing/x.safetensors"), *taken = path_of("taken");
    g_assert_false(moe_safetensors_writer_save(writer, path, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_clear_error(&error);
    /* A folder stands at the target: nothing is left beside it. */
    g_assert_cmpint(g_mkdir(taken, 0700), ==, 0);
    g_assert_false(moe_safetensors_writer_save(writer, taken, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));)
        g_assert_false(g_str_has_prefix(name, "taken."));
    g_rmdir(taken);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-XXXXXX", NULL);
    g_test_add_func("/safetensors/round-trip", test_round_trip);
    g_test_add_func("/safetensors/official-bytes", test_official_bytes);
    g_test_add_func("/safetensors/read-floats", test_read_floats);
    g_test_add_func("/safetensors/hostile-json", test_hostile_json);
    g_test_add_func("/safetensors/hostile-offsets", test_hostile_offsets);
    g_test_add_func("/safetensors/cut-files", test_cut_files);
    g_test_add_func("/safetensors/flipped-bytes", test_flipped_bytes);
    g_test_add_func("/safetensors/failed-save", test_failed_save);
    int status = g_test_run();
    g_autofree char *raw = path_of("raw.safetensors");
    g_unlink(raw);
    g_rmdir(folder);
    g_free(folder);
    return status;
}
