/* SPDX-License-Identifier: MIT */
#include "model/run-files.h"

#include <glib/gstdio.h>

#define POSITIONS "positions.ini"

char *
moe__run_file(const char *dir, const char *name)
{
    return g_build_filename(dir, name, NULL);
}

char *
moe__run_checkpoint(const char *dir, int64_t step)
{
    g_autofree char *name = g_strdup_printf("%08" G_GINT64_FORMAT, step);
    return g_build_filename(dir, "checkpoints", name, NULL);
}

static int
ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

GArray *
moe__run_checkpoints(const char *dir)
{
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autofree char *path = moe__run_file(dir, "checkpoints");
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        guint64 step;
        /* Folders get their name when they are whole; anything else isn't a number. */
        if (!g_ascii_string_to_unsigned(name, 10, 0, G_MAXINT64, &step, NULL))
            continue;
        int64_t value = (int64_t)step;
        g_array_append_val(steps, value);
    }
    g_array_sort(steps, ascending);
    return steps;
}

void
moe__run_remove_folder(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_unlink(file);
    }
    g_rmdir(path);
}

/* Folders that a kill left half-written. */
static void
remove_parts(const char *dir)
{
    g_autofree char *path = moe__run_file(dir, "checkpoints");
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        if (!g_str_has_suffix(name, MOE_RUN_PART))
            continue;
        g_autofree char *part = g_build_filename(path, name, NULL);
        moe__run_remove_folder(part);
    }
}

void
moe__run_prune(const char *dir, int keep)
{
    remove_parts(dir);
    g_autoptr(GArray) steps = moe__run_checkpoints(dir);
    for (int i = 0; keep > 0 && i < (int)steps->len - keep; i++) {
        g_autofree char *path = moe__run_checkpoint(dir, g_array_index(steps, int64_t, i));
        moe__run_remove_folder(path);
    }
}

bool
moe__run_position_save(const char *dir, int64_t step, MoeRunPosition position, GError **error)
{
    g_autofree char *path = moe__run_file(dir, POSITIONS);
    g_autofree char *group = g_strdup_printf("%" G_GINT64_FORMAT, step);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL);
    g_key_file_set_int64(file, group, "trace", position.trace);
    g_key_file_set_int64(file, group, "metrics", position.metrics);
    gsize length;
    g_autofree char *text = g_key_file_to_data(file, &length, NULL);
    return moe_file_replace(path, text, length, error);
}

bool
moe__run_position_load(const char *dir, int64_t step, MoeRunPosition *position, GError **error)
{
    g_autofree char *path = moe__run_file(dir, POSITIONS);
    g_autofree char *group = g_strdup_printf("%" G_GINT64_FORMAT, step);
    g_autoptr(GKeyFile) file = g_key_file_new();
    GError *problem = NULL;
    if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &problem))
        position->trace = g_key_file_get_int64(file, group, "trace", &problem);
    if (!problem)
        position->metrics = g_key_file_get_int64(file, group, "metrics", &problem);
    if (!problem)
        return true;
    g_propagate_prefixed_error(error, problem, "%s: ", path);
    return false;
}
