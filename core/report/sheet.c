/* SPDX-License-Identifier: MIT
 *
 * Pages of a PDF and text on them.
 */
#include "report/sheet.h"

#include "figure/ruler.h"

#include <cairo-pdf.h>
#include <math.h>

#define FAMILY "DejaVu Sans"
#define FOOT   (PAGE_HEIGHT - 34.0)

#define INK              \
    {                    \
        0.08, 0.09, 0.11 \
    }
#define SOFT             \
    {                    \
        0.36, 0.39, 0.43 \
    }

const Style moe__style_title = {20, 1.2, true, INK};
const Style moe__style_lead = {10, 1.4, false, SOFT};
const Style moe__style_section = {14, 1.25, true, INK};
const Style moe__style_heading = {10.5, 1.3, true, INK};
const Style moe__style_text = {8.8, 1.42, false, INK};
const Style moe__style_soft = {8.2, 1.4, false, SOFT};
const Style moe__style_strong = {8.8, 1.42, true, INK};
const Style moe__style_label = {8.2, 1.4, true, {0.04, 0.36, 0.66}};
const Style moe__style_small = {7.2, 1.3, false, SOFT};

static cairo_status_t
append_bytes(void *closure, const unsigned char *data, unsigned int length)
{
    g_byte_array_append(closure, data, length);
    return CAIRO_STATUS_SUCCESS;
}

void
moe__sheet_init(Sheet *sheet, const char *title)
{
    *sheet = (Sheet){.bytes = g_byte_array_new(), .running = title, .page = 1, .y = TOP};
    sheet->surface =
        cairo_pdf_surface_create_for_stream(append_bytes, sheet->bytes, PAGE_WIDTH, PAGE_HEIGHT);
    cairo_pdf_surface_set_metadata(sheet->surface, CAIRO_PDF_METADATA_TITLE, title);
    cairo_pdf_surface_set_metadata(sheet->surface, CAIRO_PDF_METADATA_CREATOR, "moescope");
    /* A date of the day would make every file differ from the last. */
    cairo_pdf_surface_set_metadata(sheet->surface, CAIRO_PDF_METADATA_CREATE_DATE,
                                   "2000-01-01T00:00:00Z");
    sheet->cr = cairo_create(sheet->surface);
}

static void
draw_foot(Sheet *sheet)
{
    g_autofree char *number = g_strdup_printf("%d", sheet->page);
    PangoLayout *left =
        moe__sheet_layout(sheet, sheet->running, &moe__style_small, TEXT_WIDTH - 40);
    PangoLayout *right = moe__sheet_layout(sheet, number, &moe__style_small, 0);
    pango_layout_set_height(left, -1);
    pango_layout_set_ellipsize(left, PANGO_ELLIPSIZE_END);
    moe__sheet_draw(sheet, left, &moe__style_small, LEFT, FOOT);
    moe__sheet_draw(sheet, right, &moe__style_small, PAGE_WIDTH - LEFT - moe__layout_width(right),
                    FOOT);
    g_object_unref(left);
    g_object_unref(right);
}

GBytes *
moe__sheet_finish(Sheet *sheet, GError **error)
{
    draw_foot(sheet);
    g_clear_object(&sheet->gauge);
    cairo_status_t status = cairo_status(sheet->cr);
    cairo_destroy(sheet->cr);
    cairo_surface_finish(sheet->surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(sheet->surface);
    cairo_surface_destroy(sheet->surface);
    if (status == CAIRO_STATUS_SUCCESS)
        return g_byte_array_free_to_bytes(sheet->bytes);
    g_byte_array_unref(sheet->bytes);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: drawing the PDF failed: %s", sheet->running,
                cairo_status_to_string(status));
    return NULL;
}

/* --- Room -------------------------------------------------------------------------------------*/

void
moe__sheet_break(Sheet *sheet)
{
    draw_foot(sheet);
    cairo_show_page(sheet->cr);
    sheet->page++;
    sheet->y = TOP;
}

void
moe__sheet_need(Sheet *sheet, double height)
{
    if (sheet->y > TOP && sheet->y + height > BOTTOM)
        moe__sheet_break(sheet);
}

void
moe__sheet_skip(Sheet *sheet, double height)
{
    if (sheet->y > TOP)
        sheet->y += height;
}

/* --- Text -------------------------------------------------------------------------------------*/

PangoLayout *
moe__sheet_layout(Sheet *sheet, const char *text, const Style *style, double width)
{
    PangoLayout *layout = pango_cairo_create_layout(sheet->cr);
    moe__ruler_unhint(pango_layout_get_context(layout));
    moe__ruler_set(layout, FAMILY, text, style->size, style->bold);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_width(layout, width > 0 ? (int)(width * PANGO_SCALE) : -1);
    pango_layout_set_line_spacing(layout, (float)(style->line / 1.164));
    return layout;
}

double
moe__layout_height(PangoLayout *layout)
{
    int height;
    pango_layout_get_size(layout, NULL, &height);
    return (double)height / PANGO_SCALE;
}

double
moe__layout_width(PangoLayout *layout)
{
    int width;
    pango_layout_get_size(layout, &width, NULL);
    return (double)width / PANGO_SCALE;
}

/* Tables measure thousands of texts in few styles: one layout serves for all of them. */
double
moe__sheet_width(Sheet *sheet, const char *text, const Style *style)
{
    if (sheet->gauged != style) {
        g_clear_object(&sheet->gauge);
        sheet->gauge = moe__sheet_layout(sheet, "", style, 0);
        sheet->gauged = style;
    }
    pango_layout_set_text(sheet->gauge, text, -1);
    return moe__layout_width(sheet->gauge);
}

static void
set_colour(Sheet *sheet, const Style *style)
{
    cairo_set_source_rgb(sheet->cr, style->colour.r, style->colour.g, style->colour.b);
}

void
moe__sheet_draw(Sheet *sheet, PangoLayout *layout, const Style *style, double x, double y)
{
    set_colour(sheet, style);
    cairo_move_to(sheet->cr, x, y);
    pango_cairo_show_layout(sheet->cr, layout);
}

double
moe__sheet_text_height(Sheet *sheet, const char *text, const Style *style, double width)
{
    PangoLayout *layout = moe__sheet_layout(sheet, text, style, width);
    int lines = pango_layout_get_line_count(layout);
    g_object_unref(layout);
    return lines * style->size * style->line;
}

void
moe__sheet_text(Sheet *sheet, const char *text, const Style *style, double x)
{
    PangoLayout *layout = moe__sheet_layout(sheet, text, style, LEFT + TEXT_WIDTH - x);
    PangoLayoutIter *lines = pango_layout_get_iter(layout);
    double line = style->size * style->line;
    int left = pango_layout_get_line_count(layout);
    bool first = true;
    do {
        /* Neither the first line nor the last stands alone. */
        bool pair = (first && left > 1) || left == 2;
        moe__sheet_need(sheet, pair ? 2 * line : line);
        set_colour(sheet, style);
        cairo_move_to(sheet->cr, x, sheet->y + 0.5 * (line + 0.72 * style->size));
        pango_cairo_show_layout_line(sheet->cr, pango_layout_iter_get_line_readonly(lines));
        sheet->y += line;
        first = false;
        left--;
    } while (pango_layout_iter_next_line(lines));
    pango_layout_iter_free(lines);
    g_object_unref(layout);
}

void
moe__sheet_rule(Sheet *sheet, double y, double x0, double x1, double grey, double width)
{
    cairo_set_source_rgb(sheet->cr, grey, grey, grey);
    cairo_set_line_width(sheet->cr, width);
    cairo_set_dash(sheet->cr, NULL, 0, 0);
    cairo_move_to(sheet->cr, x0, y);
    cairo_line_to(sheet->cr, x1, y);
    cairo_stroke(sheet->cr);
}
