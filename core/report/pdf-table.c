/* SPDX-License-Identifier: MIT
 *
 * Tables on pages. Columns are as wide as what stands in them. A number has its interval and what
 * chance would show beside it where all columns then fit, else the interval, else neither. Columns
 * that don't fit even so follow in a further table, behind the first column once more; long tables
 * so narrow that they leave half of the page empty go on beside themselves.
 */
#include "report/pdf.h"

#include <math.h>
#include <string.h>

#define PAD       12.0  /* between columns */
#define GAP       3.0   /* between a number and what stands beside it */
#define MOST_TEXT 150.0 /* width of texts before they wrap */
#define LEAST     24.0
#define FOLD_GAP  36.0 /* between the halves of a long narrow table */
/* A table of fewer rows isn't long; more than so many pieces are no table any more. */
enum { LONG_ROWS = 11, MOST_FOLDS = 3 };

static const Style style_value = {7.6, 1.3, false, {0.08, 0.09, 0.11}};
static const Style style_head = {7.6, 1.25, true, {0.08, 0.09, 0.11}};
static const Style style_small = {6.4, 1.25, false, {0.36, 0.39, 0.43}};

/* What a column needs: its head, the numbers, and what goes with them. */
typedef struct Widths {
    double head, value, interval, chance;
} Widths;

/* How much of what goes with a number stands beside it, not below. */
typedef enum { NOTHING_BESIDE, INTERVAL_BESIDE, ALL_BESIDE } Beside;

typedef struct Grid {
    Sheet *sheet;
    const MoeTable *table;
    Manner *manners;
    Widths *widths; /* [n_columns] */
    Beside beside;
} Grid;

/* The columns that stand beside each other. */
enum { MOST_COLUMNS = 64 };
typedef struct Part {
    int columns[MOST_COLUMNS], n;
    double x[MOST_COLUMNS], width[MOST_COLUMNS]; /* places from the left margin */
    double total;
    double left; /* of the piece that is drawn, from the left margin */
} Part;

double
moe__pdf_table_start(void)
{
    return 96;
}

static const MoeEntry *
entry_at(const Grid *grid, int row, int column)
{
    return &grid->table->entries[row * grid->table->n_columns + column];
}

/* --- Widths -----------------------------------------------------------------------------------*/

static double
width_of(const Grid *grid, const char *text, const Style *style)
{
    return text ? moe__sheet_width(grid->sheet, text, style) : 0;
}

/* Heads wrap between words. */
static double
head_width(const Grid *grid, int c)
{
    g_auto(GStrv) words = g_strsplit(grid->table->columns[c].title, " ", -1);
    double width = MAX(width_of(grid, grid->manners[c].note, &style_small),
                       width_of(grid, grid->manners[c].unit, &style_small));
    for (char **word = words; *word; word++)
        width = MAX(width, width_of(grid, *word, &style_head));
    return width;
}

/* Style by style, which is quicker than row by row. */
static double
widest(const Grid *grid, int c, char *(*said)(const Manner *, const MoeEntry *), const Style *style)
{
    double width = 0;
    for (int r = 0; r < grid->table->n_rows; r++) {
        g_autofree char *text = said(&grid->manners[c], entry_at(grid, r, c));
        width = MAX(width, width_of(grid, text, style));
    }
    return width;
}

static Widths
measure_column(const Grid *grid, int c)
{
    return (Widths){.head = MAX(LEAST, head_width(grid, c)),
                    .value = MIN(widest(grid, c, moe__entry_value, &style_value), MOST_TEXT),
                    .interval = widest(grid, c, moe__entry_interval, &style_small),
                    .chance = widest(grid, c, moe__entry_chance, &style_small)};
}

static double
column_width(const Grid *grid, int c)
{
    const Widths *w = &grid->widths[c];
    double interval = w->interval > 0 ? w->interval + GAP : 0;
    double chance = w->chance > 0 ? w->chance + GAP : 0;
    double own = grid->beside == ALL_BESIDE        ? w->value + interval + chance
                 : grid->beside == INTERVAL_BESIDE ? MAX(w->value + interval, w->chance)
                                                   : MAX(w->value, MAX(w->interval, w->chance));
    return ceil(MAX(w->head, own)) + 1;
}

static double
total_width(const Grid *grid)
{
    double total = -PAD;
    for (int c = 0; c < grid->table->n_columns; c++)
        total += column_width(grid, c) + PAD;
    return total;
}

static void
add_column(const Grid *grid, Part *part, int column)
{
    part->columns[part->n] = column;
    part->x[part->n] = part->total;
    part->width[part->n] = column_width(grid, column);
    part->total += part->width[part->n] + PAD;
    part->n++;
}

/* Takes columns from `from` on as far as they fit; returns the next one. */
static int
take_columns(const Grid *grid, Part *part, int from)
{
    *part = (Part){.n = 0};
    if (from > 0)
        add_column(grid, part, 0);
    int column = from;
    do
        add_column(grid, part, column++);
    while (column < grid->table->n_columns && part->n < MOST_COLUMNS &&
           part->total + column_width(grid, column) <= TEXT_WIDTH);
    return column;
}

/* --- Drawing: every function returns the height that it takes ---------------------------------*/

static double
draw_text(const Grid *grid, const char *text, const Style *style, double x, double y, double width,
          bool right, bool draw)
{
    if (!text)
        return 0;
    PangoLayout *layout = moe__sheet_layout(grid->sheet, text, style, width);
    pango_layout_set_alignment(layout, right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
    double height = moe__layout_height(layout);
    if (draw)
        moe__sheet_draw(grid->sheet, layout, style, x, y);
    g_object_unref(layout);
    return height;
}

static double
draw_head(const Grid *grid, const Part *part, bool draw)
{
    double most = 0;
    for (int i = 0; i < part->n; i++) {
        const Manner *manner = &grid->manners[part->columns[i]];
        bool right = manner->column->type != MOE_COLUMN_TEXT;
        double x = LEFT + part->left + part->x[i], y = grid->sheet->y;
        y += draw_text(grid, manner->column->title, &style_head, x, y, part->width[i], right, draw);
        y += draw_text(grid, manner->unit, &style_small, x, y, part->width[i], right, draw);
        y += draw_text(grid, manner->note, &style_small, x, y, part->width[i], right, draw);
        most = MAX(most, y - grid->sheet->y);
    }
    return most + 4;
}

/* The interval, 0, and what chance would show, 1. */
static bool
stands_beside(const Grid *grid, int which)
{
    return grid->beside == ALL_BESIDE || (which == 0 && grid->beside == INTERVAL_BESIDE);
}

static double
draw_entry(const Grid *grid, const Part *part, int i, int row, bool draw)
{
    int c = part->columns[i];
    const MoeEntry *entry = entry_at(grid, row, c);
    const Manner *manner = &grid->manners[c];
    const Widths *w = &grid->widths[c];
    g_autofree char *value = moe__entry_value(manner, entry);
    const char *const small[] = {moe__entry_interval(manner, entry),
                                 moe__entry_chance(manner, entry)};
    const double widths[] = {w->interval, w->chance};
    bool right = manner->column->type != MOE_COLUMN_TEXT;
    double x = LEFT + part->left + part->x[i], edge = x + part->width[i], y = grid->sheet->y;
    double height = 0;
    for (int s = 1; s >= 0; s--) {
        if (stands_beside(grid, s) && widths[s] > 0) {
            draw_text(grid, small[s], &style_small, edge - widths[s] - 1, y + 1.5, widths[s] + 1,
                      true, draw);
            edge -= widths[s] + GAP;
        }
    }
    height = draw_text(grid, value, &style_value, x, y, edge - x, right, draw);
    for (int s = 0; s < 2; s++) {
        if (!stands_beside(grid, s))
            height +=
                draw_text(grid, small[s], &style_small, x, y + height, part->width[i], true, draw);
        g_free((char *)small[s]);
    }
    return height;
}

static double
draw_row(const Grid *grid, const Part *part, int row, bool draw)
{
    double height = 0;
    for (int i = 0; i < part->n; i++)
        height = MAX(height, draw_entry(grid, part, i, row, draw));
    return height + 4;
}

/* A line below a head or a row. */
static void
draw_line(const Grid *grid, const Part *part, double grey, double width)
{
    double left = LEFT + part->left;
    moe__sheet_rule(grid->sheet, grid->sheet->y - 2, left, left + part->total - PAD, grey, width);
}

/* The head and `n` rows. */
static void
draw_rows(const Grid *grid, const Part *part, int first, int n)
{
    Sheet *sheet = grid->sheet;
    sheet->y += draw_head(grid, part, true);
    draw_line(grid, part, 0.5, 0.7);
    sheet->y += 1;
    for (int r = first; r < first + n; r++) {
        sheet->y += draw_row(grid, part, r, true);
        draw_line(grid, part, 0.88, 0.4);
    }
}

static int
folds_of(const Grid *grid, const Part *part)
{
    int fit = (int)((TEXT_WIDTH + FOLD_GAP) / (part->total - PAD + FOLD_GAP));
    return grid->table->n_rows < LONG_ROWS ? 1 : CLAMP(fit, 1, MOST_FOLDS);
}

/* How many rows from `first` on each piece has on the rest of this page, one at least. */
static int
rows_of_piece(const Grid *grid, const Part *part, int first, int folds)
{
    double room = BOTTOM - grid->sheet->y - draw_head(grid, part, false) - 1, tallest = 0;
    int left = grid->table->n_rows - first, n = 0;
    for (int r = first; r < grid->table->n_rows; r++) {
        double height = draw_row(grid, part, r, false);
        tallest = MAX(tallest, height);
        room -= folds == 1 ? height : 0;
        n += folds == 1 && room >= 0;
    }
    if (folds > 1)
        n = MIN((int)(room / tallest), (left + folds - 1) / folds);
    if (folds == 1 && n == left - 1 && n > 2)
        n--; /* the last row doesn't stand alone on the next page */
    return CLAMP(n, 1, left);
}

static void
draw_part(const Grid *grid, Part *part)
{
    Sheet *sheet = grid->sheet;
    int folds = folds_of(grid, part), rows = grid->table->n_rows;
    moe__sheet_need(sheet, draw_head(grid, part, false) + 40);
    for (int row = 0; row == 0 || row < rows;) {
        int each = rows_of_piece(grid, part, row, folds);
        double top = sheet->y, bottom = top;
        for (int fold = 0; fold == 0 || (fold < folds && row < rows); fold++) {
            sheet->y = top;
            part->left = fold * (part->total - PAD + FOLD_GAP);
            draw_rows(grid, part, row, MIN(each, rows - row));
            row += each;
            bottom = MAX(bottom, sheet->y);
        }
        part->left = 0;
        sheet->y = bottom;
        if (row < rows)
            moe__sheet_break(sheet);
    }
    sheet->y += 8;
}

void
moe__pdf_table(Sheet *sheet, const Block *block)
{
    Grid grid = {sheet, block->table, moe__manners_new(block->table),
                 g_new0(Widths, (gsize)block->table->n_columns), ALL_BESIDE};
    for (int c = 0; c < grid.table->n_columns; c++)
        grid.widths[c] = measure_column(&grid, c);
    while (grid.beside > NOTHING_BESIDE && total_width(&grid) > TEXT_WIDTH)
        grid.beside--;
    moe__sheet_skip(sheet, 4);
    moe__sheet_need(sheet, moe__pdf_table_start());
    moe__sheet_text(sheet, block->text, &moe__style_soft, LEFT);
    sheet->y += 4;
    for (int column = 0; column < grid.table->n_columns;) {
        Part part;
        column = take_columns(&grid, &part, column);
        draw_part(&grid, &part);
    }
    sheet->y += 4;
    moe__manners_free(grid.manners, grid.table);
    g_free(grid.widths);
}
