/* SPDX-License-Identifier: MIT
 *
 * Archives beyond the classic format's numbers, with its real limits: over 65535 members, and
 * members of and behind over 4 GiB. The file is sparse: it takes no room on the disk.
 */
#include "trace/zip-format.h"
#include "trace/zip.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

static char *path;

enum { MANY = 66000 };
#define GIB (UINT64_C(1) << 30)

static void
add(MoeZipWriter *writer, const char *name, const char *text)
{
    g_autoptr(GError) error = NULL;
    MoeZipPacked packed;
    g_assert_true(moe__zip_pack((uint8_t *)g_strdup(text), strlen(text), 0, &packed));
    g_assert_true(moe__zip_writer_add(writer, name, &packed, &error));
    g_assert_no_error(error);
    moe__zip_packed_clear(&packed);
}

static void
assert_text(const MoeZipReader *reader, const char *name, const char *text)
{
    g_autoptr(GError) error = NULL;
    const MoeZipEntry *entry = moe__zip_reader_find(reader, name);
    g_assert_nonnull(entry);
    g_autofree char *read = (char *)moe__zip_reader_read(reader, entry, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(read, ==, text);
}

/* What Info-ZIP says of an archive; NULL if it isn't there. (transfer full) */
static char *
list_with_unzip(const char *option)
{
    g_autofree char *unzip = g_find_program_in_path("unzip");
    if (!unzip)
        return NULL;
    const char *const command[] = {unzip, option, path, NULL};
    char *out = NULL;
    int status = -1;
    g_autoptr(GError) error = NULL;
    g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status,
                 &error);
    g_assert_no_error(error);
    g_assert_true(g_spawn_check_wait_status(status, NULL));
    return out;
}

static void
test_many_members(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeZipWriter) writer = moe__zip_writer_new(path, NULL, &error);
    g_assert_no_error(error);
    for (int i = 0; i < MANY; i++) {
        char name[16], text[16];
        g_snprintf(name, sizeof name, "%d", i);
        g_snprintf(text, sizeof text, "text %d", i);
        add(writer, name, text);
    }
    g_assert_true(moe__zip_writer_finish(writer, &error));
    for (int walk = 0; walk < 2; walk++) {
        g_autoptr(MoeZipReader) reader =
            moe__zip_reader_open(path, walk ? INT64_MAX : UINT64_MAX, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(reader->entries->len, ==, MANY);
        g_assert_cmpint(reader->complete, ==, !walk);
        assert_text(reader, "0", "text 0");
        assert_text(reader, "65535", "text 65535");
        assert_text(reader, "65999", "text 65999");
    }
    g_autofree char *seen = list_with_unzip("-l");
    g_assert_true(!seen || strstr(seen, "66000 files"));
}

/* The highest number that the classic record can hold, without a zip64 record beside it. */
static void
test_most_members_of_classic(void)
{
    g_autoptr(GError) error = NULL;
    const MoeZipLimits classic = {ZIP_WIDE32 - 1, ZIP_WIDE16};
    g_autoptr(MoeZipWriter) writer = moe__zip_writer_new(path, &classic, &error);
    g_assert_no_error(error);
    for (int i = 0; i < ZIP_WIDE16; i++) {
        char name[16];
        g_snprintf(name, sizeof name, "%d", i);
        add(writer, name, "");
    }
    g_assert_true(moe__zip_writer_finish(writer, &error));
    g_autoptr(MoeZipReader) reader = moe__zip_reader_open(path, UINT64_MAX, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(reader->entries->len, ==, ZIP_WIDE16);
    g_assert_true(reader->complete);
}

/* An end record that calls a file of holes, which takes no room, a directory: no memory is taken
 * for what it states. */
static void
test_directory_of_holes(void)
{
    const uint64_t size = UINT64_C(1) << 40;
    g_autoptr(GByteArray) end = g_byte_array_new();
    zip_put32(end, ZIP64_END_SIGNATURE);
    zip_put64(end, ZIP64_END_SIZE - 12);
    g_byte_array_append(end, (const guint8[12]){45}, 12);
    zip_put64(end, 10);
    zip_put64(end, 10);
    zip_put64(end, size);
    zip_put64(end, 0);
    zip_put32(end, ZIP64_LOCATOR_SIGNATURE);
    zip_put32(end, 0);
    zip_put64(end, size);
    zip_put32(end, 1);
    zip_put32(end, ZIP_END_SIGNATURE);
    zip_put32(end, 0);
    zip_put32(end, ZIP_WIDE32);
    zip_put32(end, ZIP_WIDE32);
    zip_put32(end, ZIP_WIDE32);
    zip_put16(end, 0);
    g_autoptr(GError) error = NULL;
    int fd = g_open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    g_assert_cmpint(fd, >=, 0);
    if (pwrite(fd, end->data, end->len, (off_t)size) != (ssize_t)end->len) {
        g_close(fd, NULL);
        g_test_skip("the file system has no such large files");
        return;
    }
    g_close(fd, NULL);
    g_assert_null(moe__zip_reader_open(path, UINT64_MAX, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_FORMAT);
    g_assert_nonnull(strstr(error->message, "at byte 0: an entry of the directory was expected"));
    g_unlink(path);
}

/* The header of a stored member of `size` bytes, as if it had been written at `offset`. */
static MoeZipEntry
forge_header(const char *name, uint64_t offset, uint64_t size)
{
    g_autoptr(GByteArray) header = g_byte_array_new();
    MoeZipEntry entry = {.name = (char *)name, .size = size, .packed = size, .offset = offset};
    zip_put32(header, ZIP_LOCAL_SIGNATURE);
    zip_put16(header, 45);
    for (int i = 0; i < 4; i++) /* flags, method, time, date */
        zip_put16(header, 0);
    zip_put32(header, 0); /* CRC */
    zip_put32(header, ZIP_WIDE32);
    zip_put32(header, ZIP_WIDE32);
    zip_put16(header, (uint16_t)strlen(name));
    zip_put16(header, 20);
    g_byte_array_append(header, (const guint8 *)name, (guint)strlen(name));
    zip_put16(header, ZIP_EXTRA_ZIP64);
    zip_put16(header, 16);
    zip_put64(header, size);
    zip_put64(header, size);
    entry.data = offset + header->len;

    int fd = g_open(path, O_WRONLY | O_CLOEXEC, 0);
    g_assert_cmpint(pwrite(fd, header->data, header->len, (off_t)offset), ==, header->len);
    g_assert_cmpint(close(fd), ==, 0);
    return entry;
}

static void
test_long_members(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) entries = moe__zip_entries_new();
    {
        g_autoptr(MoeZipWriter) first G_GNUC_UNUSED = moe__zip_writer_new(path, NULL, &error);
        g_assert_no_error(error);
    }
    MoeZipEntry huge = forge_header("huge", 0, 5 * GIB);
    huge.name = g_strdup(huge.name);
    g_array_append_val(entries, huge);
    uint64_t end = huge.data + huge.packed;
    g_autoptr(MoeZipWriter) writer = moe__zip_writer_resume(path, end, entries, NULL, &error);
    if (!writer) { /* a file system that has no files of this length */
        g_test_skip(error->message);
        return;
    }
    add(writer, "behind", "far away");
    g_assert_true(moe__zip_writer_finish(writer, &error));
    g_assert_no_error(error);
    for (int walk = 0; walk < 2; walk++) {
        g_autoptr(MoeZipReader) reader =
            moe__zip_reader_open(path, walk ? INT64_MAX : UINT64_MAX, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(reader->entries->len, ==, 2);
        g_assert_cmpuint(moe__zip_reader_find(reader, "huge")->size, ==, 5 * GIB);
        g_assert_cmpuint(moe__zip_reader_find(reader, "behind")->offset, ==, end);
        assert_text(reader, "behind", "far away");
    }
    g_autofree char *seen = list_with_unzip("-l");
    g_assert_true(!seen || strstr(seen, "5368709120"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autofree char *folder = g_dir_make_tmp("moescope-zip-large-XXXXXX", NULL);
    path = g_build_filename(folder, "large.zip", NULL);
    g_test_add_func("/zip-large/most-members-of-classic", test_most_members_of_classic);
    g_test_add_func("/zip-large/directory-of-holes", test_directory_of_holes);
    g_test_add_func("/zip/many-members", test_many_members);
    g_test_add_func("/zip/long-members", test_long_members);
    int status = g_test_run();
    g_unlink(path);
    g_rmdir(folder);
    g_free(path);
    return status;
}
