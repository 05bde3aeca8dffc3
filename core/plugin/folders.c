/* SPDX-License-Identifier: MIT
 *
 * Where plugins are looked for when nobody says where.
 */
#include "plugin/plugin.h"

#include <dlfcn.h>

/* A build folder is this many folders up at most: build/core/libmoescope.so, build/tests/unit/x. */
#define MOST_UP 3

/* The folder of the file that this code was loaded from, or NULL. */
static char *
own_folder(void)
{
    static const char here = 0;
    Dl_info info;
    if (!dladdr(&here, &info) || !info.dli_fname)
        return NULL;
    g_autofree char *file = g_canonicalize_filename(info.dli_fname, NULL);
    return g_path_get_dirname(file);
}

/* `plugins` of the build folder that `folder` lies in, or NULL. */
static char *
build_plugins(const char *folder)
{
    g_autofree char *up = g_strdup(folder);
    for (int i = 0; i < MOST_UP; i++) {
        g_autofree char *ninja = g_build_filename(up, "build.ninja", NULL);
        if (g_file_test(ninja, G_FILE_TEST_EXISTS))
            return g_build_filename(up, "plugins", NULL);
        char *parent = g_path_get_dirname(up);
        g_free(up);
        up = parent;
    }
    return NULL;
}

/* Beside the library, wherever an installed tree has been moved to; else where it was to go. */
static char *
installed_plugins(const char *folder)
{
    char *beside = g_build_filename(folder, "moescope", "plugins", NULL);
    if (g_file_test(beside, G_FILE_TEST_IS_DIR))
        return beside;
    g_free(beside);
    return g_strdup(MOE_PLUGIN_FOLDER);
}

char **
moe_plugin_folders(void)
{
    const char *given = g_getenv("MOESCOPE_PLUGIN_PATH");
    g_autoptr(GPtrArray) folders = g_ptr_array_new();
    if (given) {
        g_auto(GStrv) names = g_strsplit(given, ":", -1);
        for (char **name = names; *name; name++)
            if (**name)
                g_ptr_array_add(folders, g_strdup(*name));
    } else {
        g_autofree char *own = own_folder();
        char *folder = own ? build_plugins(own) : NULL;
        g_ptr_array_add(folders, folder ? folder : installed_plugins(own ? own : "/"));
    }
    g_ptr_array_add(folders, NULL);
    return (char **)g_ptr_array_steal(folders, NULL);
}
