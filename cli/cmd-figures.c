/* SPDX-License-Identifier: MIT
 *
 * moescope figures: the figures there are, what each needs, and its options.
 */
#include "cmd.h"
#include "util.h"

#include <moescope/figure.h>
#include <stdio.h>
#include <string.h>

/* What the figure is made of, in words. (transfer full) */
static char *
needs(const MoeFigure *figure)
{
    const char *input = "trace or summary";
    if (!(figure->common & MOE_FIGURE_STEPS))
        input = "trace of a run";
    else if (figure->tallies == 0)
        input = "trace";
    int least = MAX(figure->least_inputs, 1), most = MAX(figure->most_inputs, least);
    if (most == 1)
        return g_strdup(input);
    if (least == most)
        return g_strdup_printf("%s, %d of them", input, most);
    return g_strdup_printf("%s, up to %d of them", input, most);
}

static int
list(void)
{
    int n, name_width = 0, needs_width = 0;
    const MoeFigure *const *figures = moe_figures_list(&n);
    for (int i = 0; i < n; i++) {
        g_autofree char *input = needs(figures[i]);
        name_width = MAX(name_width, (int)strlen(figures[i]->name));
        needs_width = MAX(needs_width, (int)strlen(input));
    }
    for (int i = 0; i < n; i++) {
        g_autofree char *input = needs(figures[i]);
        printf("%-*s  %-*s  %s\n", name_width, figures[i]->name, needs_width, input,
               figures[i]->help);
    }
    return CMD_OK;
}

static void
print_option(const MoeField *field)
{
    bool set = field->fallback && *field->fallback;
    printf("  --set %s=%s\n        %s", field->name, set ? field->fallback : "…", field->help);
    if (field->choices)
        printf(" (%s)", field->choices);
    printf("\n");
}

static int
describe(const char *name)
{
    g_autoptr(GError) error = NULL;
    const MoeFigure *figure = moe_figures_find(name, &error);
    if (!figure)
        return cmd_fail(error);
    g_autofree char *input = needs(figure);
    printf("%s: %s\nneeds: %s\n\noptions of moescope plot %s, with their defaults:\n", figure->name,
           figure->help, input, figure->name);
    for (int i = 0; i < moe_figure_n_fields(figure); i++)
        print_option(moe_figure_field(figure, i));
    return CMD_OK;
}

int
cmd_figures(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "[FIGURE]",
        .about = "Lists the figures that plot draws: name, what it is made of, meaning. With "
                 "FIGURE: its options.",
        .examples = "moescope figures\n"
                    "moescope figures load\n",
        .most = 1,
    };
    static const GOptionEntry no_options[] = {G_OPTION_ENTRY_NULL};
    int status;
    if (!cmd_options(&arguments, no_options, &argc, &argv, &status))
        return status;
    return argc == 2 ? describe(argv[1]) : list();
}
