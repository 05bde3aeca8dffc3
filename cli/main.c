/* SPDX-License-Identifier: MIT
 *
 * moescope on the command line. One command is one file, cmd-NAME.c, and one row of this table.
 */
#include "cmd.h"
#include "util.h"

#include <errno.h>
#include <locale.h>
#include <moescope/plugin.h>
#include <stdio.h>
#include <string.h>

static const Command commands[] = {
    {"demo", cmd_demo, "train two small models, record and plot their routing"},
    {"train", cmd_train, "train a model from a recipe"},
    {"record", cmd_record, "record a model's routing over text"},
    {"import", cmd_import, "turn what other tools recorded into a trace"},
    {"export", cmd_export, "write a trace as other tools take it"},
    {"tokens", cmd_tokens,
     "list tokens with the text around them: an expert's, or those of a search"},
    {"check", cmd_check, "tell whether a trace can be trusted, and clean it"},
    {"metrics", cmd_metrics, "measure routing, with intervals, beside what chance would show"},
    {"summary", cmd_summary, "count traces once, into a small file"},
    {"merge", cmd_merge, "add summaries of parts"},
    {"compare", cmd_compare, "hold two routings of the same tokens against each other"},
    {"plot", cmd_plot, "draw a figure of a trace"},
    {"report", cmd_report,
     "write reports: words, tables and figures, as HTML, PDF, Markdown, JSON"},
    {"gui", cmd_gui, "open files in the desktop app"},
    {"info", cmd_info, "describe a model, a run or a trace"},
    {"trace", cmd_trace, "look into, check, mend, cut, join and make up traces"},
    {"recipe", cmd_recipe, "list presets and keys, show and check recipes"},
    {"plugins", cmd_plugins, "list extensions, or check one"},
    {NULL, NULL, NULL},
};

static const CommandTable table = {
    .program = "moescope",
    .about = "Shows how Mixture-of-Experts models route.",
    .commands = commands,
};

static int
print_version(void)
{
    g_autofree char *engine = moe_engine_description();
    printf("moescope %s\n%s\n", moe_version(), engine);
    return CMD_OK;
}

/* A full disk or a closed descriptor shows only when the last bytes are written. */
static int
flush_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "moescope: standard output can't be written: %s\n", g_strerror(errno));
    return CMD_FAILED;
}

/* A plugin that is refused is said so and left out: the others go on. The command that looks at
 * plugins loads them itself, and tells more. */
static void
load_plugins(int argc, char **argv)
{
    int n;
    if (argc > 1 && strcmp(argv[1], "plugins") == 0)
        return;
    moe_plugins_load();
    const MoePluginStatus *const *status = moe_plugins_list(&n);
    for (int i = 0; i < n; i++)
        if (status[i]->problem)
            cmd_say("plugin left out: %s", status[i]->problem);
}

/* Whether a command computes for so long that bounding the spinning of its threads is worth
 * starting the program once more. */
static bool
computes(const char *name)
{
    static const char *const brief[] = {"figures", "plot", "info", "recipe", "plugins", NULL};
    return name && *name != '-' && !g_strv_contains(brief, name);
}

int
main(int argc, char **argv)
{
    if (computes(argv[1]))
        moe_bound_spinning(argv);
    moe_keep_memory();
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* numbers go to files and pipes: one way to write them */
    moe_init();
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return flush_output(print_version());
    load_plugins(argc, argv);
    return flush_output(cmd_dispatch(&table, argc, argv));
}
