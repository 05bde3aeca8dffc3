/* SPDX-License-Identifier: MIT
 *
 * moescope trace cat: tokens and picks as lines of text, or as CSV with a line for each pick.
 */
#include "cmd.h"
#include "progress.h"
#include "source.h"
#include "trace-options.h"
#include "util.h"

#include <stdio.h>
#include <string.h>

enum {
    PIECE = 1024,              /* tokens at a time */
    WAIT = G_USEC_PER_SEC / 4, /* between looks at a file that is followed */
};

typedef struct {
    MoeTrace *trace;
    const int *routers; /* NULL: all */
    int n_routers;
    int64_t first, last; /* tokens */
    bool csv, follow;
    int64_t index[PIECE]; /* those of the piece, in the chunk */
    MoeTraceRows *rows;
    MoeTraceTokens tokens;
    MoeTracePicks *picks;
} Cat;

static int
router_at(const Cat *cat, int i)
{
    return cat->routers ? cat->routers[i] : i;
}

/* --- Text -------------------------------------------------------------------------------------*/

static void
print_token(const Cat *cat, int64_t token, int64_t i)
{
    const MoeTraceTokens *t = &cat->tokens;
    printf("token %" G_GINT64_FORMAT " id %d", token, t->id[i]);
    if (t->doc)
        printf(" doc %d", t->doc[i]);
    if (t->pos)
        printf(" pos %d", t->pos[i]);
    if (t->step)
        printf(" step %d", t->step[i]);
    if (t->loss)
        printf(" loss %.4f", (double)t->loss[i]);
    if (t->domain && t->domain[i] >= 0)
        printf(" %s", moe_trace_domain_name(cat->trace, t->domain[i]));
    printf("\n");
}

static void
print_unit(const MoeTracePicks *picks, int width, int64_t unit)
{
    const char *comma = " ";
    for (int64_t i = unit * width; i < (unit + 1) * width; i++) {
        if (picks->expert[i] < 0)
            continue;
        printf("%s%d", comma, picks->expert[i]);
        if (picks->gate)
            printf(" %.4f", (double)picks->gate[i]);
        if (picks->slot)
            printf(" at %d", picks->slot[i]);
        if (picks->dropped && picks->dropped[i])
            printf(" dropped");
        comma = ", ";
    }
    if (picks->entropy)
        printf("  entropy %.4f", (double)picks->entropy[unit]);
    if (picks->margin)
        printf("  margin %.4f", (double)picks->margin[unit]);
    printf("\n");
}

static void
print_text(const Cat *cat, int64_t token, int64_t i)
{
    print_token(cat, token, i);
    for (int r = 0; r < cat->n_routers; r++) {
        const MoeRouterInfo *info = moe_trace_router(cat->trace, router_at(cat, r));
        for (int u = 0; u < info->units_per_token; u++) {
            printf("  router %d", router_at(cat, r));
            if (info->units_per_token > 1)
                printf(".%d", u);
            printf(":");
            print_unit(&cat->picks[r], moe_trace_rows_width(cat->rows, r),
                       i * info->units_per_token + u);
        }
    }
}

/* --- CSV --------------------------------------------------------------------------------------*/

static void
add_int(GString *line, const int32_t *column, int64_t i)
{
    if (column)
        g_string_append_printf(line, "%d", column[i]);
    g_string_append_c(line, ',');
}

static void
add_real(GString *line, const float *column, int64_t i)
{
    if (column)
        g_string_append_printf(line, "%.9g", (double)column[i]);
    g_string_append_c(line, ',');
}

/* Gates that were recorded in double, with the digits that bring them back. */
static void
add_gate(GString *line, const MoeTracePicks *picks, int64_t i)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    static const char *const format[] = {"%.15g", "%.16g", "%.17g"};
    if (!picks->gate64) {
        add_real(line, picks->gate, i);
        return;
    }
    for (size_t f = 0; f < G_N_ELEMENTS(format); f++) {
        g_ascii_formatd(text, sizeof text, format[f], picks->gate64[i]);
        if (g_ascii_strtod(text, NULL) == picks->gate64[i])
            break;
    }
    g_string_append_printf(line, "%s,", text);
}

/* The domain, in quotes where it needs them (RFC 4180). */
static void
add_domain(GString *line, const Cat *cat, int64_t i)
{
    int domain = cat->tokens.domain ? cat->tokens.domain[i] : -1;
    const char *name = domain >= 0 ? moe_trace_domain_name(cat->trace, domain) : "";
    if (!strpbrk(name, ",\"\r\n")) {
        g_string_append_printf(line, "%s,", name);
        return;
    }
    g_string_append_c(line, '"');
    for (; *name; name++)
        g_string_append(line, *name == '"' ? "\"\"" : (char[]){*name, 0});
    g_string_append(line, "\",");
}

static void
print_csv_unit(const Cat *cat, const char *token, int r, int64_t row, int unit)
{
    const MoeTracePicks *picks = &cat->picks[r];
    const MoeRouterInfo *info = moe_trace_router(cat->trace, router_at(cat, r));
    int width = moe_trace_rows_width(cat->rows, r);
    int64_t at = row * info->units_per_token + unit;
    g_autoptr(GString) line = g_string_new(NULL);
    for (int j = 0; j < width; j++) {
        int64_t i = at * width + j;
        int32_t expert = picks->expert[i];
        if (expert < 0)
            continue;
        g_string_printf(line, "%s%d,%d,%d,%d,", token, router_at(cat, r), unit, j, expert);
        add_gate(line, picks, i);
        g_string_append(line, picks->dropped ? (picks->dropped[i] ? "1," : "0,") : ",");
        add_int(line, picks->slot, i);
        add_real(line, picks->entropy, at);
        add_real(line, picks->margin, at);
        add_real(line, picks->logits, at * info->experts + expert);
        line->str[line->len - 1] = '\n';
        fputs(line->str, stdout);
    }
}

static void
print_csv(const Cat *cat, int64_t token, int64_t i)
{
    const MoeTraceTokens *t = &cat->tokens;
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_printf(line, "%" G_GINT64_FORMAT ",", token);
    add_int(line, t->id, i);
    add_int(line, t->doc, i);
    add_int(line, t->pos, i);
    add_domain(line, cat, i);
    add_int(line, t->step, i);
    add_real(line, t->loss, i);
    for (int r = 0; r < cat->n_routers; r++)
        for (int u = 0; u < moe_trace_router(cat->trace, router_at(cat, r))->units_per_token; u++)
            print_csv_unit(cat, line->str, r, i, u);
}

/* --- All of it --------------------------------------------------------------------------------*/

static void
print_piece(Cat *cat, int64_t seen, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to; i++)
        cat->index[i - from] = i;
    moe_trace_rows_take(cat->rows, cat->index, to - from, &cat->tokens, cat->picks);
    for (int64_t i = from; i < to; i++)
        if (cat->csv)
            print_csv(cat, seen + i, i - from);
        else
            print_text(cat, seen + i, i - from);
}

/* Chunks from `*chunk` on, whose first token is `*seen`; both move on. */
static bool
print_chunks(Cat *cat, int *chunk, int64_t *seen, GError **error)
{
    for (; *chunk < moe_trace_chunks(cat->trace); ++*chunk) {
        int64_t n = moe_trace_tokens(cat->trace, *chunk);
        int64_t from = MAX(0, cat->first - *seen);
        int64_t to = cat->last - *seen < n ? cat->last - *seen + 1 : n;
        if (from < to && !moe_trace_rows_load(cat->rows, *chunk, error))
            return false;
        for (; from < to && !ferror(stdout); from += PIECE)
            print_piece(cat, *seen, from, MIN(from + PIECE, to));
        *seen += n;
    }
    return true;
}

/* Prints what there is and, where it is to follow, what comes, until the trace is finished, all
 * that was asked for has come, or Ctrl-C. */
static bool
print_all(Cat *cat, GError **error)
{
    const MoeProgress *progress = cat->follow ? cmd_progress_begin() : NULL;
    int chunk = 0;
    int64_t seen = 0;
    bool grown;
    if (!print_chunks(cat, &chunk, &seen, error))
        return false;
    while (cat->follow && !moe_trace_complete(cat->trace) && seen <= cat->last) {
        fflush(stdout);
        if (ferror(stdout) || !moe_progress(progress, seen, 0, "waiting for tokens"))
            break;
        g_usleep(WAIT);
        cmd_progress_end();
        if (!moe_trace_refresh(cat->trace, &grown, error) ||
            !print_chunks(cat, &chunk, &seen, error))
            return false;
    }
    return true;
}

/* Opens a trace that is being recorded; one that has only just begun is waited for, until Ctrl-C.
 */
static MoeTrace *
open_followed(const char *path, GError **error)
{
    const MoeProgress *progress = cmd_progress_begin();
    MoeTrace *trace;
    GError *reason = NULL;
    while (!(trace = moe_trace_open(path, &reason)) &&
           g_error_matches(reason, MOE_ERROR, MOE_ERROR_TRUNCATED) &&
           moe_progress(progress, 0, 0, "waiting for the trace to begin")) {
        g_clear_error(&reason);
        g_usleep(WAIT);
    }
    cmd_progress_end();
    if (reason)
        g_propagate_error(error, reason);
    return trace;
}

static int
run(const char *path, const char *tokens, const char *routers, bool csv, bool follow)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = follow ? open_followed(path, &error) : cmd_trace_open(path, &error);
    g_autofree int *chosen = NULL;
    Cat cat = {.trace = trace, .last = INT64_MAX, .csv = csv, .follow = follow};
    int status = CMD_OK;
    if (!trace)
        return cmd_fail(error);
    if (tokens && !trace_range("tokens", tokens, &cat.first, &cat.last, &status))
        return status;
    if (tokens && !follow && cat.first >= moe_trace_tokens(trace, -1)) {
        cmd_say("%s: found --tokens %s, expected some of its %" G_GINT64_FORMAT " tokens, from 0",
                path, tokens, moe_trace_tokens(trace, -1));
        return CMD_FAILED;
    }
    cat.n_routers = moe_trace_routers(trace);
    if (routers) {
        cat.routers = chosen = trace_routers(routers, cat.n_routers, &cat.n_routers, &status);
        if (!chosen)
            return status;
    }
    g_autoptr(MoeTraceRows) rows = moe_trace_rows_new(trace, cat.routers, cat.n_routers);
    g_autofree MoeTracePicks *picks = g_new0(MoeTracePicks, (gsize)cat.n_routers);
    cat.rows = rows;
    cat.picks = picks;
    if (csv)
        printf("token,id,doc,pos,domain,step,loss,router,unit,slot,expert,gate,dropped,place,"
               "entropy,margin,logit\n");
    bool ok = print_all(&cat, &error);
    cmd_progress_end();
    return ok ? CMD_OK : cmd_fail(error);
}

int
trace_cat(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "TRACE",
        .about =
            "Prints tokens and what routers picked for them: as text, experts with gates, "
            "places in queues and drops; or as CSV, a line a pick, cells empty where the trace "
            "has no such column. With --follow a trace that is being recorded is printed as its "
            "chunks come, until it is finished or Ctrl-C.",
        .examples = "moescope trace cat first.npz --tokens 0-9\n"
                    "moescope trace cat first.npz --routers 0 --csv\n",
        .least = 1,
        .most = 1,
    };
    g_auto(GStrv) all_tokens = NULL, all_routers = NULL;
    const char *tokens, *routers;
    gboolean csv = FALSE, follow = FALSE;
    const GOptionEntry entries[] = {
        {"tokens", 't', 0, G_OPTION_ARG_STRING_ARRAY, &all_tokens, "tokens in file order, from 0",
         "FIRST-LAST"},
        {"routers", 'r', 0, G_OPTION_ARG_STRING_ARRAY, &all_routers, "routers, such as 0,2-4",
         "LIST"},
        {"csv", 0, 0, G_OPTION_ARG_NONE, &csv, "as CSV", NULL},
        {"follow", 'f', 0, G_OPTION_ARG_NONE, &follow, "wait for what is still being recorded",
         NULL},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !trace_once(all_tokens, "tokens", &tokens, &status) ||
        !trace_once(all_routers, "routers", &routers, &status))
        return status;
    return run(argv[1], tokens, routers, csv, follow);
}
