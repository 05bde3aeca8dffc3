/* SPDX-License-Identifier: MIT */
#include "import/llama-line.h"

#include "import/count-row.h"
#include "import/log-row.h"

#include <string.h>

MoeLlamaLine
moe__llama_line_new(void)
{
    return (MoeLlamaLine){
        .expert_at = 1,
        .gate_at = -1,
        .columns = 2,
        .ids = g_array_new(FALSE, FALSE, sizeof(int32_t)),
        .gates = g_array_new(FALSE, FALSE, sizeof(double)),
    };
}

void
moe__llama_line_clear(MoeLlamaLine *line)
{
    g_array_unref(line->ids);
    g_array_unref(line->gates);
}

/* --- Names ------------------------------------------------------------------------------------*/

/* A name of one expert: lists of them are read by others. */
static bool
is_expert(const char *name)
{
    static const char *const names[] = {"expert",       "expert_id",       "expert_idx",
                                        "expert_index", "selected_expert", NULL};
    return g_strv_contains(names, name);
}

static bool
is_layer(const char *name)
{
    return moe__log_field(name, strlen(name)) == MOE_LOG_LAYER || g_str_equal(name, "blk") ||
           g_str_equal(name, "il");
}

/* Whether a column says more than these traces do: of which token, or how often. */
static bool
says_more(const char *name)
{
    MoeLogField field = moe__log_field(name, strlen(name));
    int count = moe__count_field(name, strlen(name));
    return field == MOE_LOG_POS || field == MOE_LOG_TOKEN || field == MOE_LOG_ID ||
           field == MOE_LOG_DOC || field == MOE_LOG_DOMAIN || count == MOE_COUNT_COUNT ||
           count == MOE_COUNT_FIRST || count == MOE_COUNT_GATE_SUM;
}

/* Finds the columns; false if these aren't such names. */
static bool
take_names(MoeLlamaLine *line, const char *text)
{
    g_auto(GStrv) names = moe__csv_names(text);
    int layer = -1, expert = -1, gate = -1, n = 0;
    for (; names[n]; n++) {
        int *at = is_layer(names[n])                                            ? &layer
                  : is_expert(names[n])                                         ? &expert
                  : moe__log_field(names[n], strlen(names[n])) == MOE_LOG_GATES ? &gate
                                                                                : NULL;
        if ((at && *at >= 0) || says_more(names[n]))
            return false;
        if (at)
            *at = n;
    }
    if (layer < 0 || expert < 0)
        return false;
    line->named = true;
    line->layer_at = layer;
    line->expert_at = expert;
    line->gate_at = gate;
    line->columns = n;
    return true;
}

/* --- Cells ------------------------------------------------------------------------------------*/

/* Ids between blanks: "17 4 2", or one. */
static bool
take_ids(const char *cell, GArray *out)
{
    for (cell += strspn(cell, " []"); *cell; cell += strspn(cell, " ,[]")) {
        char *after;
        gint64 value = g_ascii_isdigit(*cell) ? g_ascii_strtoll(cell, &after, 10) : -1;
        if (value < 0 || value >= UINT16_MAX || (*after && !strchr(" ,[]", *after)))
            return false;
        int32_t id = (int32_t)value;
        g_array_append_val(out, id);
        cell = after;
    }
    return out->len > 0;
}

static bool
take_gates(const char *cell, GArray *out)
{
    for (cell += strspn(cell, " []"); *cell; cell += strspn(cell, " ,[]")) {
        char *after;
        double value = g_ascii_strtod(cell, &after);
        if (after == cell)
            return false;
        g_array_append_val(out, value);
        cell = after;
    }
    return true;
}

/* A number, or a name that has one: "blk.3", "ffn_moe_topk-3". */
static bool
take_layer(const char *cell, int *layer)
{
    cell += strspn(cell, " ");
    *layer = *cell == '-' ? -1 : moe__log_layer(cell);
    return *layer >= 0 && *layer <= UINT16_MAX;
}

static bool
take_cells(MoeLlamaLine *line, char *text)
{
    int n = 0;
    for (char *at = text; at; n++) {
        at += strspn(at, " ");
        const char *cell = moe__csv_cell(&at, line->separator);
        if (!cell)
            return false;
        if ((n == line->layer_at && !take_layer(cell, &line->layer)) ||
            (n == line->expert_at && !take_ids(cell, line->ids)) ||
            (n == line->gate_at && !take_gates(cell, line->gates)))
            return false;
    }
    return n == line->columns && (line->gate_at < 0 || line->gates->len == line->ids->len);
}

/* --- Lines ------------------------------------------------------------------------------------*/

/* A whole number at *at, which goes behind it; -1 if there is none of up to five digits. */
static int
take_number(const char **at)
{
    const char *first = *at;
    int value = 0;
    for (; g_ascii_isdigit(**at) && *at - first < 6; ++*at)
        value = value * 10 + (**at - '0');
    return *at > first && *at - first < 6 ? value : -1;
}

/* The common case, "3,17" and nothing else. */
static bool
take_quickly(MoeLlamaLine *line, const char *text)
{
    if (line->separator == 0 || line->columns != 2 || line->layer_at != 0)
        return false;
    int layer = take_number(&text);
    bool good = layer >= 0 && layer <= UINT16_MAX && *text++ == line->separator;
    text += good && *text == ' ';
    int32_t id = good ? take_number(&text) : -1;
    if (id < 0 || id >= UINT16_MAX || *text != 0)
        return false;
    line->layer = layer;
    line->ids->len = line->gates->len = 0;
    g_array_append_val(line->ids, id);
    return true;
}

MoeLlamaKind
moe__llama_line(MoeLlamaLine *line, const MoeStream *stream, char *text, GError **error)
{
    char shown[48];
    if (take_quickly(line, text))
        return MOE_LLAMA_PICKS;
    bool words = text[strcspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")] != 0;
    if (line->separator == 0 || words) {
        char separator = moe__csv_separator(text);
        if (words && take_names(line, text)) {
            line->separator = separator;
            return MOE_LLAMA_HEADING;
        }
        line->separator = line->separator ? line->separator : separator;
    }
    if (g_str_has_prefix(text, "gate_input"))
        return MOE_LLAMA_OTHER;
    g_strlcpy(shown, text, 41);
    g_array_set_size(line->ids, 0);
    g_array_set_size(line->gates, 0);
    if (take_cells(line, text))
        return MOE_LLAMA_PICKS;
    moe__stream_fail(stream, error, "found \"%s\", expected layer,expert%s", shown,
                     line->columns > 2 ? " with a cell for each name of the heading" : "");
    return MOE_LLAMA_FAILED;
}

/* The first line that says something. (transfer full) */
static char *
first_line(const char *text)
{
    while (*text == '#' || *text == '\n' || *text == '\r') {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return g_strndup(text, strcspn(text, "\r\n"));
}

int
moe__llama_score(const char *text)
{
    g_auto(MoeLlamaLine) line = moe__llama_line_new();
    g_autofree char *first = first_line(text);
    if (take_names(&line, first))
        return 90;
    /* Without names: 'layer,"e e e"', or two whole numbers. */
    bool quoted = strchr(first, '"') != NULL;
    line.separator = moe__csv_separator(first);
    return g_ascii_isdigit(first[0]) && strchr(first, line.separator) && take_cells(&line, first)
               ? (quoted ? 80 : 30)
               : 0;
}
