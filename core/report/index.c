/* SPDX-License-Identifier: MIT
 *
 * Many reports in one table: a row each, a column for each number that reports found of the whole.
 */
#include "report/document.h"
#include "report/words.h"

#include <math.h>

typedef struct Row {
    char *title, *stem;
    GPtrArray *headlines; /* of Headline */
} Row;

struct MoeReportIndex {
    int n;
    Row *rows; /* [n]; title NULL: not set */
};

MoeReportIndex *
moe_report_index_new(int n)
{
    MoeReportIndex *index = g_new(MoeReportIndex, 1);
    *index = (MoeReportIndex){n, g_new0(Row, (gsize)n + 1)};
    return index;
}

static void
row_clear(Row *row)
{
    g_clear_pointer(&row->headlines, g_ptr_array_unref);
    g_clear_pointer(&row->title, g_free);
    g_clear_pointer(&row->stem, g_free);
}

void
moe_report_index_free(MoeReportIndex *index)
{
    if (!index)
        return;
    for (int i = 0; i < index->n; i++)
        row_clear(&index->rows[i]);
    g_free(index->rows);
    g_free(index);
}

void
moe_report_index_set(MoeReportIndex *index, int i, const MoeDocument *report, const char *stem)
{
    g_return_if_fail(i >= 0 && i < index->n);
    row_clear(&index->rows[i]);
    index->rows[i] =
        (Row){g_strdup(report->title), g_strdup(stem), g_ptr_array_ref(report->headlines)};
}

/* --- The table --------------------------------------------------------------------------------*/

static const Headline *
find(const Row *row, const char *title)
{
    for (guint i = 0; i < row->headlines->len; i++) {
        const Headline *headline = g_ptr_array_index(row->headlines, i);
        if (g_str_equal(headline->title, title))
            return headline;
    }
    return NULL;
}

/* Columns of all rows, in the order in which rows bring them. */
static GArray *
columns_of(const MoeReportIndex *index)
{
    GArray *columns = g_array_new(FALSE, FALSE, sizeof(MoeColumn));
    const MoeColumn first = {.title = "report", .type = MOE_COLUMN_TEXT};
    g_array_append_val(columns, first);
    for (int r = 0; r < index->n; r++) {
        for (guint i = 0; index->rows[r].title && i < index->rows[r].headlines->len; i++) {
            const Headline *from = g_ptr_array_index(index->rows[r].headlines, i);
            bool known = false;
            for (guint c = 0; c < columns->len; c++)
                known |= g_str_equal(g_array_index(columns, MoeColumn, c).title, from->title);
            const MoeColumn column = {from->title, from->unit, from->help, NULL, from->type};
            if (!known)
                g_array_append_val(columns, column);
        }
    }
    return columns;
}

static int
count(const MoeReportIndex *index)
{
    int n = 0;
    for (int i = 0; i < index->n; i++)
        n += index->rows[i].title != NULL;
    return n;
}

MoeDocument *
moe_report_index_document(const MoeReportIndex *index)
{
    MoeDocument *document = moe_document_new("Routing reports");
    g_autoptr(GArray) columns = columns_of(index);
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(MoeEntry));
    for (int r = 0; r < index->n; r++) {
        const Row *row = &index->rows[r];
        MoeEntry first = moe__entry_text(row->stem);
        first.link = row->stem;
        if (!row->title)
            continue;
        g_array_append_val(entries, first);
        for (guint c = 1; c < columns->len; c++) {
            const Headline *from = find(row, g_array_index(columns, MoeColumn, c).title);
            const MoeEntry entry = from ? from->entry : moe__entry_none();
            g_array_append_val(entries, entry);
        }
    }
    int rows = count(index);
    g_autofree char *lead = moe__say_count(rows, "input", "inputs");
    moe_document_set_lead(document, lead);
    moe_document_section(document, "comparison", "Side by side");
    const MoeTable table = {"reports",
                            "Means over layers; in brackets the lowest and the highest layer.",
                            (int)columns->len,
                            rows,
                            (const MoeColumn *)(const void *)columns->data,
                            (const MoeEntry *)(const void *)entries->data};
    moe_document_table(document, &table);
    return document;
}
