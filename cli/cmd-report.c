/* SPDX-License-Identifier: MIT
 *
 * moescope report: reports of traces, runs and summaries, several at a time, and an index of them.
 */
#include "cmd.h"
#include "reports.h"
#include "util.h"

#include <stdio.h>

typedef struct {
    char *out;
    char **sections;
    ReportLook look;
    gboolean list;
    int replicates, threads;
    gint64 seed;
    double level;
} Options;

static void
options_clear(Options *o)
{
    g_free(o->out);
    g_strfreev(o->sections);
    cmd_report_look_clear(&o->look);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static int
list_sections(void)
{
    int n;
    const MoeReportSection *const *sections = moe_report_sections(&n);
    for (int i = 0; i < n; i++)
        printf("%-14s %s: %s\n", sections[i]->name, sections[i]->title, sections[i]->help);
    return CMD_OK;
}

static int
run(const Options *o, int n, char **paths)
{
    g_autofree char *sections = o->sections ? g_strjoinv(",", o->sections) : NULL;
    const MoeReportOptions options = {
        .sections = sections,
        .replicates = o->replicates,
        .level = o->level,
        .seed = (uint64_t)o->seed,
    };
    g_autoptr(GError) error = NULL;
    if (!moe_report_options_check(&options, &error))
        return cmd_usage("%s", error->message);
    return cmd_reports_write(o->out, &options, &o->look, n, paths);
}

int
cmd_report(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "TRACE|RUN|SUMMARY…",
        .about =
            "Writes a report of each trace, run's folder or summary into a folder: what it shows "
            "in words, whether the numbers can be trusted, where they come from, then figures "
            "and tables by section; as HTML (one file that needs no network), PDF, Markdown and "
            "JSON. Of several inputs also an index that sets them side by side.",
        .examples = "moescope report first.npz runs/second --out reports\n"
                    "moescope report first.npz --sections load,domains --formats html --out page\n",
        .most = -1,
    };
    g_auto(Options) o = {.replicates = 200, .level = 0.95};
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, "the folder to write into", "DIR"},
        {"sections", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.sections,
         "these (load,domains), or all but these (-text); may be repeated", "NAME,…"},
        {"list", 0, 0, G_OPTION_ARG_NONE, &o.list, "the sections there are", NULL},
        REPORT_LOOK_ENTRIES(o.look),
        {"replicates", 0, 0, G_OPTION_ARG_INT, &o.replicates,
         "times that documents are drawn anew for intervals (default: 200)", "N"},
        {"level", 0, 0, G_OPTION_ARG_DOUBLE, &o.level, "of the intervals (default: 0.95)", "P"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &o.seed, "of the drawing (default: 0)", "N"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &o.threads, "threads (default: all)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !cmd_set_threads(o.threads, &status) || !cmd_report_look_check(&o.look, &status))
        return status;
    if (o.list)
        return argc == 1 ? list_sections()
                         : cmd_usage("found --list with an input, expected either");
    if (argc == 1)
        return cmd_usage("found no trace, run or summary");
    if (!o.out)
        return cmd_usage("found no --out, expected the folder to write into");
    if (o.replicates < 20 || o.replicates > 100000)
        return cmd_usage("found --replicates %d, expected 20 … 100000", o.replicates);
    if (!(o.level >= 0.5 && o.level <= 0.999))
        return cmd_usage("found --level %g, expected 0.5 … 0.999", o.level);
    return run(&o, argc - 1, argv + 1);
}
