/* SPDX-License-Identifier: MIT */
#include "import/log-row.h"

void
moe__log_row_init(MoeLogRow *row)
{
    *row = (MoeLogRow){
        .model = g_string_new(NULL),
        .doc = g_string_new(NULL),
        .domain = g_string_new(NULL),
        .experts = g_array_new(FALSE, FALSE, sizeof(int32_t)),
        .gates = g_array_new(FALSE, FALSE, sizeof(double)),
        .places = g_array_new(FALSE, FALSE, sizeof(int32_t)),
        .ids = g_array_new(FALSE, FALSE, sizeof(int32_t)),
    };
}

void
moe__log_row_clear(MoeLogRow *row)
{
    g_string_free(row->model, TRUE);
    g_string_free(row->doc, TRUE);
    g_string_free(row->domain, TRUE);
    g_array_unref(row->experts);
    g_array_unref(row->gates);
    g_array_unref(row->places);
    g_array_unref(row->ids);
}

/* As g_string_truncate() and g_array_set_size() to nothing would, which a line in ten pays for. */
static void
empty(GString *text)
{
    text->len = 0;
    text->str[0] = 0;
}

static void
begin_row(MoeLogRow *row)
{
    row->meta = row->single = row->told = row->by_token = false;
    row->tokens = 1;
    row->meta_experts = 0;
    row->meta_renormalised = -1;
    row->meta_k = -1;
    row->pos = row->id = row->layer = -1;
    empty(row->model);
    empty(row->doc);
    empty(row->domain);
    row->experts->len = row->gates->len = row->places->len = row->ids->len = 0;
}

/* --- Reading ----------------------------------------------------------------------------------*/

MoeLogReader *
moe__log_open(const char *path, bool csv, GError **error)
{
    MoeStream *stream = moe__stream_open(path, error);
    if (!stream)
        return NULL;
    MoeLogReader *reader = g_new0(MoeLogReader, 1);
    reader->stream = stream;
    reader->whole = g_string_new(NULL);
    moe__log_row_init(&reader->ahead);
    if (!csv)
        reader->json = moe__json_new(stream);
    else if (!moe__log_columns(reader, error))
        g_clear_pointer(&reader, moe__log_free);
    return reader;
}

void
moe__log_free(MoeLogReader *reader)
{
    if (!reader)
        return;
    moe__json_free(reader->json);
    g_string_free(reader->whole, TRUE);
    moe__stream_free(reader->stream);
    moe__log_row_clear(&reader->ahead);
    g_free(reader->cut);
    g_free(reader);
}

/* Whether a list has a value for each token of the row. */
static bool
fits(const MoeLogReader *reader, const MoeLogRow *row, const GArray *list, const char *what,
     GError **error)
{
    return list->len == 0 || (int)list->len == row->tokens ||
           moe__stream_fail(reader->stream, error, "found %u %s for the experts of %d tokens",
                            list->len, what, row->tokens);
}

static bool
check_row(const MoeLogReader *reader, MoeLogRow *row, GError **error)
{
    row->meta = row->meta && row->experts->len == 0 && !(row->told && row->layer >= 0);
    if (row->meta)
        return true;
    if (!row->told)
        return moe__stream_fail(reader->stream, error,
                                "found no experts, expected a line for each token and layer with "
                                "\"layer\" and \"experts\" ([] where there are none)");
    if (row->layer < 0)
        return moe__stream_fail(reader->stream, error, "found no layer");
    if (row->gates->len && row->gates->len != row->experts->len)
        return moe__stream_fail(reader->stream, error, "found %u gates for %u experts",
                                row->gates->len, row->experts->len);
    return fits(reader, row, row->places, "positions", error) &&
           fits(reader, row, row->ids, "token ids", error);
}

/* The next line, which may be broken. */
static bool
parse_row(MoeLogReader *reader, MoeLogRow *row, GError **error)
{
    MoeStream *stream = reader->stream;
    uint64_t begin = stream->base + stream->at;
    bool got;
    begin_row(row);
    if (reader->json) {
        got = moe__log_row_json(reader, row);
        stream->line = reader->json->line;
        if (reader->json->error)
            return moe__json_give_up(reader->json, error);
    } else {
        got = moe__log_row_csv(reader, row, error);
    }
    row->line = stream->line;
    row->end = stream->base + stream->at;
    row->length = row->end - begin;
    return got && check_row(reader, row, error);
}

/* Whether a line that can't be read is the last one, and was cut off. */
static bool
is_cut(const MoeLogReader *reader)
{
    return reader->rows > 0 &&
           (reader->json ? moe__json_is_cut(reader->json) : reader->stream->unended);
}

/* The next line; one that was cut off is none. */
static bool
read_row(MoeLogReader *reader, MoeLogRow *row, GError **error)
{
    GError *reason = NULL;
    bool got = !reader->cut && parse_row(reader, row, &reason);
    reader->rows += got;
    if (reason && is_cut(reader)) {
        reader->cut = g_strdup(reason->message);
        g_clear_error(&reason);
    }
    if (reason)
        g_propagate_error(error, reason);
    return got;
}

/* Whether a line has one more expert of the same token and layer. */
static bool
goes_on(const MoeLogRow *row, const MoeLogRow *next)
{
    return next->single && !next->meta && next->pos == row->pos && next->layer == row->layer &&
           g_string_equal(next->doc, row->doc) && g_string_equal(next->domain, row->domain) &&
           (next->gates->len > 0) == (row->gates->len > 0);
}

/* Experts that have a line each, one after another, are those of one token. */
static bool
join_lines(MoeLogReader *reader, MoeLogRow *row, GError **error)
{
    GError *reason = NULL;
    MoeLogRow *next = &reader->ahead;
    while ((reader->has_ahead = read_row(reader, next, &reason)) && goes_on(row, next)) {
        g_array_append_vals(row->experts, next->experts->data, next->experts->len);
        g_array_append_vals(row->gates, next->gates->data, next->gates->len);
        row->end = next->end;
        row->length += next->length;
    }
    if (reason)
        g_propagate_error(error, reason);
    return !reason;
}

bool
moe__log_next(MoeLogReader *reader, MoeLogRow *row, GError **error)
{
    if (reader->has_ahead) {
        MoeLogRow taken = reader->ahead;
        reader->ahead = *row;
        *row = taken;
        reader->has_ahead = false;
    } else if (!read_row(reader, row, error)) {
        return false;
    }
    return !row->single || row->meta || row->pos < 0 || join_lines(reader, row, error);
}
