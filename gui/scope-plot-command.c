/* SPDX-License-Identifier: MIT
 *
 * The command that makes the very figure that is shown.
 */
#include "scope-plot-command.h"

#include <string.h>

/* A word of the command, in quotes where the shell would read it otherwise. */
static void
add_word(GString *command, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_@%+=:,./-";
    g_autofree char *quoted = g_shell_quote(word);
    bool bare = *word && word[strspn(word, plain)] == 0;
    g_string_append_printf(command, " %s", bare ? word : quoted);
}

/* A name may look like an option. */
static void
add_path(GString *command, const char *path)
{
    g_autofree char *there = g_strconcat(*path == '-' ? "./" : "", path, NULL);
    add_word(command, there);
}

/* The file that an import writes, in the folder where one stands. (transfer full) */
static char *
imported_name(ScopeDocument *document)
{
    g_autofree char *stem = g_strdup(scope_document_name(document));
    char *dot = strrchr(stem, '.');
    if (dot && dot > stem)
        *dot = 0;
    return g_strconcat(stem, "-trace.npz", NULL);
}

/* Imports the document where that is needed; the file to plot. (transfer full) */
static char *
add_import(GString *command, ScopeDocument *document)
{
    if (!scope_document_imported(document))
        return g_strdup(scope_document_path(document));
    char *name = imported_name(document);
    g_string_append(command, "moescope import");
    add_path(command, scope_document_path(document));
    g_string_append(command, " -o");
    add_path(command, name);
    g_string_append(command, " && ");
    return name;
}

static bool
is_default(const MoeFigure *figure, const char *setting)
{
    for (int i = 0; i < moe_figure_n_fields(figure); i++) {
        const MoeField *field = moe_figure_field(figure, i);
        g_autofree char *anyway = g_strdup_printf("%s=%s", field->name, field->fallback);
        if (g_str_equal(setting, anyway))
            return true;
    }
    return false;
}

char *
scope_plot_command(ScopeDocument *document, const MoeFigure *figure, const char *const *settings,
                   const char *filter)
{
    GString *command = g_string_new(NULL);
    ScopeDocument *other = figure->most_inputs > 1 ? scope_document_get_other(document) : NULL;
    g_autofree char *path = add_import(command, document);
    g_autofree char *beside = other ? add_import(command, other) : NULL;
    g_string_append(command, "moescope plot");
    add_word(command, figure->name);
    add_path(command, path);
    if (beside)
        add_path(command, beside);
    for (; *settings; settings++)
        if (!is_default(figure, *settings)) {
            g_string_append(command, " --set");
            add_word(command, *settings);
        }
    /* Figures of a run, not of tokens, take no filter. */
    if (filter && *filter && figure->common & MOE_FIGURE_STEPS) {
        g_string_append(command, " --where");
        add_word(command, filter);
    }
    return g_string_free(command, FALSE);
}
