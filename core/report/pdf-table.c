/* SPDX-License-Identifier: MIT
 *
 * Tables on pages. Columns are as wide as what stands in them; those that don't fit beside each
 * other follow in a further table, behind the first column once more.
 */
#include "report/pdf.h"

#include "report/words.h"

#include <math.h>
#include <string.h>

#define PAD       9.0   /* between columns */
#define MOST_TEXT 150.0 /* width of texts before they wrap */
#define LEAST     30.0

static const Style style_value = {7.6, 1.3, false, {0.08, 0.09, 0.11}};
static const Style style_head = {7.6, 1.25, true, {0.08, 0.09, 0.11}};
static const Style style_below = {6.4, 1.25, false, {0.36, 0.39, 0.43}};

/* The columns that stand beside each other. */
typedef struct Part {
    const MoeTable *table;
    int columns[64], n;
    double x[64], width[64]; /* places from the left margin */
    double total;
} Part;

double
moe__pdf_table_start(void)
{
    return 96;
}

static const MoeEntry *
entry_at(const MoeTable *table, int row, int column)
{
    return &table->entries[row * table->n_columns + column];
}

/* The small line below a number: its interval, and chance unless the head says it. */
static char *
below_of(const MoeTable *table, int column, const MoeEntry *entry, bool alike)
{
    const MoeColumn *head = &table->columns[column];
    g_autofree char *interval = moe__entry_interval(head, entry);
    if (alike || !head->chance || !isfinite(entry->chance) || isnan(entry->value))
        return g_steal_pointer(&interval);
    g_autofree char *chance = moe__entry_chance(head, entry);
    g_autofree char *said = g_strdup_printf("%s %s", head->chance, chance);
    return interval ? g_strconcat(interval, "\n", said, NULL) : g_steal_pointer(&said);
}

static char *
text_of(const MoeTable *table, int column, const MoeEntry *entry)
{
    return table->columns[column].type == MOE_COLUMN_TEXT
               ? g_strdup(entry->text ? entry->text : "")
               : moe__entry_value(&table->columns[column], entry);
}

static bool
is_alike(const MoeTable *table, int column)
{
    g_autofree char *chance = moe__table_chance(table, column);
    return chance != NULL;
}

/* --- Widths -----------------------------------------------------------------------------------*/

static double
width_of(Sheet *sheet, const char *text, const Style *style)
{
    PangoLayout *layout = moe__sheet_layout(sheet, text, style, 0);
    double width = moe__layout_width(layout);
    g_object_unref(layout);
    return width;
}

static double
head_width(Sheet *sheet, const char *title)
{
    g_auto(GStrv) words = g_strsplit(title, " ", -1);
    double width = 0;
    for (char **word = words; *word; word++)
        width = MAX(width, width_of(sheet, *word, &style_head));
    return width;
}

static double
column_width(Sheet *sheet, const MoeTable *table, int column)
{
    bool alike = is_alike(table, column);
    double width = MAX(LEAST, head_width(sheet, table->columns[column].title));
    g_autofree char *chance = moe__table_chance(table, column);
    if (chance)
        width = MAX(width, width_of(sheet, chance, &style_below));
    for (int r = 0; r < table->n_rows; r++) {
        const MoeEntry *entry = entry_at(table, r, column);
        g_autofree char *text = text_of(table, column, entry);
        g_autofree char *below = below_of(table, column, entry, alike);
        double own = width_of(sheet, text, &style_value);
        if (below)
            own = MAX(own, width_of(sheet, below, &style_below));
        width = MAX(width, own);
    }
    return ceil(MIN(width, MOST_TEXT)) + 1;
}

static void
add_column(Part *part, int column, double width)
{
    part->columns[part->n] = column;
    part->x[part->n] = part->total;
    part->width[part->n] = width;
    part->total += width + PAD;
    part->n++;
}

/* Takes columns from `from` on as far as they fit; returns the next one. */
static int
take_columns(Part *part, const MoeTable *table, const double *widths, int from)
{
    *part = (Part){.table = table};
    if (from > 0)
        add_column(part, 0, widths[0]);
    int column = from;
    while (column < table->n_columns && part->n < (int)G_N_ELEMENTS(part->columns) &&
           (column == from || part->total + widths[column] <= TEXT_WIDTH))
        add_column(part, column, widths[column]), column++;
    return column;
}

/* --- Drawing ----------------------------------------------------------------------------------*/

static PangoLayout *
cell_layout(Sheet *sheet, const Part *part, int i, const char *text, const Style *style)
{
    PangoLayout *layout = moe__sheet_layout(sheet, text, style, part->width[i]);
    bool right = part->table->columns[part->columns[i]].type != MOE_COLUMN_TEXT;
    pango_layout_set_alignment(layout, right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
    return layout;
}

/* Draws, or only measures, text and what stands below it; returns the height. */
static double
draw_cell(Sheet *sheet, const Part *part, int i, const char *text, const Style *style,
          const char *below, bool draw)
{
    PangoLayout *layout = cell_layout(sheet, part, i, text, style);
    double height = moe__layout_height(layout), x = LEFT + part->x[i];
    if (draw)
        moe__sheet_draw(sheet, layout, style, x, sheet->y);
    g_object_unref(layout);
    if (!below)
        return height;
    layout = cell_layout(sheet, part, i, below, &style_below);
    if (draw)
        moe__sheet_draw(sheet, layout, &style_below, x, sheet->y + height);
    height += moe__layout_height(layout);
    g_object_unref(layout);
    return height;
}

static double
draw_head(Sheet *sheet, const Part *part, bool draw)
{
    double height = 0;
    for (int i = 0; i < part->n; i++) {
        const MoeColumn *column = &part->table->columns[part->columns[i]];
        g_autofree char *chance = moe__table_chance(part->table, part->columns[i]);
        const char *unit = moe__column_unit(column);
        g_autoptr(GString) below = g_string_new(unit ? unit : "");
        if (chance)
            g_string_append_printf(below, "%s%s", below->len ? "\n" : "", chance);
        height = MAX(height, draw_cell(sheet, part, i, column->title, &style_head,
                                       below->len ? below->str : NULL, draw));
    }
    return height + 4;
}

static double
draw_row(Sheet *sheet, const Part *part, int row, const bool *alike, bool draw)
{
    double height = 0;
    for (int i = 0; i < part->n; i++) {
        const MoeEntry *entry = entry_at(part->table, row, part->columns[i]);
        g_autofree char *text = text_of(part->table, part->columns[i], entry);
        g_autofree char *below =
            below_of(part->table, part->columns[i], entry, alike[part->columns[i]]);
        height = MAX(height, draw_cell(sheet, part, i, text, &style_value, below, draw));
    }
    return height + 4;
}

static void
begin_part(Sheet *sheet, const Part *part)
{
    double height = draw_head(sheet, part, true);
    sheet->y += height;
    moe__sheet_rule(sheet, sheet->y - 2, LEFT, LEFT + part->total - PAD, 0.5, 0.7);
    sheet->y += 1;
}

static void
draw_part(Sheet *sheet, const Part *part, const bool *alike)
{
    moe__sheet_need(sheet, draw_head(sheet, part, false) + 40);
    begin_part(sheet, part);
    for (int r = 0; r < part->table->n_rows; r++) {
        double height = draw_row(sheet, part, r, alike, false);
        if (sheet->y + height > BOTTOM) {
            moe__sheet_break(sheet);
            begin_part(sheet, part);
        }
        draw_row(sheet, part, r, alike, true);
        sheet->y += height;
        moe__sheet_rule(sheet, sheet->y - 2, LEFT, LEFT + part->total - PAD, 0.88, 0.4);
    }
    sheet->y += 8;
}

void
moe__pdf_table(Sheet *sheet, const Block *block)
{
    const MoeTable *table = block->table;
    g_autofree double *widths = g_new(double, (gsize)table->n_columns);
    g_autofree bool *alike = g_new(bool, (gsize)table->n_columns);
    for (int c = 0; c < table->n_columns; c++) {
        widths[c] = column_width(sheet, table, c);
        alike[c] = is_alike(table, c);
    }
    moe__sheet_skip(sheet, 4);
    moe__sheet_need(sheet, moe__pdf_table_start());
    moe__sheet_text(sheet, block->text, &moe__style_soft, LEFT);
    sheet->y += 4;
    for (int column = 0; column < table->n_columns;) {
        Part part;
        column = take_columns(&part, table, widths, column);
        draw_part(sheet, &part, alike);
    }
    sheet->y += 4;
}
