/* SPDX-License-Identifier: MIT
 *
 * What the numbers of a document's tables are: last of all, since pages of paper have no words that
 * come up under a pointer.
 */
#include "report/document.h"
#include "report/writers.h"

#include <string.h>

static const char notation[] =
    "E experts, T units (tokens, or sub-tokens), k picks a unit, c_e picks of expert e, N = "
    "\xce\xa3 "
    "c_e, f_e = c_e / N, m = N / E; information in nats. Uniform: what a router would show that "
    "picks uniformly at random, as often; shuffled: one of this load that takes no notice of the "
    "token.";

/* "maxvio: (max_e c_e - m) / m (…)" without the name, which stands before it. */
static const char *
meaning_of(const char *help)
{
    const char *colon = strstr(help, ": ");
    return colon && !memchr(help, ' ', (gsize)(colon - help)) ? colon + 2 : help;
}

static void
add_columns(const MoeTable *table, GHashTable *known, MoeDocument *document)
{
    for (int c = 0; c < table->n_columns; c++) {
        const MoeColumn *column = &table->columns[c];
        if (column->help && g_hash_table_add(known, (gpointer)column->title))
            moe_document_fact(document, column->title, meaning_of(column->help));
    }
}

void
moe__document_add_glossary(MoeDocument *document)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    guint before = document->blocks->len;
    moe_document_section(document, "definitions", "What the numbers are");
    moe_document_paragraph(document, notation);
    guint empty = document->blocks->len;
    for (guint i = 0; i < before; i++) {
        const Block *block = moe__document_block(document, i);
        if (block->type == BLOCK_TABLE)
            add_columns(block->table, known, document);
    }
    if (document->blocks->len == empty)
        g_ptr_array_set_size(document->blocks, (int)before);
}
