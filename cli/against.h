/* SPDX-License-Identifier: MIT
 *
 * against.h: another routing of the same tokens, which traces are held against while they are
 * counted.
 */
#ifndef CMD_AGAINST_H
#define CMD_AGAINST_H

#include "checked.h"

#include <moescope/compare.h>

typedef struct CmdAgainst {
    char *path;
    MoeTrace *trace;
    GPtrArray *checked;   /* CmdChecked; empty: nobody has checked */
    const GArray *layers; /* LayerRange: of the traces held against it; none: all (borrowed) */
    uint64_t seed;        /* of shuffled tokens */
} CmdAgainst;

/* Opens a trace, or that of a run's folder, as cmd_trace_open() does; `layers` and `seed` are the
 * caller's to set. Errors name the file. */
bool cmd_against_open(CmdAgainst *against, const char *path, GError **error);
void cmd_against_clear(CmdAgainst *against);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CmdAgainst, cmd_against_clear)

/* Counts the last step of a trace and holds it against the other's, in one pass, as
 * moe_compare_and_count(), whose errors it has. (transfer full) */
MoeComparison *cmd_against_count(const CmdAgainst *against, const MoeTrace *trace,
                                 const MoeSummaryOptions *counting, MoeSummary **summary,
                                 GError **error);

#endif
