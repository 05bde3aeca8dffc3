/* SPDX-License-Identifier: MIT
 *
 * Cells as form XObjects of a PDF that Cairo wrote.
 * PDF Reference, version 1.4 (Adobe, 2001): 3.4.3 cross-reference table, 4.9 form XObjects.
 */
#include "figure/pdf-cells.h"
#include "figure/cell-shapes.h"
#include "figure/deflate.h"

#include <string.h>

/* The width of the image that stands for the first grid, by which it is found; of the next, one
 * more. No picture of a figure is as wide and one pixel high. */
#define STAND_IN 28657

struct PdfCells {
    GPtrArray *forms; /* of GByteArray: whole objects but for their number */
};

static const cairo_user_data_key_t collects;

PdfCells *
moe__pdf_cells_new(cairo_surface_t *surface)
{
    PdfCells *cells = g_new(PdfCells, 1);
    cells->forms = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    cairo_surface_set_user_data(surface, &collects, cells, NULL);
    return cells;
}

void
moe__pdf_cells_free(PdfCells *cells)
{
    if (!cells)
        return;
    g_ptr_array_unref(cells->forms);
    g_free(cells);
}

/* Hardly larger than at higher levels, in a third of the time. */
#define PACKING 1

/* --- Forms ------------------------------------------------------------------------------------*/

static const CellWords cell_words = {"rg\n", " 1 re\n", "f\n"};

/* What follows "5 0 obj": a form that fills the square that an image would. */
static GByteArray *
form_of(const Item *item)
{
    g_auto(CellShapes) shapes = {0};
    int columns = item->image.columns, rows = item->image.rows;
    g_autoptr(GString) content = g_string_new(NULL);
    moe__cell_shapes_init(&shapes, item->image.pixels, columns, rows);
    moe__cell_shapes_words(&shapes, &cell_words, content);
    g_autoptr(GByteArray) packed = moe__zlib_pack(content->str, content->len, PACKING);
    char across[G_ASCII_DTOSTR_BUF_SIZE], down[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(across, sizeof(across), "%.10f", 1.0 / columns);
    g_ascii_formatd(down, sizeof(down), "%.10f", -1.0 / rows);
    g_autofree char *head =
        g_strdup_printf("\n<< /Type /XObject\n   /Subtype /Form\n   /BBox [ 0 0 %d %d ]\n"
                        "   /Matrix [ %s 0 0 %s 0 1 ]\n   /Resources << >>\n"
                        "   /Filter /FlateDecode\n   /Length %u\n>>\nstream\n",
                        columns, rows, across, down, packed->len);
    static const char tail[] = "\nendstream\nendobj\n";
    GByteArray *form = g_byte_array_sized_new((guint)strlen(head) + packed->len + sizeof(tail));
    g_byte_array_append(form, (const guint8 *)head, (guint)strlen(head));
    g_byte_array_append(form, packed->data, packed->len);
    g_byte_array_append(form, (const guint8 *)tail, sizeof(tail) - 1);
    return form;
}

bool
moe__pdf_cells_take(cairo_t *cr, const Item *item)
{
    PdfCells *cells = cairo_surface_get_user_data(cairo_get_target(cr), &collects);
    if (!cells)
        return false;
    int width = STAND_IN + (int)cells->forms->len;
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, 1);
    cairo_save(cr);
    cairo_translate(cr, item->box.x, item->box.y);
    cairo_scale(cr, item->box.width / width, item->box.height);
    cairo_set_source_surface(cr, image, 0, 0);
    cairo_paint(cr);
    cairo_restore(cr);
    cairo_surface_destroy(image);
    g_ptr_array_add(cells->forms, form_of(item));
    return true;
}

/* --- Into the file ----------------------------------------------------------------------------*/

/* A cross-reference table: entries of 20 bytes, of which the first ten are an offset. */
typedef struct Xref {
    gsize at; /* of the table */
    guint8 *entries;
    int n;
} Xref;

enum { ENTRY = 20, OFFSET = 10 };

/* What stands between a keyword and the end of the file, where the keyword stands last. */
static const char *
behind_last(const GByteArray *file, const char *keyword)
{
    gsize n = strlen(keyword);
    for (gsize i = file->len; i >= n; i--)
        if (memcmp(file->data + i - n, keyword, n) == 0)
            return (const char *)file->data + i;
    return NULL;
}

static bool
find_xref(GByteArray *file, Xref *xref)
{
    static const guint8 zero = 0;
    g_byte_array_append(file, &zero, 1); /* numbers are read up to what is none */
    g_byte_array_set_size(file, file->len - 1);
    const char *start = behind_last(file, "startxref\n");
    guint64 at = start ? g_ascii_strtoull(start, NULL, 10) : file->len;
    static const char head[] = "xref\n0 ";
    if (at + sizeof(head) >= file->len || memcmp(file->data + at, head, sizeof(head) - 1) != 0)
        return false;
    char *end;
    guint64 n = g_ascii_strtoull((const char *)file->data + at + sizeof(head) - 1, &end, 10);
    xref->at = at;
    xref->entries = (guint8 *)end + 1;
    xref->n = (int)n;
    return *end == '\n' && n < file->len / ENTRY &&
           xref->entries + n * ENTRY <= file->data + file->len;
}

/* An object to be replaced. */
typedef struct Place {
    gsize start, end; /* behind "5 0 obj" */
    const GByteArray *form;
} Place;

/* Where the text is found from `at` on, within `room` bytes; NULL: nowhere. */
static const guint8 *
find_text(const GByteArray *file, gsize at, gsize room, const char *text)
{
    return at < file->len ? memmem(file->data + at, MIN(file->len - at, room), text, strlen(text))
                          : NULL;
}

/* Bytes that an object's number and its dictionary take, at most. */
enum { HEAD = 32, DICTIONARY = 256 };

/* The object at the offset, if an image of that width and one pixel high. */
static bool
stands_in(const GByteArray *file, gsize at, int width, Place *place)
{
    static const char obj[] = " 0 obj", last[] = "\nendobj\n";
    g_autofree char *size = g_strdup_printf("/Subtype /Image\n   /Width %d\n   /Height 1\n", width);
    const guint8 *start = find_text(file, at, HEAD, obj);
    if (!start)
        return false;
    place->start = (gsize)(start - file->data) + sizeof(obj) - 1;
    const guint8 *dictionary = find_text(file, place->start, DICTIONARY, size);
    const guint8 *stream = find_text(file, place->start, DICTIONARY, "stream\n");
    const guint8 *end = find_text(file, place->start, G_MAXSIZE, last);
    place->end = end ? (gsize)(end - file->data) + sizeof(last) - 1 : 0;
    return dictionary && stream && dictionary < stream && end;
}

static gsize
offset_of(const Xref *xref, int i)
{
    return (gsize)g_ascii_strtoull((const char *)xref->entries + (gsize)i * ENTRY, NULL, 10);
}

static int
by_place(const void *a, const void *b)
{
    const Place *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* Where each form goes, in the order of the file; NULL: not all places are there. */
static GArray *
find_places(const PdfCells *cells, const GByteArray *file, const Xref *xref)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(Place));
    for (guint f = 0; f < cells->forms->len; f++) {
        Place place = {.form = g_ptr_array_index(cells->forms, f)};
        bool found = false;
        for (int i = 1; i < xref->n && !found; i++)
            found = offset_of(xref, i) < file->len &&
                    stands_in(file, offset_of(xref, i), STAND_IN + (int)f, &place);
        if (found)
            g_array_append_val(places, place);
    }
    g_array_sort(places, by_place);
    if (places->len < cells->forms->len)
        g_clear_pointer(&places, g_array_unref);
    return places;
}

/* How far what stood at `at` has moved. */
static gssize
moved(const GArray *places, gsize at)
{
    gssize by = 0;
    for (guint i = 0; i < places->len; i++) {
        const Place *place = &g_array_index(places, Place, i);
        if (place->start < at)
            by += (gssize)place->form->len - (gssize)(place->end - place->start);
    }
    return by;
}

static void
shift_xref(const Xref *xref, const GArray *places)
{
    for (int i = 1; i < xref->n; i++) {
        gsize at = offset_of(xref, i);
        g_autofree char *offset = g_strdup_printf("%010" G_GSIZE_FORMAT, at + moved(places, at));
        memcpy(xref->entries + (gsize)i * ENTRY, offset, OFFSET);
    }
}

bool
moe__pdf_cells_put(const PdfCells *cells, GByteArray *file)
{
    Xref xref;
    if (cells->forms->len == 0)
        return true;
    if (!find_xref(file, &xref))
        return false;
    g_autoptr(GArray) places = find_places(cells, file, &xref);
    if (!places)
        return false;
    shift_xref(&xref, places);
    g_autofree char *tail =
        g_strdup_printf("%" G_GSIZE_FORMAT "\n%%%%EOF\n", xref.at + moved(places, xref.at));
    gsize from = 0, end = (gsize)((const guint8 *)behind_last(file, "startxref\n") - file->data);
    g_autoptr(GByteArray) out = g_byte_array_sized_new(file->len);
    for (guint i = 0; i < places->len; i++) {
        const Place *place = &g_array_index(places, Place, i);
        g_byte_array_append(out, file->data + from, (guint)(place->start - from));
        g_byte_array_append(out, place->form->data, place->form->len);
        from = place->end;
    }
    g_byte_array_append(out, file->data + from, (guint)(end - from));
    g_byte_array_append(out, (const guint8 *)tail, (guint)strlen(tail));
    g_byte_array_set_size(file, 0);
    g_byte_array_append(file, out->data, out->len);
    return true;
}
