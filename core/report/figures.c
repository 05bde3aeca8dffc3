/* SPDX-License-Identifier: MIT
 *
 * Figures of a report: by name and options, as `moescope plot` has them.
 */
#include "report/report.h"

#include <string.h>

#define THEME "report"

/* "figure load: g.npz has no domains; …" says to a reader of a report: "no domains; …". */
static char *
reason(const GError *error, const char *figure, const char *input)
{
    const char *text = error->message;
    g_autofree char *named = g_strdup_printf("figure %s: ", figure);
    g_autofree char *own = g_strdup_printf("%s: ", input);
    g_autofree char *has = g_strdup_printf("%s has ", input);
    g_autofree char *is = g_strdup_printf("%s is ", input);
    const char *const leads[] = {named, own, has, is};
    for (gsize i = 0; i < G_N_ELEMENTS(leads); i++)
        if (g_str_has_prefix(text, leads[i]))
            text += strlen(leads[i]);
    return g_strdup(text);
}

char *
moe__report_add_figure(MoeFigureInput *input, const char *what, MoeDocument *document)
{
    g_auto(GStrv) words = g_strsplit(what, " ", -1);
    g_autoptr(GError) error = NULL;
    const MoeFigure *figure = moe_figures_find(words[0], NULL);
    if (!figure)
        return g_strdup("");
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    bool good = true;
    for (char **word = words + 1; good && *word; word++)
        good = moe_figure_options_set(options, *word, &error);
    g_autoptr(MoeScene) scene = good ? moe_figure_build(figure, input, options, &error) : NULL;
    if (!scene || !moe_scene_set_theme(scene, THEME, &error))
        return reason(error, figure->name, moe_figure_input_name(input, 0));
    g_autofree char *name = g_strjoinv("-", words);
    for (char *c = name; *c; c++)
        if (!g_ascii_isalnum(*c))
            *c = '-';
    moe_document_figure(document, name, figure->title, g_steal_pointer(&scene));
    return NULL;
}
