/* SPDX-License-Identifier: MIT
 *
 * plugin.h: extensions as shared objects.
 *
 * A plugin is one shared object that exports one constant, whose symbol bears the number of the
 * interface that it was built for:
 *
 *   #include <moescope/plugin.h>
 *   MOE_PLUGIN = {
 *       .struct_size = sizeof(MoePlugin),
 *       .name = "hash", .version = "1.0", .help = "hash layers",
 *       .parts = parts, .n_parts = G_N_ELEMENTS(parts),
 *   };
 *
 * built with `cc -shared -fPIC hash.c -o moescope-hash.so $(pkg-config --cflags --libs moescope)`.
 * What it lists is registered through the same calls that the library's own parts go through, and
 * from then on stands in `moescope recipe`, in --help and in recipes like any of them. It is
 * checked whole before any of it is taken in.
 */
#ifndef MOESCOPE_PLUGIN_H
#define MOESCOPE_PLUGIN_H

#include <moescope/moe.h>

G_BEGIN_DECLS

/* The number of the interface: it changes whenever a struct that plugins fill changes. */
#define MOE_PLUGIN_ABI 4
#define MOE_PLUGIN     MOE_API const MoePlugin moe_plugin_abi_4

typedef struct MoePlugin {
    size_t struct_size; /* sizeof(MoePlugin) */
    const char *name;
    const char *version;
    const char *help;            /* one line */
    const MoePart *const *parts; /* [n_parts]; live for ever, as do all strings */
    int n_parts;
    const MoePreset *presets; /* [n_presets]; may set keys of the parts */
    int n_presets;
    /* NULL, or adds what has a list of its own: moe_checks_add(), moe_figures_add(),
     * moe_metrics_add(). Called once, when parts and presets are taken in. */
    void (*add)(void);
} MoePlugin;

/* What became of one file that was tried. */
typedef struct MoePluginStatus {
    char *path;
    const MoePlugin *plugin; /* NULL: refused */
    char *problem;           /* one sentence that names the file; NULL: loaded */
} MoePluginStatus;

/* The folders that moe_plugins_load() looks into, in this order, ended by NULL: those of
 * MOESCOPE_PLUGIN_PATH (separated by ":"; empty: none), or, where that isn't set, `plugins` of the
 * build folder that the library was started from, or `moescope/plugins` beside the installed one.
 * (transfer full) */
MOE_API char **moe_plugin_folders(void);
/* Loads every plugin (moescope-*.so) of these folders, files of a folder in the order of their
 * names; one whose file name was loaded from an earlier folder is left out. A plugin that doesn't
 * fit is refused as a whole, with the reason, and the others go on. Calls moe_init(); further calls
 * do nothing. Call it before the first recipe is made. */
MOE_API void moe_plugins_load(void);
/* Every file that was tried, by moe_plugins_load() or moe_plugin_load(), in order; a folder of
 * MOESCOPE_PLUGIN_PATH that can't be read counts as one. (transfer none) */
MOE_API const MoePluginStatus *const *moe_plugins_list(int *n);
/* Loads one file; one that is loaded already is returned as it is. Fails with
 * MOE_ERROR_UNSUPPORTED: not a plugin, another interface (which, and which is expected), a part,
 * key or preset that is refused. Nothing of it is registered then. (transfer none) */
MOE_API const MoePlugin *moe_plugin_load(const char *path, GError **error);

G_END_DECLS

#endif
