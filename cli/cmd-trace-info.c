/* SPDX-License-Identifier: MIT
 *
 * moescope trace info: what takes how much room in a trace.
 */
#include "cmd.h"
#include "json.h"
#include "progress.h"
#include "source.h"
#include "trace-options.h"
#include "util.h"

#include <math.h>
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
print_entropy(const MoeTraceEntropy *entropy)
{
    double all = entropy->id_by_column + (entropy->gates > 0 ? entropy->gate_by_column : 0);
    printf("entropy           %.3f bits an id by its frequency, %.3f by that in its router and "
           "slot\n",
           entropy->id, entropy->id_by_column);
    if (entropy->gates > 0)
        printf(
            "                  %.3f bits a gate by its frequency, %.3f by that in its router and "
            "slot\n",
            entropy->gate, entropy->gate_by_column);
    printf("                  %.3f bytes a pick, by router and slot\n", all / 8);
}

/* `entropy` may be NULL. */
static void
print_info(const char *path, const MoeTrace *trace, const MoeTraceSizes *sizes,
           const MoeTraceEntropy *entropy)
{
    printf("trace             %s%s\n", path,
           moe_trace_complete(trace)
               ? ""
               : " (not finished: up to its last whole chunk; if it isn't being "
                 "written any more, moescope trace repair closes it)");
    printf("tokens            %" G_GINT64_FORMAT " in %d chunks, %d routers, %d domains\n",
           moe_trace_tokens(trace, -1), moe_trace_chunks(trace), moe_trace_routers(trace),
           moe_trace_domains(trace));
    printf("decisions         %" G_GINT64_FORMAT ": %.3f bytes each, %.3f with all that is in the "
           "file\n",
           sizes->decisions, bytes_a_decision(sizes, true), bytes_a_decision(sizes, false));
    if (entropy)
        print_entropy(entropy);
    printf("file              %" G_GUINT64_FORMAT " bytes, %d members of %" G_GUINT64_FORMAT
           " bytes, compressed %.2f times\n",
           sizes->file, sizes->members, sizes->bytes, ratio(sizes->bytes, sizes->packed));
    print_kinds(sizes);
    int n;
    const char *const *attached = moe_trace_attachments(trace, &n);
    if (n > 0)
        printf("\nattached          %d arrays:", n);
    /* By tally: a summary has some arrays for each router. */
    for (int i = 0; i < n; i++) {
        size_t length = strcspn(attached[i], "/");
        if (i == 0 || strncmp(attached[i], attached[i - 1], length + 1) != 0)
            printf(" %.*s", (int)length, attached[i]);
    }
    if (n > 0)
        putchar('\n');
}

static void
json_entropy(GString *json, const MoeTraceEntropy *entropy)
{
    json_open(json, "entropy_bits", '{');
    json_int(json, "picks", entropy->picks);
    json_real(json, "id", entropy->id);
    json_real(json, "id_by_column", entropy->id_by_column);
    json_int(json, "gates", entropy->gates);
    json_real(json, "gate", entropy->gates > 0 ? entropy->gate : (double)NAN);
    json_real(json, "gate_by_column", entropy->gates > 0 ? entropy->gate_by_column : (double)NAN);
    json_close(json, '}');
}

static void
print_json(const char *path, const MoeTrace *trace, const MoeTraceSizes *sizes,
           const MoeTraceEntropy *entropy)
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
    if (entropy)
        json_entropy(json, entropy);
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
                 "of all columns of picks. --entropy sets beside it what ids and gates would take "
                 "if each was coded by how often it occurs and by nothing else, with one table for "
                 "all or one for each router and slot: zero-order entropy, for which all picks are "
                 "read.",
        .examples = "moescope trace info first.npz --entropy\n",
        .least = 1,
        .most = 1,
    };
    gboolean json = FALSE, entropy = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "as JSON", NULL},
        {"entropy", 0, 0, G_OPTION_ARG_NONE, &entropy, "zero-order entropy of ids and gates", NULL},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status))
        return status;
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = cmd_trace_open(argv[1], &error);
    g_auto(MoeTraceSizes) sizes = {0};
    MoeTraceEntropy found;
    if (!trace || !moe_trace_sizes(trace, &sizes, &error))
        return cmd_fail(error);
    if (entropy) {
        bool ok = moe_trace_entropy(trace, &found, cmd_progress_begin(), &error);
        status = trace_end(ok, error); /* which is set by now */
        if (status != CMD_OK)
            return status;
    }
    (json ? print_json : print_info)(argv[1], trace, &sizes, entropy ? &found : NULL);
    return CMD_OK;
}
