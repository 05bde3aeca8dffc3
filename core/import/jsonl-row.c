/* SPDX-License-Identifier: MIT */
#include "import/jsonl-row.h"

typedef enum {
    FIELD_TYPE,
    FIELD_DOC,
    FIELD_POS,
    FIELD_ID,
    FIELD_LAYER,
    FIELD_EXPERTS,
    FIELD_GATES,
    FIELD_DOMAIN,
    FIELD_MODEL,
    FIELD_META_EXPERTS,
    FIELD_META_K,
    FIELD_META_NORM,
} Field;

/* Every logger has names of its own. */
static const struct {
    const char *name;
    Field field;
} fields[] = {
    {"type", FIELD_TYPE},
    {"req_id", FIELD_DOC},
    {"request_id", FIELD_DOC},
    {"doc", FIELD_DOC},
    {"seq_id", FIELD_DOC},
    {"token_idx", FIELD_POS},
    {"token_index", FIELD_POS},
    {"pos", FIELD_POS},
    {"position", FIELD_POS},
    {"token_id", FIELD_ID},
    {"id", FIELD_ID},
    {"layer", FIELD_LAYER},
    {"layer_id", FIELD_LAYER},
    {"layer_idx", FIELD_LAYER},
    {"topk_ids", FIELD_EXPERTS},
    {"experts", FIELD_EXPERTS},
    {"expert_ids", FIELD_EXPERTS},
    {"selected_experts", FIELD_EXPERTS},
    {"topk_weights", FIELD_GATES},
    {"gates", FIELD_GATES},
    {"weights", FIELD_GATES},
    {"expert_weights", FIELD_GATES},
    {"domain", FIELD_DOMAIN},
    {"model_id", FIELD_MODEL},
    {"model", FIELD_MODEL},
    {"num_experts", FIELD_META_EXPERTS},
    {"n_experts", FIELD_META_EXPERTS},
    {"top_k", FIELD_META_K},
    {"num_experts_per_tok", FIELD_META_K},
    {"norm_topk_prob", FIELD_META_NORM},
    {"renormalize", FIELD_META_NORM},
};

void
moe__jsonl_row_init(MoeJsonlRow *row)
{
    *row = (MoeJsonlRow){
        .model = g_string_new(NULL),
        .doc = g_string_new(NULL),
        .domain = g_string_new(NULL),
        .experts = g_array_new(FALSE, FALSE, sizeof(int32_t)),
        .gates = g_array_new(FALSE, FALSE, sizeof(float)),
    };
}

void
moe__jsonl_row_clear(MoeJsonlRow *row)
{
    g_string_free(row->model, TRUE);
    g_string_free(row->doc, TRUE);
    g_string_free(row->domain, TRUE);
    g_array_unref(row->experts);
    g_array_unref(row->gates);
}

static void
begin_row(MoeJsonlRow *row)
{
    row->meta = false;
    row->meta_experts = row->meta_k = 0;
    row->meta_renormalised = -1;
    row->pos = row->id = row->layer = -1;
    g_string_truncate(row->model, 0);
    g_string_truncate(row->doc, 0);
    g_string_truncate(row->domain, 0);
    g_array_set_size(row->experts, 0);
    g_array_set_size(row->gates, 0);
}

/* A text, or an integer as text: requests are named either way. */
static bool
read_name(MoeJson *json, const char *what, GString *out)
{
    MoeJsonEvent event = moe__json_next(json);
    if (event == MOE_JSON_INT) {
        g_string_printf(out, "%" G_GINT64_FORMAT, json->integer);
        return true;
    }
    if (event == MOE_JSON_NULL)
        return true;
    if (event != MOE_JSON_STRING)
        return moe__json_fail(json, "%s: expected a text or an integer", what);
    const char *text = moe__json_text(json);
    g_string_assign(out, text ? text : "");
    return text != NULL;
}

static bool
read_type(MoeJson *json, MoeJsonlRow *row)
{
    const char *type = moe__json_take_text(json, "type");
    row->meta = type && !g_str_equal(type, "route");
    return type != NULL;
}

static bool
read_norm(MoeJson *json, MoeJsonlRow *row)
{
    if (!moe__json_expect(json, MOE_JSON_BOOL, "renormalisation"))
        return false;
    row->meta_renormalised = (int)json->integer;
    return true;
}

static bool
read_field(MoeJson *json, const char *name, Field field, MoeJsonlRow *row)
{
    switch (field) {
    case FIELD_TYPE:
        return read_type(json, row);
    case FIELD_DOC:
        return read_name(json, name, row->doc);
    case FIELD_DOMAIN:
        return read_name(json, name, row->domain);
    case FIELD_MODEL:
        return read_name(json, name, row->model);
    case FIELD_POS:
        return moe__json_take_int(json, name, 0, INT32_MAX, &row->pos);
    case FIELD_ID:
        return moe__json_take_int(json, name, -1, INT32_MAX, &row->id);
    case FIELD_LAYER:
        return moe__json_take_int(json, name, 0, UINT16_MAX, &row->layer);
    case FIELD_EXPERTS:
        return moe__json_take_ints(json, name, row->experts);
    case FIELD_GATES:
        return moe__json_take_floats(json, name, row->gates);
    case FIELD_META_EXPERTS:
        return moe__json_take_int(json, name, 1, UINT16_MAX, &row->meta_experts);
    case FIELD_META_K:
        return moe__json_take_int(json, name, 1, UINT16_MAX, &row->meta_k);
    case FIELD_META_NORM:
        return read_norm(json, row);
    }
    return false;
}

static bool
check_row(MoeJson *json, const MoeJsonlRow *row)
{
    if (row->meta)
        return true;
    if (row->experts->len == 0)
        return moe__json_fail(json, "found a line without experts");
    if (row->layer < 0)
        return moe__json_fail(json, "found a line without a layer");
    if (row->gates->len && row->gates->len != row->experts->len)
        return moe__json_fail(json, "found %u gates for %u experts", row->gates->len,
                              row->experts->len);
    return true;
}

bool
moe__jsonl_row_read(MoeJson *json, MoeJsonlRow *row)
{
    begin_row(row);
    MoeJsonEvent event = moe__json_next(json);
    if (event == MOE_JSON_END)
        return false;
    if (event != MOE_JSON_OBJECT)
        return moe__json_fail(json, "expected an object a line");
    while (moe__json_next(json) == MOE_JSON_KEY) {
        size_t i = 0;
        while (i < G_N_ELEMENTS(fields) && !moe__json_is(json, fields[i].name))
            i++;
        bool good = i < G_N_ELEMENTS(fields)
                        ? read_field(json, fields[i].name, fields[i].field, row)
                        : moe__json_skip(json);
        if (!good)
            return false;
    }
    return !json->error && check_row(json, row);
}
