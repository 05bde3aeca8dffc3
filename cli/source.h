/* SPDX-License-Identifier: MIT
 *
 * source.h: what is measured: a trace, or a summary that was made of traces.
 */
#ifndef CMD_SOURCE_H
#define CMD_SOURCE_H

#include "against.h"

typedef struct CmdSource {
    char *path;
    char *where;     /* of which tokens, in words; NULL: all */
    MoeTrace *trace; /* NULL: the file is a summary */
    MoeSummary *summary;
    MoeComparison *comparison; /* NULL: it was held against nothing */
    GPtrArray *checked;        /* CmdChecked; empty: nobody has checked */
} CmdSource;

typedef struct CmdSourceOptions {
    MoeSteps steps; /* of traces; a summary has what it has */
    int32_t step;
    const MoeTokenFilter *filter; /* NULL: all tokens; a summary can't be filtered */
    unsigned tallies;             /* MoeTallies */
    bool keep_tokens;
    const CmdAgainst *against; /* NULL: nothing; `steps` is MOE_STEPS_LAST then, and it takes a
                                  trace */
    bool recount;              /* even where the trace brings along its summary */
    bool check;                /* what has no findings with it */
} CmdSourceOptions;

/* Opens a trace (or that of a run's folder) and counts it, or takes the summary that it brings
 * along; or opens a summary; with the progress line. Errors name the file. */
bool cmd_source_open(CmdSource *source, const char *path, const CmdSourceOptions *options,
                     GError **error);
void cmd_source_clear(CmdSource *source);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CmdSource, cmd_source_clear)

/* The trace that a path means: a run's folder has it in it. (transfer full) */
char *cmd_trace_path(const char *path);
/* Opens a trace that has something to read: one that ends before its first whole chunk, cut off or
 * only just begun, is an error that says so. (transfer full) */
MoeTrace *cmd_trace_open(const char *path, GError **error);

/* What the trace's, or the summary's, meta.json calls the model ("model", else "variant"); NULL
 * where it doesn't. (transfer full) */
char *cmd_source_model(const CmdSource *source);

/* What to return for a failure: CMD_INTERRUPTED if it was Ctrl-C, else CMD_FAILED; says it. */
int cmd_source_fail(const GError *error);

#endif
