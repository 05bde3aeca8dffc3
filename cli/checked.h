/* SPDX-License-Identifier: MIT
 *
 * checked.h: the checker's word on traces, as it stands beside every number: made of a trace, or
 * read from the meta.json of a summary, where it is kept.
 */
#ifndef CMD_CHECKED_H
#define CMD_CHECKED_H

#include <moescope/summary.h>

typedef struct CmdFinding {
    char *check, *severity, *text; /* severity: "error", "warning", "note" */
    gint64 count, all;             /* how many of how many; 0 of 0 where nothing is counted */
    char *what;                    /* of what */
    gint64 router, layer;          /* -1: of all, or the summary doesn't say */
} CmdFinding;

/* What was found in one trace. */
typedef struct CmdChecked {
    char *trace; /* the file's name, without its folder */
    gint64 tokens;
    char *verdict;
    GPtrArray *findings; /* CmdFinding */
} CmdChecked;

/* Empty list of CmdChecked; a summary may be of several traces. (transfer full) */
GPtrArray *cmd_checked_new(void);
/* Checks a trace, or its tokens that fit a filter (NULL: all), and adds what was found. Fails with
 * MOE_ERROR_CANCELLED, and as moe_token_set_new(). */
bool cmd_checked_add(GPtrArray *list, const char *path, const MoeTrace *trace,
                     const MoeTokenFilter *filter, GError **error);
/* The same of one of two traces that are compared, where the filter chooses by the first: one that
 * can't tell these tokens (it names no domains) is checked as a whole. */
bool cmd_checked_add_compared(GPtrArray *list, const char *path, const MoeTrace *trace,
                              const MoeTokenFilter *filter, GError **error);
/* The same of a summary that was made of no trace: what its sums tell. */
bool cmd_checked_add_summary(GPtrArray *list, const char *path, const MoeSummary *summary,
                             GError **error);
/* Adds what a summary's meta.json (NULL: none) says of the traces that it was counted from; entries
 * that don't read as such are left out. */
void cmd_checked_read(GPtrArray *list, const char *meta_json);

/* The list as an array of objects under `key`. */
void cmd_checked_json(GString *json, const char *key, const GPtrArray *list);
/* In one word: "clean", "unchecked", or "error:dummy-rows;warning:few-tokens", each check once.
 * (transfer full) */
char *cmd_checked_word(const GPtrArray *list);
/* A line a trace, and one for each kind of finding that is more than a note, with its layers.
 * `lead` begins each line. (transfer full) */
char *cmd_checked_lines(const GPtrArray *list, const char *path, const char *lead);

#endif
