/* SPDX-License-Identifier: MIT
 *
 * Values of a figure's options, checked against its table of fields.
 */
#include "base/fields.h"
#include "base/quote.h"

#include <moescope/figure.h>

struct MoeFigureOptions {
    const MoeFigure *figure;
    char **values; /* [moe_figure_n_fields()], canonical */
};

/* In the order of the bits of MoeFigureCommon. */
enum { LAYERS = 0, STEPS = 2, EXPERTS = 4 };

static const MoeField common[] = {
    {.name = "layers",
     .type = MOE_FIELD_STRING,
     .fallback = "",
     .help = "only these layers, as 0,4-7; empty: all"},
    {.name = "domains",
     .type = MOE_FIELD_STRING,
     .fallback = "",
     .help = "only these domains, separated by commas; empty: all"},
    {.name = "steps",
     .type = MOE_FIELD_STRING,
     .fallback = "last",
     .help = "which snapshots count, where a trace has several: last, all, or a step's number"},
    {.name = "caption",
     .type = MOE_FIELD_BOOL,
     .fallback = "true",
     .help = "say below the figure what it shows, over how many tokens"},
    {.name = "experts",
     .type = MOE_FIELD_STRING,
     .fallback = "",
     .help = "only these experts, as 0,4-7; empty: all"},
    {.name = "domains",
     .type = MOE_FIELD_STRING,
     .fallback = "",
     .help = "of this domain alone; empty: all tokens"},
};

/* The common field of that number, counted over those that the figure has. */
static const MoeField *
common_field(const MoeFigure *figure, int i)
{
    for (gsize bit = 0; bit < G_N_ELEMENTS(common); bit++)
        if (figure->common & 1u << bit && i-- == 0)
            return &common[bit];
    return NULL;
}

int
moe_figure_n_fields(const MoeFigure *figure)
{
    int n = figure->n_fields;
    while (common_field(figure, n - figure->n_fields))
        n++;
    return n;
}

const MoeField *
moe_figure_field(const MoeFigure *figure, int i)
{
    return i < figure->n_fields ? &figure->fields[i] : common_field(figure, i - figure->n_fields);
}

MoeFigureOptions *
moe_figure_options_new(const MoeFigure *figure)
{
    int n = moe_figure_n_fields(figure);
    MoeFigureOptions *options = g_new0(MoeFigureOptions, 1);
    options->figure = figure;
    options->values = g_new0(char *, n + 1);
    for (int i = 0; i < n; i++)
        options->values[i] = g_strdup(moe_figure_field(figure, i)->fallback);
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
    for (int i = 0; i < moe_figure_n_fields(figure); i++)
        if (strcmp(moe_figure_field(figure, i)->name, name) == 0)
            return i;
    return -1;
}

/* Figures of one layer or expert call it so, others layers and experts: both take either name. */
static int
option_index(const MoeFigure *figure, const char *name)
{
    static const char *const alike[][2] = {{"layer", "layers"}, {"expert", "experts"}};
    int found = field_index(figure, name);
    for (gsize i = 0; found < 0 && i < G_N_ELEMENTS(alike); i++)
        for (int one = 0; one < 2 && found < 0; one++)
            if (strcmp(name, alike[i][one]) == 0)
                found = field_index(figure, alike[i][1 - one]);
    return found;
}

bool
moe_figure_options_has(const MoeFigureOptions *options, const char *name)
{
    return field_index(options->figure, name) >= 0;
}

static void
set_unknown(const MoeFigure *figure, const char *name, GError **error)
{
    int n = moe_figure_n_fields(figure);
    g_autofree const char **names = g_new0(const char *, n + 1);
    for (int i = 0; i < n; i++)
        names[i] = moe_figure_field(figure, i)->name;
    g_autofree char *known = g_strjoinv(", ", (char **)names), *found = moe__quote(name);
    g_set_error(error, MOE_ERROR, MOE_ERROR_RECIPE, "figure %s: no option %s; it has: %s",
                figure->name, found, known);
}

/* --- What the common options take -------------------------------------------------------------*/

/* "4" or "4-7". */
static bool
range_parse(const char *text, int *first, int *last)
{
    char *end;
    gint64 low = g_ascii_strtoll(text, &end, 10), high = low;
    if (end == text || low < 0 || low > G_MAXINT)
        return false;
    if (*end == '-') {
        const char *second = end + 1;
        high = g_ascii_strtoll(second, &end, 10);
        if (end == second || high < low || high > G_MAXINT)
            return false;
    }
    *first = (int)low;
    *last = (int)high;
    return *end == 0;
}

static bool
ranges_valid(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    int first, last;
    for (int i = 0; parts[i]; i++)
        if (!range_parse(g_strstrip(parts[i]), &first, &last))
            return false;
    return true;
}

static bool
steps_valid(const char *text)
{
    int first, last;
    return strcmp(text, "last") == 0 || strcmp(text, "all") == 0 ||
           (range_parse(text, &first, &last) && !strchr(text, '-'));
}

/* What is wrong with a common option's text, as what would be right; NULL: nothing. */
static const char *
common_expected(const MoeField *field, const char *text)
{
    if (field == &common[LAYERS] && !ranges_valid(text))
        return "numbers of layers and ranges of them, as 0,4-7";
    if (field == &common[EXPERTS] && !ranges_valid(text))
        return "numbers of experts and ranges of them, as 0,4-7";
    if (field == &common[STEPS] && !steps_valid(text))
        return "last, all or the number of a step";
    return NULL;
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
    int i = option_index(figure, name);
    if (i < 0) {
        set_unknown(figure, name, error);
        return false;
    }
    const MoeField *field = moe_figure_field(figure, i);
    g_autofree char *canonical = moe__field_canonical(field, equals + 1);
    const char *common_wants = canonical ? common_expected(field, canonical) : NULL;
    if (!canonical || common_wants) {
        g_autofree char *expected =
            common_wants ? g_strdup(common_wants) : moe__field_expected(field);
        g_autofree char *found = moe__quote(equals + 1);
        g_set_error(error, MOE_ERROR, MOE_ERROR_RECIPE, "figure %s: %s: found %s, expected %s",
                    figure->name, name, found, expected);
        return false;
    }
    g_free(options->values[i]);
    options->values[i] = g_steal_pointer(&canonical);
    return true;
}

/* Whether the ranges of the option hold the number; an option that is empty, or that the figure
 * hasn't got, holds all. */
static bool
ranges_hold(const MoeFigureOptions *options, const char *option, int number)
{
    int i = field_index(options->figure, option), first, last;
    const char *text = i < 0 ? "" : options->values[i];
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    for (int part = 0; parts[part]; part++)
        if (range_parse(g_strstrip(parts[part]), &first, &last) && first <= number &&
            number <= last)
            return true;
    return *text == 0;
}

bool
moe_figure_options_layer(const MoeFigureOptions *options, int layer)
{
    return ranges_hold(options, "layers", layer);
}

bool
moe_figure_options_expert(const MoeFigureOptions *options, int expert)
{
    return ranges_hold(options, "experts", expert);
}

bool
moe_figure_options_domain(const MoeFigureOptions *options, const char *domain)
{
    const char *text = moe_figure_options_text(options, "domains");
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    for (int i = 0; parts[i]; i++)
        if (strcmp(g_strstrip(parts[i]), domain) == 0)
            return true;
    return *text == 0;
}

MoeSteps
moe_figure_options_steps(const MoeFigureOptions *options, int32_t *step)
{
    const char *text = moe_figure_options_text(options, "steps");
    if (strcmp(text, "last") == 0)
        return MOE_STEPS_LAST;
    if (strcmp(text, "all") == 0)
        return MOE_STEPS_ALL;
    *step = (int32_t)g_ascii_strtoll(text, NULL, 10);
    return MOE_STEPS_ONE;
}

/* --- Values -----------------------------------------------------------------------------------*/

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
        moe__field_choices(moe_figure_field(options->figure, field_index(options->figure, name)));
    for (int i = 0; choices[i]; i++) {
        if (strcmp(choices[i], value) == 0)
            return i;
    }
    return -1;
}
