/* SPDX-License-Identifier: MIT
 *
 * A line of CSV: cells between commas, in quotation marks or not, lists within a cell between
 * blanks or semicolons, or as Python prints them. Lines that begin with '#' are passed over.
 */
#include "import/log-row.h"

#include <string.h>

/* What parts the values of a list: "5 2", "5;2", "[5, 2]". */
#define PARTS " ;,[]"

char *
moe__csv_line(MoeStream *stream, GError **error)
{
    size_t length;
    char *line;
    do
        line = moe__stream_line(stream, &length, error);
    while (line && (*line == '#' || *line == 0));
    return line;
}

char *
moe__csv_cell(char **at)
{
    char *cell = *at, *end = cell;
    if (*cell != '"') {
        end += strcspn(cell, ",");
        *at = *end ? end + 1 : NULL;
        *end = 0;
        return cell;
    }
    const char *from = cell + 1;
    for (; *from && !(from[0] == '"' && from[1] != '"'); from++) {
        *end++ = *from;
        from += from[0] == '"'; /* a doubled mark is one */
    }
    if (*from != '"' || (from[1] && from[1] != ','))
        return NULL;
    *at = from[1] ? (char *)from + 2 : NULL;
    *end = 0;
    return cell;
}

bool
moe__log_columns(MoeLogReader *reader, GError **error)
{
    GError *reason = NULL;
    char *at = moe__csv_line(reader->stream, &reason);
    if (reason) {
        g_propagate_error(error, reason);
        return false;
    }
    while (at) {
        at += strspn(at, " "); /* "layer, experts" */
        const char *name = moe__csv_cell(&at);
        if (!name || reader->n_columns == MOE_LOG_COLUMNS)
            return moe__stream_fail(reader->stream, error, "expected up to %d names of columns",
                                    MOE_LOG_COLUMNS);
        reader->columns[reader->n_columns++] = moe__log_field(name, strlen(name));
    }
    return true;
}

static bool
parse_int(const MoeLogReader *reader, const char *cell, const char *what, int64_t low, int64_t high,
          int64_t *out, GError **error)
{
    char *after;
    int64_t value = g_ascii_strtoll(cell, &after, 10);
    if (after > cell && *after == 0 && value >= low && value <= high) {
        *out = value;
        return true;
    }
    return moe__stream_fail(reader->stream, error,
                            "%s: found \"%.40s\", expected %" G_GINT64_FORMAT
                            " … %" G_GINT64_FORMAT,
                            what, cell, low, high);
}

static bool
parse_ints(const MoeLogReader *reader, const char *cell, GArray *out, GError **error)
{
    for (cell += strspn(cell, PARTS); *cell; cell += strspn(cell, PARTS)) {
        char *after;
        int64_t value = g_ascii_strtoll(cell, &after, 10);
        if (after == cell || (*after && !strchr(PARTS, *after)) || value < -1 || value > UINT16_MAX)
            return moe__stream_fail(reader->stream, error, "experts: found \"%.40s\", expected ids",
                                    cell);
        int32_t id = (int32_t)value;
        g_array_append_val(out, id);
        cell = after;
    }
    return true;
}

static bool
parse_reals(const MoeLogReader *reader, const char *cell, GArray *out, GError **error)
{
    for (cell += strspn(cell, PARTS); *cell; cell += strspn(cell, PARTS)) {
        char *after;
        double value = g_ascii_strtod(cell, &after);
        if (after == cell || (*after && !strchr(PARTS, *after)))
            return moe__stream_fail(reader->stream, error,
                                    "gates: found \"%.40s\", expected numbers", cell);
        g_array_append_val(out, value);
        cell = after;
    }
    return true;
}

/* An empty cell says nothing. */
static bool
read_cell(const MoeLogReader *reader, MoeLogField field, const char *cell, MoeLogRow *row,
          GError **error)
{
    if (*cell == 0)
        return true;
    switch (field) {
    case MOE_LOG_DOC:
        g_string_assign(row->doc, cell);
        return true;
    case MOE_LOG_DOMAIN:
        g_string_assign(row->domain, cell);
        return true;
    case MOE_LOG_POS:
        return parse_int(reader, cell, "position", 0, INT32_MAX, &row->pos, error);
    case MOE_LOG_ID:
        return parse_int(reader, cell, "token id", -1, INT32_MAX, &row->id, error);
    case MOE_LOG_LAYER:
        return parse_int(reader, cell, "layer", 0, UINT16_MAX, &row->layer, error);
    case MOE_LOG_EXPERTS:
        return parse_ints(reader, cell, row->experts, error);
    case MOE_LOG_GATES:
        return parse_reals(reader, cell, row->gates, error);
    default:
        return true;
    }
}

bool
moe__log_row_csv(MoeLogReader *reader, MoeLogRow *row, GError **error)
{
    char *at = moe__csv_line(reader->stream, error);
    if (!at)
        return false;
    int n = 0;
    for (; at; n++) {
        const char *cell = moe__csv_cell(&at);
        if (!cell)
            return moe__stream_fail(reader->stream, error, "a quotation mark isn't closed");
        if (n < reader->n_columns && !read_cell(reader, reader->columns[n], cell, row, error))
            return false;
    }
    return n == reader->n_columns ||
           moe__stream_fail(reader->stream, error, "found %d cells, expected %d", n,
                            reader->n_columns);
}
