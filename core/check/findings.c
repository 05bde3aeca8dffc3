/* SPDX-License-Identifier: MIT
 *
 * What checks found, and the verdict on it.
 */
#include "check/check.h"

const char *
moe_severity_name(MoeSeverity severity)
{
    static const char *const names[] = {"note", "warning", "error"};
    g_return_val_if_fail(severity >= 0 && severity < G_N_ELEMENTS(names), NULL);
    return names[severity];
}

static void
finding_clear(void *finding)
{
    g_free(((MoeFinding *)finding)->text);
}

static void
drops_clear(void *drops)
{
    g_array_unref(((MoeCheckDrops *)drops)->ranges);
}

MoeFindings *
moe__findings_new(void)
{
    MoeFindings *findings = g_new0(MoeFindings, 1);
    findings->list = g_array_new(FALSE, FALSE, sizeof(MoeFinding));
    findings->drops = g_array_new(FALSE, FALSE, sizeof(MoeCheckDrops));
    g_array_set_clear_func(findings->list, finding_clear);
    g_array_set_clear_func(findings->drops, drops_clear);
    return findings;
}

void
moe_findings_free(MoeFindings *findings)
{
    if (!findings)
        return;
    g_array_unref(findings->list);
    g_array_unref(findings->drops);
    g_free(findings);
}

int
moe_findings_count(const MoeFindings *findings)
{
    return (int)findings->list->len;
}

const MoeFinding *
moe_findings_get(const MoeFindings *findings, int i)
{
    g_return_val_if_fail(i >= 0 && i < (int)findings->list->len, NULL);
    return &g_array_index(findings->list, MoeFinding, i);
}

int
moe_findings_of(const MoeFindings *findings, MoeSeverity severity)
{
    int n = 0;
    for (guint i = 0; i < findings->list->len; i++)
        n += g_array_index(findings->list, MoeFinding, i).severity == severity;
    return n;
}

int64_t
moe_findings_tokens(const MoeFindings *findings)
{
    return findings->tokens;
}

const MoeTraceRange *
moe_findings_drops(const MoeFindings *findings, const char *name, int64_t *n)
{
    *n = 0;
    for (guint i = 0; i < findings->drops->len; i++) {
        const MoeCheckDrops *drops = &g_array_index(findings->drops, MoeCheckDrops, i);
        if (!g_str_equal(drops->check->name, name))
            continue;
        *n = drops->ranges->len;
        return (const MoeTraceRange *)(void *)drops->ranges->data;
    }
    return NULL;
}

char *
moe__count_text(int64_t count)
{
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%" G_GINT64_FORMAT, count);
    for (gssize at = (gssize)text->len - 3; at > (count < 0); at -= 3)
        g_string_insert_c(text, at, ',');
    return g_string_free(text, FALSE);
}

char *
moe__hits_text(const MoeHits *tally)
{
    g_autofree char *count = moe__count_text(tally->count), *all = moe__count_text(tally->all);
    return g_strdup_printf("%s of %s (%.3g %%)", count, all,
                           100.0 * (double)tally->count / (double)MAX(tally->all, 1));
}

MoeFinding
moe__finding(MoeSeverity severity, int router, const MoeHits *tally, const char *what, char *text)
{
    return (MoeFinding){
        .severity = severity,
        .router = router,
        .other = -1,
        .chunk = tally->count > 0 ? tally->chunk : -1,
        .token = tally->count > 0 ? tally->token : -1,
        .count = tally->count,
        .all = tally->all,
        .what = what,
        .text = text,
    };
}

MoeFinding
moe__summary_finding(MoeSeverity severity, int router, char *text)
{
    const MoeHits nowhere = {0};
    return moe__finding(severity, router, &nowhere, NULL, text);
}

/* "2 errors (dummy-rows, pads)"; the findings of one check count once a router, names once. */
static void
append_severity(GString *out, const MoeFindings *findings, MoeSeverity severity)
{
    int n = moe_findings_of(findings, severity);
    const char *last = NULL;
    if (n == 0)
        return;
    g_string_append_printf(out, "%s%d %s%s (", out->len ? ", " : "", n, moe_severity_name(severity),
                           n == 1 ? "" : "s");
    for (guint i = 0; i < findings->list->len; i++) {
        const MoeFinding *finding = &g_array_index(findings->list, MoeFinding, i);
        if (finding->severity != severity || g_strcmp0(finding->check, last) == 0)
            continue;
        g_string_append_printf(out, "%s%s", last ? ", " : "", finding->check);
        last = finding->check;
    }
    g_string_append_c(out, ')');
}

char *
moe_findings_verdict(const MoeFindings *findings)
{
    GString *out = g_string_new(NULL);
    g_autofree char *tokens = moe__count_text(findings->tokens);
    append_severity(out, findings, MOE_FINDING_ERROR);
    append_severity(out, findings, MOE_FINDING_WARNING);
    if (out->len == 0) {
        g_string_printf(out, "clean: %d checks over %s tokens found nothing to warn of",
                        findings->checks, tokens);
        return g_string_free(out, FALSE);
    }
    append_severity(out, findings, MOE_FINDING_NOTE);
    g_string_append_printf(out, " in %s tokens", tokens);
    return g_string_free(out, FALSE);
}
