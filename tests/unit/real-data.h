/* SPDX-License-Identifier: MIT
 *
 * real-data.h: for tests on files of others, which don't come with the project: MOESCOPE_DATA names
 * their folder (default: ../shared/data beside the source tree).
 */
#ifndef MOESCOPE_TESTS_REAL_DATA_H
#define MOESCOPE_TESTS_REAL_DATA_H

#include <glib.h>

/* A file of the data; skips the test and returns NULL if it isn't there. (transfer full) */
static inline char *
real_data(const char *name)
{
    const char *named = g_getenv("MOESCOPE_DATA"), *root = g_getenv("MOESCOPE_SOURCE_ROOT");
    g_autofree char *folder =
        named ? g_strdup(named) : g_build_filename(root ? root : ".", "../shared/data", NULL);
    g_autofree char *path = g_build_filename(folder, "real", name, NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&path);
    g_autofree char *reason = g_strdup_printf("%s is absent (MOESCOPE_DATA)", path);
    g_test_skip(reason);
    return NULL;
}

/* Adds the generations of gpt-oss below a folder. */
static inline void
real_examples(const char *folder, GPtrArray *out)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            real_examples(path, out);
        else if (g_str_has_suffix(name, "_examples.json.gz"))
            g_ptr_array_add(out, g_steal_pointer(&path));
    }
}

/* The field of a row; fails where the table has no such column. */
static inline const char *
real_field(char **head, char **row, const char *name)
{
    for (int i = 0; head[i] && row[i]; i++)
        if (g_str_equal(head[i], name))
            return row[i];
    g_error("found no column %s", name);
}

/* Calls `take` for every row of a table of the data; returns how many those were. */
typedef void (*RealRowFunc)(char **head, char **row, void *user);
static inline int
real_rows(const char *table, RealRowFunc take, void *user)
{
    g_autofree char *path = real_data(table), *text = NULL;
    g_assert_nonnull(path);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    g_auto(GStrv) head = g_strsplit(g_strchomp(lines[0]), ",", -1);
    int rows = 0;
    for (char **line = lines + 1; *line; line++, rows++) {
        g_auto(GStrv) row = g_strsplit(g_strchomp(*line), ",", -1);
        take(head, row, user);
    }
    return rows;
}

#endif
