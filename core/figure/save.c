/* SPDX-License-Identifier: MIT
 *
 * A scene as a file: the ending chooses the writer. Everything is made in memory, then written
 * beside the target and renamed.
 */
#include "figure/picture.h"
#include "figure/writers.h"

#include <cairo.h>
#include <math.h>
#include <string.h>

/* What Cairo's images can have, and enough for a poster. */
#define MOST_PIXELS 32767
/* Rounding of a size that was meant in pixels doesn't add one. */
#define SLACK 1e-6

/* A picture is drawn in bands of about so many bytes, whose memory stays in the cache and is used
 * again; drawings of very many items at once, since every band goes through all of them. */
enum { BAND_BYTES = 1 << 20, MOST_ITEMS = 1 << 14 };

typedef struct Picture {
    MoeScene *scene;
    double width, height; /* points */
    int columns, rows;
} Picture;

static int
rows_of_band(const Picture *picture, const Drawing *drawing, int stride)
{
    bool one = drawing->items->len > MOST_ITEMS;
    return one ? picture->rows : CLAMP(BAND_BYTES / stride, 1, picture->rows);
}

/* Whole pixels: the page is stretched by less than one. Bands are places of the same picture, not
 * pictures moved: what is rounded to pixels is rounded alike in all of them. */
static cairo_status_t
draw_bands(const Picture *picture, MoePng *png)
{
    const Drawing *drawing = moe__picture(picture->scene, picture->width, picture->height);
    int stride = cairo_format_stride_for_width(CAIRO_FORMAT_RGB24, picture->columns);
    int most = rows_of_band(picture, drawing, stride);
    g_autofree void *pixels = g_malloc((gsize)stride * (gsize)most);
    cairo_surface_t *surface = cairo_image_surface_create_for_data(pixels, CAIRO_FORMAT_RGB24,
                                                                   picture->columns, most, stride);
    cairo_t *cr = cairo_create(surface);
    double point = picture->rows / picture->height; /* in pixels */
    cairo_scale(cr, picture->columns / picture->width, point);
    MoePainter *painter = moe__painter_new(drawing, cr);
    for (int y = 0, n; y < picture->rows; y += n) {
        n = MIN(most, picture->rows - y);
        memset(pixels, 0, (gsize)stride * (gsize)most);
        cairo_surface_mark_dirty(surface);
        cairo_surface_set_device_offset(surface, 0, -y);
        moe__painter_draw(painter, (y - 1) / point, (y + n + 1) / point);
        cairo_surface_flush(surface);
        moe__png_rows(png, pixels, n, stride / 4);
    }
    cairo_status_t status = cairo_status(cr);
    moe__painter_free(painter);
    cairo_destroy(cr);
    cairo_surface_finish(surface); /* the pixels go */
    cairo_surface_destroy(surface);
    return status;
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
    const Picture picture = {scene, width, height, (int)columns, (int)rows};
    g_autoptr(MoePng) png = moe__png_new(picture.columns, picture.rows, false);
    if (moe__cairo_failed(draw_bands(&picture, png), path, error))
        return false;
    g_autoptr(GByteArray) bytes = moe__png_finish(png, scale * 72);
    return moe_file_replace(path, bytes->data, bytes->len, error);
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
