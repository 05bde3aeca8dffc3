/* SPDX-License-Identifier: MIT
 *
 * Comparing with committed files.
 */
#include "golden.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW        3      /* pixels to each side: 7 x 7 */
#define MEAN_SLACK    20     /* of 255, of a window's mean */
#define WINDOWS_SLACK 0.0015 /* share of the windows */
#define SIZE_SLACK    0.015  /* of a side: lines of the caption may be a little higher */
#define FONT          "DejaVu Sans"

static char *
committed_path(const char *name)
{
    const char *root = g_getenv("MOESCOPE_SOURCE_ROOT"); /* meson sets it */
    g_assert_nonnull(root);
    return g_build_filename(root, "tests", "golden", name, NULL);
}

static bool
updating(void)
{
    return g_strcmp0(g_getenv("MOE_UPDATE_GOLDEN"), "1") == 0;
}

/* "load.txt" -> "load.out.txt" */
static char *
name_with(const char *name, const char *mark)
{
    const char *point = strrchr(name, '.');
    return g_strdup_printf("%.*s.%s%s", (int)(point - name), name, mark, point);
}

void
golden_check_text(const char *name, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = committed_path(name), *committed = NULL;
    if (updating()) {
        g_file_set_contents(path, text, -1, &error);
        g_assert_no_error(error);
        return;
    }
    if (!g_file_get_contents(path, &committed, NULL, &error)) {
        g_test_fail_printf("%s; MOE_UPDATE_GOLDEN=1 makes it", error->message);
        return;
    }
    if (strcmp(committed, text) == 0)
        return;
    g_autofree char *out = name_with(name, "out");
    g_file_set_contents(out, text, -1, NULL);
    g_test_fail_printf("differs from %s: see %s", path, out);
}

static bool
font_is_there(void)
{
    PangoFontFamily **families;
    int n;
    bool found = false;
    pango_font_map_list_families(pango_cairo_font_map_get_default(), &families, &n);
    for (int i = 0; i < n; i++)
        found |= strcmp(pango_font_family_get_name(families[i]), FONT) == 0;
    g_free(families);
    return found;
}

/* --- Pictures seen from a little further away --------------------------------------------------
 * Versions of FreeType set letters a pixel to the side, and draw their edges otherwise. Means over
 * windows hardly notice; whatever a reader would notice moves many of them. */

enum { CHANNELS = 3 };

/* Sums over all pixels above and left of each, a channel after the other: [height + 1][width + 1].
 */
typedef struct Picture {
    int width, height;
    double *sums[CHANNELS];
} Picture;

static void
picture_clear(Picture *picture)
{
    for (int c = 0; c < CHANNELS; c++)
        g_free(picture->sums[c]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Picture, picture_clear)

static double *
sum_at(const Picture *picture, int channel, int x, int y)
{
    return &picture->sums[channel][(size_t)y * ((size_t)picture->width + 1) + (size_t)x];
}

static Picture
picture_of(cairo_surface_t *surface)
{
    Picture picture = {.width = cairo_image_surface_get_width(surface),
                       .height = cairo_image_surface_get_height(surface)};
    const unsigned char *pixels = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    for (int c = 0; c < CHANNELS; c++)
        picture.sums[c] =
            g_new0(double, ((size_t)picture.width + 1) * ((size_t)picture.height + 1));
    for (int y = 0; y < picture.height; y++)
        for (int x = 0; x < picture.width; x++)
            for (int c = 0; c < CHANNELS; c++)
                *sum_at(&picture, c, x + 1, y + 1) =
                    pixels[(size_t)y * stride + 4 * (size_t)x + (size_t)c] +
                    *sum_at(&picture, c, x, y + 1) + *sum_at(&picture, c, x + 1, y) -
                    *sum_at(&picture, c, x, y);
    return picture;
}

/* Mean over the window around (x, y), places being shares of the width and height. */
static double
mean_around(const Picture *picture, int channel, double x, double y)
{
    int column = (int)(x * picture->width), row = (int)(y * picture->height);
    int left = MAX(column - WINDOW, 0), right = MIN(column + WINDOW + 1, picture->width);
    int top = MAX(row - WINDOW, 0), bottom = MIN(row + WINDOW + 1, picture->height);
    double sum = *sum_at(picture, channel, right, bottom) -
                 *sum_at(picture, channel, left, bottom) - *sum_at(picture, channel, right, top) +
                 *sum_at(picture, channel, left, top);
    return sum / ((right - left) * (bottom - top));
}

static double
difference(const Picture *a, const Picture *b, double x, double y)
{
    double most = 0;
    for (int c = 0; c < CHANNELS; c++)
        most = fmax(most, fabs(mean_around(a, c, x, y) - mean_around(b, c, x, y)));
    return most;
}

/* Share of the windows that differ; `diff` shows where, black on white. */
static double
compare(const Picture *a, const Picture *b, cairo_surface_t *diff)
{
    unsigned char *out = cairo_image_surface_get_data(diff);
    size_t stride = (size_t)cairo_image_surface_get_stride(diff);
    int differ = 0;
    for (int y = 0; y < b->height; y++)
        for (int x = 0; x < b->width; x++) {
            double by = difference(a, b, (x + 0.5) / b->width, (y + 0.5) / b->height);
            memset(out + (size_t)y * stride + 4 * (size_t)x, 255 - (int)by, 4);
            differ += by > MEAN_SLACK;
        }
    cairo_surface_mark_dirty(diff);
    return (double)differ / ((double)b->width * b->height);
}

static bool
same_size(int a, int b)
{
    return abs(a - b) <= SIZE_SLACK * MAX(a, b) + 1;
}

static void
check_surfaces(const char *name, cairo_surface_t *committed, cairo_surface_t *now)
{
    g_auto(Picture) old = picture_of(committed);
    g_auto(Picture) new = picture_of(now);
    g_autofree char *out = name_with(name, "out"), *diff_name = name_with(name, "diff");
    if (!same_size(old.width, new.width) || !same_size(old.height, new.height)) {
        cairo_surface_write_to_png(now, out);
        g_test_fail_printf("%s: now %d x %d pixels: see %s", name, new.width, new.height, out);
        return;
    }
    cairo_surface_t *diff = cairo_image_surface_create(CAIRO_FORMAT_RGB24, new.width, new.height);
    double share = compare(&old, &new, diff);
    if (share > WINDOWS_SLACK) {
        cairo_surface_write_to_png(now, out);
        cairo_surface_write_to_png(diff, diff_name);
        g_test_fail_printf("%s: %.2f %% of the picture differ: see %s and %s", name, 100 * share,
                           out, diff_name);
    }
    cairo_surface_destroy(diff);
}

void
golden_check_png(const char *name, const char *path)
{
    g_autofree char *committed_name = committed_path(name);
    if (!font_is_there()) {
        g_test_skip("font " FONT " is missing");
        return;
    }
    if (updating()) {
        g_autofree char *bytes = NULL;
        gsize length;
        g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
        g_assert_true(g_file_set_contents(committed_name, bytes, (gssize)length, NULL));
        return;
    }
    cairo_surface_t *committed = cairo_image_surface_create_from_png(committed_name);
    cairo_surface_t *now = cairo_image_surface_create_from_png(path);
    g_assert_cmpint(cairo_surface_status(now), ==, CAIRO_STATUS_SUCCESS);
    if (cairo_surface_status(committed) == CAIRO_STATUS_SUCCESS)
        check_surfaces(name, committed, now);
    else
        g_test_fail_printf("%s can't be read; MOE_UPDATE_GOLDEN=1 makes it", committed_name);
    cairo_surface_destroy(committed);
    cairo_surface_destroy(now);
}
