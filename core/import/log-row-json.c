/* SPDX-License-Identifier: MIT */
#include "import/log-row.h"

#include <string.h>

/* Digits in place of printf(), which would take a tenth of the time. */
static void
append_int(GString *out, int64_t value)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0)
        *--at = '-';
    g_string_append_len(out, at, digits + sizeof digits - at);
}

/* A text, or an integer as text: requests are named either way. */
static bool
read_name(MoeJson *json, const char *what, GString *out)
{
    MoeJsonEvent event = moe__json_quick_int(json) ? MOE_JSON_INT : moe__json_next(json);
    if (event == MOE_JSON_INT) {
        g_string_truncate(out, 0);
        append_int(out, json->integer);
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
read_type(MoeJson *json, MoeLogRow *row)
{
    bool good = moe__json_expect(json, MOE_JSON_STRING, "type");
    row->meta = good && !moe__json_is(json, "route");
    return good;
}

static bool
read_norm(MoeJson *json, MoeLogRow *row)
{
    if (!moe__json_expect(json, MOE_JSON_BOOL, "renormalisation"))
        return false;
    row->meta_renormalised = (int)json->integer;
    return true;
}

/* "token" may be a text, or an object: only a number is taken, where there is no position. */
static bool
read_token(MoeJson *json, MoeLogRow *row)
{
    if (!moe__json_quick_int(json))
        moe__json_next(json);
    if (json->event == MOE_JSON_INT && row->pos < 0 && json->integer >= 0 &&
        json->integer <= INT32_MAX) {
        row->pos = json->integer;
        row->by_token = true;
        return true;
    }
    return moe__json_skip(json);
}

static bool
read_field(MoeJson *json, MoeLogField field, MoeLogRow *row)
{
    switch (field) {
    case MOE_LOG_TYPE:
        return read_type(json, row);
    case MOE_LOG_DOC:
        return read_name(json, "document", row->doc);
    case MOE_LOG_DOMAIN:
        return read_name(json, "domain", row->domain);
    case MOE_LOG_MODEL:
        return read_name(json, "model", row->model);
    case MOE_LOG_POS:
        row->by_token = false;
        return moe__log_read_place(json, "position", 0, &row->pos, row->places);
    case MOE_LOG_TOKEN:
        return read_token(json, row);
    case MOE_LOG_ID:
        return moe__log_read_place(json, "token id", -1, &row->id, row->ids);
    case MOE_LOG_LAYER:
        return moe__log_read_layer(json, row);
    case MOE_LOG_EXPERTS:
        return moe__log_read_experts(json, row);
    case MOE_LOG_GATES:
        return moe__log_read_gates(json, row);
    case MOE_LOG_META_EXPERTS:
        return moe__json_take_int(json, "experts", 1, UINT16_MAX, &row->meta_experts);
    case MOE_LOG_META_K:
        return moe__json_take_int(json, "k", 0, UINT16_MAX, &row->meta_k);
    case MOE_LOG_META_NORM:
        return read_norm(json, row);
    case MOE_LOG_UNKNOWN:
        break;
    }
    return moe__json_skip(json);
}

/* Lines have the same keys at the same places, as a rule: a key that was there on the line before
 * needn't be looked up. */
static void
learn_key(MoeLogKey *known, const MoeJson *json, MoeLogField field)
{
    size_t length = json->raw_length;
    if (length + 3 > sizeof known->text)
        return;
    known->field = field;
    known->length = length + 3;
    known->text[0] = known->text[length + 1] = '"';
    memcpy(known->text + 1, json->raw, length);
    known->text[length + 2] = ':';
}

/* The next key of a line; -1: there is none. */
static int
next_field(MoeLogReader *reader, int place)
{
    MoeJson *json = reader->json;
    MoeLogKey *known = place < MOE_LOG_KEYS ? &reader->keys[place] : NULL;
    if (known && known->length > 0 && moe__json_quick_key(json, known->text, known->length))
        return (int)known->field;
    if (moe__json_next(json) != MOE_JSON_KEY)
        return -1;
    MoeLogField field = moe__log_field(json->raw, json->raw_length);
    if (known)
        learn_key(known, json, field);
    return (int)field;
}

bool
moe__log_row_json(MoeLogReader *reader, MoeLogRow *row)
{
    MoeJson *json = reader->json;
    if (!moe__json_next_row(json))
        return false;
    for (int field, place = 0; (field = next_field(reader, place)) >= 0; place++)
        if (!read_field(json, (MoeLogField)field, row))
            return false;
    return !json->error;
}
