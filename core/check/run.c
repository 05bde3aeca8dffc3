/* SPDX-License-Identifier: MIT
 *
 * Goes through a trace once, chunk by chunk and router by router, and shows each to every check;
 * threads share the checks, and the reading of the router behind.
 */
#include "check/check.h"
#include "check/rows.h"

#include <moescope/trace-tools.h>

/* One check of a run, with its state and what it found: a thread may be at it while another is at
 * another one. */
typedef struct Turn {
    MoeCheckRun run;
    void *state;
} Turn;

typedef struct Pass {
    MoeCheckRun run;
    GArray *turns;            /* Turn */
    MoeRowsBuffer buffers[2]; /* the router at hand, and the one behind */
    MoeHits unreadable;
    char *complaint; /* the reader's first */
} Pass;

/* --- What checks may do -----------------------------------------------------------------------*/

const MoeTrace *
moe_check_run_trace(const MoeCheckRun *run)
{
    return run->trace;
}

void
moe_check_run_add(MoeCheckRun *run, const MoeFinding *finding)
{
    MoeFinding whole = *finding;
    whole.check = run->check->name;
    whole.why = run->check->why;
    if (!whole.remedy)
        whole.remedy = run->check->remedy;
    g_array_append_val(run->findings->list, whole);
}

void
moe_check_run_drop(MoeCheckRun *run, int64_t first, int64_t n)
{
    g_return_if_fail(run->check->drops && n > 0);
    GArray *drops = run->findings->drops;
    MoeTraceRange range = {first, n};
    for (guint i = 0; i < drops->len; i++)
        if (g_array_index(drops, MoeCheckDrops, i).check == run->check) {
            g_array_append_val(g_array_index(drops, MoeCheckDrops, i).ranges, range);
            return;
        }
    MoeCheckDrops own = {run->check, g_array_new(FALSE, FALSE, sizeof(MoeTraceRange))};
    g_array_append_val(own.ranges, range);
    g_array_append_val(drops, own);
}

/* --- Reading ----------------------------------------------------------------------------------*/

/* Keeps the first complaint, and counts the chunks of routers that can't be read. */
static void
note_unreadable(Pass *pass, int chunk, int64_t first, GError *problem)
{
    if (pass->unreadable.count++ == 0) {
        pass->complaint = g_strdup(problem->message);
        pass->unreadable.chunk = chunk;
        pass->unreadable.token = first;
    }
    g_error_free(problem);
}

static void
read_router(Pass *pass, const MoeRowsChunk *chunk, int router)
{
    if (router < moe_trace_routers(pass->run.trace))
        moe__rows_read(&pass->buffers[router % 2], pass->run.trace, chunk, router);
}

static void
show_rows(Turn *turn, const MoeRowsBuffer *buffer)
{
    if (!turn->run.check->rows || buffer->problem)
        return;
    turn->run.full = buffer->full;
    turn->run.check->rows(&turn->run, turn->state, &buffer->rows);
}

/* Shows a router that was read to all checks while the one behind is read. */
static void
check_router(Pass *pass, const MoeRowsChunk *chunk, int router)
{
    MoeRowsBuffer *buffer = &pass->buffers[router % 2];
    int n = (int)pass->turns->len;
#pragma omp parallel for schedule(dynamic, 1) num_threads(CLAMP(moe_threads(), 1, n + 1))
    for (int i = 0; i <= n; i++) {
        if (i == 0)
            read_router(pass, chunk, router + 1);
        else
            show_rows(&g_array_index(pass->turns, Turn, (guint)i - 1), buffer);
    }
    if (buffer->problem)
        note_unreadable(pass, chunk->index, chunk->first, g_steal_pointer(&buffer->problem));
}

/* A column of the chunk's tokens, of those that are checked; *out NULL where the trace has none. */
static bool
read_tokens(const Pass *pass, int chunk, const char *column, int32_t **out, GError **error)
{
    const MoeTrace *trace = pass->run.trace;
    const MoeTokenSet *set = pass->run.chosen;
    int64_t tokens = moe_trace_tokens(trace, chunk);
    g_autofree char *name = g_strdup_printf("tokens/%05d.%s", chunk, column);
    MoeArray array;
    if (!g_str_equal(column, "id") && !moe_trace_has(trace, name))
        return true;
    if (!moe_trace_read(trace, name, &array, error))
        return false;
    g_autofree int32_t *all = (int32_t *)array.data;
    if (array.type != MOE_I32 || array.ndim != 1 || array.shape[0] != tokens) {
        g_autofree char *found = moe_array_text(&array);
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: found %s, expected i4 [%" G_GINT64_FORMAT "]", name, found, tokens);
        return false;
    }
    *out =
        set ? moe__chosen_ids(all, moe_token_set_bits(set, chunk), tokens) : g_steal_pointer(&all);
    return true;
}

static void
check_routers(Pass *pass, const MoeRowsChunk *chunk)
{
    read_router(pass, chunk, 0);
    for (int r = 0; r < moe_trace_routers(pass->run.trace); r++)
        check_router(pass, chunk, r);
    for (guint i = 0; i < pass->turns->len; i++) {
        Turn *turn = &g_array_index(pass->turns, Turn, i);
        if (turn->run.check->chunk)
            turn->run.check->chunk(&turn->run, turn->state, chunk->index);
    }
}

static void
check_chunk(Pass *pass, int chunk, int64_t first)
{
    GError *problem = NULL;
    g_autofree int32_t *id = NULL, *doc = NULL, *pos = NULL;
    pass->unreadable.all += moe_trace_routers(pass->run.trace);
    if (read_tokens(pass, chunk, "id", &id, &problem) &&
        read_tokens(pass, chunk, "doc", &doc, &problem) &&
        read_tokens(pass, chunk, "pos", &pos, &problem))
        check_routers(pass, &(MoeRowsChunk){chunk, first, id, doc, pos, pass->run.chosen});
    else
        note_unreadable(pass, chunk, first, problem);
}

/* Tokens of a chunk that are checked. */
static int64_t
tokens_of(const Pass *pass, int chunk)
{
    int64_t tokens = moe_trace_tokens(pass->run.trace, chunk);
    const MoeTokenSet *set = pass->run.chosen;
    return set ? moe__chosen_of(moe_token_set_bits(set, chunk), tokens) : tokens;
}

static bool
check_chunks(Pass *pass, const MoeProgress *progress, GError **error)
{
    int64_t first = 0;
    int chunks = moe_trace_chunks(pass->run.trace);
    for (int c = 0; c < chunks; c++) {
        int64_t tokens = tokens_of(pass, c);
        if (!moe_progress(progress, c, chunks, "checking")) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "the check was stopped");
            return false;
        }
        if (tokens > 0)
            check_chunk(pass, c, first);
        first += tokens;
    }
    return true;
}

/* --- Beginning and ending ---------------------------------------------------------------------*/

const MoeCheck moe__check_readable = {
    .struct_size = sizeof(MoeCheck),
    .name = "readable",
    .help = "the archive is whole, and its columns fit each other and meta.json (ids in range)",
    .why = "what can't be read is in no number",
    .remedy = "a trace that was cut off: moescope trace repair keeps what is whole; else record or "
              "import again",
};

/* What no check gets to see: chunks behind a gap, and anything of a trace without tokens. */
static void
tell_gap(Pass *pass)
{
    char *gap = moe_trace_gap(pass->run.trace);
    if (gap) {
        MoeFinding finding = moe__finding(MOE_FINDING_ERROR, -1, &(MoeHits){0}, "", gap);
        moe_check_run_add(&pass->run, &finding);
    }
    if (pass->run.tokens == 0) {
        MoeFinding finding =
            moe__finding(MOE_FINDING_WARNING, -1, &(MoeHits){0}, "",
                         g_strdup("there are no tokens, so that nothing could be checked"));
        moe_check_run_add(&pass->run, &finding);
    }
}

/* What was lost before this trace was made leaves no other mark in it. */
static void
tell_history(Pass *pass)
{
    const MoeTrace *trace = pass->run.trace;
    char *texts[] = {moe_trace_made_of_part(trace), moe_trace_repaired(trace)};
    static const MoeSeverity severities[] = {MOE_FINDING_WARNING, MOE_FINDING_NOTE};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (!texts[i])
            continue;
        MoeFinding finding = moe__finding(severities[i], -1, &(MoeHits){0}, "", texts[i]);
        moe_check_run_add(&pass->run, &finding);
    }
}

/* What the pass itself learnt: nobody else sees what couldn't be read. */
static void
tell_unreadable(Pass *pass)
{
    const MoeTrace *trace = pass->run.trace;
    pass->run.check = &moe__check_readable;
    if (pass->unreadable.count > 0) {
        MoeFinding finding = moe__finding(MOE_FINDING_ERROR, -1, &pass->unreadable,
                                          "columns of picks", g_steal_pointer(&pass->complaint));
        moe_check_run_add(&pass->run, &finding);
    }
    tell_gap(pass);
    tell_history(pass);
    if (!moe_trace_complete(trace)) {
        MoeFinding finding = moe__finding(
            MOE_FINDING_WARNING, -1, &(MoeHits){0}, "",
            g_strdup_printf("the trace has no closing directory: it is still being written, or was "
                            "cut off after %d whole chunks",
                            moe_trace_chunks(trace)));
        moe_check_run_add(&pass->run, &finding);
    }
}

static bool
is_wanted(const char *name, const char *const *only)
{
    return !only || g_strv_contains(only, name);
}

static bool
check_names(const char *const *only, GError **error)
{
    int n;
    const MoeCheck *const *checks = moe_checks_list(&n);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (int i = 0; i < n; i++)
        g_ptr_array_add(names, (gpointer)checks[i]->name);
    g_ptr_array_add(names, NULL);
    for (; only && *only; only++) {
        if (g_strv_contains((const char *const *)names->pdata, *only))
            continue;
        const char *near = moe_nearest(*only, (const char *const *)names->pdata);
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "check \"%s\": there is no such check%s%s%s",
                    *only, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        return false;
    }
    return true;
}

/* Whether a check has nothing to say of traces. */
static bool
is_for_summaries(const MoeCheck *check)
{
    return check->summary && !check->rows && !check->chunk && !check->end;
}

static void
begin(Pass *pass, const char *const *only)
{
    int n;
    const MoeCheck *const *checks = moe_checks_list(&n);
    for (int i = 0; i < n; i++) {
        if (!is_wanted(checks[i]->name, only) || is_for_summaries(checks[i]))
            continue;
        Turn turn = {pass->run, g_malloc0(MAX(checks[i]->state_size, 1))};
        turn.run.findings = moe__findings_new();
        turn.run.check = checks[i];
        if (checks[i]->begin)
            checks[i]->begin(&turn.run, turn.state);
        g_array_append_val(pass->turns, turn);
    }
    pass->run.findings->checks = (int)pass->turns->len;
    pass->run.findings->tokens = pass->run.tokens;
}

/* Puts what a check found behind what others did. */
static void
take_findings(MoeFindings *all, MoeFindings *own)
{
    for (guint i = 0; i < own->drops->len; i++)
        moe__ranges_join(g_array_index(own->drops, MoeCheckDrops, i).ranges);
    g_array_append_vals(all->list, own->list->data, own->list->len);
    g_array_append_vals(all->drops, own->drops->data, own->drops->len);
    g_array_set_clear_func(own->list, NULL); /* what they hold has moved */
    g_array_set_clear_func(own->drops, NULL);
    moe_findings_free(own);
}

static void
end(Pass *pass, const char *const *only, bool cancelled)
{
    if (!cancelled && is_wanted(moe__check_readable.name, only))
        tell_unreadable(pass);
    for (guint i = 0; i < pass->turns->len; i++) {
        Turn *turn = &g_array_index(pass->turns, Turn, i);
        if (turn->run.check->end)
            turn->run.check->end(&turn->run, turn->state, cancelled);
        take_findings(pass->run.findings, turn->run.findings);
        g_free(turn->state);
    }
    g_array_unref(pass->turns);
    moe__rows_clear(&pass->buffers[0]);
    moe__rows_clear(&pass->buffers[1]);
    g_free(pass->complaint);
}

/* Checks saw the chosen tokens alone, and numbered them so; what they would drop isn't told. */
static void
place_findings(const Pass *pass)
{
    MoeFindings *findings = pass->run.findings;
    g_array_set_size(findings->drops, 0);
    for (guint i = 0; i < findings->list->len; i++) {
        MoeFinding *finding = &g_array_index(findings->list, MoeFinding, i);
        if (finding->check == moe__check_readable.name)
            finding->token = -1; /* its chunk says where */
        else if (finding->token >= 0)
            moe__chosen_place(pass->run.trace, pass->run.chosen, finding->token, &finding->chunk,
                              &finding->token);
    }
}

MoeFindings *
moe_check(const MoeTrace *trace, const MoeCheckOptions *options, GError **error)
{
    const char *const *only = options ? options->only : NULL;
    if (!check_names(only, error))
        return NULL;
    g_autoptr(MoeTokenSet) chosen = NULL;
    if (options && options->filter && !(chosen = moe_token_set_new(trace, options->filter, error)))
        return NULL;
    g_autoptr(MoeFindings) findings = moe__findings_new();
    Pass pass = {
        .run = {.trace = trace, .findings = findings, .chosen = chosen},
        .turns = g_array_new(FALSE, FALSE, sizeof(Turn)),
    };
    pass.run.tokens = chosen ? moe_token_set_count(chosen) : moe_trace_tokens(trace, -1);
    begin(&pass, only);
    bool done = check_chunks(&pass, options ? options->progress : NULL, error);
    end(&pass, only, !done);
    if (done && chosen)
        place_findings(&pass);
    return done ? g_steal_pointer(&findings) : NULL;
}

MoeFindings *
moe_check_summary(const MoeSummary *summary, const MoeCheckOptions *options, GError **error)
{
    const char *const *only = options ? options->only : NULL;
    if (!check_names(only, error))
        return NULL;
    int n;
    const MoeCheck *const *checks = moe_checks_list(&n);
    MoeFindings *findings = moe__findings_new();
    MoeCheckRun run = {.findings = findings};
    findings->tokens = moe_summary_tokens_counted(summary);
    for (int i = 0; i < n; i++) {
        if (!checks[i]->summary || !is_wanted(checks[i]->name, only))
            continue;
        run.check = checks[i];
        checks[i]->summary(&run, summary);
        findings->checks++;
    }
    return findings;
}
