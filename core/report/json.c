/* SPDX-License-Identifier: MIT
 *
 * A document as JSON: blocks in order; numbers of tables as the shortest texts that read back as
 * the same number; what figures show as tables of their own.
 */
#include "report/writers.h"

#include "base/json-out.h"

#include <math.h>
#include <string.h>

static void
append_key(GString *out, const char *key)
{
    char last = out->str[out->len - 1];
    if (last != '{' && last != '[')
        g_string_append_c(out, ',');
    if (!key)
        return;
    moe__json_append_string(out, key);
    g_string_append_c(out, ':');
}

static void
append_text(GString *out, const char *key, const char *text)
{
    if (!text)
        return;
    append_key(out, key);
    moe__json_append_string(out, text);
}

static void
append_real(GString *out, const char *key, double value)
{
    append_key(out, key);
    moe__json_append_real(out, value);
}

/* --- Tables -----------------------------------------------------------------------------------*/

static void
append_column(GString *out, const MoeColumn *column)
{
    static const char *const types[] = {"text", "count", "value"};
    append_key(out, NULL);
    g_string_append_c(out, '{');
    append_text(out, "title", column->title);
    append_text(out, "type", types[column->type]);
    append_text(out, "unit", column->unit);
    append_text(out, "help", column->help);
    append_text(out, "chance", column->chance);
    g_string_append_c(out, '}');
}

/* A text; a number; or an object of a number with what goes with it. */
static void
append_entry(GString *out, const MoeColumn *column, const MoeEntry *entry)
{
    if (column->type == MOE_COLUMN_TEXT) {
        append_text(out, NULL, entry->text ? entry->text : "");
        return;
    }
    bool interval = !isnan(entry->low) && !isnan(entry->high), chance = !isnan(entry->chance);
    if (!interval && !chance) {
        append_real(out, NULL, entry->value);
        return;
    }
    append_key(out, NULL);
    g_string_append_c(out, '{');
    append_real(out, "value", entry->value);
    if (interval) {
        append_real(out, "low", entry->low);
        append_real(out, "high", entry->high);
    }
    if (chance)
        append_real(out, "chance", entry->chance);
    g_string_append_c(out, '}');
}

static void
append_table(GString *out, const MoeTable *table)
{
    append_key(out, "columns");
    g_string_append_c(out, '[');
    for (int c = 0; c < table->n_columns; c++)
        append_column(out, &table->columns[c]);
    g_string_append(out, "],\n\"rows\":[");
    for (int r = 0; r < table->n_rows; r++) {
        append_key(out, NULL);
        g_string_append(out, "\n[");
        for (int c = 0; c < table->n_columns; c++)
            append_entry(out, &table->columns[c], &table->entries[r * table->n_columns + c]);
        g_string_append_c(out, ']');
    }
    g_string_append_c(out, ']');
}

/* --- Figures ----------------------------------------------------------------------------------
 * The lines of a scene's CSV, in groups that share panel, mark and series; columns that are empty
 * throughout a group are left out of it. */

enum { SHARED = 3 };

typedef struct Field {
    char *text;
    bool quoted;
} Field;

static void
field_clear(gpointer data)
{
    g_free(((Field *)data)->text);
}

/* A field (RFC 4180) from `at` on; returns what follows it. */
static const char *
read_field(const char *at, Field *field)
{
    g_autoptr(GString) text = g_string_new(NULL);
    field->quoted = *at == '"';
    if (!field->quoted) {
        gsize n = strcspn(at, ",\r\n");
        field->text = g_strndup(at, n);
        return at + n;
    }
    for (at++; *at && (*at != '"' || at[1] == '"'); at++) {
        if (*at == '"')
            at++;
        g_string_append_c(text, *at);
    }
    field->text = g_strdup(text->str);
    return *at ? at + 1 : at;
}

/* A line as an array of Field; moves `at` behind it. (transfer full) */
static GArray *
read_line(const char **at)
{
    GArray *fields = g_array_new(FALSE, TRUE, sizeof(Field));
    g_array_set_clear_func(fields, field_clear);
    for (bool more = true; more;) {
        Field field;
        *at = read_field(*at, &field);
        g_array_append_val(fields, field);
        more = **at == ',';
        *at += more;
    }
    *at += strspn(*at, "\r\n");
    return fields;
}

static const Field *
field_at(const GPtrArray *lines, guint line, guint column)
{
    const GArray *fields = g_ptr_array_index((GPtrArray *)lines, line);
    return &g_array_index(fields, Field, column);
}

static void
append_field(GString *out, const Field *field)
{
    char *end;
    double value = g_ascii_strtod(field->text, &end);
    append_key(out, NULL);
    if (!field->quoted && !*field->text)
        g_string_append(out, "null");
    else if (!field->quoted && *end == 0 && isfinite(value) && !strpbrk(field->text, "xXnN"))
        moe__json_append_real(out, value);
    else
        moe__json_append_string(out, field->text);
}

static bool
is_shared(const GPtrArray *lines, guint a, guint b)
{
    for (guint c = 0; c < SHARED; c++)
        if (!g_str_equal(field_at(lines, a, c)->text, field_at(lines, b, c)->text))
            return false;
    return true;
}

static bool
is_empty(const GPtrArray *lines, guint from, guint to, guint column)
{
    for (guint line = from; line < to; line++)
        if (*field_at(lines, line, column)->text)
            return false;
    return true;
}

static void
append_group(GString *out, const GPtrArray *lines, guint from, guint to, guint columns)
{
    g_autofree bool *kept = g_new0(bool, columns);
    append_key(out, NULL);
    g_string_append(out, "\n{");
    for (guint c = 0; c < SHARED; c++)
        if (*field_at(lines, from, c)->text)
            append_text(out, field_at(lines, 0, c)->text, field_at(lines, from, c)->text);
    append_key(out, "columns");
    g_string_append_c(out, '[');
    for (guint c = SHARED; c < columns; c++) {
        kept[c] = !is_empty(lines, from, to, c);
        if (kept[c])
            append_text(out, NULL, field_at(lines, 0, c)->text);
    }
    g_string_append_c(out, ']');
    append_key(out, "rows");
    g_string_append_c(out, '[');
    for (guint line = from; line < to; line++) {
        append_key(out, NULL);
        g_string_append_c(out, '[');
        for (guint c = SHARED; c < columns; c++)
            if (kept[c])
                append_field(out, field_at(lines, line, c));
        g_string_append_c(out, ']');
    }
    g_string_append(out, "]}");
}

static void
append_data(GString *out, const char *csv)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    for (const char *at = csv; *at;)
        g_ptr_array_add(lines, read_line(&at));
    append_key(out, "data");
    g_string_append_c(out, '[');
    guint columns = lines->len > 0 ? ((const GArray *)lines->pdata[0])->len : 0;
    for (guint from = 1, to; from < lines->len; from = to) {
        for (to = from + 1; to < lines->len && is_shared(lines, from, to);)
            to++;
        append_group(out, lines, from, to, columns);
    }
    g_string_append_c(out, ']');
}

/* --- Blocks -----------------------------------------------------------------------------------*/

static const char *
type_name(BlockType type)
{
    static const char *const names[] = {"section", "heading", "paragraph", "point", "note",
                                        "fact",    "verdict", "table",     "figure"};
    return names[type];
}

static void
append_block(GString *out, const Block *block)
{
    bool table = block->type == BLOCK_TABLE, figure = block->type == BLOCK_FIGURE;
    bool titled = figure || block->type == BLOCK_SECTION;
    append_key(out, NULL);
    g_string_append(out, "\n{");
    append_text(out, "type", type_name(block->type));
    append_text(out, block->type == BLOCK_POINT ? "section" : "name", block->name);
    if (block->type == BLOCK_VERDICT)
        append_text(out, "verdict", moe__verdict_name(block->verdict));
    append_text(out, titled ? "title" : table ? "caption" : "text", block->text);
    append_text(out, "why", block->why);
    append_text(out, "remedy", block->remedy);
    append_text(out, "caption", block->caption);
    if (table)
        append_table(out, block->table);
    if (figure) {
        g_autofree char *csv = moe_scene_to_csv(block->scene);
        append_data(out, csv);
    }
    g_string_append_c(out, '}');
}

char *
moe_document_json(MoeDocument *document)
{
    GString *out = g_string_new("{");
    append_text(out, "schema", "moescope.report/1");
    append_text(out, "title", document->title);
    append_text(out, "lead", document->lead);
    append_key(out, "blocks");
    g_string_append_c(out, '[');
    for (guint i = 0; i < document->blocks->len; i++)
        append_block(out, moe__document_block(document, i));
    g_string_append(out, "]}\n");
    return g_string_free(out, FALSE);
}
