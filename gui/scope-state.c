/* SPDX-License-Identifier: MIT
 *
 * The file is read anew before every change, since another window may be another process, and
 * replaced as a whole.
 */
#include "scope-state.h"

#include <glib/gstdio.h>

#define GROUP       "window"
#define RECENT      "recent"
#define MOST_RECENT 10

static char *
file_name(void)
{
    return g_build_filename(g_get_user_config_dir(), "moescope", "gui.ini", NULL);
}

static GKeyFile *
load(void)
{
    g_autofree char *path = file_name();
    GKeyFile *keys = g_key_file_new();
    g_key_file_load_from_file(keys, path, G_KEY_FILE_NONE, NULL); /* not there: empty */
    return keys;
}

/* A disk that is full, or a home that can't be written, is no reason to bother anyone. */
static void
save(GKeyFile *keys)
{
    g_autofree char *path = file_name(), *folder = g_path_get_dirname(path);
    g_mkdir_with_parents(folder, 0700);
    g_key_file_save_to_file(keys, path, NULL);
}

int
scope_state_get_int(const char *name, int fallback)
{
    g_autoptr(GKeyFile) keys = load();
    g_autoptr(GError) error = NULL;
    int value = g_key_file_get_integer(keys, GROUP, name, &error);
    return error ? fallback : value;
}

void
scope_state_set_int(const char *name, int value)
{
    g_autoptr(GKeyFile) keys = load();
    g_key_file_set_integer(keys, GROUP, name, value);
    save(keys);
}

char *
scope_state_get_text(const char *name, const char *fallback)
{
    g_autoptr(GKeyFile) keys = load();
    char *value = g_key_file_get_string(keys, GROUP, name, NULL);
    return value ? value : g_strdup(fallback);
}

void
scope_state_set_text(const char *name, const char *value)
{
    g_autoptr(GKeyFile) keys = load();
    g_key_file_set_string(keys, GROUP, name, value);
    save(keys);
}

/* --- Files ------------------------------------------------------------------------------------*/

char **
scope_state_recent(void)
{
    g_autoptr(GKeyFile) keys = load();
    g_auto(GStrv) all = g_key_file_get_string_list(keys, RECENT, "files", NULL, NULL);
    g_autoptr(GStrvBuilder) there = g_strv_builder_new();
    for (char **path = all; path && *path; path++)
        if (g_file_test(*path, G_FILE_TEST_EXISTS))
            g_strv_builder_add(there, *path);
    return g_strv_builder_end(there);
}

void
scope_state_add_recent(const char *path)
{
    g_autoptr(GKeyFile) keys = load();
    g_auto(GStrv) before = g_key_file_get_string_list(keys, RECENT, "files", NULL, NULL);
    const char *files[MOST_RECENT] = {path};
    gsize n = 1;
    for (char **other = before; other && *other && n < MOST_RECENT; other++)
        if (!g_str_equal(*other, path))
            files[n++] = *other;
    g_key_file_set_string_list(keys, RECENT, "files", files, n);
    save(keys);
}
