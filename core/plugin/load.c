/* SPDX-License-Identifier: MIT
 *
 * Loads plugins, and remembers what became of each file. A plugin that was taken in stays for as
 * long as the process.
 */
#include "plugin/plugin.h"

#include <dlfcn.h>
#include <string.h>

static GPtrArray *tried; /* MoePluginStatus */

static void
remember(const char *path, const MoePlugin *plugin, const GError *error)
{
    MoePluginStatus *status = g_new0(MoePluginStatus, 1);
    status->path = g_strdup(path);
    status->plugin = plugin;
    status->problem = error ? g_strdup(error->message) : NULL;
    if (!tried)
        tried = g_ptr_array_new();
    g_ptr_array_add(tried, status);
}

static bool
is_loaded(const MoePlugin *plugin)
{
    for (guint i = 0; tried && i < tried->len; i++)
        if (((const MoePluginStatus *)tried->pdata[i])->plugin == plugin)
            return true;
    return false;
}

/* Two plugins of one name couldn't be told apart in what is said of them. */
static bool
name_is_free(const MoePlugin *plugin, GError **error)
{
    for (guint i = 0; tried && i < tried->len; i++) {
        const MoePluginStatus *status = tried->pdata[i];
        if (!status->plugin || strcmp(status->plugin->name, plugin->name) != 0)
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED, "plugin %s is loaded from %s already",
                    plugin->name, status->path);
        return false;
    }
    return true;
}

static bool
fits(const MoePlugin *plugin, GError **error)
{
    return moe__plugin_check_description(plugin, error) && name_is_free(plugin, error) &&
           moe__plugin_check(plugin, error);
}

/* Opens, checks and registers; *again: it was loaded already. */
static const MoePlugin *
take_in(const char *path, bool *again, GError **error)
{
    void *handle;
    const MoePlugin *plugin = moe__plugin_open(path, &handle, error);
    if (!plugin)
        return NULL;
    *again = is_loaded(plugin);
    if (!*again && !fits(plugin, error)) {
        dlclose(handle);
        return NULL;
    }
    if (*again)
        dlclose(handle); /* the first handle keeps it */
    else
        moe__plugin_register(plugin);
    return plugin;
}

const MoePlugin *
moe_plugin_load(const char *path, GError **error)
{
    g_autoptr(GError) problem = NULL;
    bool again = false;
    moe_init();
    const MoePlugin *plugin = take_in(path, &again, &problem);
    if (problem)
        g_prefix_error(&problem, "%s: ", path);
    if (!again)
        remember(path, plugin, problem);
    if (problem)
        g_propagate_error(error, g_steal_pointer(&problem));
    return plugin;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
is_plugin_name(const char *name)
{
    return g_str_has_prefix(name, "moescope-") && g_str_has_suffix(name, ".so");
}

/* A folder that somebody named has to be there; one that nobody named may have no plugins. */
static void
miss_folder(const char *folder, const GError *reason)
{
    if (!g_getenv("MOESCOPE_PLUGIN_PATH"))
        return;
    g_autoptr(GError) error =
        g_error_new(MOE_ERROR, MOE_ERROR_DATA, "%s: named by MOESCOPE_PLUGIN_PATH, but %s", folder,
                    reason->message);
    remember(folder, NULL, error);
}

/* Names of the plugins of a folder, sorted. (transfer full) */
static GPtrArray *
plugins_of(const char *folder)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    if (!dir)
        miss_folder(folder, error);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)))
        if (is_plugin_name(name))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_name);
    return names;
}

static void
load_folder(const char *folder, GHashTable *loaded)
{
    g_autoptr(GPtrArray) names = plugins_of(folder);
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (!g_hash_table_contains(loaded, name) && moe_plugin_load(path, NULL))
            g_hash_table_add(loaded, g_strdup(name));
    }
}

void
moe_plugins_load(void)
{
    static bool done = false;
    if (done)
        return;
    done = true;
    moe_init();
    g_auto(GStrv) folders = moe_plugin_folders();
    g_autoptr(GHashTable) loaded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (char **folder = folders; *folder; folder++)
        load_folder(*folder, loaded);
}

const MoePluginStatus *const *
moe_plugins_list(int *n)
{
    *n = tried ? (int)tried->len : 0;
    return tried ? (const MoePluginStatus *const *)tried->pdata : NULL;
}
