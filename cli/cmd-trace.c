/* SPDX-License-Identifier: MIT
 *
 * moescope trace: what is done with whole traces.
 */
#include "cmd.h"
#include "trace-options.h"

int
cmd_trace(int argc, char **argv)
{
    static const Command commands[] = {
        {"info", trace_info, "members, sizes, bytes a decision"},
        {"verify", trace_verify, "check every byte of traces"},
        {"repair", trace_repair, "close a trace that was cut off"},
        {"cat", trace_cat, "tokens and picks as text or CSV"},
        {"slice", trace_slice, "some tokens, domains, routers or steps"},
        {"sample", trace_sample, "some of the documents"},
        {"merge", trace_merge, "traces of the same routers as one"},
        {"recompress", trace_recompress, "the same, packed or cut into chunks in another way"},
        {"synth", trace_synth, "a made-up trace with known statistics"},
        {NULL, NULL, NULL},
    };
    static const CommandTable table = {
        .program = "moescope trace",
        .about = "Looks into traces, checks and mends them, cuts and joins them, makes them up.",
        .commands = commands,
    };
    return cmd_dispatch(&table, argc, argv);
}
