/* SPDX-License-Identifier: MIT
 *
 * Documents: blocks in the order of reading, with copies of all they say.
 */
#include "report/document.h"

#include <math.h>

/* A file name may be no UTF-8; no writer can use anything else. (transfer full) */
static char *
own(const char *text)
{
    return text ? g_utf8_make_valid(text, -1) : NULL;
}

/* --- Tables -----------------------------------------------------------------------------------*/

static void
table_free(MoeTable *table)
{
    if (!table)
        return;
    for (int c = 0; c < table->n_columns; c++) {
        g_free((char *)table->columns[c].title);
        g_free((char *)table->columns[c].unit);
        g_free((char *)table->columns[c].help);
        g_free((char *)table->columns[c].chance);
    }
    for (int i = 0; i < table->n_rows * table->n_columns; i++) {
        g_free((char *)table->entries[i].text);
        g_free((char *)table->entries[i].link);
    }
    g_free((MoeColumn *)table->columns);
    g_free((MoeEntry *)table->entries);
    g_free((char *)table->name);
    g_free((char *)table->caption);
    g_free(table);
}

static MoeTable *
table_copy(const MoeTable *from)
{
    gsize n = (gsize)from->n_rows * (gsize)from->n_columns;
    MoeColumn *columns = g_new0(MoeColumn, (gsize)from->n_columns + 1);
    MoeEntry *entries = g_new0(MoeEntry, n + 1);
    for (int c = 0; c < from->n_columns; c++) {
        columns[c] = from->columns[c];
        columns[c].title = own(columns[c].title);
        columns[c].unit = own(columns[c].unit);
        columns[c].help = own(columns[c].help);
        columns[c].chance = own(columns[c].chance);
    }
    for (gsize i = 0; i < n; i++) {
        entries[i] = from->entries[i];
        entries[i].text = own(entries[i].text);
        entries[i].link = own(entries[i].link);
    }
    MoeTable *table = g_new(MoeTable, 1);
    *table = (MoeTable){own(from->name), own(from->caption), from->n_columns, from->n_rows, columns,
                        entries};
    return table;
}

MoeEntry
moe__entry_none(void)
{
    return (MoeEntry){NULL, NULL, NAN, NAN, NAN, NAN};
}

MoeEntry
moe__entry_text(const char *text)
{
    return (MoeEntry){text, NULL, NAN, NAN, NAN, NAN};
}

MoeEntry
moe__entry_number(double value)
{
    return (MoeEntry){NULL, NULL, value, NAN, NAN, NAN};
}

/* --- The document -----------------------------------------------------------------------------*/

static void
block_free(gpointer data)
{
    Block *block = data;
    g_free(block->name);
    g_free(block->label);
    g_free(block->text);
    g_free(block->why);
    g_free(block->remedy);
    g_free(block->caption);
    table_free(block->table);
    moe_scene_free(block->scene);
    g_free(block);
}

static void
headline_free(gpointer data)
{
    Headline *headline = data;
    g_free(headline->title);
    g_free(headline->unit);
    g_free(headline->help);
    g_free((char *)headline->entry.text);
    g_free((char *)headline->entry.link);
    g_free(headline);
}

MoeDocument *
moe_document_new(const char *title)
{
    MoeDocument *document = g_new0(MoeDocument, 1);
    document->title = own(title ? title : "");
    document->lead = g_strdup("");
    document->blocks = g_ptr_array_new_with_free_func(block_free);
    document->headlines = g_ptr_array_new_with_free_func(headline_free);
    return document;
}

void
moe_document_free(MoeDocument *document)
{
    if (!document)
        return;
    g_ptr_array_unref(document->blocks);
    g_ptr_array_unref(document->headlines);
    g_free(document->title);
    g_free(document->lead);
    g_free(document);
}

const char *
moe_document_title(const MoeDocument *document)
{
    return document->title;
}

void
moe_document_set_lead(MoeDocument *document, const char *lead)
{
    g_free(document->lead);
    document->lead = own(lead ? lead : "");
}

static Block *
add(MoeDocument *document, BlockType type, const char *name, const char *text)
{
    Block *block = g_new0(Block, 1);
    block->type = type;
    block->name = own(name);
    block->text = own(text ? text : "");
    g_ptr_array_add(document->blocks, block);
    return block;
}

void
moe_document_section(MoeDocument *document, const char *name, const char *title)
{
    add(document, BLOCK_SECTION, name, title);
}

void
moe_document_heading(MoeDocument *document, const char *title)
{
    add(document, BLOCK_HEADING, NULL, title);
}

void
moe_document_paragraph(MoeDocument *document, const char *text)
{
    add(document, BLOCK_PARAGRAPH, NULL, text);
}

void
moe_document_point(MoeDocument *document, const char *text)
{
    add(document, BLOCK_POINT, NULL, text);
}

void
moe__document_point_of(MoeDocument *document, const char *section, const char *title,
                       const char *text)
{
    add(document, BLOCK_POINT, section, text)->label = own(title);
}

void
moe_document_note(MoeDocument *document, const char *text)
{
    add(document, BLOCK_NOTE, NULL, text);
}

void
moe_document_fact(MoeDocument *document, const char *name, const char *text)
{
    add(document, BLOCK_FACT, name, text);
}

void
moe_document_verdict(MoeDocument *document, MoeVerdict verdict, const char *text, const char *why,
                     const char *remedy)
{
    Block *block = add(document, BLOCK_VERDICT, NULL, text);
    block->verdict = verdict;
    block->why = own(why);
    block->remedy = own(remedy);
}

void
moe_document_table(MoeDocument *document, const MoeTable *table)
{
    g_return_if_fail(table->n_columns > 0 && table->n_rows >= 0);
    Block *block = add(document, BLOCK_TABLE, table->name, table->caption);
    block->table = table_copy(table);
}

/* A caption that begins as the title does goes on behind it: "Likeness of experts: cosines" says
 * "Cosines". (transfer full) */
static char *
caption_behind(const char *title, const char *caption)
{
    gsize n = strlen(title);
    if (!caption || !g_str_has_prefix(caption, title) || !strchr(",:", caption[n]))
        return g_strdup(caption ? caption : "");
    const char *rest = caption + n + strspn(caption + n, ",: ");
    char *own = g_strdup(rest);
    *own = g_ascii_toupper(*own);
    return own;
}

static bool
has_figure(const MoeDocument *document, const char *name)
{
    for (guint i = 0; i < document->blocks->len; i++) {
        const Block *block = moe__document_block(document, i);
        if (block->type == BLOCK_FIGURE && g_str_equal(block->name, name))
            return true;
    }
    return false;
}

/* Two of one name, as a comparison has them, are told apart: "load", "load-2". (transfer full) */
static char *
name_of_figure(const MoeDocument *document, const char *name)
{
    char *own = g_strdup(name);
    for (int number = 2; has_figure(document, own); number++) {
        g_free(own);
        own = g_strdup_printf("%s-%d", name, number);
    }
    return own;
}

void
moe_document_figure(MoeDocument *document, const char *name, const char *title, MoeScene *scene)
{
    g_autofree char *own = name_of_figure(document, name);
    Block *block = add(document, BLOCK_FIGURE, own, title);
    block->scene = scene;
    block->caption = caption_behind(title, moe_scene_caption(scene));
    moe_scene_set_caption(scene, NULL);
}

void
moe__document_append(MoeDocument *into, MoeDocument *from)
{
    g_ptr_array_extend_and_steal(into->blocks, from->blocks);
    from->blocks = g_ptr_array_new_with_free_func(block_free);
}

void
moe__document_headline(MoeDocument *document, const MoeColumn *column, const MoeEntry *entry)
{
    Headline *headline = g_new(Headline, 1);
    *headline =
        (Headline){own(column->title), own(column->unit), own(column->help), column->type, *entry};
    headline->entry.text = own(entry->text);
    headline->entry.link = own(entry->link);
    g_ptr_array_add(document->headlines, headline);
}

/* --- Reading it -------------------------------------------------------------------------------*/

const Block *
moe__document_block(const MoeDocument *document, guint i)
{
    return i < document->blocks->len ? g_ptr_array_index(document->blocks, i) : NULL;
}

bool
moe__document_first(const MoeDocument *document, guint i)
{
    return i == 0 ||
           moe__document_block(document, i - 1)->type != moe__document_block(document, i)->type;
}

bool
moe__document_last(const MoeDocument *document, guint i)
{
    const Block *next = moe__document_block(document, i + 1);
    return !next || next->type != moe__document_block(document, i)->type;
}

const char *
moe__verdict_name(MoeVerdict verdict)
{
    static const char *const names[] = {"good", "note", "warning", "error"};
    return names[verdict];
}
