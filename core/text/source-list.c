/* SPDX-License-Identifier: MIT
 *
 * Which files make which domain: the walk over paths and folders. Everything is sorted by name, so
 * that neither the order of the paths nor that of the file system shows.
 */
#include "text/source.h"

#include <string.h>

enum { DEEPEST = 32 }; /* nested folders; deeper is a loop of symbolic links */

static void
source_free(gpointer data)
{
    MoeSource *source = data;
    g_free(source->domain);
    g_free(source->origin);
    g_ptr_array_unref(source->files);
    g_free(source);
}

static MoeSource *
source_new(const char *name, const char *origin)
{
    MoeSource *source = g_new(MoeSource, 1);
    source->domain = g_utf8_make_valid(name, -1);
    source->origin = g_strdup(origin);
    source->files = g_ptr_array_new_with_free_func(g_free);
    return source;
}

/* Whether ".xyz" is an ending like ".txt", and not a part of a name like "v1.5". */
static bool
is_ending(const char *dot)
{
    size_t n = strlen(dot + 1), letters = 0;
    for (size_t i = 1; i <= n; i++) {
        if (!g_ascii_isalnum(dot[i]))
            return false;
        letters += g_ascii_isalpha(dot[i]) ? 1 : 0;
    }
    return n <= 5 && letters > 0;
}

/* "folder/arxiv.txt.gz" -> "arxiv". */
static char *
domain_of_file(const char *path)
{
    char *name = g_path_get_basename(path);
    if (g_str_has_suffix(name, ".gz") && strlen(name) > 3)
        name[strlen(name) - 3] = '\0';
    char *dot = strrchr(name, '.');
    if (dot && dot > name && is_ending(dot))
        *dot = '\0';
    return name;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Paths of a folder's entries that aren't hidden, by name. */
static GPtrArray *
list_folder(const char *path, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, error);
    if (!dir)
        return NULL;
    GPtrArray *entries = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir));) {
        if (name[0] != '.')
            g_ptr_array_add(entries, g_build_filename(path, name, NULL));
    }
    g_ptr_array_sort(entries, compare_names);
    return entries;
}

/* Adds every file below a folder to a source. */
static bool
collect_files(const char *path, int depth, MoeSource *source, GError **error)
{
    if (depth > DEEPEST) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: folders are nested more than %d deep (a loop of symbolic links?)", path,
                    DEEPEST);
        return false;
    }
    g_autoptr(GPtrArray) entries = list_folder(path, error);
    if (!entries)
        return false;
    for (guint i = 0; i < entries->len; i++) {
        const char *entry = entries->pdata[i];
        if (!g_file_test(entry, G_FILE_TEST_IS_DIR))
            g_ptr_array_add(source->files, g_strdup(entry));
        else if (!collect_files(entry, depth + 1, source, error))
            return false;
    }
    return true;
}

static void
add_file(const char *path, GPtrArray *sources)
{
    g_autofree char *name = domain_of_file(path);
    MoeSource *source = source_new(name, path);
    g_ptr_array_add(source->files, g_strdup(path));
    g_ptr_array_add(sources, source);
}

/* A sub-folder is one domain; without a file below it, it is none. */
static bool
add_subfolder(const char *path, GPtrArray *sources, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    MoeSource *source = source_new(name, path);
    bool ok = collect_files(path, 1, source, error);
    if (ok && source->files->len > 0)
        g_ptr_array_add(sources, source);
    else
        source_free(source);
    return ok;
}

static bool
is_txt(const char *path)
{
    return g_str_has_suffix(path, ".txt") || g_str_has_suffix(path, ".txt.gz");
}

/* Where a folder has .txt files, other files beside them are notes and scripts, not domains. */
static bool
add_folder(const char *path, GPtrArray *sources, GError **error)
{
    g_autoptr(GPtrArray) entries = list_folder(path, error);
    if (!entries)
        return false;
    bool only_txt = false;
    for (guint i = 0; i < entries->len; i++)
        only_txt |= is_txt(entries->pdata[i]);
    for (guint i = 0; i < entries->len; i++) {
        const char *entry = entries->pdata[i];
        if (g_file_test(entry, G_FILE_TEST_IS_DIR)) {
            if (!add_subfolder(entry, sources, error))
                return false;
        } else if (!only_txt || is_txt(entry)) {
            add_file(entry, sources);
        }
    }
    return true;
}

static int
compare_sources(gconstpointer a, gconstpointer b)
{
    const MoeSource *x = *(MoeSource *const *)a, *y = *(MoeSource *const *)b;
    int by_domain = strcmp(x->domain, y->domain);
    return by_domain ? by_domain : strcmp(x->origin, y->origin);
}

/* Domain names are what routing is broken down by, so they have to be told apart. */
static bool
check_names(const GPtrArray *sources, GError **error)
{
    for (guint i = 1; i < sources->len; i++) {
        const MoeSource *a = sources->pdata[i - 1], *b = sources->pdata[i];
        if (strcmp(a->domain, b->domain) == 0) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "two sources of the domain \"%s\": %s and %s; domains need different names",
                        a->domain, a->origin, b->origin);
            return false;
        }
    }
    return true;
}

static void
fail_empty(const char *const *paths, int n_paths, GError **error)
{
    g_autoptr(GString) list = g_string_new(n_paths > 0 ? " in " : ": no path was given");
    for (int i = 0; i < n_paths; i++)
        g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", paths[i]);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "no text files%s", list->str);
}

GPtrArray *
moe__sources_list(const char *const *paths, int n_paths, GError **error)
{
    g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(source_free);
    for (int i = 0; i < n_paths; i++) {
        if (!g_file_test(paths[i], G_FILE_TEST_IS_DIR))
            add_file(paths[i], sources);
        else if (!add_folder(paths[i], sources, error))
            return NULL;
    }
    if (sources->len == 0) {
        fail_empty(paths, n_paths, error);
        return NULL;
    }
    g_ptr_array_sort(sources, compare_sources);
    return check_names(sources, error) ? g_steal_pointer(&sources) : NULL;
}
