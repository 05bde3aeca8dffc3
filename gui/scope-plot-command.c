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

/* Imports the document first, where another program wrote it. */
static void
add_import(GString *command, ScopeDocument *document)
{
    g_autofree char *import = scope_document_import_command(document);
    if (import)
        g_string_append_printf(command, "%s && ", import);
}

static void
add_document(GString *command, ScopeDocument *document)
{
    g_autofree char *word = scope_document_word(document);
    g_string_append_printf(command, " %s", word);
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
    add_import(command, document);
    if (other)
        add_import(command, other);
    g_string_append(command, "moescope plot");
    add_word(command, figure->name);
    add_document(command, document);
    if (other)
        add_document(command, other);
    for (; *settings; settings++)
        if (!is_default(figure, *settings)) {
            g_string_append(command, " --set");
            add_word(command, *settings);
        }
    if (filter && *filter && scope_document_filters(figure)) {
        g_string_append(command, " --where");
        add_word(command, filter);
    }
    return g_string_free(command, FALSE);
}
