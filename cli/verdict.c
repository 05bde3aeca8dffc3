/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include "summaries.h"
#include "util.h"

#include <stdio.h>
#include <string.h>

static void
print(const char *path, const GPtrArray *list)
{
    g_autofree char *word = cmd_checked_word(list);
    for (guint i = 0; i < list->len; i++) {
        const CmdChecked *checked = list->pdata[i];
        printf("%s: %s%s\n", path, checked->verdict,
               strcmp(word, "clean") != 0 ? "; moescope check tells more" : "");
    }
}

bool
cmd_trace_finish(const char *path, bool summary, bool tell, GError **error)
{
    g_autoptr(GPtrArray) checked = cmd_checked_new();
    bool good = false;
    g_autoptr(GError) reason = NULL;
    if (summary)
        good = cmd_summary_attach(path, MOE_TALLY_LOAD | SUMMARIES_USUAL, checked, &reason);
    if (g_error_matches(reason, MOE_ERROR, MOE_ERROR_DATA)) {
        /* The trace is there all the same, and what is wrong with it is a finding. */
        cmd_say("%s: it goes without its summary", reason->message);
        g_clear_error(&reason);
        summary = false;
    }
    if (reason)
        g_propagate_error(error, g_steal_pointer(&reason));
    if (!summary) {
        g_autoptr(MoeTrace) trace = tell ? moe_trace_open(path, error) : NULL;
        good = !tell || (trace && cmd_checked_add(checked, path, trace, NULL, error));
    }
    if (good && tell)
        print(path, checked);
    return good;
}

bool
cmd_verdict_summary(const char *path, GError **error)
{
    g_autoptr(GPtrArray) checked = cmd_checked_new();
    g_autoptr(MoeSummary) summary = moe_summary_open(path, error);
    if (!summary || !cmd_checked_add_summary(checked, path, summary, error))
        return false;
    print(path, checked);
    return true;
}
