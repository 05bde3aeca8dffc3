/* SPDX-License-Identifier: MIT
 *
 * The container of traces: archives written and read back, also with zip64 fields, and archives
 * that are damaged or made to harm.
 */
#include "trace/zip.h"
#include "trace/zip-format.h"

#include <glib/gstdio.h>
#include <zlib.h>

static char *folder;

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void
add(MoeZipWriter *writer, const char *name, const void *bytes, gsize length, int level)
{
    g_autoptr(GError) error = NULL;
    MoeZipPacked packed;
    g_assert_true(moe__zip_pack(g_memdup2(bytes, length), length, level, &packed));
    g_assert_true(moe__zip_writer_add(writer, name, &packed, &error));
    g_assert_no_error(error);
    moe__zip_packed_clear(&packed);
}

static uint8_t zeros[5000], noise[777];
static const char hello[] = "hello, hello, hello, hello, hello, hello";

/* Three members: deflated, incompressible, stored by choice; then an empty one. */
static void
write_sample(const char *path, const MoeZipLimits *limits)
{
    g_autoptr(GError) error = NULL;
    MoeRng rng = moe_rng(1, 2);
    for (gsize i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)moe_rng_u32(&rng);
    g_autoptr(MoeZipWriter) writer = moe__zip_writer_new(path, limits, &error);
    g_assert_no_error(error);
    add(writer, "zeros", zeros, sizeof zeros, 6);
    add(writer, "a/noise", noise, sizeof noise, 9);
    add(writer, "a/hello", hello, sizeof hello, 0);
    add(writer, "empty", "", 0, 6);
    g_assert_true(moe__zip_writer_finish(writer, &error));
    g_assert_no_error(error);
}

static void
assert_member(const MoeZipReader *reader, const char *name, const void *bytes, gsize length)
{
    g_autoptr(GError) error = NULL;
    const MoeZipEntry *entry = moe__zip_reader_find(reader, name);
    g_assert_nonnull(entry);
    g_autofree uint8_t *read = moe__zip_reader_read(reader, entry, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(read, entry->size, bytes, length);
    if (entry->method == MOE_ZIP_STORED)
        g_assert_cmpuint(entry->data % 64, ==, 0);
}

static void
assert_sample(const char *path, uint64_t limit)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeZipReader) reader = moe__zip_reader_open(path, limit, &error);
    g_assert_no_error(error);
    g_assert_cmpint(reader->complete, ==, limit == UINT64_MAX);
    g_assert_cmpuint(reader->entries->len, ==, 4);
    assert_member(reader, "zeros", zeros, sizeof zeros);
    assert_member(reader, "a/noise", noise, sizeof noise);
    assert_member(reader, "a/hello", hello, sizeof hello);
    assert_member(reader, "empty", "", 0);
    g_assert_cmpuint(moe__zip_reader_find(reader, "zeros")->method, ==, MOE_ZIP_DEFLATED);
    g_assert_cmpuint(moe__zip_reader_find(reader, "a/noise")->method, ==, MOE_ZIP_STORED);
    g_assert_null(moe__zip_reader_find(reader, "hello"));
}

static void
test_round_trip(void)
{
    g_autofree char *path = scratch("sample.zip");
    write_sample(path, NULL);
    assert_sample(path, UINT64_MAX);
    assert_sample(path, INT64_MAX); /* a limit: by walking */
}

/* Every field that may be wide, wide: sizes, offsets, the number of entries. */
static void
test_zip64(void)
{
    g_autofree char *path = scratch("wide.zip");
    const MoeZipLimits all = {0, 0}, offsets = {1 << 12, 100};
    write_sample(path, &all);
    assert_sample(path, UINT64_MAX);
    assert_sample(path, INT64_MAX);
    write_sample(path, &offsets);
    assert_sample(path, UINT64_MAX);
    assert_sample(path, INT64_MAX);
}

/* Info-ZIP knows the format better than we do. */
static void
test_unzip(void)
{
    g_autofree char *unzip = g_find_program_in_path("unzip");
    if (!unzip) {
        g_test_skip("there is no unzip");
        return;
    }
    const MoeZipLimits limits[] = {{ZIP_WIDE32 - 1, ZIP_WIDE16 - 1}, {1 << 12, 100}, {0, 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autofree char *path = scratch("unzip.zip"), *out = NULL;
        write_sample(path, &limits[i]);
        const char *const command[] = {unzip, "-t", path, NULL};
        int status = -1;
        g_autoptr(GError) error = NULL;
        g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status,
                     &error);
        g_assert_no_error(error);
        g_test_message("%s", out);
        g_assert_true(g_spawn_check_wait_status(status, NULL));
    }
}

/* The same bytes give the same bytes, and never more. */
static void
test_packing(void)
{
    static const gsize lengths[] = {0, 1, 7, sizeof hello};
    for (int level = 0; level <= 9; level++)
        for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
            MoeZipPacked packed, again;
            gsize n = lengths[i];
            g_assert_true(moe__zip_pack(g_memdup2(hello, n), n, level, &packed));
            g_assert_true(moe__zip_pack(g_memdup2(hello, n), n, level, &again));
            g_assert_cmpuint(packed.packed, <=, n);
            g_assert_cmpmem(packed.bytes, packed.packed, again.bytes, again.packed);
            bool deflated = level > 0 && n == sizeof hello;
            g_assert_cmpint(packed.method, ==, deflated ? MOE_ZIP_DEFLATED : MOE_ZIP_STORED);
            moe__zip_packed_clear(&packed);
            moe__zip_packed_clear(&again);
        }
}

/* A column of `n` bytes, packed, and unpacked by zlib; what it takes. */
static uint64_t
pack_and_check(const uint8_t *bytes, gsize n, int level)
{
    MoeZipPacked packed;
    g_autofree uint8_t *back = g_malloc(n);
    z_stream z = {.next_out = back, .avail_out = (uInt)n};
    g_assert_true(moe__zip_pack(g_memdup2(bytes, n), n, level, &packed));
    z.next_in = packed.bytes;
    z.avail_in = (uInt)packed.packed;
    g_assert_cmpint(inflateInit2(&z, -MAX_WBITS), ==, Z_OK);
    g_assert_cmpint(inflate(&z, Z_FINISH), ==, Z_STREAM_END);
    inflateEnd(&z);
    g_assert_cmpmem(back, n, bytes, n);
    uint64_t length = packed.packed;
    moe__zip_packed_clear(&packed);
    return length;
}

enum { QUICK = 1, USUAL = 2 }; /* levels */

/* What zlib makes of it at the usual level, looking for matches throughout. */
static uint64_t
matched_length(const uint8_t *bytes, gsize n)
{
    g_autofree uint8_t *out = g_malloc(n);
    z_stream z = {
        .next_in = (Bytef *)bytes, .avail_in = (uInt)n, .next_out = out, .avail_out = (uInt)n};
    g_assert_cmpint(deflateInit2(&z, USUAL, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), ==,
                    Z_OK);
    g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

/* Ids at random are coded alone, which is shorter; text that repeats is matched as ever. The
 * quickest level may take another library, and a little more room. */
static void
test_strategy(void)
{
    enum { N = 1 << 18 };
    g_autofree uint8_t *ids = g_malloc(N), *text = g_malloc(N);
    MoeRng rng = moe_rng(3, 0);
    for (gsize i = 0; i < N; i++) {
        ids[i] = (uint8_t)MIN(moe_rng_below(&rng, 64), moe_rng_below(&rng, 64));
        text[i] = (uint8_t)(i % 1000 * 7 >> 3);
    }
    g_assert_cmpuint(pack_and_check(ids, N, USUAL), <, matched_length(ids, N));
    g_assert_cmpuint(pack_and_check(text, N, USUAL), ==, matched_length(text, N));
    g_assert_cmpuint(pack_and_check(ids, N, QUICK), <, matched_length(ids, N));
    g_assert_cmpuint(pack_and_check(text, N, QUICK), <, N / 50);
}

/* --- Damage -----------------------------------------------------------------------------------*/

static uint8_t *
load(const char *path, gsize *length)
{
    g_autoptr(GError) error = NULL;
    char *bytes;
    g_file_get_contents(path, &bytes, length, &error);
    g_assert_no_error(error);
    return (uint8_t *)bytes;
}

static void
save(const char *path, const uint8_t *bytes, gsize length)
{
    g_autoptr(GError) error = NULL;
    g_file_set_contents(path, (const char *)bytes, (gssize)length, &error);
    g_assert_no_error(error);
}

/* Where the directory entry (from 0) and the local header of a member begin. */
static gsize
central_at(const uint8_t *bytes, gsize length, int entry)
{
    gsize at = zip_get32(bytes + length - ZIP_END_SIZE + 16);
    for (; entry > 0; entry--)
        at += ZIP_CENTRAL_SIZE + zip_get16(bytes + at + 28) + zip_get16(bytes + at + 30);
    return at;
}

static void
poke32(uint8_t *bytes, uint32_t x)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(x >> 8 * i);
}

/* Opens the archive and reads all its members; the first error, if any. */
static GError *
read_all(const char *path)
{
    GError *error = NULL;
    g_autoptr(MoeZipReader) reader = moe__zip_reader_open(path, UINT64_MAX, &error);
    for (guint i = 0; reader && i < reader->entries->len && !error; i++)
        g_free(
            moe__zip_reader_read(reader, &g_array_index(reader->entries, MoeZipEntry, i), &error));
    return error;
}

static void
assert_complaint(const char *path, int code, const char *pattern)
{
    g_autoptr(GError) error = read_all(path);
    g_assert_error(error, MOE_ERROR, code);
    if (!g_pattern_match_simple(pattern, error->message))
        g_error("\"%s\" doesn't match \"%s\"", error->message, pattern);
}

/* Changes a 32-bit field of a member in both its headers. */
static void
forge(uint8_t *bytes, gsize length, int entry, int local_field, uint32_t value)
{
    gsize at = central_at(bytes, length, entry);
    poke32(bytes + zip_get32(bytes + at + 42) + local_field, value);
    poke32(bytes + at + local_field + 2, value);
}

enum { CRC = 14, PACKED = 18, SIZE = 22 };

static void
test_forged_headers(void)
{
    g_autofree char *path = scratch("forged.zip");
    write_sample(path, NULL);
    gsize length;
    g_autofree uint8_t *good = load(path, &length);
    struct {
        int entry, field;
        uint32_t value;
        const char *pattern;
    } cases[] = {
        {0, CRC, 0xdeadbeef, "*member zeros, at byte *: CRC ???????? found, deadbeef expected"},
        {2, CRC, 0, "*member a/hello*CRC*"},
        {0, SIZE, sizeof zeros - 1, "*zeros*more bytes than its header states"},
        {0, SIZE, sizeof zeros + 1, "*zeros*end elsewhere than the header states"},
        {0, SIZE, 4000000000u, "*zeros states 4000000000 bytes, which * cannot hold"},
        {2, SIZE, 5, "*a/hello states 5 bytes, which * cannot hold"},
        {0, PACKED, 4000000000u, "*zeros takes 4000000000 bytes*but only * are there"},
        {0, PACKED, 0x40, "*a/noise overlaps the one before it"},
        {3, PACKED, 1, "*empty*"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree uint8_t *bad = g_memdup2(good, length);
        forge(bad, length, cases[i].entry, cases[i].field, cases[i].value);
        save(path, bad, length);
        assert_complaint(path, MOE_ERROR_FORMAT, cases[i].pattern);
    }
}

static void
test_forged_directory(void)
{
    g_autofree char *path = scratch("forged.zip");
    write_sample(path, NULL);
    gsize length;
    g_autofree uint8_t *bytes = load(path, &length);
    gsize first = central_at(bytes, length, 0), second = central_at(bytes, length, 1);

    g_autofree uint8_t *bad = g_memdup2(bytes, length);
    poke32(bad + second + 42, 0); /* the second entry points at the first member */
    save(path, bad, length);
    assert_complaint(path, MOE_ERROR_FORMAT, "*a/noise differs from the directory's entry");

    memcpy(bad, bytes, length);
    memset(bad + second, 'x', 4);
    save(path, bad, length);
    assert_complaint(path, MOE_ERROR_FORMAT, "*an entry of the directory was expected");

    memcpy(bad, bytes, length);
    poke32(bad + first + 28, 0xffff); /* a name longer than the directory */
    save(path, bad, length);
    assert_complaint(path, MOE_ERROR_FORMAT, "*an entry of the directory is cut off");

    memcpy(bad, bytes, length);
    bad[first + 10] = bad[8] = 14; /* LZMA */
    save(path, bad, length);
    assert_complaint(path, MOE_ERROR_UNSUPPORTED, "*packed by method 14*");

    memcpy(bad, bytes, length);
    bad[6] = 1;
    save(path, bad, length);
    assert_complaint(path, MOE_ERROR_UNSUPPORTED, "*encrypted*");
}

/* A name that would forge a line of an error message. */
static void
test_control_characters(void)
{
    static const char *const names[] = {"a\nmoescope: all is well", "a\x1b[2J", "a\x7f",
                                        "a\xc2\x85!"};
    g_autofree char *path = scratch("control.zip");
    for (gsize i = 0; i <= G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MoeZipWriter) writer = moe__zip_writer_new(path, NULL, &error);
        add(writer, i < G_N_ELEMENTS(names) ? names[i] : "\u00e9\u00a0\u4e2d", "x", 1, 0);
        g_assert_true(moe__zip_writer_finish(writer, &error));
        if (i < G_N_ELEMENTS(names))
            assert_complaint(path, MOE_ERROR_FORMAT,
                             "*at byte *: the name \"a\\*\" of a member has *");
        else
            g_assert_no_error(read_all(path));
    }
}

static void
test_same_name(void)
{
    g_autofree char *path = scratch("twice.zip");
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeZipWriter) writer = moe__zip_writer_new(path, NULL, &error);
    add(writer, "a", hello, 3, 0);
    add(writer, "a", hello, 4, 0);
    g_assert_true(moe__zip_writer_finish(writer, &error));
    assert_complaint(path, MOE_ERROR_FORMAT, "*two members named a");
}

static void
poke_file(const char *path, gsize at, uint8_t byte)
{
    FILE *file = g_fopen(path, "r+b");
    g_assert_cmpint(fseek(file, (long)at, SEEK_SET), ==, 0);
    g_assert_cmpint(fputc(byte, file), ==, byte);
    g_assert_cmpint(fclose(file), ==, 0);
}

/* Whatever one byte is changed to, opening and reading end with or without an error, in order. */
static void
test_every_byte_changed(void)
{
    g_autofree char *path = scratch("bytes.zip");
    const MoeZipLimits wide = {0, 0};
    int errors = 0;
    for (int round = 0; round < 2; round++) {
        write_sample(path, round ? &wide : NULL);
        gsize length;
        g_autofree uint8_t *bytes = load(path, &length);
        for (gsize i = 0; i < length; i++) {
            poke_file(path, i, bytes[i] ^ ((uint8_t)(1 << i % 8) | 0x80));
            g_autoptr(GError) error = read_all(path);
            errors += error != NULL;
            poke_file(path, i, bytes[i]);
        }
    }
    g_assert_cmpint(errors, >, 1000);
}

static void
test_resume(void)
{
    g_autofree char *path = scratch("resume.zip");
    g_autoptr(GError) error = NULL;
    write_sample(path, NULL);
    gsize length, again;
    g_autofree uint8_t *whole = load(path, &length);
    {
        g_autoptr(MoeZipReader) reader = moe__zip_reader_open(path, UINT64_MAX, &error);
        const MoeZipEntry *third = moe__zip_reader_find(reader, "a/hello");
        g_autoptr(MoeZipReader) half = moe__zip_reader_open(path, third->offset, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(half->entries->len, ==, 2);
        g_assert_cmpuint(half->end, ==, third->offset);
        g_autoptr(MoeZipWriter) writer =
            moe__zip_writer_resume(path, half->end, half->entries, NULL, &error);
        g_assert_no_error(error);
        add(writer, "a/hello", hello, sizeof hello, 0);
        add(writer, "empty", "", 0, 6);
        g_assert_true(moe__zip_writer_finish(writer, &error));
    }
    g_autofree uint8_t *resumed = load(path, &again);
    g_assert_cmpmem(whole, length, resumed, again);
}

static void
test_no_file(void)
{
    g_autofree char *path = scratch("none/there.zip");
    g_autoptr(GError) error = read_all(path);
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_clear_error(&error);
    g_assert_null(moe__zip_writer_new(path, NULL, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_clear_error(&error);
    g_assert_null(moe__zip_writer_new(folder, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
}

/* Something that isn't a file, and that opening would wait for. */
static void
test_fifo(void)
{
    g_autofree char *path = scratch("fifo");
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    g_autoptr(GError) error = read_all(path);
    g_assert_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
}

static void
remove_folder(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = scratch(name);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-zip-XXXXXX", NULL);
    g_test_add_func("/zip/round-trip", test_round_trip);
    g_test_add_func("/zip/zip64", test_zip64);
    g_test_add_func("/zip/unzip", test_unzip);
    g_test_add_func("/zip/packing", test_packing);
    g_test_add_func("/zip/strategy", test_strategy);
    g_test_add_func("/zip/forged-headers", test_forged_headers);
    g_test_add_func("/zip/forged-directory", test_forged_directory);
    g_test_add_func("/zip/same-name", test_same_name);
    g_test_add_func("/zip/every-byte-changed", test_every_byte_changed);
    g_test_add_func("/zip/resume", test_resume);
    g_test_add_func("/zip/no-file", test_no_file);
    g_test_add_func("/zip/control-characters", test_control_characters);
    g_test_add_func("/zip/fifo", test_fifo);
    int status = g_test_run();
    remove_folder();
    return status;
}
