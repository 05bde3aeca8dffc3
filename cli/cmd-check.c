/* SPDX-License-Identifier: MIT
 *
 * moescope check: whether traces and summaries can be trusted, and copies without what can't be.
 */
#include "checked.h"
#include "cmd.h"
#include "json.h"
#include "progress.h"
#include "source.h"
#include "util.h"

#include <moescope/check.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char **only; /* as given; may hold several names, separated by commas */
    char **drop;
    char *out;
    gboolean json;
    int threads;
} Options;

static void
options_clear(Options *o)
{
    g_strfreev(o->only);
    g_strfreev(o->drop);
    g_free(o->out);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* Names that stand in a repeated option, separated by commas; NULL where it wasn't given. */
static char **
split_names(char **given)
{
    if (!given)
        return NULL;
    g_autofree char *all = g_strjoinv(",", given);
    return g_strsplit(all, ",", -1);
}

static int
list_checks(void)
{
    int n, width = 0;
    const MoeCheck *const *checks = moe_checks_list(&n);
    for (int i = 0; i < n; i++)
        width = MAX(width, (int)strlen(checks[i]->name));
    for (int i = 0; i < n; i++)
        printf("%-*s  %s%s\n", width, checks[i]->name, checks[i]->help,
               checks[i]->drops ? " (--drop)" : "");
    return CMD_OK;
}

/* --- As text ----------------------------------------------------------------------------------*/

/* What is checked: one of them is there. */
typedef struct {
    const MoeTrace *trace;
    const MoeSummary *summary;
} Subject;

static int
layer_of(const Subject *subject, int router)
{
    return (subject->trace ? moe_trace_router(subject->trace, router)
                           : moe_summary_router(subject->summary, router))
        ->layer;
}

static void
print_place(const Subject *subject, const MoeFinding *finding)
{
    if (finding->router >= 0)
        printf("    router %d (layer %d): ", finding->router, layer_of(subject, finding->router));
    else
        printf("    ");
    printf("%s", finding->text);
    if (finding->token >= 0)
        printf("; the first in chunk %d, token %" G_GINT64_FORMAT, finding->chunk, finding->token);
    putchar('\n');
}

/* Findings of one check and severity stand together: a line each, why and remedy once. */
static int
print_group(const Subject *subject, const MoeFindings *findings, int first)
{
    enum { LINES = 6 };
    const MoeFinding *head = moe_findings_get(findings, first);
    int n = 0, end = moe_findings_count(findings);
    printf("  %s: %s\n", moe_severity_name(head->severity), head->check);
    for (int i = first; i < end; i++, n++) {
        const MoeFinding *finding = moe_findings_get(findings, i);
        if (finding->severity != head->severity || strcmp(finding->check, head->check) != 0)
            break;
        if (n < LINES)
            print_place(subject, finding);
    }
    if (n > LINES)
        printf("    and %d more like these (--json lists all)\n", n - LINES);
    printf("    why:    %s\n    remedy: %s\n", head->why, head->remedy);
    return first + n;
}

/* `carried`: another verdict stands above, which a clean one mustn't seem to contradict. */
static void
print_findings(const char *path, const Subject *subject, const MoeFindings *findings, bool carried)
{
    static const char clean[] = "clean: ";
    g_autofree char *verdict = moe_findings_verdict(findings);
    gsize skip = carried && g_str_has_prefix(verdict, clean) ? strlen(clean) : 0;
    printf("%s: %s%s\n", path, carried ? "its sums: " : "", verdict + skip);
    for (int i = 0; i < moe_findings_count(findings);)
        i = print_group(subject, findings, i);
}

/* --- As JSON ----------------------------------------------------------------------------------*/

static void
add_finding(GString *json, const Subject *subject, const MoeFinding *finding)
{
    json_open(json, NULL, '{');
    json_text(json, "check", finding->check);
    json_text(json, "severity", moe_severity_name(finding->severity));
    if (finding->router >= 0) {
        json_int(json, "router", finding->router);
        json_int(json, "layer", layer_of(subject, finding->router));
    }
    if (finding->other >= 0)
        json_int(json, "other_router", finding->other);
    if (finding->token >= 0) {
        json_int(json, "chunk", finding->chunk);
        json_int(json, "token", finding->token);
    }
    if (finding->all > 0) {
        json_int(json, "count", finding->count);
        json_int(json, "of", finding->all);
        json_text(json, "what", finding->what);
    }
    json_text(json, "text", finding->text);
    json_text(json, "why", finding->why);
    json_text(json, "remedy", finding->remedy);
    json_close(json, '}');
}

/* What was found in the traces of a summary, and in its sums, in one line. (transfer full) */
static char *
joint_verdict(const GPtrArray *carried, const MoeFindings *findings)
{
    g_autofree char *own = moe_findings_verdict(findings);
    GString *text = g_string_new(NULL);
    for (guint i = 0; carried && i < carried->len; i++) {
        const CmdChecked *checked = carried->pdata[i];
        g_string_append_printf(text, "%s%s: %s", i ? "; " : "", checked->trace, checked->verdict);
    }
    if (text->len == 0 || !g_str_has_prefix(own, "clean: "))
        g_string_append_printf(text, "%s%s", text->len ? "; its sums: " : "", own);
    return g_string_free(text, FALSE);
}

/* `carried`: what a summary tells of its traces, of CmdChecked; NULL: nothing. */
static void
add_findings(GString *json, const char *path, const Subject *subject, const MoeFindings *findings,
             const GPtrArray *carried)
{
    g_autofree char *verdict = joint_verdict(carried, findings);
    json_open(json, NULL, '{');
    json_text(json, subject->trace ? "trace" : "summary", path);
    json_text(json, "verdict", verdict);
    json_int(json, "tokens",
             subject->trace ? moe_trace_tokens(subject->trace, -1)
                            : moe_summary_tokens_counted(subject->summary));
    json_open(json, "findings", '[');
    for (int i = 0; i < moe_findings_count(findings); i++)
        add_finding(json, subject, moe_findings_get(findings, i));
    json_close(json, ']');
    if (carried && carried->len > 0)
        cmd_checked_json(json, "checked", carried);
    json_close(json, '}');
}

/* --- Running ----------------------------------------------------------------------------------*/

static MoeFindings *
find(const Options *o, const MoeTrace *trace, GError **error)
{
    g_auto(GStrv) only = split_names(o->only);
    const MoeCheckOptions options = {(const char *const *)only, cmd_progress_begin()};
    MoeFindings *findings = moe_check(trace, &options, error);
    cmd_progress_end();
    return findings;
}

static bool
drop(const Options *o, const MoeTrace *trace, const MoeFindings *findings, GError **error)
{
    g_auto(GStrv) names = split_names(o->drop);
    bool done = moe_check_drop(trace, findings, (const char *const *)names, o->out,
                               cmd_progress_begin(), error);
    cmd_progress_end();
    return done;
}

static int
check_summary(const Options *o, const char *path, bool dropping, GString *json)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) only = split_names(o->only);
    const MoeCheckOptions options = {.only = (const char *const *)only};
    if (dropping)
        return cmd_usage("%s is a summary, expected a trace with --drop", path);
    g_autoptr(MoeSummary) summary = moe_summary_open(path, &error);
    g_autoptr(MoeFindings) findings = summary ? moe_check_summary(summary, &options, &error) : NULL;
    if (!findings)
        return cmd_fail(error);
    /* A summary tells what was found in its traces when it was made. */
    g_autoptr(GPtrArray) carried = cmd_checked_new();
    cmd_checked_read(carried, moe_summary_meta_json(summary));
    const Subject subject = {.summary = summary};
    g_autofree char *word = cmd_checked_word(carried);
    if (json) {
        add_findings(json, path, &subject, findings, carried);
    } else {
        g_autofree char *lines =
            carried->len > 0 ? cmd_checked_lines(carried, path, "") : g_strdup("");
        fputs(lines, stdout);
        print_findings(path, &subject, findings, carried->len > 0);
    }
    bool bad = moe_findings_of(findings, MOE_FINDING_ERROR) > 0 || strstr(word, "error:");
    return bad ? CMD_FAILED : CMD_OK;
}

/* What the copy lacks. */
static void
tell_dropped(const Options *o, const MoeTrace *trace)
{
    g_autoptr(MoeTrace) copy = moe_trace_open(o->out, NULL);
    g_autofree char *names = g_strjoinv(", ", o->drop);
    if (!copy)
        return;
    int64_t all = moe_trace_tokens(trace, -1), left_out = all - moe_trace_tokens(copy, -1);
    printf("%s: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " tokens were left out (%s)%s\n", o->out,
           left_out, all, names, left_out == 0 ? ": these checks found none to drop" : "");
}

/* Checks one trace, and writes the copy where `dropping`. Returns the exit status that it alone
 * would give. */
static int
check(const Options *o, const char *path, bool dropping, GString *json)
{
    g_autoptr(GError) error = NULL;
    if (moe_summary_is(path))
        return check_summary(o, path, dropping, json);
    g_autoptr(MoeTrace) trace = cmd_trace_open(path, &error);
    g_autoptr(MoeFindings) findings = trace ? find(o, trace, &error) : NULL;
    if (!findings || (dropping && !drop(o, trace, findings, &error))) {
        cmd_fail(error);
        bool cancelled = g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED);
        return cancelled ? CMD_INTERRUPTED : CMD_FAILED;
    }
    const Subject subject = {.trace = trace};
    if (json)
        add_findings(json, path, &subject, findings, NULL);
    else
        print_findings(path, &subject, findings, false);
    if (dropping && !json)
        tell_dropped(o, trace);
    if (dropping) /* what counts from now on is the copy */
        return check(o, o->out, false, json);
    return moe_findings_of(findings, MOE_FINDING_ERROR) > 0 ? CMD_FAILED : CMD_OK;
}

static int
check_all(const Options *o, int n, char **paths)
{
    GString *json = o->json ? g_string_new(NULL) : NULL;
    int status = CMD_OK;
    if (json)
        json_open(json, NULL, '[');
    for (int i = 0; i < n && status != CMD_INTERRUPTED; i++) {
        int own = check(o, paths[i], o->drop != NULL, json);
        status = MAX(status, own);
    }
    if (json) {
        json_close(json, ']');
        json_print(json);
    }
    return status;
}

int
cmd_check(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "[TRACE|SUMMARY…]",
        .about = "Looks for what makes routing statistics wrong: rows of profiling passes, pads, "
                 "gates of another rule, too few tokens, … Each finding says where, how many, why "
                 "it matters and what to do. Of a summary: what was found in its traces. Without "
                 "arguments: the checks there are. The exit "
                 "status is 0 where no finding is an error, else 1; with --drop that of the copy.",
        .examples = "moescope check first.npz\n"
                    "moescope check first.npz --json\n",
        .most = -1,
    };
    g_auto(Options) o = {0};
    const GOptionEntry entries[] = {
        {"only", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.only,
         "run these checks alone; may be repeated", "NAME,…"},
        {"drop", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.drop,
         "write a copy without the tokens that these checks found (--out)", "NAME,…"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, "the copy (a .npz file)", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "as JSON", NULL},
        {"threads", 0, 0, G_OPTION_ARG_INT, &o.threads, "threads (default: all)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !cmd_set_threads(o.threads, &status))
        return status;
    if (argc == 1 && !o.drop && !o.out)
        return list_checks();
    if (!o.drop != !o.out)
        return cmd_usage(o.drop ? "found --drop, but no --out for the copy"
                                : "found --out, but no --drop that says what to leave out");
    if (o.drop && argc != 2)
        return cmd_usage("found %d traces, expected one with --drop", argc - 1);
    if (o.out && !g_str_has_suffix(o.out, ".npz"))
        return cmd_usage("found --out %s, expected a name that ends with .npz", o.out);
    return check_all(&o, argc - 1, argv + 1);
}
