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
    char *out, *theme;
    double dpi;
} Options;

static void
options_clear(Options *o)
{
    g_strfreev(o->set);
    g_free(o->out);
    g_free(o->theme);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static int
list_figures(void)
{
    int n;
    const MoeFigure *const *figures = moe_figures_list(&n);
    for (int i = 0; i < n; i++) {
        printf("%s: %s\n", figures[i]->name, figures[i]->help);
        for (int j = 0; j < figures[i]->n_fields; j++) {
            const MoeField *field = &figures[i]->fields[j];
            printf("    --set %s=%s  %s%s%s%s\n", field->name, field->fallback, field->help,
                   field->choices ? " (" : "", field->choices ? field->choices : "",
                   field->choices ? ")" : "");
        }
    }
    return CMD_OK;
}

static MoeScene *
build_of_trace(const MoeFigure *figure, const MoeFigureOptions *options, const char *path,
               GError **error)
{
    g_autoptr(MoeTrace) trace = moe_trace_open(path, error);
    return trace ? figure->build(trace, options, error) : NULL;
}

/* A summary has the load; what else figures show stands in traces alone. */
static MoeScene *
build_of_summary(const MoeFigure *figure, const MoeFigureOptions *options, const char *path,
                 GError **error)
{
    g_autoptr(MoeSummary) summary = moe_summary_open(path, error);
    if (!summary)
        return NULL;
    if (g_str_equal(figure->name, "load"))
        return moe_figure_load(NULL, summary, options, error);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "%s: found a summary; of one, figure load can be drawn, but %s takes a trace", path,
                figure->name);
    return NULL;
}

static MoeScene *
build(const Options *o, const MoeFigure *figure, const char *path, GError **error)
{
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    for (char **set = o->set; set && *set; set++)
        if (!moe_figure_options_set(options, *set, error))
            return NULL;
    g_autoptr(MoeScene) scene = moe_summary_is(path)
                                    ? build_of_summary(figure, options, path, error)
                                    : build_of_trace(figure, options, path, error);
    if (scene && o->theme && !moe_scene_set_theme(scene, o->theme, error))
        return NULL;
    return g_steal_pointer(&scene);
}

static int
run(const Options *o, const char *name, const char *path)
{
    g_autoptr(GError) error = NULL;
    const MoeFigure *figure = moe_figures_find(name, &error);
    if (!figure)
        return cmd_fail(error);
    g_autoptr(MoeScene) scene = build(o, figure, path, &error);
    if (!scene || !moe_scene_save(scene, o->out, o->dpi, &error))
        return cmd_fail(error);
    return CMD_OK;
}

int
cmd_plot(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "[FIGURE TRACE|SUMMARY]",
        .about = "Draws FIGURE of TRACE (a trace, a run folder's trace.npz, or for the figure load "
                 "a summary) as PNG, SVG or PDF. "
                 "Without arguments: the figures and their options.",
        .most = 2,
    };
    g_auto(Options) o = {0};
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, "the picture: .png, .svg or .pdf", "FILE"},
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &o.set,
         "an option of the figure; may be repeated", "NAME=VALUE"},
        {"theme", 0, 0, G_OPTION_ARG_STRING, &o.theme,
         "paper-column | paper-full | screen | dark (default: paper-full)", "NAME"},
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
    if (!o.out)
        return cmd_usage("found no --out, expected the name of the picture to write");
    if (!(o.dpi >= 0 && o.dpi <= 2400))
        return cmd_usage("found --dpi %g, expected up to 2400, or 0 for the theme's own", o.dpi);
    return run(&o, argv[1], argv[2]);
}
