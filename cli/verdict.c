/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include "progress.h"

#include <moescope/check.h>
#include <stdio.h>

bool
cmd_verdict_print(const char *path, GError **error)
{
    g_autoptr(MoeTrace) trace = moe_trace_open(path, error);
    if (!trace)
        return false;
    const MoeCheckOptions options = {.progress = cmd_progress_begin()};
    g_autoptr(MoeFindings) findings = moe_check(trace, &options, error);
    cmd_progress_end();
    if (!findings)
        return false;
    g_autofree char *verdict = moe_findings_verdict(findings);
    bool more = moe_findings_of(findings, MOE_FINDING_ERROR) +
                    moe_findings_of(findings, MOE_FINDING_WARNING) >
                0;
    printf("%s: %s%s\n", path, verdict, more ? "; moescope check tells more" : "");
    return true;
}
