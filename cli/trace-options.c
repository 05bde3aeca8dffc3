/* SPDX-License-Identifier: MIT */
#include "trace-options.h"

#include "cmd.h"
#include "progress.h"
#include "util.h"

#include <string.h>

static bool
parse_number(const char **at, int64_t *out)
{
    char *end;
    if (!g_ascii_isdigit(**at))
        return false;
    *out = (int64_t)MIN(g_ascii_strtoull(*at, &end, 10), (guint64)INT64_MAX);
    *at = end;
    return true;
}

/* Takes a range off the text; its end is where the number ends. */
static bool
parse_range(const char **at, int64_t *first, int64_t *last)
{
    bool has_first = parse_number(at, first);
    if (!has_first)
        *first = 0;
    if (**at != '-') {
        *last = *first;
        return has_first;
    }
    (*at)++;
    if (!parse_number(at, last)) {
        *last = INT64_MAX;
        return has_first;
    }
    return *first <= *last;
}

bool
trace_range(const char *name, const char *text, int64_t *first, int64_t *last, int *status)
{
    const char *at = text;
    if (parse_range(&at, first, last) && *at == 0)
        return true;
    *status = cmd_usage("found --%s %s, expected FIRST-LAST, both from 0", name, text);
    return false;
}

bool
trace_once(char **values, const char *name, const char **value, int *status)
{
    guint n = values ? g_strv_length(values) : 0;
    *value = n > 0 ? values[0] : NULL;
    if (n > 1)
        *status = cmd_usage("found --%s %u times, expected it once", name, n);
    return n <= 1;
}

int *
trace_routers(const char *text, int routers, int *n, int *status)
{
    g_autofree bool *chosen = g_new0(bool, routers + 1);
    const char *at = text;
    int64_t first, last;
    bool ok;
    do {
        ok = parse_range(&at, &first, &last) && first < routers &&
             (last < routers || last == INT64_MAX);
        for (int64_t r = first; ok && r <= MIN(last, routers - 1); r++)
            chosen[r] = true;
    } while (ok && *at == ',' && *++at);
    if (!ok || *at != 0) {
        *status = cmd_usage("found --routers %s, expected numbers or ranges of 0 … %d, with commas",
                            text, routers - 1);
        return NULL;
    }
    int *list = g_new(int, routers + 1);
    *n = 0;
    for (int r = 0; r < routers; r++)
        if (chosen[r])
            list[(*n)++] = r;
    return list;
}

bool
trace_output(const TraceOutput *options, bool needs_out, MoeTraceOutput *output, int *status)
{
    *output = (MoeTraceOutput){.compression = options->compression,
                               .chunk_tokens = options->chunk_tokens};
    *status = CMD_OK;
    if (needs_out && !options->out)
        *status = cmd_usage("found no --out, expected the name of the trace to write");
    else if (options->out && !g_str_has_suffix(options->out, ".npz"))
        *status = cmd_usage("found --out %s, expected a name that ends with .npz", options->out);
    else if (options->compression < -1 || options->compression > 9)
        *status = cmd_usage("found --compression %d, expected 0 … 9, or -1", options->compression);
    else if (options->chunk_tokens < 0)
        *status = cmd_usage("found --chunk-tokens %" G_GINT64_FORMAT ", expected 0 or more",
                            options->chunk_tokens);
    return *status == CMD_OK;
}

int
trace_end(bool ok, const GError *error)
{
    cmd_progress_end();
    if (ok)
        return CMD_OK;
    cmd_fail(error);
    return g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED) ? CMD_INTERRUPTED : CMD_FAILED;
}
