/* SPDX-License-Identifier: MIT
 *
 * Values of a figure's options, checked against its table of fields.
 */
#include "base/fields.h"
#include "base/quote.h"

#include <moescope/figure.h>

struct MoeFigureOptions {
    const MoeFigure *figure;
    char **values; /* [n_fields], canonical */
};

MoeFigureOptions *
moe_figure_options_new(const MoeFigure *figure)
{
    MoeFigureOptions *options = g_new0(MoeFigureOptions, 1);
    options->figure = figure;
    options->values = g_new0(char *, figure->n_fields + 1);
    for (int i = 0; i < figure->n_fields; i++)
        options->values[i] = g_strdup(figure->fields[i].fallback);
    return options;
}

void
moe_figure_options_free(MoeFigureOptions *options)
{
    if (!options)
        return;
    g_strfreev(options->values);
    g_free(options);
}

static int
field_index(const MoeFigure *figure, const char *name)
{
    for (int i = 0; i < figure->n_fields; i++) {
        if (strcmp(figure->fields[i].name, name) == 0)
            return i;
    }
    return -1;
}

static void
set_unknown(const MoeFigure *figure, const char *name, GError **error)
{
    g_autofree const char **names = g_new0(const char *, figure->n_fields + 1);
    for (int i = 0; i < figure->n_fields; i++)
        names[i] = figure->fields[i].name;
    g_autofree char *known = g_strjoinv(", ", (char **)names), *found = moe__quote(name);
    g_set_error(error, MOE_ERROR, MOE_ERROR_RECIPE, "figure %s: no option %s; it has: %s",
                figure->name, found, known);
}

bool
moe_figure_options_set(MoeFigureOptions *options, const char *assignment, GError **error)
{
    const MoeFigure *figure = options->figure;
    const char *equals = strchr(assignment, '=');
    if (!equals) {
        g_autofree char *found = moe__quote(assignment);
        g_set_error(error, MOE_ERROR, MOE_ERROR_RECIPE, "figure %s: found %s, expected name=value",
                    figure->name, found);
        return false;
    }
    g_autofree char *name = g_strstrip(g_strndup(assignment, (gsize)(equals - assignment)));
    int i = field_index(figure, name);
    if (i < 0) {
        set_unknown(figure, name, error);
        return false;
    }
    char *canonical = moe__field_canonical(&figure->fields[i], equals + 1);
    if (!canonical) {
        g_autofree char *expected = moe__field_expected(&figure->fields[i]);
        g_autofree char *found = moe__quote(equals + 1);
        g_set_error(error, MOE_ERROR, MOE_ERROR_RECIPE, "figure %s: %s: found %s, expected %s",
                    figure->name, name, found, expected);
        return false;
    }
    g_free(options->values[i]);
    options->values[i] = canonical;
    return true;
}

const char *
moe_figure_options_text(const MoeFigureOptions *options, const char *name)
{
    int i = field_index(options->figure, name);
    if (i < 0)
        g_error("figure %s has no option %s", options->figure->name, name);
    return options->values[i];
}

double
moe_figure_options_real(const MoeFigureOptions *options, const char *name)
{
    return g_ascii_strtod(moe_figure_options_text(options, name), NULL);
}

bool
moe_figure_options_bool(const MoeFigureOptions *options, const char *name)
{
    return strcmp(moe_figure_options_text(options, name), "true") == 0;
}

int
moe_figure_options_choice(const MoeFigureOptions *options, const char *name)
{
    const char *value = moe_figure_options_text(options, name);
    g_auto(GStrv) choices =
        moe__field_choices(&options->figure->fields[field_index(options->figure, name)]);
    for (int i = 0; choices[i]; i++) {
        if (strcmp(choices[i], value) == 0)
            return i;
    }
    return -1;
}
