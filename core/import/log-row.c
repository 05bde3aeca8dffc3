/* SPDX-License-Identifier: MIT */
#include "import/log-row.h"

#include <string.h>

typedef struct {
    const char *name;
    size_t length;
    MoeLogField field;
} Field;

#define FIELD(name, field)           \
    {                                \
        name, sizeof name - 1, field \
    }

static const Field fields[] = {
    FIELD("type", MOE_LOG_TYPE),
    FIELD("req_id", MOE_LOG_DOC),
    FIELD("request_id", MOE_LOG_DOC),
    FIELD("doc", MOE_LOG_DOC),
    FIELD("seq_id", MOE_LOG_DOC),
    FIELD("token_idx", MOE_LOG_POS),
    FIELD("token_index", MOE_LOG_POS),
    FIELD("pos", MOE_LOG_POS),
    FIELD("position", MOE_LOG_POS),
    FIELD("token_id", MOE_LOG_ID),
    FIELD("id", MOE_LOG_ID),
    FIELD("layer", MOE_LOG_LAYER),
    FIELD("layer_id", MOE_LOG_LAYER),
    FIELD("layer_idx", MOE_LOG_LAYER),
    FIELD("topk_ids", MOE_LOG_EXPERTS),
    FIELD("experts", MOE_LOG_EXPERTS),
    FIELD("expert_ids", MOE_LOG_EXPERTS),
    FIELD("selected_experts", MOE_LOG_EXPERTS),
    FIELD("topk_weights", MOE_LOG_GATES),
    FIELD("gates", MOE_LOG_GATES),
    FIELD("weights", MOE_LOG_GATES),
    FIELD("expert_weights", MOE_LOG_GATES),
    FIELD("domain", MOE_LOG_DOMAIN),
    FIELD("model_id", MOE_LOG_MODEL),
    FIELD("model", MOE_LOG_MODEL),
    FIELD("num_experts", MOE_LOG_META_EXPERTS),
    FIELD("n_experts", MOE_LOG_META_EXPERTS),
    FIELD("top_k", MOE_LOG_META_K),
    FIELD("num_experts_per_tok", MOE_LOG_META_K),
    FIELD("norm_topk_prob", MOE_LOG_META_NORM),
    FIELD("renormalize", MOE_LOG_META_NORM),
};

MoeLogField
moe__log_field(const char *name, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].length == length && fields[i].name[0] == name[0] &&
            memcmp(fields[i].name, name, length) == 0)
            return fields[i].field;
    return MOE_LOG_UNKNOWN;
}

void
moe__log_row_init(MoeLogRow *row)
{
    *row = (MoeLogRow){
        .model = g_string_new(NULL),
        .doc = g_string_new(NULL),
        .domain = g_string_new(NULL),
        .experts = g_array_new(FALSE, FALSE, sizeof(int32_t)),
        .gates = g_array_new(FALSE, FALSE, sizeof(double)),
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
    row->meta = false;
    row->meta_experts = row->meta_k = 0;
    row->meta_renormalised = -1;
    row->pos = row->id = row->layer = -1;
    empty(row->model);
    empty(row->doc);
    empty(row->domain);
    row->experts->len = row->gates->len = 0;
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
    moe__stream_free(reader->stream);
    g_free(reader);
}

static bool
check_row(const MoeLogReader *reader, const MoeLogRow *row, GError **error)
{
    if (row->meta)
        return true;
    if (row->experts->len == 0)
        return moe__stream_fail(reader->stream, error, "found no experts");
    if (row->layer < 0)
        return moe__stream_fail(reader->stream, error, "found no layer");
    if (row->gates->len && row->gates->len != row->experts->len)
        return moe__stream_fail(reader->stream, error, "found %u gates for %u experts",
                                row->gates->len, row->experts->len);
    return true;
}

bool
moe__log_next(MoeLogReader *reader, MoeLogRow *row, GError **error)
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
