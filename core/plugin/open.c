/* SPDX-License-Identifier: MIT
 *
 * From a file to the constant that it exports. A constant of another interface number isn't read:
 * its layout is unknown.
 */
#include "plugin/plugin.h"

#include <dlfcn.h>
#include <string.h>

/* How far to look for the number of a plugin that was built for another interface. */
#define MOST_NUMBERS 1000

static const void *
constant(void *handle, int number)
{
    g_autofree char *name = g_strdup_printf("moe_plugin_abi_%d", number);
    return dlsym(handle, name);
}

/* The linker's complaint without the path, which the caller puts in front. */
static char *
linker_message(const char *path)
{
    const char *message = dlerror();
    g_autofree char *prefix = g_strconcat(path, ": ", NULL);
    if (!message)
        return g_strdup("unknown reason");
    return g_strdup(g_str_has_prefix(message, prefix) ? message + strlen(prefix) : message);
}

static void
explain_missing(void *handle, GError **error)
{
    for (int number = 0; number < MOST_NUMBERS; number++) {
        if (!constant(handle, number))
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "built for plugin interface %d, this library has interface %d", number,
                    MOE_PLUGIN_ABI);
        return;
    }
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "not a plugin: it exports no symbol moe_plugin_abi_%d", MOE_PLUGIN_ABI);
}

const MoePlugin *
moe__plugin_open(const char *path, void **handle, GError **error)
{
    /* A name without "/" would be searched for among the system's libraries. */
    g_autofree char *full = g_canonicalize_filename(path, NULL);
    if (!moe__plugin_is_whole(full, error))
        return NULL;
    *handle = dlopen(full, RTLD_NOW | RTLD_LOCAL);
    if (!*handle) {
        g_autofree char *message = linker_message(full);
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED, "not a plugin: %s", message);
        return NULL;
    }
    const MoePlugin *plugin = constant(*handle, MOE_PLUGIN_ABI);
    if (plugin)
        return plugin;
    explain_missing(*handle, error);
    dlclose(*handle);
    return NULL;
}
