/* SPDX-License-Identifier: MIT */
#include "import/count-row.h"

#include "import/counts.h"
#include "import/csv.h"

#include <math.h>
#include <string.h>

#define I64 G_GINT64_FORMAT

static const struct {
    const char *name;
    int field;
    int64_t high; /* of integers */
} names[] = {
    /* The first of a field is what it is called in messages. */
    {"layer", MOE_COUNT_LAYER, UINT16_MAX},
    {"layer_id", MOE_COUNT_LAYER, UINT16_MAX},
    {"layer_idx", MOE_COUNT_LAYER, UINT16_MAX},
    {"layer_index", MOE_COUNT_LAYER, UINT16_MAX},
    {"layer_a", MOE_COUNT_LAYER, UINT16_MAX},
    {"layer_b", MOE_COUNT_LAYER_B, UINT16_MAX},
    {"expert", MOE_COUNT_EXPERT, UINT16_MAX - 1},
    {"expert_id", MOE_COUNT_EXPERT, UINT16_MAX - 1},
    {"expert_idx", MOE_COUNT_EXPERT, UINT16_MAX - 1},
    {"expert_index", MOE_COUNT_EXPERT, UINT16_MAX - 1},
    {"expert_a", MOE_COUNT_EXPERT, UINT16_MAX - 1},
    {"expert_b", MOE_COUNT_EXPERT_B, UINT16_MAX - 1},
    {"count", MOE_COUNT_COUNT, MOE_COUNT_MAX},
    {"counts", MOE_COUNT_COUNT, MOE_COUNT_MAX},
    {"token_count", MOE_COUNT_COUNT, MOE_COUNT_MAX},
    {"tokens", MOE_COUNT_COUNT, MOE_COUNT_MAX},
    {"num_tokens", MOE_COUNT_COUNT, MOE_COUNT_MAX},
    {"picks", MOE_COUNT_COUNT, MOE_COUNT_MAX},
    {"hits", MOE_COUNT_COUNT, MOE_COUNT_MAX},
    {"activations", MOE_COUNT_COUNT, MOE_COUNT_MAX},
    {"first", MOE_COUNT_FIRST, MOE_COUNT_MAX},
    {"gate_sum", MOE_COUNT_GATE_SUM, 0},
    {"domain", MOE_COUNT_DOMAIN, 0},
};

int
moe__count_field(const char *name, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strlen(names[i].name) == length && memcmp(names[i].name, name, length) == 0)
            return names[i].field;
    return MOE_COUNT_FIELDS;
}

static int64_t
highest(int field)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].field == field)
            return names[i].high;
    return 0;
}

static const char *
name_of(int field)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].field == field)
            return names[i].name;
    return NULL;
}

bool
moe__count_reader_fail(const MoeCountReader *reader, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: line %" G_GUINT64_FORMAT ": %s",
                reader->stream->path, reader->json ? reader->json->line : reader->stream->line,
                message);
    return false;
}

static void
row_empty(MoeCountRow *row)
{
    for (int i = 0; i < MOE_COUNT_INTEGERS; i++)
        row->integers[i] = -1;
    row->gate_sum = NAN;
    g_string_truncate(row->domain, 0);
}

/* --- CSV --------------------------------------------------------------------------------------*/

static bool
take_columns(MoeCountReader *reader, GError **error)
{
    GError *reason = NULL;
    char *at = moe__csv_line(reader->stream, &reason);
    if (reason) {
        g_propagate_error(error, reason);
        return false;
    }
    reader->separator = at ? moe__csv_separator(at) : ',';
    while (at) {
        g_autofree char *name = moe__csv_name(&at, reader->separator);
        if (!name || reader->n_columns == (int)G_N_ELEMENTS(reader->columns))
            return moe__count_reader_fail(reader, error, "expected up to %d names of columns",
                                          (int)G_N_ELEMENTS(reader->columns));
        int field = moe__count_field(name, strlen(name));
        for (int i = 0; i < reader->n_columns && field < MOE_COUNT_FIELDS; i++)
            if (reader->columns[i] == field)
                return moe__count_reader_fail(reader, error,
                                              "found two columns of %s, %s the second, expected "
                                              "one",
                                              name_of(field), name);
        reader->columns[reader->n_columns++] = field;
    }
    return true;
}

/* An empty cell says nothing. */
static bool
read_cell(MoeCountReader *reader, int field, const char *cell, GError **error)
{
    char *after;
    MoeCountRow *row = &reader->row;
    if (field == MOE_COUNT_FIELDS || *cell == 0)
        return true;
    if (field == MOE_COUNT_DOMAIN) {
        g_string_assign(row->domain, cell);
        return g_utf8_validate(cell, -1, NULL) ||
               moe__count_reader_fail(reader, error, "domain: found bytes that aren't UTF-8");
    }
    if (field == MOE_COUNT_GATE_SUM) {
        row->gate_sum = g_ascii_strtod(cell, &after);
        return (after > cell && *after == 0) ||
               moe__count_reader_fail(reader, error, "gate_sum: found \"%.40s\", expected a number",
                                      cell);
    }
    int64_t high = highest(field), value = g_ascii_strtoll(cell, &after, 10);
    row->integers[field] = value;
    if (after > cell && *after == '.') /* pandas makes 3.0 of 3 where numbers are missing */
        after += 1 + strspn(after + 1, "0");
    return (after > cell && *after == 0 && value >= 0 && value <= high) ||
           moe__count_reader_fail(reader, error, "%s: found \"%.40s\", expected 0 … %" I64,
                                  name_of(field), cell, high);
}

static bool
next_csv(MoeCountReader *reader, GError **error)
{
    char *at =
        moe__csv_row(reader->stream, reader->separator, reader->n_columns, reader->whole, error);
    if (!at)
        return false;
    int n = 0;
    for (; at; n++) {
        const char *cell = moe__csv_cell(&at, reader->separator);
        if (!cell || n == reader->n_columns)
            return moe__count_reader_fail(reader, error,
                                          cell ? "found more than %d cells"
                                               : "a quotation mark isn't closed (of %d columns)",
                                          reader->n_columns);
        if (!read_cell(reader, reader->columns[n], cell, error))
            return false;
    }
    return n == reader->n_columns ||
           moe__count_reader_fail(reader, error, "found %d cells, expected %d", n,
                                  reader->n_columns);
}

/* --- JSON Lines -------------------------------------------------------------------------------*/

static bool
read_value(MoeCountReader *reader, int field)
{
    MoeJson *json = reader->json;
    MoeCountRow *row = &reader->row;
    const char *text;
    switch (field) {
    case MOE_COUNT_FIELDS:
        return moe__json_skip(json);
    case MOE_COUNT_DOMAIN:
        text = moe__json_take_text(json, "domain");
        if (text)
            g_string_assign(row->domain, text);
        return text != NULL;
    case MOE_COUNT_GATE_SUM:
        moe__json_next(json);
        row->gate_sum = json->real;
        return json->event == MOE_JSON_INT || json->event == MOE_JSON_REAL ||
               moe__json_fail(json, "gate_sum: expected a number");
    default:
        return moe__json_take_int(json, name_of(field), 0, highest(field), &row->integers[field]);
    }
}

static bool
next_json(MoeCountReader *reader, GError **error)
{
    MoeJson *json = reader->json;
    if (!moe__json_next_row(json))
        return json->error && moe__json_give_up(json, error);
    while (moe__json_next(json) == MOE_JSON_KEY)
        if (!read_value(reader, moe__count_field(json->raw, json->raw_length)))
            break;
    return json->error ? moe__json_give_up(json, error) : true;
}

/* --- Either -----------------------------------------------------------------------------------*/

bool
moe__count_reader_next(MoeCountReader *reader, GError **error)
{
    row_empty(&reader->row);
    return reader->json ? next_json(reader, error) : next_csv(reader, error);
}

MoeCountReader *
moe__count_reader_new(const char *path, GError **error)
{
    MoeStream *stream = moe__stream_open(path, error);
    if (!stream)
        return NULL;
    g_autoptr(MoeCountReader) reader = g_new0(MoeCountReader, 1);
    reader->stream = stream;
    reader->row.domain = g_string_new(NULL);
    reader->whole = g_string_new(NULL);
    moe__stream_more(stream);
    const char *begin = (const char *)stream->bytes;
    begin += strspn(begin, " \t\r\n\xef\xbb\xbf");
    if (stream->end > 0 && (*begin == '{' || *begin == '['))
        reader->json = moe__json_new(stream);
    else if (!take_columns(reader, error))
        return NULL;
    return g_steal_pointer(&reader);
}

void
moe__count_reader_free(MoeCountReader *reader)
{
    if (!reader)
        return;
    moe__json_free(reader->json);
    moe__stream_free(reader->stream);
    g_string_free(reader->row.domain, TRUE);
    g_string_free(reader->whole, TRUE);
    g_free(reader);
}
