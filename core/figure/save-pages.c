/* SPDX-License-Identifier: MIT
 *
 * A scene as a page that Cairo writes: PDF and Encapsulated PostScript.
 */
#include "figure/eps-cells.h"
#include "figure/pdf-cells.h"
#include "figure/scene.h"
#include "figure/writers.h"

#include <cairo-pdf.h>
#include <cairo-ps.h>
#include <string.h>

/* Of what PostScript has no words for: PostScript mixes no colours. */
#define FALLBACK_DPI 600

bool
moe__cairo_failed(cairo_status_t status, const char *path, GError **error)
{
    if (status == CAIRO_STATUS_SUCCESS)
        return false;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: drawing failed: %s", path,
                cairo_status_to_string(status));
    return true;
}

static cairo_status_t
append_bytes(void *closure, const unsigned char *data, unsigned int length)
{
    g_byte_array_append(closure, data, length);
    return CAIRO_STATUS_SUCCESS;
}

/* Draws the scene and lets the surface write what it has; the surface is given up. */
static bool
draw_page(MoeScene *scene, cairo_surface_t *surface, const char *path, GError **error)
{
    double width, height;
    moe_scene_size(scene, &width, &height);
    cairo_t *cr = cairo_create(surface);
    moe_scene_render(scene, cr, width, height);
    cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    return !moe__cairo_failed(status, path, error);
}

static cairo_surface_t *
pdf_surface(MoeScene *scene, GByteArray *bytes)
{
    double width, height;
    moe_scene_size(scene, &width, &height);
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(append_bytes, bytes, width, height);
    /* As plain as LaTeX likes it; and its objects can be found (pdf-cells.h). */
    cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_4);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, scene->title);
    /* A date of the day would make every file differ from the last. */
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
    return surface;
}

bool
moe__save_pdf(MoeScene *scene, const char *path, double dpi, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    cairo_surface_t *surface = pdf_surface(scene, bytes);
    g_autoptr(PdfCells) cells = moe__pdf_cells_new(surface);
    if (!draw_page(scene, surface, path, error))
        return false;
    if (!moe__pdf_cells_put(cells, bytes)) { /* cells by Cairo, which takes longer */
        g_byte_array_set_size(bytes, 0);
        if (!draw_page(scene, pdf_surface(scene, bytes), path, error))
            return false;
    }
    return moe_file_replace(path, bytes->data, bytes->len, error);
}

/* Takes the comment with the date out: two files of one scene are alike. */
static void
remove_date(GByteArray *bytes)
{
    static const char comment[] = "\n%%CreationDate:";
    guint8 *start = memmem(bytes->data, bytes->len, comment, sizeof(comment) - 1);
    guint8 *end =
        start ? memchr(start + 1, '\n', bytes->len - (gsize)(start + 1 - bytes->data)) : NULL;
    if (end)
        g_byte_array_remove_range(bytes, (guint)(start - bytes->data), (guint)(end - start));
}

static cairo_surface_t *
eps_surface(MoeScene *scene, GByteArray *bytes)
{
    double width, height;
    moe_scene_size(scene, &width, &height);
    cairo_surface_t *surface =
        cairo_ps_surface_create_for_stream(append_bytes, bytes, width, height);
    cairo_ps_surface_set_eps(surface, TRUE);
    cairo_surface_set_fallback_resolution(surface, FALLBACK_DPI, FALLBACK_DPI);
    return surface;
}

bool
moe__save_eps(MoeScene *scene, const char *path, double dpi, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    cairo_surface_t *surface = eps_surface(scene, bytes);
    g_autoptr(EpsCells) cells = moe__eps_cells_new(surface);
    if (!draw_page(scene, surface, path, error))
        return false;
    if (!moe__eps_cells_put(cells, bytes)) { /* cells by Cairo, which makes long files */
        g_byte_array_set_size(bytes, 0);
        if (!draw_page(scene, eps_surface(scene, bytes), path, error))
            return false;
    }
    remove_date(bytes);
    return moe_file_replace(path, bytes->data, bytes->len, error);
}
