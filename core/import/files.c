/* SPDX-License-Identifier: MIT
 *
 * From what the caller names to files, and to the domains of what stands in them.
 */
#include "import/door.h"
#include "import/importers.h"
#include "import/unpack.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* layer_2 before layer_10. */
static gint
compare_names(gconstpointer a, gconstpointer b)
{
    const char *left = *(const char *const *)a, *right = *(const char *const *)b;
    g_autofree char *x = g_utf8_collate_key_for_filename(left, -1);
    g_autofree char *y = g_utf8_collate_key_for_filename(right, -1);
    int order = strcmp(x, y);
    return order ? order : strcmp(left, right);
}

static bool
add_file(MoeImport *import, const char *path, int source, GError **error)
{
    struct stat info;
    bool there = stat(path, &info) == 0, is_stdin = !there && g_str_equal(path, "-");
    int reason = errno;
    if (!there && !is_stdin) {
        g_autofree char *name = g_filename_display_name(path);
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(reason),
                    "%s: can't be read: %s", name, g_strerror(reason));
        return false;
    }
    if (is_stdin || !S_ISREG(info.st_mode)) {
        g_autofree char *name = g_filename_display_name(path);
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: not a file; importers read some twice, so a pipe won't do: write it "
                    "into a file first",
                    name);
        return false;
    }
    char *plain;
    if (!moe__import_unpack(path, &plain, error))
        return false;
    if (plain)
        g_ptr_array_add(import->unpacked, plain);
    const MoeImportFile file = {g_strdup(plain ? plain : path), source};
    int64_t before = g_array_index(import->sizes, int64_t, import->files->len);
    int64_t after = before + (int64_t)info.st_size;
    g_array_append_val(import->files, file);
    g_array_append_val(import->sizes, after);
    return true;
}

/* Whether a folder has ESFT's files of single tokens: then its summary.json is held against them
 * (esft.c), and isn't read by itself. */
static bool
has_tokens_of_esft(const char *folder, const GPtrArray *names)
{
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
            moe_importer_detect(path, NULL) == &moe__import_esft)
            return true;
    }
    return false;
}

static bool
is_wanted(const MoeImport *import, const char *path, bool tokens_of_esft)
{
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return false; /* and a pipe isn't opened, which could wait for ever */
    const MoeImporter *known = import->options->importer ? NULL : moe_importer_detect(path, NULL);
    return import->options->importer ||
           (known && !(tokens_of_esft && known == &moe__import_esft_scores));
}

enum { NAMED_FOLDERS = 5 };

/* Says why a folder brings nothing; folders in it may be what was meant. */
static bool
fail_folder(const char *folder, const GPtrArray *names, GError **error)
{
    g_autoptr(GString) inside = g_string_new(NULL);
    guint found = 0;
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        if (!g_file_test(path, G_FILE_TEST_IS_DIR) || found++ >= NAMED_FOLDERS)
            continue;
        g_autofree char *name = g_filename_display_name(names->pdata[i]);
        g_string_append_printf(inside, "%s%s", inside->len ? ", " : "", name);
    }
    g_autofree char *shown = g_filename_display_name(folder);
    g_autofree char *hint =
        found > 0 ? g_strdup_printf("; the folders in it aren't looked into: name those that are "
                                    "meant (%s%s)",
                                    inside->str, found > NAMED_FOLDERS ? ", …" : "")
                  : g_strdup("");
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "%s: found no file in this folder that an importer knows%s", shown, hint);
    return false;
}

/* The files of a folder that an importer knows, or, where one is insisted on, all of them. */
static bool
add_folder(MoeImport *import, const char *folder, int source, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    guint before = import->files->len;
    if (!dir)
        return false;
    while ((name = g_dir_read_name(dir)))
        if (name[0] != '.')
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    bool tokens_of_esft = has_tokens_of_esft(folder, names);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        if (is_wanted(import, path, tokens_of_esft) && !add_file(import, path, source, error))
            return false;
    }
    return import->files->len > before || fail_folder(folder, names, error);
}

bool
moe__import_list_files(MoeImport *import, const char *const *sources, GError **error)
{
    const int64_t none = 0;
    g_array_append_val(import->sizes, none);
    for (int i = 0; i < import->n_sources; i++) {
        bool folder = g_file_test(sources[i], G_FILE_TEST_IS_DIR);
        if (!(folder ? add_folder : add_file)(import, sources[i], i, error))
            return false;
    }
    return true;
}

char *
moe__import_domain_name(const char *name)
{
    char *plain = g_strdup(name);
    for (char *c = plain; *c; c++)
        if (g_ascii_iscntrl(*c) && *c != '\t')
            *c = ' ';
    return plain;
}

static int
find_name(MoeImport *import, const char *told)
{
    g_autofree char *name = moe__import_domain_name(told);
    for (guint i = 0; i < import->names->len; i++)
        if (g_str_equal(import->names->pdata[i], name))
            return (int)i;
    g_ptr_array_add(import->names, g_steal_pointer(&name));
    return (int)import->names->len - 1;
}

/* "{file}" is the file's name without its endings. (transfer full) */
static char *
name_domain(const MoeImportFile *file, const char *told)
{
    if (!g_str_equal(told, "{file}"))
        return g_strdup(told);
    char *name = g_filename_display_basename(file->path);
    char *ending = strchr(name + 1, '.');
    if (ending)
        *ending = 0;
    return name;
}

bool
moe__import_set_domains(MoeImport *import, GError **error)
{
    int n = import->options->n_domains;
    if (n > 1 && n != import->n_sources) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found %d domains for %d sources, expected one for all or one each (--domain)",
                    n, import->n_sources);
        return false;
    }
    import->domain = g_new(int, (gsize)import->files->len);
    for (guint i = 0; i < import->files->len; i++) {
        const MoeImportFile *file = &g_array_index(import->files, MoeImportFile, i);
        g_autofree char *name =
            n > 0 ? name_domain(file, import->options->domains[n == 1 ? 0 : file->source]) : NULL;
        import->domain[i] = name ? find_name(import, name) : -1;
    }
    return true;
}
