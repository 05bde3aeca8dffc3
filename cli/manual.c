/* SPDX-License-Identifier: MIT
 *
 * The manual page, in the language of man(7).
 */
#include "describe.h"

#include <moescope/figure.h>
#include <stdio.h>
#include <string.h>

/* Text of a paragraph: nothing in it means anything to roff. */
static void
print_text(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (const char *c = text; *c; c = g_utf8_next_char(c)) {
        gunichar letter = g_utf8_get_char(c);
        if (letter == '\\')
            fputs("\\e", stdout);
        else if (letter == '-')
            fputs("\\-", stdout);
        else if (letter == '\n' && (c[1] == '.' || c[1] == '\''))
            fputs("\n\\&", stdout);
        else if (letter < 128)
            putchar((int)letter);
        else
            printf("\\[u%04X]", letter);
    }
}

static void
print_bold(const char *text)
{
    fputs("\\fB", stdout);
    print_text(text);
    fputs("\\fR", stdout);
}

/* A macro's argument, in the quotes that it needs. */
static void
print_heading(const char *macro, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "\"", -1);
    g_autofree char *quoted = g_strjoinv("\\(dq", parts);
    printf(".%s \"", macro);
    for (char *c = quoted; *c; c++)
        fputs(*c == '-' ? "\\-" : (char[]){*c, '\0'}, stdout);
    printf("\"\n");
}

static void
print_option(const DescribedOption *option)
{
    puts(".TP");
    if (option->letter) {
        g_autofree char *letter = g_strdup_printf("-%c", option->letter);
        print_bold(letter);
        printf(", ");
    }
    g_autofree char *name = g_strdup_printf("--%s", option->name);
    print_bold(name);
    if (option->value) {
        fputs("=\\fI", stdout);
        print_text(option->value);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    print_text(option->help);
    putchar('\n');
}

static void
print_examples(const char *examples)
{
    if (!examples)
        return;
    puts(".PP\nExamples:\n.RS 4\n.nf");
    g_auto(GStrv) lines = g_strsplit(examples, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!**line)
            continue;
        print_text(*line);
        putchar('\n');
    }
    puts(".fi\n.RE");
}

static void
print_command(const Described *page)
{
    print_heading("SS", page->program);
    if (!page->table) {
        print_bold(page->program);
        printf(page->options->len > 0 ? " [\\fIOPTION\\fR\\[u2026]] " : " ");
        print_text(page->names);
        putchar('\n');
    }
    if (!page->table)
        puts(".PP");
    print_text(page->about);
    putchar('\n');
    for (guint i = 0; i < page->options->len; i++)
        print_option(&g_array_index(page->options, DescribedOption, i));
    print_examples(page->examples);
}

static void
print_figures(void)
{
    int n;
    const MoeFigure *const *figures = moe_figures_list(&n);
    puts(".SH FIGURES");
    for (int i = 0; i < n; i++) {
        puts(".TP");
        print_bold(figures[i]->name);
        putchar('\n');
        print_text(figures[i]->help);
        putchar('\n');
    }
}

static void
print_items(const char *heading, const char *const (*items)[2], size_t n)
{
    print_heading("SH", heading);
    for (size_t i = 0; i < n; i++) {
        puts(".TP");
        print_bold(items[i][0]);
        putchar('\n');
        print_text(items[i][1]);
        putchar('\n');
    }
}

static const char *const environment[][2] = {
    {"MOESCOPE_PLUGIN_PATH",
     "folders of plugins, separated by colons, instead of the installed one"},
    {"MOESCOPE_SAMPLES", "folder of the sample recipes and the corpus"},
    {"SOURCE_DATE_EPOCH", "the date that traces and reports state, in seconds since 1970"},
    {"OMP_NUM_THREADS", "threads, where --threads doesn't say"},
    {"GOMP_SPINCOUNT, OMP_WAIT_POLICY",
     "how threads wait; where neither is set, moescope keeps them from spinning for long"},
};

static const char *const files[][2] = {
    {"*.npz", "traces and summaries: zip archives of arrays, as numpy.load opens them"},
    {"*.ini", "recipes: what differs from the defaults, in groups"},
    {"RUN/trace.npz, RUN/checkpoints/", "what training leaves in the folder of a run"},
};

static const char *const statuses[][2] = {
    {"0", "all went well"},
    {"1", "something failed, or a check found something; a sentence on standard error says what"},
    {"2", "a mistake on the command line"},
    {"130", "stopped by Ctrl-C; what was made until then is whole"},
};

void
cmd_manual_print(const GPtrArray *pages)
{
    const Described *program = g_ptr_array_index(pages, 0);
    printf(".TH MOESCOPE 1 \"\" \"moescope %s\" \"User Commands\"\n", moe_version());
    puts(".SH NAME\nmoescope \\- show how Mixture\\-of\\-Experts models route\n.SH SYNOPSIS\n"
         "\\fBmoescope\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR\\[u2026]] [\\fIARGUMENT\\fR\\[u2026]]\n"
         ".br\n\\fBmoescope\\fR \\fB\\-\\-version\\fR\n.SH DESCRIPTION");
    print_text(program->about);
    puts(" It trains small models, records which expert gets which token, or imports what other "
         "tools recorded, measures, draws and reports it.\n.SH COMMANDS");
    for (guint i = 1; i < pages->len; i++)
        print_command(g_ptr_array_index(pages, i));
    print_figures();
    print_items("ENVIRONMENT", environment, G_N_ELEMENTS(environment));
    print_items("FILES", files, G_N_ELEMENTS(files));
    print_items("EXIT STATUS", statuses, G_N_ELEMENTS(statuses));
    puts(".SH SEE ALSO\n.BR moescope\\-gui (1)");
}
