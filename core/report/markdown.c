/* SPDX-License-Identifier: MIT
 *
 * A document as Markdown (CommonMark with GitHub's tables): every table, and every figure by its
 * caption.
 */
#include "report/writers.h"

#include <string.h>

/* Characters that Markdown would take as its own are written as such; line feeds become blanks. */
static void
append_text(GString *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (strchr("\\`*_[]<>|#~&", *c))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *c == '\n' || *c == '\r' ? ' ' : *c);
    }
}

static void
append_entry(GString *out, const Manner *manner, const MoeEntry *entry)
{
    g_autofree char *value = moe__entry_value(manner, entry);
    g_autofree char *interval = moe__entry_interval(manner, entry);
    g_autofree char *chance = moe__entry_chance(manner, entry);
    const char *const rest[] = {interval, chance};
    if (entry->link)
        g_string_append_c(out, '[');
    append_text(out, value);
    if (entry->link) {
        g_autofree char *escaped = g_uri_escape_string(entry->link, NULL, FALSE);
        g_string_append_printf(out, "](%s.md)", escaped);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(rest); i++)
        if (rest[i]) {
            g_string_append_c(out, ' ');
            append_text(out, rest[i]);
        }
}

static void
append_heads(GString *out, const MoeTable *table, const Manner *manners)
{
    for (int c = 0; c < table->n_columns; c++) {
        g_string_append(out, "| ");
        append_text(out, table->columns[c].title);
        if (manners[c].unit) {
            g_string_append(out, ", ");
            append_text(out, manners[c].unit);
        }
        if (manners[c].note) {
            g_string_append(out, manners[c].alike ? "; " : " ");
            append_text(out, manners[c].note);
        }
        g_string_append_c(out, ' ');
    }
    g_string_append(out, "|\n");
    for (int c = 0; c < table->n_columns; c++)
        g_string_append(out, table->columns[c].type == MOE_COLUMN_TEXT ? "| :-- " : "| --: ");
    g_string_append(out, "|\n");
}

static void
append_table(GString *out, const Block *block)
{
    const MoeTable *table = block->table;
    Manner *manners = moe__manners_new(table);
    g_string_append_c(out, '*');
    append_text(out, block->text);
    g_string_append(out, "*\n\n");
    append_heads(out, table, manners);
    for (int r = 0; r < table->n_rows; r++) {
        for (int c = 0; c < table->n_columns; c++) {
            g_string_append(out, "| ");
            append_entry(out, &manners[c], &table->entries[r * table->n_columns + c]);
            g_string_append_c(out, ' ');
        }
        g_string_append(out, "|\n");
    }
    g_string_append_c(out, '\n');
    moe__manners_free(manners, table);
}

/* What stands in paragraphs elsewhere, in sentences: each ends, and says what it is. */
static void
append_sentence(GString *out, const char *what, const char *text)
{
    if (!text || !*text)
        return;
    const char *end = out->str + out->len - 1;
    g_string_append_printf(out, "%s *%s:* ", strchr(".!?", *end) ? "" : ".", what);
    append_text(out, text);
}

static void
append_verdict(GString *out, const Block *block)
{
    bool more = (block->why && *block->why) || (block->remedy && *block->remedy);
    g_string_append_printf(out, "- **%s:** ", moe__verdict_name(block->verdict));
    append_text(out, block->text);
    append_sentence(out, "Why it matters", block->why);
    append_sentence(out, "What to do", block->remedy);
    g_string_append(out, more && out->str[out->len - 1] != '.' ? ".\n" : "\n");
}

static void
append_marked(GString *out, const char *before, const char *text, const char *behind)
{
    g_string_append(out, before);
    append_text(out, text);
    g_string_append(out, behind);
}

static void
append_figure(GString *out, const Block *block)
{
    append_marked(out, "**Figure: ", block->text, ".** ");
    append_text(out, block->caption);
    g_string_append(out, "\n\n");
}

static void
append_block(GString *out, const Block *block, bool last)
{
    switch (block->type) {
    case BLOCK_SECTION:
        append_marked(out, "## ", block->text, "\n\n");
        break;
    case BLOCK_HEADING:
        append_marked(out, "### ", block->text, "\n\n");
        break;
    case BLOCK_PARAGRAPH:
        append_marked(out, "", block->text, "\n\n");
        break;
    case BLOCK_POINT:
        g_string_append(out, "- ");
        if (block->label && *block->label)
            append_marked(out, "**", block->label, ":** ");
        append_marked(out, "", block->text, last ? "\n\n" : "\n");
        break;
    case BLOCK_NOTE:
        append_marked(out, "> ", block->text, "\n\n");
        break;
    case BLOCK_FACT:
        append_marked(out, "- **", block->name, ":** ");
        append_marked(out, "", block->text, last ? "\n\n" : "\n");
        break;
    case BLOCK_VERDICT:
        append_verdict(out, block);
        if (last)
            g_string_append_c(out, '\n');
        break;
    case BLOCK_TABLE:
        append_table(out, block);
        break;
    case BLOCK_FIGURE:
        append_figure(out, block);
        break;
    }
}

char *
moe_document_markdown(MoeDocument *document)
{
    GString *out = g_string_new(NULL);
    append_marked(out, "# ", document->title, "\n\n");
    if (*document->lead)
        append_marked(out, "", document->lead, "\n\n");
    for (guint i = 0; i < document->blocks->len; i++)
        append_block(out, moe__document_block(document, i), moe__document_last(document, i));
    while (g_str_has_suffix(out->str, "\n\n"))
        g_string_truncate(out, out->len - 1);
    return g_string_free(out, FALSE);
}
