/* SPDX-License-Identifier: MIT
 *
 * A scene as a file: the ending chooses the writer. Everything is made in memory, then written
 * beside the target and renamed.
 */
#include "figure/picture.h"
#include "figure/writers.h"

#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* What Cairo's images can have, and enough for a poster. */
#define MOST_PIXELS 32767
/* Rounding of a size that was meant in pixels doesn't add one. */
#define SLACK 1e-6

#define HUGE_PAGE ((size_t)2 << 20)

void *
moe__picture_memory(size_t bytes)
{
    size_t size = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void *pages = bytes < HUGE_PAGE / 2 ? malloc(MAX(bytes, 1)) : aligned_alloc(HUGE_PAGE, size);
    if (!pages)
        g_error("out of memory: %" G_GSIZE_FORMAT " bytes for a picture", size);
    if (bytes >= HUGE_PAGE / 2)
        madvise(pages, size, MADV_HUGEPAGE); /* a wish */
    return pages;
}

static bool
save_png(MoeScene *scene, const char *path, double dpi, GError **error)
{
    double width, height;
    moe_scene_size(scene, &width, &height);
    double scale = (dpi > 0 ? dpi : scene->theme->dpi) / 72;
    double columns = ceil(width * scale - SLACK), rows = ceil(height * scale - SLACK);
    if (!(columns <= MOST_PIXELS && rows <= MOST_PIXELS)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: %g dpi would make an image of %.0f x %.0f pixels; at most %d x %d are "
                    "possible",
                    path, scale * 72, columns, rows, MOST_PIXELS, MOST_PIXELS);
        return false;
    }
    int stride = cairo_format_stride_for_width(CAIRO_FORMAT_RGB24, (int)columns);
    void *pixels = moe__picture_memory((size_t)stride * (size_t)rows);
    memset(pixels, 0, (size_t)stride * (size_t)rows);
    cairo_surface_t *surface = cairo_image_surface_create_for_data(pixels, CAIRO_FORMAT_RGB24,
                                                                   (int)columns, (int)rows, stride);
    cairo_t *cr = cairo_create(surface);
    /* Whole pixels: the page is stretched by less than one. */
    cairo_scale(cr, columns / width, rows / height);
    moe_scene_render(scene, cr, width, height);
    cairo_status_t status = cairo_status(cr);
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    bool good = !moe__cairo_failed(status, path, error);
    if (good) {
        g_autoptr(GByteArray) png =
            moe__png_encode(pixels, (int)columns, (int)rows, stride / 4, scale * 72);
        good = moe_file_replace(path, png->data, png->len, error);
    }
    cairo_surface_destroy(surface);
    free(pixels);
    return good;
}

static bool
save_svg(MoeScene *scene, const char *path, double dpi, GError **error)
{
    double width, height;
    moe_scene_size(scene, &width, &height);
    g_autoptr(GString) svg = moe__svg_encode(moe__picture(scene, width, height), scene->title);
    return moe_file_replace(path, svg->str, svg->len, error);
}

bool
moe_scene_save(MoeScene *scene, const char *path, double dpi, GError **error)
{
    static const struct {
        const char *ending;
        bool (*save)(MoeScene *scene, const char *path, double dpi, GError **error);
    } writers[] = {
        {".png", save_png}, {".svg", save_svg}, {".pdf", moe__save_pdf}, {".eps", moe__save_eps}};
    g_autofree char *lower = g_ascii_strdown(path, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(writers); i++) {
        if (g_str_has_suffix(lower, writers[i].ending))
            return writers[i].save(scene, path, dpi, error);
    }
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "%s: the ending must be .png, .svg, .pdf or .eps", path);
    return false;
}
