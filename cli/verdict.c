/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include "progress.h"

#include <moescope/check.h>
#include <stdio.h>

static MoeFindings *
check_trace(const char *path, GError **error)
{
    g_autoptr(MoeTrace) trace = moe_trace_open(path, error);
    if (!trace)
        return NULL;
    const MoeCheckOptions options = {.progress = cmd_progress_begin()};
    MoeFindings *findings = moe_check(trace, &options, error);
    cmd_progress_end();
    return findings;
}

static MoeFindings *
check_summary(const char *path, GError **error)
{
    g_autoptr(MoeSummary) summary = moe_summary_open(path, error);
    return summary ? moe_check_summary(summary, NULL, error) : NULL;
}

bool
cmd_verdict_print(const char *path, GError **error)
{
    g_autoptr(MoeFindings) findings =
        (moe_summary_is(path) ? check_summary : check_trace)(path, error);
    if (!findings)
        return false;
    g_autofree char *verdict = moe_findings_verdict(findings);
    bool more = moe_findings_of(findings, MOE_FINDING_ERROR) +
                    moe_findings_of(findings, MOE_FINDING_WARNING) >
                0;
    printf("%s: %s%s\n", path, verdict, more ? "; moescope check tells more" : "");
    return true;
}
