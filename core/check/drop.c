/* SPDX-License-Identifier: MIT
 *
 * The remedy: a copy of a trace without the tokens that checks found, with a record of it.
 */
#include "base/json-out.h"
#include "check/check.h"

/* Ranges that go into the record; more would make meta.json larger than the trace. */
enum { RANGES_MAX = 1000 };

static int
compare_ranges(const void *a, const void *b)
{
    int64_t x = ((const MoeTraceRange *)a)->first, y = ((const MoeTraceRange *)b)->first;
    return (x > y) - (x < y);
}

int64_t
moe__ranges_join(GArray *ranges)
{
    guint n = 0;
    int64_t tokens = 0;
    g_array_sort(ranges, compare_ranges);
    for (guint i = 0; i < ranges->len; i++) {
        MoeTraceRange next = g_array_index(ranges, MoeTraceRange, i);
        MoeTraceRange *last = n > 0 ? &g_array_index(ranges, MoeTraceRange, n - 1) : NULL;
        if (last && next.first <= last->first + last->n)
            last->n = MAX(last->n, next.first + next.n - last->first);
        else
            g_array_index(ranges, MoeTraceRange, n++) = next;
    }
    g_array_set_size(ranges, n);
    for (guint i = 0; i < n; i++)
        tokens += g_array_index(ranges, MoeTraceRange, i).n;
    return tokens;
}

static bool
check_name(const char *name, GError **error)
{
    int n;
    const MoeCheck *const *checks = moe_checks_list(&n);
    GString *known = g_string_new(NULL);
    bool found = false;
    for (int i = 0; i < n && !found; i++) {
        found = checks[i]->drops && g_str_equal(checks[i]->name, name);
        if (checks[i]->drops)
            g_string_append_printf(known, "%s%s", known->len ? ", " : "", checks[i]->name);
    }
    if (!found)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "check \"%s\": there is no such check that drops tokens; those that do: %s",
                    name, known->str);
    g_string_free(known, TRUE);
    return found;
}

static bool
gather(const MoeFindings *findings, const char *const *names, GArray *ranges, GError **error)
{
    for (int i = 0; names[i]; i++) {
        int64_t n;
        if (!check_name(names[i], error))
            return false;
        const MoeTraceRange *own = moe_findings_drops(findings, names[i], &n);
        if (n > 0)
            g_array_append_vals(ranges, own, (guint)n);
    }
    return true;
}

static char *
record(const char *const *names, const GArray *ranges, int64_t dropped, int64_t tokens)
{
    g_autofree char *checks = g_strjoinv(",", (char **)names);
    GString *out = moe__json_line();
    moe__json_string(out, "action", "check --drop");
    moe__json_string(out, "checks", checks);
    moe__json_int(out, "dropped", dropped);
    moe__json_int(out, "of", tokens);
    moe__json_string(out, "library", moe_version());
    g_string_append(out, ", \"ranges\": [");
    for (guint i = 0; i < MIN(ranges->len, RANGES_MAX); i++) {
        const MoeTraceRange *range = &g_array_index(ranges, MoeTraceRange, i);
        g_string_append_printf(out, "%s[%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT "]", i ? ", " : "",
                               range->first, range->n);
    }
    g_string_append_c(out, ']');
    return moe__json_line_end(out);
}

bool
moe_check_drop(const MoeTrace *trace, const MoeFindings *findings, const char *const *names,
               const char *path, const MoeProgress *progress, GError **error)
{
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(MoeTraceRange));
    if (!gather(findings, names, ranges, error))
        return false;
    int64_t tokens = moe_trace_tokens(trace, -1), dropped = moe__ranges_join(ranges);
    if (dropped == tokens && tokens > 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "every token of the trace would be dropped, so nothing is written");
        return false;
    }
    g_autofree char *history = record(names, ranges, dropped, tokens);
    return moe_trace_copy_without(trace, path, (const MoeTraceRange *)(void *)ranges->data,
                                  ranges->len, history, progress, error);
}
