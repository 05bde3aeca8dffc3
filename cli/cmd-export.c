/* SPDX-License-Identifier: MIT
 *
 * moescope export: a trace or a summary as other tools take it.
 */
#include "cmd.h"
#include "progress.h"
#include "source.h"
#include "util.h"

#include <moescope/export.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char *out, *as;
    gboolean list;
    int top;
    double coverage;
} Options;

static void
options_clear(Options *o)
{
    g_free(o->out);
    g_free(o->as);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static int
list_exporters(void)
{
    int n, width = 0;
    moe_init();
    const MoeExporter *const *exporters = moe_exporters(&n);
    for (int i = 0; i < n; i++)
        width = MAX(width, (int)strlen(exporters[i]->name));
    for (int i = 0; i < n; i++)
        printf("%-*s  %s\n%-*s  (%s)\n", width, exporters[i]->name, exporters[i]->help, width, "",
               exporters[i]->reader);
    return CMD_OK;
}

static bool
export_trace(const char *path, const Options *o, const MoeExportOptions *options, GError **error)
{
    g_autoptr(MoeTrace) trace = cmd_trace_open(path, error);
    if (!trace)
        return false;
    bool good = moe_export(trace, o->out, o->as, options, cmd_progress_begin(), error);
    cmd_progress_end();
    if (good)
        printf("%s: %s, %" G_GINT64_FORMAT " tokens, %d routers\n", o->out, o->as,
               moe_trace_tokens(trace, -1), moe_trace_routers(trace));
    return good;
}

static bool
export_summary(const char *path, const Options *o, const MoeExportOptions *options, GError **error)
{
    g_autoptr(MoeSummary) summary = moe_summary_open(path, error);
    if (!summary || !moe_export_summary(summary, o->out, o->as, options, error))
        return false;
    printf("%s: %s of a summary, %" G_GINT64_FORMAT " tokens, %d routers\n", o->out, o->as,
           moe_summary_tokens_counted(summary), moe_summary_routers(summary));
    return true;
}

static int
run(const char *path, const Options *o)
{
    g_autoptr(GError) error = NULL;
    const MoeExportOptions options = {.top = o->top, .coverage = o->coverage};
    if ((moe_summary_is(path) ? export_summary : export_trace)(path, o, &options, &error))
        return CMD_OK;
    cmd_fail(error);
    return g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED) ? CMD_INTERRUPTED : CMD_FAILED;
}

/* What is wrong with the options; else CMD_OK. */
static int
check(const Options *o)
{
    bool keeps = o->as && g_str_has_suffix(o->as, "-list");
    if (!o->out)
        return cmd_usage("found no --out, expected the name of the file to write");
    if (!o->as)
        return cmd_usage("found no --as, expected a format (\"moescope export --list\")");
    if ((o->top || o->coverage != 0) && !keeps)
        return cmd_usage("found --top or --coverage, expected them with --as keep-list or "
                         "hot-list only");
    return CMD_OK;
}

int
cmd_export(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "TRACE",
        .about = "Writes a trace or a summary in a format of other tools: a table with a row for "
                 "each token and "
                 "layer, or what the placement of experts starts from.",
        .examples = "moescope export first.npz --as jsonl --out first.jsonl\n"
                    "moescope export first.npz --as eplb --out load.json\n",
        .most = 1,
    };
    g_auto(Options) o = {0};
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, "the file to write", "FILE"},
        {"as", 0, 0, G_OPTION_ARG_STRING, &o.as, "the format", "NAME"},
        {"list", 0, 0, G_OPTION_ARG_NONE, &o.list, "list the formats", NULL},
        {"top", 0, 0, G_OPTION_ARG_INT, &o.top,
         "keep-list: so many experts of each layer; hot-list: of all", "N"},
        {"coverage", 0, 0, G_OPTION_ARG_DOUBLE, &o.coverage,
         "keep-list, hot-list: as many as carry this share of the picks (0 … 1)", "SHARE"},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status))
        return status;
    if (o.list)
        return list_exporters();
    if (argc < 2)
        return cmd_usage("found no trace, expected TRACE");
    status = check(&o);
    return status == CMD_OK ? run(argv[1], &o) : status;
}
