/* SPDX-License-Identifier: MIT
 *
 * moescope plot: figures of a trace.
 */
#include "cmd.h"
#include "util.h"

#include <moescope/figure.h>
#include <stdio.h>

typedef struct {
    char **set;
    char *out, *data, *theme, *where;
    double dpi;
} Options;

static void
options_clear(Options *o)
{
    g_strfreev(o->set);
    g_free(o->out);
    g_free(o->data);
    g_free(o->theme);
    g_free(o->where);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static int
list_figures(void)
{
    int n;
    const MoeFigure *const *figures = moe_figures_list(&n);
    for (int i = 0; i < n; i++) {
        printf("%s: %s\n", figures[i]->name, figures[i]->help);
        for (int j = 0; j < moe_figure_n_fields(figures[i]); j++) {
            const MoeField *field = moe_figure_field(figures[i], j);
            printf("    --set %s=%s  %s%s%s%s\n", field->name, field->fallback, field->help,
                   field->choices ? " (" : "", field->choices ? field->choices : "",
                   field->choices ? ")" : "");
        }
    }
    return CMD_OK;
}

static bool
choose_tokens(const MoeFigure *figure, MoeFigureInput *input, const char *where, GError **error)
{
    g_autoptr(MoeTokenFilter) filter = moe_token_filter_parse(where, error);
    if (!filter)
        return false;
    moe_figure_input_set_filter(input, filter);
    if (figure->common & MOE_FIGURE_STEPS)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure %s is of a run, not of tokens; --where can't choose from it", figure->name);
    return false;
}

static MoeScene *
build(const Options *o, const MoeFigure *figure, char **paths, GError **error)
{
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    for (char **set = o->set; set && *set; set++)
        if (!moe_figure_options_set(options, *set, error))
            return NULL;
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    for (; *paths; paths++)
        if (!moe_figure_input_open(input, *paths, NULL, error))
            return NULL;
    if (o->where && !choose_tokens(figure, input, o->where, error))
        return NULL;
    g_autoptr(MoeScene) scene = moe_figure_build(figure, input, options, error);
    if (scene && o->theme && !moe_scene_set_theme(scene, o->theme, error))
        return NULL;
    return g_steal_pointer(&scene);
}

static int
run(const Options *o, const char *name, char **paths)
{
    g_autoptr(GError) error = NULL;
    const MoeFigure *figure = moe_figures_find(name, &error);
    if (!figure)
        return cmd_fail(error);
    g_autoptr(MoeScene) scene = build(o, figure, paths, &error);
    if (!scene || (o->out && !moe_scene_save(scene, o->out, o->dpi, &error)))
        return cmd_fail(error);
    g_autofree char *csv = o->data ? moe_scene_to_csv(scene) : NULL;
    if (csv && !g_file_set_contents(o->data, csv, -1, &error))
        return cmd_fail(error);
    return CMD_OK;
}

int
cmd_plot(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "[FIGURE TRACE…]",
        .about = "Draws FIGURE of TRACE (a trace, a run's folder or a summary; several where the "
                 "figure compares) as PNG, SVG or PDF. Without arguments: the figures and their "
                 "options.",
        .most = -1,
    };
    g_auto(Options) o = {0};
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, "the picture: .png, .svg or .pdf", "FILE"},
        {"data", 0, 0, G_OPTION_ARG_FILENAME, &o.data, "the numbers behind it, as CSV", "FILE"},
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &o.set,
         "an option of the figure; may be repeated", "NAME=VALUE"},
        {"where", 'w', 0, G_OPTION_ARG_STRING, &o.where, CMD_WHERE, "WORDS"},
        {"theme", 0, 0, G_OPTION_ARG_STRING, &o.theme,
         "paper-column | paper-full | acl-column | acl-full | icml-full | slide | screen | dark "
         "(default: paper-full)",
         "NAME"},
        {"dpi", 0, 0, G_OPTION_ARG_DOUBLE, &o.dpi, "dots an inch of a PNG", "N"},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status))
        return status;
    if (argc == 1)
        return list_figures();
    if (argc == 2)
        return cmd_usage("found FIGURE but no TRACE");
    if (!o.out && !o.data)
        return cmd_usage("found no --out, expected the name of the picture to write");
    if (!(o.dpi >= 0 && o.dpi <= 2400))
        return cmd_usage("found --dpi %g, expected up to 2400, or 0 for the theme's own", o.dpi);
    return run(&o, argv[1], argv + 2);
}
