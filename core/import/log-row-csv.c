/* SPDX-License-Identifier: MIT
 *
 * A line of CSV: lists within a cell between blanks, semicolons, bars or commas, whichever of these
 * doesn't part cells, as Python prints them, or a column each ("expert_0", "expert_1").
 */
#include "import/csv.h"
#include "import/log-row.h"

#include <string.h>

/* What parts the values of a list: "5 2", "5;2", "5|2", "5,2", "[5, 2]", "(5, 2)". */
#define PARTS " ;,|/[]()"

/* "tensor([5, 2])", "array([5, 2])" */
static const char *
behind_word(const char *cell)
{
    const char *after = cell;
    while (g_ascii_isalpha(*after))
        after++;
    return *after == '(' ? after : cell;
}

static const char *
plural(MoeLogField field)
{
    return field == MOE_LOG_LAYER     ? "layers"
           : field == MOE_LOG_EXPERTS ? "experts"
           : field == MOE_LOG_GATES   ? "gates"
                                      : "positions";
}

/* A column that is there twice would make lists twice as long. "token" is a place only where no
 * other column is. */
static bool
add_column(MoeLogReader *reader, const char *name, GError **error)
{
    bool numbered;
    MoeLogField field = moe__log_column(name, &numbered);
    bool once = !numbered && (field == MOE_LOG_LAYER || field == MOE_LOG_EXPERTS ||
                              field == MOE_LOG_GATES || field == MOE_LOG_POS);
    for (int i = 0; i < reader->n_columns && once; i++)
        if (reader->columns[i] == field)
            return moe__stream_fail(reader->stream, error,
                                    "found two columns of %s, %s the second, expected one",
                                    plural(field), name);
    reader->listed = reader->listed || (numbered && field == MOE_LOG_EXPERTS);
    reader->columns[reader->n_columns++] = field;
    return true;
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
    reader->separator = at ? moe__csv_separator(at) : ',';
    while (at) {
        g_autofree char *name = moe__csv_name(&at, reader->separator);
        if (!name || reader->n_columns == MOE_LOG_COLUMNS)
            return moe__stream_fail(reader->stream, error, "expected up to %d names of columns",
                                    MOE_LOG_COLUMNS);
        if (!add_column(reader, name, error))
            return false;
    }
    return true;
}

static bool
parse_int(const MoeLogReader *reader, const char *cell, const char *what, int64_t low, int64_t high,
          int64_t *out, GError **error)
{
    char *after;
    int64_t value = g_ascii_strtoll(cell, &after, 10);
    if (after > cell && *after == '.') /* pandas makes 3.0 of 3 where numbers are missing */
        after += 1 + strspn(after + 1, "0");
    after += strspn(after, " ");
    if (after > cell && *after == 0 && value >= low && value <= high) {
        *out = value;
        return true;
    }
    return moe__stream_fail(reader->stream, error,
                            "%s: found \"%.40s\", expected %" G_GINT64_FORMAT
                            " … %" G_GINT64_FORMAT,
                            what, cell, low, high);
}

/* By number, or by a name that has it. */
static bool
parse_layer(const MoeLogReader *reader, const char *cell, MoeLogRow *row, GError **error)
{
    const char *word = cell + strspn(cell, "0123456789. ");
    row->layer = *word && *word != '-' ? moe__log_layer(cell) : -1;
    return row->layer >= 0 || parse_int(reader, cell, "layer", 0, UINT16_MAX, &row->layer, error);
}

/* A place, where it is a number; texts of tokens are passed over. */
static void
parse_token(const char *cell, MoeLogRow *row)
{
    char *after;
    int64_t value = g_ascii_strtoll(cell, &after, 10);
    if (after > cell && *after == 0 && row->pos < 0 && value >= 0 && value <= INT32_MAX) {
        row->pos = value;
        row->by_token = true;
    }
}

static bool
parse_ints(const MoeLogReader *reader, const char *cell, GArray *out, GError **error)
{
    cell = behind_word(cell);
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

/* Where semicolons part cells numbers may have been written as "0,7", which would be read as two.
 */
static bool
has_decimal_comma(const char *cell)
{
    if (strchr(cell, '.'))
        return false;
    for (const char *comma = strchr(cell, ','); comma; comma = strchr(comma + 1, ','))
        if (comma > cell && g_ascii_isdigit(comma[-1]) && g_ascii_isdigit(comma[1]))
            return true;
    return false;
}

static bool
parse_reals(const MoeLogReader *reader, const char *cell, GArray *out, GError **error)
{
    if (reader->separator == ';' && has_decimal_comma(cell))
        return moe__stream_fail(reader->stream, error,
                                "gates: found \"%.40s\", expected numbers with decimal points, "
                                "not commas",
                                cell);
    cell = behind_word(cell);
    for (cell += strspn(cell, PARTS); *cell; cell += strspn(cell, PARTS)) {
        double value;
        const char *after = moe__number_scan(cell, &value);
        if (!after || (*after && !strchr(PARTS, *after)))
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
    case MOE_LOG_TOKEN:
        parse_token(cell, row);
        return true;
    case MOE_LOG_POS:
        row->by_token = false;
        return parse_int(reader, cell, "position", 0, INT32_MAX, &row->pos, error);
    case MOE_LOG_ID:
        return parse_int(reader, cell, "token id", -1, INT32_MAX, &row->id, error);
    case MOE_LOG_LAYER:
        return parse_layer(reader, cell, row, error);
    case MOE_LOG_EXPERTS:
        row->told = true;
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
    char *at =
        moe__csv_row(reader->stream, reader->separator, reader->n_columns, reader->whole, error);
    if (!at)
        return false;
    int n = 0;
    for (; at; n++) {
        const char *cell = moe__csv_cell(&at, reader->separator);
        if (!cell)
            return moe__stream_fail(reader->stream, error, "a quotation mark isn't closed");
        if (n < reader->n_columns && !read_cell(reader, reader->columns[n], cell, row, error))
            return false;
    }
    row->single = row->experts->len == 1 && !reader->listed;
    return n == reader->n_columns ||
           moe__stream_fail(reader->stream, error, "found %d cells, expected %d", n,
                            reader->n_columns);
}
