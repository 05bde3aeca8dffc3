/* SPDX-License-Identifier: MIT
 *
 * moescope trace synth: a made-up trace.
 */
#include "cmd.h"
#include "progress.h"
#include "trace-options.h"
#include "util.h"

#include <stdio.h>

int
trace_synth(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "",
        .about =
            "Writes a trace of made-up decisions whose statistics are known: k experts drawn "
            "without replacement, weights by Zipf's law in an order of each router's own, "
            "mixed with an order of each domain's own, and repeated from token to token. "
            "meta.json has what is expected: load, load by domain, repetition, gates. Chunks "
            "end where a document ends, at or behind --chunk-tokens. The same seed gives the same "
            "decisions, on any number of threads.",
        .examples = "moescope trace synth --tokens 20000 --document-tokens 100 --out made.npz\n",
        .most = 0,
    };
    TraceOutput o = {.compression = 0};
    gboolean no_gates = FALSE;
    int threads = 0;
    gint64 seed = 0, tokens = 65536;
    MoeTraceSynth s = {.routers = 4,
                       .experts = 64,
                       .k = 8,
                       .domains = 4,
                       .skew = 0.8,
                       .specialisation = 0.3,
                       .repetition = 0.2};
    const GOptionEntry entries[] = {
        {"tokens", 't', 0, G_OPTION_ARG_INT64, &tokens, "tokens (default: 65536)", "N"},
        {"routers", 'r', 0, G_OPTION_ARG_INT, &s.routers, "routers (default: 4)", "N"},
        {"experts", 'e', 0, G_OPTION_ARG_INT, &s.experts, "experts a router (default: 64)", "N"},
        {"k", 'k', 0, G_OPTION_ARG_INT, &s.k, "picks a token (default: 8)", "N"},
        {"domains", 'd', 0, G_OPTION_ARG_INT, &s.domains, "domains, in turn (default: 4)", "N"},
        {"skew", 0, 0, G_OPTION_ARG_DOUBLE, &s.skew, "exponent of Zipf's law (default: 0.8)", "X"},
        {"specialisation", 0, 0, G_OPTION_ARG_DOUBLE, &s.specialisation,
         "share of a weight that is the domain's own (default: 0.3)", "P"},
        {"repetition", 0, 0, G_OPTION_ARG_DOUBLE, &s.repetition,
         "chance to pick as the token before (default: 0.2)", "P"},
        {"document-tokens", 0, 0, G_OPTION_ARG_INT, &s.document_tokens,
         "tokens a document (default: 512)", "N"},
        {"vocabulary", 0, 0, G_OPTION_ARG_INT, &s.vocabulary, "token ids (default: 32768)", "N"},
        {"no-gates", 0, 0, G_OPTION_ARG_NONE, &no_gates, "leave out the gates", NULL},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "of the random numbers (default: 0)", "N"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &threads, "threads (default: all)", "N"},
        TRACE_OUTPUT_ENTRIES(o, "0 (stored) … 9 (default: 0)"),
        G_OPTION_ENTRY_NULL,
    };
    int status;
    MoeTraceOutput output;
    bool parsed = cmd_options(&arguments, entries, &argc, &argv, &status) &&
                  cmd_set_threads(threads, &status) && trace_output(&o, true, &output, &status);
    g_autofree char *out = o.out;
    if (!parsed)
        return status;
    s.tokens = tokens;
    s.seed = (uint64_t)seed;
    s.gates = !no_gates;
    g_autoptr(GError) error = NULL;
    bool ok = moe_trace_synth(out, &s, &output, cmd_progress_begin(), &error);
    status = trace_end(ok, error);
    if (ok)
        printf("%s: %" G_GINT64_FORMAT " tokens, %d routers, %" G_GINT64_FORMAT " decisions\n", out,
               s.tokens, s.routers, s.tokens * s.routers * s.k);
    return status;
}
