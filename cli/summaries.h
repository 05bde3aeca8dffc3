/* SPDX-License-Identifier: MIT
 *
 * summaries.h: what commands that write summaries share.
 */
#ifndef CMD_SUMMARIES_H
#define CMD_SUMMARIES_H

#include "source.h"

/* What a summary beside the load holds unless somebody asks for something else: what the metrics
 * look at that are printed without being asked for. */
#define SUMMARIES_USUAL                                                                        \
    (MOE_TALLY_ORDER | MOE_TALLY_PAIRS | MOE_TALLY_FLOW | MOE_TALLY_HEADS | MOE_TALLY_SCORES | \
     MOE_TALLY_TOKENS)

/* Names of tallies, "order,pairs" or "all". Returns false, having complained of --with. */
bool cmd_tallies_parse(char **given, unsigned *tallies);
/* "load, order, pairs". (transfer full) */
char *cmd_tallies_names(unsigned tallies);
/* What a summary holds, "load, order, pairs": what no router has (heads, scores) isn't named.
 * (transfer full) */
char *cmd_tallies_text(const MoeSummary *summary);

/* --- Sums -------------------------------------------------------------------------------------*/

/* One file's sums and another's: what they hold, what was found in them, texts of their tokens. */
typedef struct CmdSum {
    MoeSummary *summary; /* NULL: nothing yet */
    GPtrArray *checked;  /* CmdChecked */
    GHashTable *texts;
    char *model;   /* what the trace's meta.json calls it; NULL: nothing, or several differ */
    GArray *parts; /* of CmdPart: what was added */
} CmdSum;
typedef struct CmdPart {
    char *path;
    unsigned tallies; /* that it holds */
    bool tables;      /* by token id, of all routers */
} CmdPart;
CmdSum cmd_sum(void);
void cmd_sum_clear(CmdSum *sum);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CmdSum, cmd_sum_clear)
/* Adds a file, and takes what is in `source`. Fails with MOE_ERROR_DATA where routers differ. */
bool cmd_sum_add(CmdSum *sum, CmdSource *source, GError **error);
/* Writes it, says what it holds, and what only some of its parts do, so that it was left out.
 * Returns what to exit with. */
int cmd_sum_write(const CmdSum *sum, const char *out);

/* --- Summaries in traces ----------------------------------------------------------------------*/

/* Puts the summary of a finished trace into it, with what the checker finds, so that it opens at
 * once; what was found goes to the end of `checked` as well. `tallies`: MoeTallies. */
bool cmd_summary_attach(const char *path, unsigned tallies, GPtrArray *checked, GError **error);

#endif
