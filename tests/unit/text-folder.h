/* SPDX-License-Identifier: MIT
 *
 * text-folder.h: a temporary folder of texts for the tests of core/text.
 */
#ifndef MOE_TEST_TEXT_FOLDER_H
#define MOE_TEST_TEXT_FOLDER_H

#include <glib/gstdio.h>
#include <moescope/text.h>
#include <string.h>
#include <zlib.h>

typedef struct Folder {
    char *path;
} Folder;

static inline void
folder_make(Folder *folder, gconstpointer data)
{
    folder->path = g_dir_make_tmp("moescope-text-XXXXXX", NULL);
    g_assert_nonnull(folder->path);
}

static inline void
remove_below(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *entry = g_build_filename(path, name, NULL);
        if (g_file_test(entry, G_FILE_TEST_IS_DIR) && !g_file_test(entry, G_FILE_TEST_IS_SYMLINK))
            remove_below(entry);
        g_remove(entry);
    }
}

static inline void
folder_remove(Folder *folder, gconstpointer data)
{
    remove_below(folder->path);
    g_assert_cmpint(g_rmdir(folder->path), ==, 0);
    g_free(folder->path);
}

/* Writes a file, and the folders above it. Returns its path. */
static inline char *
folder_write(const Folder *folder, const char *name, const void *data, size_t length)
{
    char *path = g_build_filename(folder->path, name, NULL);
    g_autofree char *above = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(above, 0755), ==, 0);
    g_assert_true(g_file_set_contents(path, data, (gssize)length, NULL));
    return path;
}

/* The same, compressed, at the end of what the file holds already: gzip files may be joined. */
static inline char *
folder_write_gz(const Folder *folder, const char *name, const void *data, size_t length)
{
    char *path = g_build_filename(folder->path, name, NULL);
    gzFile file = gzopen(path, "ab");
    g_assert_nonnull(file);
    g_assert_cmpint(gzwrite(file, data, (unsigned)length), ==, (int)length);
    g_assert_cmpint(gzclose(file), ==, Z_OK);
    return path;
}

/* `n` lines of numbered text. (transfer full) */
static inline char *
numbered_lines(int n, const char *word)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < n; i++)
        g_string_append_printf(text, "line %d is about %s and its %d friends\n", i, word, i * i);
    return g_string_free(text, FALSE);
}

/* One path, and no errors expected. */
static inline MoeCorpus *
load_one(const char *path, const MoeCorpusOptions *options)
{
    g_autoptr(GError) error = NULL;
    MoeCorpus *corpus = moe_corpus_load(&path, 1, options, &error);
    g_assert_no_error(error);
    return corpus;
}

#endif
