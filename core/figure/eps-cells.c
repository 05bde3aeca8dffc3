/* SPDX-License-Identifier: MIT
 *
 * Cells in a PostScript file that Cairo wrote.
 * PostScript Language Reference, third edition (Adobe, 1999): 3.13 filtered files.
 */
#include "figure/eps-cells.h"
#include "figure/cell-shapes.h"
#include "figure/deflate.h"

#include <string.h>

struct EpsCells {
    GPtrArray *grids; /* of GByteArray: what paints them */
};

static const cairo_user_data_key_t collects;

EpsCells *
moe__eps_cells_new(cairo_surface_t *surface)
{
    EpsCells *cells = g_new(EpsCells, 1);
    cells->grids = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    cairo_surface_set_user_data(surface, &collects, cells, NULL);
    return cells;
}

void
moe__eps_cells_free(EpsCells *cells)
{
    if (!cells)
        return;
    g_ptr_array_unref(cells->grids);
    g_free(cells);
}

/* The colour of the rectangle that stands for a grid, as Cairo writes it: six decimals, the last of
 * them none that would be left out. That of the next grid has more red, so much that Cairo doesn't
 * take both for one colour. */
#define STAND_IN_RED   0.028657
#define STAND_IN_NEXT  0.0001
#define STAND_IN_GREEN 0.317811
#define STAND_IN_BLUE  0.832043
#define STAND_IN_WORDS "0.%06d 0.317811 0.832043 rg\n"
enum { STAND_IN = 28657, NEXT = 100 };

/* --- What paints the cells --------------------------------------------------------------------*/

#define PACKING 6

/* Rectangles are painted one by one, since printers bound the length of a path. */
static const CellWords cell_words = {"setrgbcolor\n", " r\n", ""};

/* Adobe's ASCII base-85: four bytes as five letters, four zeros as one; n bytes at the end as n + 1
 * letters. */
static void
append_ascii85(GByteArray *out, const guint8 *data, gsize n)
{
    enum { LINE = 75 };
    int column = 0;
    for (gsize i = 0; i < n; i += 4) {
        guint8 four[4] = {0}, letters[5];
        gsize given = MIN(n - i, sizeof(four)), length = given + 1;
        memcpy(four, data + i, given);
        guint32 rest =
            (guint32)four[0] << 24 | (guint32)four[1] << 16 | (guint32)four[2] << 8 | four[3];
        if (rest == 0 && given == sizeof(four)) {
            letters[0] = 'z';
            length = 1;
        } else
            for (int l = 4; l >= 0; l--, rest /= 85)
                letters[l] = (guint8)('!' + rest % 85);
        g_byte_array_append(out, letters, (guint)length);
        if ((column += (int)length) >= LINE) {
            g_byte_array_append(out, (const guint8 *)"\n", 1);
            column = 0;
        }
    }
    g_byte_array_append(out, (const guint8 *)"~>\n", 3);
}

/* The cells in their box; the procedure reads what follows its name, to the end. */
static GByteArray *
grid_of(const Item *item)
{
    g_auto(CellShapes) shapes = {0};
    g_autoptr(GString) content = g_string_new(NULL);
    moe__cell_shapes_init(&shapes, item->image.pixels, item->image.columns, item->image.rows);
    moe__cell_shapes_words(&shapes, &cell_words, content);
    g_autoptr(GByteArray) packed = moe__zlib_pack(content->str, content->len, PACKING);
    const double matrix[] = {item->box.width / item->image.columns, 0,           0,
                             item->box.height / item->image.rows,   item->box.x, item->box.y};
    g_autoptr(GString) head = g_string_new("gsave\n[");
    for (gsize i = 0; i < G_N_ELEMENTS(matrix); i++) {
        char digits[G_ASCII_DTOSTR_BUF_SIZE];
        g_string_append_printf(head, " %s",
                               g_ascii_formatd(digits, sizeof(digits), "%.9g", matrix[i]));
    }
    g_string_append(head, " ] concat\n"
                          "/r { 1 rectfill } bind def\n"
                          "/cells_file currentfile /ASCII85Decode filter def\n"
                          "/cells { cells_file /FlateDecode filter cvx exec\n"
                          "  cells_file status { cells_file flushfile } if } bind def\n"
                          "cells\n");
    GByteArray *grid = g_byte_array_sized_new((guint)(head->len + packed->len * 5 / 4));
    g_byte_array_append(grid, (const guint8 *)head->str, (guint)head->len);
    append_ascii85(grid, packed->data, packed->len);
    g_byte_array_append(grid, (const guint8 *)"grestore\n", 9);
    return grid;
}

bool
moe__eps_cells_take(cairo_t *cr, const Item *item)
{
    EpsCells *cells = cairo_surface_get_user_data(cairo_get_target(cr), &collects);
    if (!cells)
        return false;
    cairo_set_source_rgb(cr, STAND_IN_RED + STAND_IN_NEXT * cells->grids->len, STAND_IN_GREEN,
                         STAND_IN_BLUE);
    cairo_rectangle(cr, item->box.x, item->box.y, item->box.width, item->box.height);
    cairo_fill(cr);
    g_ptr_array_add(cells->grids, grid_of(item));
    return true;
}

/* --- Into the file ----------------------------------------------------------------------------*/

static bool
is_number(const char *word, gsize length)
{
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isdigit(word[i]) && word[i] != '-' && word[i] != '.')
            return false;
    return true;
}

static bool
is_word(const char *word, gsize length, const char *other)
{
    return length == strlen(other) && memcmp(word, other, length) == 0;
}

/* Behind the words that paint a rectangle: four numbers, "re", "f", with blanks or new lines
 * between them. NULL: there is something else, or the file ends. */
static const char *
behind_rectangle(const char *at, const char *end)
{
    static const char *const words[] = {"re", "f"};
    for (gsize i = 0; i < 4 + G_N_ELEMENTS(words); i++) {
        const char *start = at;
        while (at < end && !g_ascii_isspace(*at))
            at++;
        gsize length = (gsize)(at - start);
        bool fits = i < 4 ? is_number(start, length) : is_word(start, length, words[i - 4]);
        if (!fits || at == end)
            return NULL;
        at++;
    }
    return at;
}

bool
moe__eps_cells_put(const EpsCells *cells, GByteArray *file)
{
    const char *from = (const char *)file->data, *end = from + file->len;
    g_autoptr(GByteArray) out = g_byte_array_new();
    for (guint g = 0; g < cells->grids->len; g++) {
        const GByteArray *grid = g_ptr_array_index(cells->grids, g);
        g_autofree char *colour = g_strdup_printf(STAND_IN_WORDS, STAND_IN + NEXT * (int)g);
        const char *start =
            from < end ? memmem(from, (gsize)(end - from), colour, strlen(colour)) : NULL;
        const char *behind = start ? behind_rectangle(start + strlen(colour), end) : NULL;
        if (!behind)
            return false;
        g_byte_array_append(out, (const guint8 *)from, (guint)(start - from));
        g_byte_array_append(out, grid->data, grid->len);
        from = behind;
    }
    g_byte_array_append(out, (const guint8 *)from, (guint)(end - from));
    g_byte_array_set_size(file, 0);
    g_byte_array_append(file, out->data, out->len);
    return true;
}
