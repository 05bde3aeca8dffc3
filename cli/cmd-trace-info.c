/* SPDX-License-Identifier: MIT
 *
 * moescope trace info: what takes how much room in a trace.
 */
#include "cmd.h"
#include "json.h"
#include "trace-options.h"
#include "util.h"

#include <stdio.h>

static double
ratio(uint64_t bytes, uint64_t of)
{
    return of > 0 ? (double)bytes / (double)of : 0;
}

/* Bytes in the file that decisions take, picks alone or all of it. */
static double
bytes_a_decision(const MoeTraceSizes *sizes, bool picks)
{
    uint64_t bytes = picks ? 0 : sizes->file;
    for (int i = 0; picks && i < sizes->n_kinds; i++)
        if (g_str_has_prefix(sizes->kinds[i].kind, "picks/"))
            bytes += sizes->kinds[i].packed;
    return ratio(bytes, (uint64_t)sizes->decisions);
}

static void
print_kinds(const MoeTraceSizes *sizes)
{
    printf("\n%-16s %8s %14s %14s %7s %12s\n", "members", "count", "bytes", "in the file", "ratio",
           "a decision");
    for (int i = 0; i < sizes->n_kinds; i++) {
        const MoeTraceSize *kind = &sizes->kinds[i];
        printf("%-16s %8d %14" G_GUINT64_FORMAT " %14" G_GUINT64_FORMAT " %7.2f %12.4f\n",
               kind->kind, kind->members, kind->bytes, kind->packed,
               ratio(kind->bytes, kind->packed), ratio(kind->packed, (uint64_t)sizes->decisions));
    }
}

static void
print_info(const char *path, const MoeTrace *trace, const MoeTraceSizes *sizes)
{
    printf("trace             %s%s\n", path,
           moe_trace_complete(trace) ? "" : " (not finished: up to its last whole chunk)");
    printf("tokens            %" G_GINT64_FORMAT " in %d chunks, %d routers, %d domains\n",
           moe_trace_tokens(trace, -1), moe_trace_chunks(trace), moe_trace_routers(trace),
           moe_trace_domains(trace));
    printf("decisions         %" G_GINT64_FORMAT ": %.3f bytes each, %.3f with all that is in the "
           "file\n",
           sizes->decisions, bytes_a_decision(sizes, true), bytes_a_decision(sizes, false));
    printf("file              %" G_GUINT64_FORMAT " bytes, %d members of %" G_GUINT64_FORMAT
           " bytes, compressed %.2f times\n",
           sizes->file, sizes->members, sizes->bytes, ratio(sizes->bytes, sizes->packed));
    print_kinds(sizes);
    int n;
    const char *const *attached = moe_trace_attachments(trace, &n);
    for (int i = 0; i < n; i++)
        printf("%s%s%s", i > 0 ? ", " : "\nattached          ", attached[i], i + 1 < n ? "" : "\n");
}

static void
print_json(const char *path, const MoeTrace *trace, const MoeTraceSizes *sizes)
{
    GString *json = g_string_new(NULL);
    json_open(json, NULL, '{');
    json_text(json, "trace", path);
    json_bool(json, "complete", moe_trace_complete(trace));
    json_int(json, "tokens", moe_trace_tokens(trace, -1));
    json_int(json, "chunks", moe_trace_chunks(trace));
    json_int(json, "routers", moe_trace_routers(trace));
    json_int(json, "decisions", sizes->decisions);
    json_int(json, "file_bytes", (gint64)sizes->file);
    json_real(json, "bytes_a_decision", bytes_a_decision(sizes, true));
    int n;
    const char *const *attached = moe_trace_attachments(trace, &n);
    json_open(json, "attached", '[');
    for (int i = 0; i < n; i++)
        json_text(json, NULL, attached[i]);
    json_close(json, ']');
    json_open(json, "members", '[');
    for (int i = 0; i < sizes->n_kinds; i++) {
        json_open(json, NULL, '{');
        json_text(json, "kind", sizes->kinds[i].kind);
        json_int(json, "count", sizes->kinds[i].members);
        json_int(json, "bytes", (gint64)sizes->kinds[i].bytes);
        json_int(json, "packed", (gint64)sizes->kinds[i].packed);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
    json_print(json);
}

int
trace_info(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "TRACE",
        .about = "Says what is in a trace, how it is packed, and what a decision takes: its share "
                 "of all columns of picks.",
        .least = 1,
        .most = 1,
    };
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "as JSON", NULL},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status))
        return status;
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = moe_trace_open(argv[1], &error);
    g_auto(MoeTraceSizes) sizes = {0};
    if (!trace || !moe_trace_sizes(trace, &sizes, &error))
        return cmd_fail(error);
    if (json)
        print_json(argv[1], trace, &sizes);
    else
        print_info(argv[1], trace, &sizes);
    return CMD_OK;
}
