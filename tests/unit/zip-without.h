/* SPDX-License-Identifier: MIT
 *
 * zip-without.h: an archive that has lost a member, or has another in its place, for tests of what
 * is said of that.
 */
#ifndef MOESCOPE_TESTS_ZIP_WITHOUT_H
#define MOESCOPE_TESTS_ZIP_WITHOUT_H

#include "trace/zip.h"

/* Writes `to` as `from` is, with a directory, but with `other` as member `name`; NULL: without. */
static inline void
zip_with(const char *from, const char *to, const char *name, const MoeZipPacked *other)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeZipReader) zip = moe__zip_reader_open(from, UINT64_MAX, &error);
    g_assert_no_error(error);
    g_autoptr(MoeZipWriter) writer = moe__zip_writer_new(to, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(moe__zip_reader_find(zip, name));
    for (guint i = 0; i < zip->entries->len; i++) {
        const MoeZipEntry *entry = &g_array_index(zip->entries, MoeZipEntry, i);
        g_autofree uint8_t *bytes = g_malloc(entry->packed + 1);
        bool meant = g_str_equal(entry->name, name);
        if (meant && !other)
            continue;
        moe__zip_reader_pread(zip, entry->data, bytes, entry->packed, &error);
        g_assert_no_error(error);
        const MoeZipPacked packed = {entry->method, entry->crc, entry->size, entry->packed, bytes};
        moe__zip_writer_add(writer, entry->name, meant ? other : &packed, &error);
        g_assert_no_error(error);
    }
    g_assert_true(moe__zip_writer_finish(writer, &error));
}

static inline void
zip_without(const char *from, const char *to, const char *name)
{
    zip_with(from, to, name, NULL);
}

#endif
