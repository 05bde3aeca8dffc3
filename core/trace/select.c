/* SPDX-License-Identifier: MIT
 *
 * select.c: a part of a trace as a trace of its own.
 */
#include "trace/tools.h"

#include <glib/gstdio.h>
#include <string.h>

/* A selection, made ready for looking at tokens. */
typedef struct Choice {
    const MoeTraceSelection *selection;
    bool *domains; /* [domains]: kept; NULL: all are */
    int64_t seen;  /* tokens of earlier chunks */
    GArray *index; /* int64_t: those of this chunk that are kept */
} Choice;

static bool
chooses_tokens(const MoeTraceSelection *s)
{
    return s->first_token > 0 || s->n_tokens > 0 || s->domains || s->by_step || s->every > 0 ||
           s->share > 0;
}

G_GNUC_PRINTF(3, 4)
static bool
refuse(const MoeTrace *trace, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: %s", trace->zip->path, what);
    return false;
}

static bool
check_selection(const MoeTrace *trace, const MoeTraceSelection *s, GError **error)
{
    if (s->first_token < 0 || s->n_tokens < 0 || s->every < 0 || !(s->share >= 0 && s->share <= 1))
        return refuse(trace, error, "a selection has negative numbers or a share beyond 0 … 1");
    for (int i = 0; s->routers && i < s->n_routers; i++)
        if (s->routers[i] < (i > 0 ? s->routers[i - 1] + 1 : 0) ||
            s->routers[i] >= trace->meta.n_routers)
            return refuse(trace, error, "router %d was asked for; 0 … %d, ascending, is expected",
                          s->routers[i], trace->meta.n_routers - 1);
    if (s->routers && s->n_routers < 1)
        return refuse(trace, error, "no router was asked for; at least one is expected");
    if (s->by_step && s->first_step > s->last_step)
        return refuse(trace, error,
                      "steps %" G_GINT64_FORMAT " … %" G_GINT64_FORMAT " were asked for, which is "
                      "none",
                      s->first_step, s->last_step);
    return true;
}

static bool
find_domains(const MoeTrace *trace, Choice *choice, GError **error)
{
    const char *const *wanted = choice->selection->domains;
    if (!wanted)
        return true;
    choice->domains = g_new0(bool, (gsize)trace->meta.n_domains + 1);
    for (; *wanted; wanted++) {
        bool found = false;
        for (int i = 0; i < trace->meta.n_domains; i++)
            if (g_str_equal(trace->meta.domains[i], *wanted))
                choice->domains[i] = found = true;
        if (!found) {
            g_autofree char *all = g_strjoinv(", ", trace->meta.domains);
            return refuse(trace, error, "there is no domain \"%s\"; there are: %s", *wanted, all);
        }
    }
    return true;
}

/* Columns that the selection asks for have to be there. */
static bool
check_columns(const MoeTrace *trace, const MoeTraceSelection *s, const MoeTraceTokens *tokens,
              GError **error)
{
    if (tokens->n > 0 && (s->every > 0 || s->share > 0) && !tokens->doc)
        return refuse(trace, error, "its tokens have no documents to choose from");
    if (tokens->n > 0 && s->by_step && !tokens->step)
        return refuse(trace, error, "its tokens have no steps to choose from");
    if (tokens->n > 0 && s->domains && !tokens->domain)
        return refuse(trace, error, "its tokens have no domains to choose from");
    return true;
}

/* Drawn by the number of the document alone, so that every trace of the same texts keeps the
 * same. */
static bool
is_drawn(const MoeTraceSelection *s, int32_t doc)
{
    uint32_t random[4];
    moe_rng_block(s->seed, 0, (uint64_t)doc, random);
    return random[0] * 0x1p-32 < s->share;
}

static bool
is_kept(const Choice *choice, const MoeTraceTokens *tokens, int64_t i)
{
    const MoeTraceSelection *s = choice->selection;
    int64_t place = choice->seen + i;
    if (place < s->first_token || (s->n_tokens > 0 && place - s->first_token >= s->n_tokens))
        return false;
    if (choice->domains && (tokens->domain[i] < 0 || !choice->domains[tokens->domain[i]]))
        return false;
    if (s->by_step && (tokens->step[i] < s->first_step || tokens->step[i] > s->last_step))
        return false;
    if (s->every > 0 && tokens->doc[i] % s->every != 0)
        return false;
    return s->share == 0 || is_drawn(s, tokens->doc[i]);
}

/* Whether the chunk can be left unread. */
static bool
is_outside(const MoeTraceSelection *s, int64_t seen, int64_t tokens)
{
    return tokens == 0 || seen + tokens <= s->first_token ||
           (s->n_tokens > 0 && seen >= s->first_token + s->n_tokens);
}

static bool
copy_chunk(MoeTraceCopy *copy, Choice *choice, int chunk, GError **error)
{
    int64_t n = moe_trace_tokens(copy->from, chunk);
    if (!moe__trace_copy_states(copy, chunk, error))
        return false;
    if (!is_outside(choice->selection, choice->seen, n)) {
        if (!moe_trace_rows_load(copy->rows, chunk, error))
            return false;
        const MoeTraceTokens *tokens = moe_trace_rows_tokens(copy->rows);
        if (!check_columns(copy->from, choice->selection, tokens, error))
            return false;
        g_array_set_size(choice->index, 0);
        for (int64_t i = 0; i < n; i++)
            if (is_kept(choice, tokens, i))
                g_array_append_val(choice->index, i);
        if (!moe__trace_copy_rows(copy, (const int64_t *)choice->index->data, choice->index->len,
                                  error))
            return false;
    }
    choice->seen += n;
    return true;
}

static bool
copy_chunks(MoeTraceCopy *copy, Choice *choice, int64_t *kept, const MoeProgress *progress,
            GError **error)
{
    int n = moe_trace_chunks(copy->from);
    *kept = 0;
    for (int i = 0; i < n; i++) {
        if (!moe_progress(progress, i, n, "copying chunks")) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "stopped after %d of %d chunks", i,
                        n);
            return false;
        }
        g_array_set_size(choice->index, 0);
        if (!copy_chunk(copy, choice, i, error))
            return false;
        *kept += choice->index->len;
    }
    if (*kept > 0 || moe_trace_tokens(copy->from, -1) == 0)
        return true;
    return refuse(copy->from, error, "none of its %" G_GINT64_FORMAT " tokens fits the selection",
                  moe_trace_tokens(copy->from, -1));
}

/* --- What was done ----------------------------------------------------------------------------*/

static void
add_names(JsonObject *entry, const MoeTraceSelection *s)
{
    if (s->domains) {
        JsonArray *names = json_array_new();
        for (int i = 0; s->domains[i]; i++)
            json_array_add_string_element(names, s->domains[i]);
        json_object_set_array_member(entry, "domains", names);
    }
    if (s->routers) {
        JsonArray *routers = json_array_new();
        for (int i = 0; i < s->n_routers; i++)
            json_array_add_int_element(routers, s->routers[i]);
        json_object_set_array_member(entry, "routers", routers);
    }
}

static JsonObject *
describe(const MoeTrace *trace, const MoeTraceSelection *s)
{
    bool samples = s->every > 0 || s->share > 0, all = !chooses_tokens(s) && !s->routers;
    JsonObject *entry = moe__trace_history(all       ? "recompress"
                                           : samples ? "sample"
                                                     : "slice",
                                           trace->zip->path);
    moe__trace_history_source(entry, trace);
    add_names(entry, s);
    if (s->first_token > 0 || s->n_tokens > 0) {
        json_object_set_int_member(entry, "first_token", s->first_token);
        json_object_set_int_member(entry, "tokens", s->n_tokens);
    }
    if (s->by_step) {
        json_object_set_int_member(entry, "first_step", s->first_step);
        json_object_set_int_member(entry, "last_step", s->last_step);
    }
    if (s->every > 0)
        json_object_set_int_member(entry, "every", s->every);
    if (s->share > 0) {
        json_object_set_double_member(entry, "share", s->share);
        json_object_set_int_member(entry, "seed", (gint64)s->seed);
    }
    return entry;
}

static MoeTraceWriter *
begin(const MoeTrace *trace, const char *path, const MoeTraceSelection *s,
      const MoeTraceOutput *output, GError **error)
{
    int n = s->routers ? s->n_routers : trace->meta.n_routers;
    g_autofree MoeRouterInfo *routers = g_new(MoeRouterInfo, (gsize)n);
    for (int i = 0; i < n; i++)
        routers[i] = trace->meta.routers[s->routers ? s->routers[i] : i];
    g_autofree char *meta =
        moe__trace_meta_edit(trace->meta_json, s->routers, s->n_routers, NULL, describe(trace, s));
    return moe__trace_rewrite(path, meta, trace, routers, n, output, moe_trace_gate_type(trace),
                              error);
}

static bool
write_selection(const MoeTrace *trace, const char *path, Choice *choice,
                const MoeTraceOutput *output, int64_t *kept, const MoeProgress *progress,
                GError **error)
{
    const MoeTraceSelection *s = choice->selection;
    MoeTraceWriter *writer = begin(trace, path, s, output, error);
    if (!writer)
        return false;
    MoeTraceCopy copy;
    moe__trace_copy_begin(&copy, trace, writer, s->routers, s->n_routers);
    if (s->by_step) {
        copy.low_step = s->first_step;
        copy.high_step = s->last_step;
    }
    bool ok = copy_chunks(&copy, choice, kept, progress, error);
    moe__trace_copy_end(&copy);
    if (ok)
        return moe_trace_writer_close(writer, error);
    moe_trace_writer_abandon(writer);
    return false;
}

bool
moe_trace_select(const MoeTrace *trace, const char *path, const MoeTraceSelection *selection,
                 const MoeTraceOutput *output, int64_t *kept, const MoeProgress *progress,
                 GError **error)
{
    int64_t count = 0;
    Choice choice = {.selection = selection};
    g_autofree char *beside = moe__trace_beside(path, error);
    if (!beside || !moe__trace_check_gap(trace, error) || !check_selection(trace, selection, error))
        return false;
    choice.index = g_array_new(FALSE, FALSE, sizeof(int64_t));
    bool ok = find_domains(trace, &choice, error) &&
              write_selection(trace, beside, &choice, output, &count, progress, error);
    g_array_unref(choice.index);
    g_free(choice.domains);
    if (kept)
        *kept = count;
    if (ok)
        return moe__trace_replace(beside, path, error);
    g_unlink(beside);
    return false;
}
