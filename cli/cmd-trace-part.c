/* SPDX-License-Identifier: MIT
 *
 * moescope trace slice, sample, recompress and merge: traces made of traces.
 */
#include "cmd.h"
#include "progress.h"
#include "source.h"
#include "trace-options.h"
#include "util.h"

#include <stdio.h>

#define AS_SOURCE "0 (stored) … 9 (default: as the source, 1 if deflated)"

/* A copy of a trace that isn't finished looks finished. */
static void
warn_unfinished(const MoeTrace *trace, const char *path)
{
    if (!moe_trace_complete(trace))
        cmd_say("%s isn't finished or was cut off: its %d whole chunks are taken, and \"history\" "
                "of the new trace says that they weren't all",
                path, moe_trace_chunks(trace));
}

/* Writes the selection and says how much was kept. */
static int
write_part(const MoeTrace *trace, const char *source, const char *path,
           const MoeTraceSelection *selection, const MoeTraceOutput *output)
{
    g_autoptr(GError) error = NULL;
    int64_t kept;
    warn_unfinished(trace, source);
    bool ok = moe_trace_select(trace, path, selection, output, &kept, cmd_progress_begin(), &error);
    int status = trace_end(ok, error);
    if (ok)
        printf("%s: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " tokens\n", path, kept,
               moe_trace_tokens(trace, -1));
    return status;
}

/* --- slice ------------------------------------------------------------------------------------*/

typedef struct {
    TraceOutput output;
    char **tokens, **routers, **steps, **domains;
} Slice;

static void
slice_clear(Slice *o)
{
    g_free(o->output.out);
    g_strfreev(o->tokens);
    g_strfreev(o->routers);
    g_strfreev(o->steps);
    g_strfreev(o->domains);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Slice, slice_clear)

static int
run_slice(const Slice *o, const char *path, const MoeTraceOutput *output)
{
    g_autoptr(GError) error = NULL;
    g_autofree int *chosen = NULL;
    MoeTraceSelection selection = {.domains = (const char *const *)o->domains};
    const char *tokens, *routers, *steps;
    int64_t last;
    int status = CMD_OK;
    if (!trace_once(o->tokens, "tokens", &tokens, &status) ||
        !trace_once(o->routers, "routers", &routers, &status) ||
        !trace_once(o->steps, "steps", &steps, &status))
        return status;
    g_autoptr(MoeTrace) trace = cmd_trace_open(path, &error);
    if (!trace)
        return cmd_fail(error);
    if (routers) {
        selection.routers = chosen =
            trace_routers(routers, moe_trace_routers(trace), &selection.n_routers, &status);
        if (!chosen)
            return status;
    }
    if (tokens) {
        if (!trace_range("tokens", tokens, &selection.first_token, &last, &status))
            return status;
        selection.n_tokens = last == INT64_MAX ? 0 : last - selection.first_token + 1;
    }
    selection.by_step = steps != NULL;
    if (steps && !trace_range("steps", steps, &selection.first_step, &selection.last_step, &status))
        return status;
    return write_part(trace, path, o->output.out, &selection, output);
}

int
trace_slice(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "TRACE",
        .about = "Writes a part of a trace as a trace: what fits all that is asked for. State, "
                 "series and measures belong to the run, not to tokens: --routers and --steps "
                 "select among them, --tokens and --domain leave them whole.",
        .examples = "moescope trace slice first.npz --tokens 0-999 --out part.npz\n",
        .least = 1,
        .most = 1,
    };
    g_auto(Slice) o = {.output = {.compression = -1}};
    const GOptionEntry entries[] = {
        {"tokens", 't', 0, G_OPTION_ARG_STRING_ARRAY, &o.tokens, "tokens in file order, from 0",
         "FIRST-LAST"},
        {"domain", 'd', 0, G_OPTION_ARG_STRING_ARRAY, &o.domains,
         "tokens of a domain; may be repeated", "NAME"},
        {"routers", 'r', 0, G_OPTION_ARG_STRING_ARRAY, &o.routers, "routers, such as 0,2-4",
         "LIST"},
        {"steps", 's', 0, G_OPTION_ARG_STRING_ARRAY, &o.steps, "training steps", "FIRST-LAST"},
        TRACE_OUTPUT_ENTRIES(o.output, AS_SOURCE),
        G_OPTION_ENTRY_NULL,
    };
    int status;
    MoeTraceOutput output;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !trace_output(&o.output, true, &output, &status))
        return status;
    return run_slice(&o, argv[1], &output);
}

/* --- sample -----------------------------------------------------------------------------------*/

int
trace_sample(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "TRACE",
        .about = "Writes some of the documents of a trace as a trace: those whose number divides "
                 "by --every, or a share that --seed draws by the documents' numbers. State, "
                 "series and measures are kept whole.",
        .examples = "moescope trace sample first.npz --share 0.5 --seed 1 --out half.npz\n",
        .least = 1,
        .most = 1,
    };
    g_auto(Slice) o = {.output = {.compression = -1}};
    gint64 every = 0, seed = 0;
    double share = 0;
    const GOptionEntry entries[] = {
        {"every", 'n', 0, G_OPTION_ARG_INT64, &every, "every N-th document", "N"},
        {"share", 0, 0, G_OPTION_ARG_DOUBLE, &share, "about this share of the documents", "P"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "of --share (default: 0)", "N"},
        TRACE_OUTPUT_ENTRIES(o.output, AS_SOURCE),
        G_OPTION_ENTRY_NULL,
    };
    int status;
    MoeTraceOutput output;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !trace_output(&o.output, true, &output, &status))
        return status;
    if ((every != 0) == (share != 0))
        return cmd_usage("found %s of --every and --share, expected one",
                         every != 0 ? "both" : "none");
    if (every < 0 || !(share >= 0 && share <= 1))
        return cmd_usage("found --every %" G_GINT64_FORMAT " and --share %g, expected 1 or more, "
                         "or 0 … 1",
                         every, share);
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = cmd_trace_open(argv[1], &error);
    if (!trace)
        return cmd_fail(error);
    const MoeTraceSelection selection = {.every = every, .share = share, .seed = (uint64_t)seed};
    return write_part(trace, argv[1], o.output.out, &selection, &output);
}

/* --- recompress -------------------------------------------------------------------------------*/

/* NULL: as they are. */
static bool
parse_gates(const char *text, MoeType *type)
{
    static const char *const names[] = {"f2", "f4", "f8"};
    static const MoeType types[] = {MOE_F16, MOE_F32, MOE_F64};
    for (size_t i = 0; text && i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(text, names[i])) {
            *type = types[i];
            return true;
        }
    return text == NULL;
}

int
trace_recompress(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "TRACE",
        .about =
            "Writes a trace anew, packed or cut into chunks in another way; every value stays, "
            "but for gates that are to be kept with fewer bits. Without --out the trace is "
            "replaced, when the new one is written.",
        .examples = "moescope trace recompress first.npz --compression 9 --out small.npz\n",
        .least = 1,
        .most = 1,
    };
    g_auto(Slice) o = {.output = {.compression = 6}};
    g_autofree char *gates = NULL;
    const GOptionEntry entries[] = {
        {"gates", 0, 0, G_OPTION_ARG_STRING, &gates,
         "f2, f4 or f8: bytes a gate takes (default: as they are)", "TYPE"},
        TRACE_OUTPUT_ENTRIES(o.output, "0 (stored) … 9 (default: 6)"),
        G_OPTION_ENTRY_NULL,
    };
    int status;
    MoeTraceOutput output;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !trace_output(&o.output, false, &output, &status))
        return status;
    if (!parse_gates(gates, &output.gate_type))
        return cmd_usage("found --gates %s, expected f2, f4 or f8", gates);
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = cmd_trace_open(argv[1], &error);
    if (!trace)
        return cmd_fail(error);
    return write_part(trace, argv[1], o.output.out ? o.output.out : argv[1],
                      &(MoeTraceSelection){0}, &output);
}

/* --- merge ------------------------------------------------------------------------------------*/

static int
run_merge(char **paths, int n, const char *out, MoeTraceDocuments documents,
          const MoeTraceOutput *output)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) traces = g_ptr_array_new_with_free_func((GDestroyNotify)moe_trace_free);
    int64_t tokens = 0;
    for (int i = 0; i < n; i++) {
        MoeTrace *trace = cmd_trace_open(paths[i], &error);
        if (!trace)
            return cmd_fail(error);
        warn_unfinished(trace, paths[i]);
        g_ptr_array_add(traces, trace);
        tokens += moe_trace_tokens(trace, -1);
    }
    bool ok = moe_trace_merge((const MoeTrace *const *)traces->pdata, n, out, documents, output,
                              cmd_progress_begin(), &error);
    int status = trace_end(ok, error);
    if (ok)
        printf("%s: %" G_GINT64_FORMAT " tokens of %d traces\n", out, tokens, n);
    return status;
}

int
trace_merge(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "TRACE…",
        .about = "Joins traces of the same routers, one after another. Domains are matched by "
                 "name. Steps of state, series and measures that an earlier trace has come once. "
                 "--documents keep: the same number is the same document, as in parts of one "
                 "recording; shift: other texts, numbers go on where those before ended. Without "
                 "it, numbers that may clash are refused.",
        .examples =
            "moescope trace merge first.npz second.npz --documents shift --out joined.npz\n",
        .least = 1,
        .most = -1,
    };
    static const char *const names[] = {"distinct", "keep", "shift"};
    g_auto(Slice) o = {.output = {.compression = -1}};
    g_autofree char *documents = NULL;
    const GOptionEntry entries[] = {
        {"documents", 0, 0, G_OPTION_ARG_STRING, &documents,
         "distinct | keep | shift (default: distinct)", "HOW"},
        TRACE_OUTPUT_ENTRIES(o.output, AS_SOURCE),
        G_OPTION_ENTRY_NULL,
    };
    int status, how = 0;
    MoeTraceOutput output;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !trace_output(&o.output, true, &output, &status))
        return status;
    while (documents && how < 3 && !g_str_equal(documents, names[how]))
        how++;
    if (how == 3)
        return cmd_usage("found --documents %s, expected distinct, keep or shift", documents);
    return run_merge(argv + 1, argc - 1, o.output.out, (MoeTraceDocuments)how, &output);
}
