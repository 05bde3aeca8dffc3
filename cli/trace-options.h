/* SPDX-License-Identifier: MIT
 *
 * trace-options.h: options that the commands of "moescope trace" share, and those commands.
 */
#ifndef CMD_TRACE_OPTIONS_H
#define CMD_TRACE_OPTIONS_H

#include <moescope/trace-tools.h>

int trace_info(int argc, char **argv);
int trace_verify(int argc, char **argv);
int trace_repair(int argc, char **argv);
int trace_cat(int argc, char **argv);
int trace_slice(int argc, char **argv);
int trace_sample(int argc, char **argv);
int trace_merge(int argc, char **argv);
int trace_recompress(int argc, char **argv);
int trace_synth(int argc, char **argv);

/* "A-B" (both included), "A-", "-B" or "A": numbers from 0. A missing end is 0 or INT64_MAX. On
 * anything else complains of --NAME, sets *status and returns false. */
bool trace_range(const char *name, const char *text, int64_t *first, int64_t *last, int *status);
/* The value of an option that may be given once, and would else silently be the last; NULL: it
 * wasn't given. */
bool trace_once(char **values, const char *name, const char **value, int *status);
/* "0,2-4" into ascending indices below `routers`. (transfer full) NULL as above. */
int *trace_routers(const char *text, int routers, int *n, int *status);

/* --out, --compression and --chunk-tokens, as GOption leaves them. */
typedef struct TraceOutput {
    char *out;
    int compression;
    gint64 chunk_tokens;
} TraceOutput;
#define TRACE_OUTPUT_ENTRIES(o, compression_text)                                            \
    {"out", 'o', 0, G_OPTION_ARG_FILENAME, &(o).out, "the new trace (a .npz file)", "FILE"}, \
        {"compression", 0, 0, G_OPTION_ARG_INT, &(o).compression, compression_text, "N"},    \
    {                                                                                        \
        "chunk-tokens", 0, 0, G_OPTION_ARG_INT64, &(o).chunk_tokens,                         \
            "tokens a chunk (default: 65536)", "N"                                           \
    }
/* Checks them. `needs_out`: --out has to be given. */
bool trace_output(const TraceOutput *options, bool needs_out, MoeTraceOutput *output, int *status);

/* The end of a command that took long: prints nothing and returns CMD_OK where `ok`, else complains
 * and returns what it should exit with. */
int trace_end(bool ok, const GError *error);

#endif
