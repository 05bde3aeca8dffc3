/* SPDX-License-Identifier: MIT */
#include "import/csv.h"

#include <string.h>

/* A comment, nothing, or what tells spreadsheets the separator: "sep=;". */
static bool
says_nothing(const char *line)
{
    return *line == '#' || *line == 0 || *line == '\r' || *line == '\n' ||
           ((*line | 32) == 's' && g_ascii_strncasecmp(line, "sep=", 4) == 0 &&
            strcspn(line, "\r\n") == 5);
}

char *
moe__csv_line(MoeStream *stream, GError **error)
{
    size_t length;
    char *line;
    do
        line = moe__stream_line(stream, &length, error);
    while (line && says_nothing(line));
    return line;
}

/* --- Rows -------------------------------------------------------------------------------------*/

enum { MOST_LINES = 256, MOST_BYTES = 1 << 18 };

/* Whether a row that ends here would end within a quoted cell. */
static bool
is_open(const char *row, char separator)
{
    for (const char *at = row; at; at = strchr(at, separator), at += at != NULL) {
        if (*at != '"')
            continue;
        for (at++; *at && !(at[0] == '"' && at[1] != '"'); at++)
            at += at[0] == '"'; /* a doubled mark is one */
        if (*at == 0)
            return true;
    }
    return false;
}

/* How many cells a line has if quotation marks mean nothing. */
static int
count_cells(const char *line, char separator)
{
    int n = 1;
    for (; (line = strchr(line, separator)); line++)
        n++;
    return n;
}

char *
moe__csv_row(MoeStream *stream, char separator, int columns, GString *whole, GError **error)
{
    GError *reason = NULL;
    char *line = moe__csv_line(stream, error);
    if (!line || !strchr(line, '"') || !is_open(line, separator))
        return line;
    uint64_t first = stream->line;
    size_t length;
    bool rows = true; /* each of the lines could be one */
    g_string_truncate(whole, 0);
    for (int n = 0; line && n < MOST_LINES && whole->len < MOST_BYTES; n++) {
        rows = rows && count_cells(line, separator) == columns;
        g_string_append(whole, line);
        if (n > 0 && !is_open(whole->str, separator))
            break;
        g_string_append_c(whole, '\n');
        line = moe__stream_line(stream, &length, &reason);
    }
    if (reason) {
        g_propagate_error(error, reason);
        return NULL;
    }
    if (!rows && !is_open(whole->str, separator))
        return whole->str;
    stream->line = first;
    moe__stream_fail(stream, error, "a quotation mark isn't closed");
    return NULL;
}

/* --- Cells ------------------------------------------------------------------------------------*/

char
moe__csv_separator(const char *line)
{
    static const char candidates[] = {',', ';', '\t'};
    int found[G_N_ELEMENTS(candidates)] = {0};
    size_t most = 0;
    bool quoted = false;
    for (; *line; line++) {
        quoted ^= *line == '"';
        for (size_t i = 0; i < G_N_ELEMENTS(candidates); i++)
            found[i] += !quoted && *line == candidates[i];
    }
    for (size_t i = 1; i < G_N_ELEMENTS(candidates); i++)
        if (found[i] > found[most])
            most = i;
    return candidates[most];
}

char *
moe__csv_cell(char **at, char separator)
{
    char *cell = *at, *end = cell;
    if (*cell != '"') {
        end = strchr(cell, separator);
        *at = end ? end + 1 : NULL;
        if (end)
            *end = 0;
        return cell;
    }
    const char *from = cell + 1;
    for (; *from && !(from[0] == '"' && from[1] != '"'); from++) {
        *end++ = *from;
        from += from[0] == '"'; /* a doubled mark is one */
    }
    if (*from != '"' || (from[1] && from[1] != separator))
        return NULL;
    *at = from[1] ? (char *)from + 2 : NULL;
    *end = 0;
    return cell;
}

char *
moe__csv_name(char **at, char separator)
{
    *at += strspn(*at, " "); /* "layer, experts" */
    const char *cell = moe__csv_cell(at, separator);
    if (!cell)
        return NULL;
    return g_strdelimit(g_strstrip(g_ascii_strdown(cell, -1)), " -", '_');
}

/* A line of names has some dozens. */
enum { MOST_NAMES = 64 };

char **
moe__csv_names(const char *text)
{
    while (says_nothing(text) && strchr(text, '\n'))
        text = strchr(text, '\n') + 1;
    g_autofree char *line = g_strndup(text, strcspn(text, "\r\n"));
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    char separator = moe__csv_separator(line), *name;
    for (char *at = line; at && names->len < MOST_NAMES && (name = moe__csv_name(&at, separator));)
        g_ptr_array_add(names, name);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}
