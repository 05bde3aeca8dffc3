/* SPDX-License-Identifier: MIT
 *
 * moescope plugins: the extensions that were found, and what became of them.
 */
#include "cmd.h"
#include "util.h"

#include <moescope/plugin.h>
#include <stdio.h>
#include <string.h>

enum { NAME, VERSION, BRINGS, FILE_NAME, COLUMNS };

static void
append(GString *text, const char *kind, const char *name)
{
    g_string_append_printf(text, "%s%s %s", text->len ? ", " : "", kind, name);
}

/* "score hash, moe.variant hash". (transfer full) */
static char *
brings(const MoePlugin *plugin)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < plugin->n_parts; i++)
        append(text, moe_place_name(plugin->parts[i]->place), plugin->parts[i]->name);
    for (int i = 0; i < plugin->n_presets; i++)
        append(text, plugin->presets[i].key, plugin->presets[i].name);
    if (plugin->add)
        g_string_append_printf(text, "%schecks, figures or metrics", text->len ? ", " : "");
    return g_string_free(text, FALSE);
}

/* The rows of the table, cell after cell. (transfer full) */
static GPtrArray *
cells(void)
{
    static const char *const head[COLUMNS] = {"name", "version", "brings", "file"};
    GPtrArray *cells = g_ptr_array_new_with_free_func(g_free);
    int n;
    const MoePluginStatus *const *status = moe_plugins_list(&n);
    for (int c = 0; c < COLUMNS; c++)
        g_ptr_array_add(cells, g_strdup(head[c]));
    for (int i = 0; i < n; i++) {
        const MoePlugin *plugin = status[i]->plugin;
        if (!plugin)
            continue;
        g_ptr_array_add(cells, g_strdup(plugin->name));
        g_ptr_array_add(cells, g_strdup(plugin->version));
        g_ptr_array_add(cells, brings(plugin));
        g_ptr_array_add(cells, g_strdup(status[i]->path));
    }
    return cells;
}

static void
print_table(void)
{
    g_autoptr(GPtrArray) cell = cells();
    int width[COLUMNS] = {0};
    for (guint i = 0; i < cell->len; i++)
        width[i % COLUMNS] = MAX(width[i % COLUMNS], (int)strlen(cell->pdata[i]));
    for (guint i = 0; i < cell->len; i++) {
        bool last = i % COLUMNS == FILE_NAME;
        printf("%-*s%s", last ? 0 : width[i % COLUMNS], (const char *)cell->pdata[i],
               last ? "\n" : "  ");
    }
}

static int
list_all(void)
{
    int n, refused = 0;
    const MoePluginStatus *const *status = moe_plugins_list(&n);
    g_auto(GStrv) folders = moe_plugin_folders();
    g_autofree char *where = g_strjoinv(", ", folders);
    for (int i = 0; i < n; i++)
        refused += status[i]->problem != NULL;
    if (n > refused)
        print_table();
    else
        printf("no plugins in %s\n", *where ? where : "MOESCOPE_PLUGIN_PATH, which is empty");
    for (int i = 0; i < n; i++)
        if (status[i]->problem)
            printf("refused: %s\n", status[i]->problem);
    return CMD_OK;
}

static int
check_one(const char *path)
{
    g_autoptr(GError) error = NULL;
    const MoePlugin *plugin = moe_plugin_load(path, &error);
    if (!plugin)
        return cmd_fail(error);
    g_autofree char *parts = brings(plugin);
    printf("%s %s: %s\n  %s\n", plugin->name, plugin->version, plugin->help, parts);
    return CMD_OK;
}

int
cmd_plugins(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "[FILE]",
        .about = "Lists the plugins that were found, or loads one file and says whether it fits.",
        .examples = "moescope plugins\n",
        .most = 1,
    };
    static const GOptionEntry no_options[] = {G_OPTION_ENTRY_NULL};
    int status;
    if (!cmd_options(&arguments, no_options, &argc, &argv, &status))
        return status;
    if (argc == 2)
        return check_one(argv[1]);
    moe_plugins_load();
    return list_all();
}
