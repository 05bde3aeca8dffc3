/* SPDX-License-Identifier: MIT */
#include "summary-info.h"

#include "cmd.h"
#include "findings.h"
#include "json.h"
#include "summaries.h"
#include "util.h"

#include <moescope/tokens.h>
#include <stdio.h>

static bool
keeps_tables(const MoeSummary *summary)
{
    for (int r = 0; r < moe_summary_routers(summary); r++)
        if (moe_summary_token_table(summary, r))
            return true;
    return false;
}

static void
print_json(const CmdSource *source)
{
    const MoeSummary *summary = source->summary;
    GString *json = g_string_new(NULL);
    json_open(json, NULL, '{');
    json_text(json, "summary", source->path);
    json_int(json, "tokens", moe_summary_tokens_counted(summary));
    cmd_checked_json(json, "checked", source->checked);
    json_open(json, "tallies", '[');
    g_autofree char *tallies = cmd_tallies_text(summary);
    g_auto(GStrv) names = g_strsplit(tallies, ", ", -1);
    for (char **name = names; *name; name++)
        json_text(json, NULL, *name);
    json_close(json, ']');
    json_bool(json, "token_tables", keeps_tables(summary));
    json_open(json, "domains", '[');
    for (int d = 0; d < moe_summary_domains(summary); d++)
        json_text(json, NULL, moe_summary_domain_name(summary, d));
    json_close(json, ']');
    json_open(json, "routers", '[');
    for (int r = 0; r < moe_summary_routers(summary); r++) {
        const MoeRouterInfo *info = moe_summary_router(summary, r);
        json_open(json, NULL, '{');
        json_int(json, "layer", info->layer);
        json_int(json, "experts", info->experts);
        json_int(json, "k", info->k);
        json_int(json, "units_per_token", info->units_per_token);
        json_int(json, "picks", moe_summary_cell(summary, r, MOE_DOMAIN_ALL)->picks);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
    json_print(json);
}

static void
print_text(const CmdSource *source)
{
    const MoeSummary *summary = source->summary;
    g_autofree char *tallies = cmd_tallies_text(summary);
    g_autofree char *checked = cmd_checked_lines(source->checked, source->path, "");
    printf("summary           %s\n", source->path);
    printf("tokens            %" G_GINT64_FORMAT ", %d routers\n",
           moe_summary_tokens_counted(summary), moe_summary_routers(summary));
    printf("tallies           %s%s\n", tallies,
           keeps_tables(summary) ? " (with tables by token id)" : "");
    printf("domains           ");
    for (int d = 0; d < moe_summary_domains(summary); d++)
        printf("%s%s", d ? ", " : "", moe_summary_domain_name(summary, d));
    printf("\n\n%s\n", checked);
    cmd_findings_print(summary);
}

int
cmd_summary_info(const char *path, bool json)
{
    g_autoptr(GError) error = NULL;
    g_auto(CmdSource) source = {0};
    if (!cmd_source_open(&source, path, &(CmdSourceOptions){.check = true}, &error))
        return cmd_source_fail(error);
    if (json)
        print_json(&source);
    else
        print_text(&source);
    return CMD_OK;
}
