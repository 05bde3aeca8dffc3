/* SPDX-License-Identifier: MIT
 *
 * Rows of routers, found by their names.
 */
#include "figure/router-rows.h"

#include <moescope/safetensors.h>
#include <string.h>

#define ENDING       ".safetensors"
#define MOST_EXPERTS 2048
/* Of one layer; real ones have a few millions. */
#define MOST_VALUES (1 << 28)

static bool
is_file(const char *path)
{
    return g_str_has_suffix(path, ENDING) && g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Files of weights, by name; the state of the optimiser isn't one. (transfer full) */
static GPtrArray *
files_of(const char *path)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    if (is_file(path))
        g_ptr_array_add(files, g_strdup(path));
    g_autoptr(GDir) folder = files->len ? NULL : g_dir_open(path, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        if (is_file(file) && !g_str_has_prefix(name, "optimizer"))
            g_ptr_array_add(files, g_steal_pointer(&file));
    }
    g_ptr_array_sort(files, by_name);
    return files;
}

bool
moe__router_rows_is(const char *path)
{
    g_autoptr(GPtrArray) files = files_of(path);
    return files->len > 0;
}

/* --- Names ------------------------------------------------------------------------------------*/

static bool
is_one_of(const char *name, const char *const *names)
{
    return g_strv_contains(names, name);
}

/* "model.layers.3.mlp.gate.weight": the last parts tell, but for those of experts' own gates. */
static bool
names_router(char **parts, guint n)
{
    static const char *const routers[] = {"gate", "router", "wg", NULL};
    static const char *const inner[] = {"layer", "classifier", "linear", "wg", NULL};
    if (n < 3 || strcmp(parts[n - 1], "weight") != 0 ||
        g_strv_contains((const char *const *)parts, "experts"))
        return false;
    if (is_one_of(parts[n - 2], inner) && is_one_of(parts[n - 3], routers))
        return true;
    return is_one_of(parts[n - 2], routers);
}

static bool
names_embedding(char **parts, guint n)
{
    return n >= 3 && strcmp(parts[n - 1], "embedding") == 0 &&
           strcmp(parts[n - 2], "hyper_expert") == 0;
}

/* The first whole number among the parts is the layer; -1: there is none. */
static int
layer_of(char **parts)
{
    for (; *parts; parts++) {
        char *end;
        gint64 layer = g_ascii_strtoll(*parts, &end, 10);
        if (**parts && !*end && layer >= 0 && layer <= G_MAXINT)
            return (int)layer;
    }
    return -1;
}

/* --- Reading ----------------------------------------------------------------------------------*/

static void
rows_clear(gpointer data)
{
    g_free(((RouterRows *)data)->rows);
}

static bool
read_file(GArray *all, const char *path, RowsKind kind, GError **error)
{
    g_autoptr(MoeSafetensors) file = moe_safetensors_open(path, error);
    for (int i = 0; file && i < moe_safetensors_count(file); i++) {
        const MoeStored *stored = moe_safetensors_get(file, i);
        g_auto(GStrv) parts = g_strsplit(stored->name, ".", -1);
        guint n = g_strv_length(parts);
        bool wanted = kind == ROWS_ROUTER ? names_router(parts, n) : names_embedding(parts, n);
        if (!wanted || layer_of(parts) < 0 || stored->ndim != 2 || stored->shape[0] < 2 ||
            stored->shape[0] > MOST_EXPERTS || stored->count == 0 || stored->count > MOST_VALUES)
            continue;
        RouterRows rows = {layer_of(parts), (int)stored->shape[0], (int)stored->shape[1],
                           g_new(float, (gsize)stored->count)};
        g_array_append_val(all, rows);
        if (!moe_stored_read_floats(stored, rows.rows, error))
            return false;
    }
    return file != NULL;
}

static int
by_layer(const void *a, const void *b)
{
    return ((const RouterRows *)a)->layer - ((const RouterRows *)b)->layer;
}

GArray *
moe__router_rows_read(const char *path, RowsKind kind, GError **error)
{
    g_autoptr(GPtrArray) files = files_of(path);
    GArray *all = g_array_new(FALSE, FALSE, sizeof(RouterRows));
    g_array_set_clear_func(all, rows_clear);
    for (guint i = 0; i < files->len; i++)
        if (!read_file(all, files->pdata[i], kind, error)) {
            g_array_unref(all);
            return NULL;
        }
    g_array_sort(all, by_layer);
    return all;
}
