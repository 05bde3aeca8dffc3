/* SPDX-License-Identifier: MIT
 *
 * moescope summary: what traces' routers did, as sums in a small file.
 */
#include "cmd.h"
#include "summaries.h"
#include "util.h"

#include <stdio.h>

typedef struct {
    char **with;
    char *out, *steps;
    gboolean tokens, attach, no_check;
    int threads;
} Options;

static void
options_clear(Options *o)
{
    g_strfreev(o->with);
    g_free(o->out);
    g_free(o->steps);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static int
sum_up(const CmdSourceOptions *options, const char *out, int n, char **paths)
{
    g_autoptr(GError) error = NULL;
    g_auto(CmdSum) sum = cmd_sum();
    for (int i = 0; i < n; i++) {
        g_auto(CmdSource) source = {0};
        if (!cmd_source_open(&source, paths[i], options, &error) ||
            !cmd_sum_add(&sum, &source, &error))
            return cmd_source_fail(error);
    }
    return cmd_sum_write(&sum, out);
}

static int
attach(unsigned tallies, int n, char **paths)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) checked = cmd_checked_new();
    for (int i = 0; i < n; i++) {
        if (!cmd_summary_attach(paths[i], tallies, checked, &error))
            return cmd_source_fail(error);
        printf("%s: its summary is in it\n", paths[i]);
    }
    return CMD_OK;
}

/* CMD_OK, or what a complaint returns. */
static int
check(const Options *o)
{
    if (!o->out == !o->attach)
        return cmd_usage(o->out ? "found --out with --attach, expected either"
                                : "found no --out, expected the name of the summary to write");
    if (o->out && !g_str_has_suffix(o->out, ".npz"))
        return cmd_usage("found --out %s, expected a name that ends with .npz", o->out);
    if (o->steps && !g_str_equal(o->steps, "last") && !g_str_equal(o->steps, "all"))
        return cmd_usage("found --steps %s, expected last or all", o->steps);
    if (o->attach && (o->steps || o->tokens || o->no_check))
        return cmd_usage("found --steps, --tokens or --no-check with --attach, expected it alone: "
                         "a trace brings along the summary of all its tokens");
    return CMD_OK;
}

int
cmd_summary(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "TRACE|SUMMARY…",
        .about = "Counts traces once and writes the sums, with what the checker found: metrics, "
                 "info and plots take such a file like a trace. Summaries of parts are added up; "
                 "that of the whole is the same.",
        .examples = "moescope summary first.npz --out first.sum.npz\n"
                    "moescope summary first.npz second.npz --with pairs,flow --out both.sum.npz\n",
        .least = 1,
        .most = -1,
    };
    g_auto(Options) o = {0};
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, "the summary (a .npz file)", "FILE"},
        {"with", 'w', 0, G_OPTION_ARG_STRING_ARRAY, &o.with,
         "beside the load: order, pairs, adjacent, flow, places, heads, scores, caches, documents, "
         "ranks, tokens, or all (default: order, pairs, flow, heads, scores, tokens)",
         "NAME,…"},
        {"tokens", 0, 0, G_OPTION_ARG_NONE, &o.tokens,
         "keep the tables by token id, so that they can be added (of several traces they are kept)",
         NULL},
        {"steps", 0, 0, G_OPTION_ARG_STRING, &o.steps,
         "of a trace over training: its last step, or all together (default: last)", "last|all"},
        {"attach", 0, 0, G_OPTION_ARG_NONE, &o.attach,
         "write it into the trace, which then opens at once", NULL},
        {"no-check", 0, 0, G_OPTION_ARG_NONE, &o.no_check, "don't check the traces", NULL},
        {"threads", 0, 0, G_OPTION_ARG_INT, &o.threads, "threads (default: all)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    unsigned tallies;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !cmd_set_threads(o.threads, &status))
        return status;
    status = check(&o);
    if (status != CMD_OK || !cmd_tallies_parse(o.with, &tallies))
        return CMD_USAGE;
    if (o.attach)
        return attach(tallies, argc - 1, argv + 1);
    const CmdSourceOptions options = {
        .steps = o.steps && g_str_equal(o.steps, "all") ? MOE_STEPS_ALL : MOE_STEPS_LAST,
        .tallies = tallies | (o.tokens ? MOE_TALLY_TOKENS : 0u),
        .keep_tokens = o.tokens || argc > 2, /* else there is nothing to add */
        .check = !o.no_check,
    };
    return sum_up(&options, o.out, argc - 1, argv + 1);
}
