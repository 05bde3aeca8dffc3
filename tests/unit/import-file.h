/* SPDX-License-Identifier: MIT
 *
 * import-file.h: files for the tests of importers, and readers with a window so small that every
 * token crosses its end.
 */
#ifndef MOESCOPE_TESTS_IMPORT_FILE_H
#define MOESCOPE_TESTS_IMPORT_FILE_H

#include "import/stream.h"

#include <glib/gstdio.h>
#include <unistd.h>
#include <zlib.h>

/* Writes a file into the temporary folder of this process. (transfer full) */
static inline char *
import_file(const char *name, const char *text, gssize length)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder =
        g_strdup_printf("%s/moescope-import-%ld", g_get_tmp_dir(), (long)getpid());
    char *path = g_build_filename(folder, name, NULL);
    g_autofree char *inside = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(inside, 0755), ==, 0);
    g_file_set_contents(path, text, length, &error);
    g_assert_no_error(error);
    return path;
}

/* The same, gzip'd. (transfer full) */
static inline char *
import_gz(const char *name, const char *text)
{
    char *path = import_file(name, "", 0);
    gzFile gz = gzopen(path, "wb");
    g_assert_cmpint(gzwrite(gz, text, (unsigned)strlen(text)), ==, (int)strlen(text));
    g_assert_cmpint(gzclose(gz), ==, Z_OK);
    return path;
}

/* A file of tests/fixtures/import. (transfer full) */
static inline char *
import_fixture(const char *name)
{
    return g_build_filename(g_getenv("MOESCOPE_SOURCE_ROOT"), "tests", "fixtures", "import", name,
                            NULL);
}

static inline void
import_remove(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *inside = g_build_filename(path, name, NULL);
        import_remove(inside);
    }
    g_remove(path);
}

/* Removes them all. */
static inline void
import_files_remove(void)
{
    g_autofree char *folder =
        g_strdup_printf("%s/moescope-import-%ld", g_get_tmp_dir(), (long)getpid());
    import_remove(folder);
}

/* A stream over a file, whose window holds `window` bytes at first. */
static inline MoeStream *
import_stream(const char *path, size_t window)
{
    g_autoptr(GError) error = NULL;
    MoeStream *stream = moe__stream_open(path, &error);
    g_assert_no_error(error);
    stream->capacity = window;
    return stream;
}

#endif
