/* SPDX-License-Identifier: MIT
 *
 * moescope trace verify and repair.
 */
#include "cmd.h"
#include "progress.h"
#include "trace-options.h"
#include "util.h"

#include <stdio.h>

/* --- verify -----------------------------------------------------------------------------------*/

static int
verify_one(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    if (!trace)
        return cmd_fail(error);
    g_auto(GStrv) problems = moe_trace_verify(trace, cmd_progress_begin(), &error);
    int status = trace_end(problems != NULL, error), n = 0;
    for (; problems && problems[n]; n++)
        cmd_say("%s", problems[n]);
    if (status != CMD_OK)
        return status;
    if (n == 0)
        printf("%s: sound, %" G_GINT64_FORMAT " tokens in %d chunks\n", path,
               moe_trace_tokens(trace, -1), moe_trace_chunks(trace));
    return n > 0 ? CMD_FAILED : CMD_OK;
}

int
trace_verify(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "TRACE…",
        .about = "Unpacks every member of traces and checks every CRC, type, shape and id, and "
                 "that they are finished. Says what is wrong; exit status 1 if anything is.",
        .examples = "moescope trace verify first.npz second.npz\n",
        .least = 1,
        .most = -1,
    };
    static const GOptionEntry no_options[] = {G_OPTION_ENTRY_NULL};
    int status;
    if (!cmd_options(&arguments, no_options, &argc, &argv, &status))
        return status;
    for (int i = 1; i < argc && status != CMD_INTERRUPTED; i++) {
        int found = verify_one(argv[i]);
        status = MAX(status, found);
    }
    return status;
}

/* --- repair -----------------------------------------------------------------------------------*/

static void
report(const char *path, const MoeTraceRepaired *result)
{
    if (!result->needed) {
        printf("%s: nothing to repair, %" G_GINT64_FORMAT " tokens in %d chunks\n", path,
               result->tokens, result->chunks);
        return;
    }
    printf("%s: closed after %d chunks with %" G_GINT64_FORMAT
           " tokens; left out: %" G_GUINT64_FORMAT " bytes behind them",
           path, result->chunks, result->tokens, result->cut_bytes);
    if (result->damaged > 0)
        printf(", %d damaged chunk%s", result->damaged, result->damaged == 1 ? "" : "s");
    if (result->unclosed > 0)
        printf(" (%d without the member that closes it)", result->unclosed);
    if (result->damaged > 0)
        printf("; the chunks behind are numbered anew");
    printf("\n");
}

int
trace_repair(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "TRACE",
        .about = "Makes a complete trace of one that was cut off or damaged: all whole chunks that "
                 "verify, and a directory. Without --out the trace is replaced, when the new one "
                 "is written; one that is sound is left alone.",
        .examples = "moescope trace repair cut.npz --out mended.npz\n",
        .least = 1,
        .most = 1,
    };
    g_autofree char *out = NULL;
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "the new trace (a .npz file)", "FILE"},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    MoeTraceOutput output;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !trace_output(&(TraceOutput){.out = out}, false, &output, &status))
        return status;
    g_autoptr(GError) error = NULL;
    MoeTraceRepaired result;
    bool ok = moe_trace_repair(argv[1], out, &result, cmd_progress_begin(), &error);
    status = trace_end(ok, error);
    if (status == CMD_OK)
        report(out ? out : argv[1], &result);
    return status;
}
