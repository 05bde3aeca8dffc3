/* SPDX-License-Identifier: MIT
 *
 * Comparing with committed files.
 */
#include "golden.h"

#include <pango/pangocairo.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CHANNEL_SLACK 40
#define PIXEL_SLACK   0.01
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

static uint32_t
pixel(cairo_surface_t *surface, int x, int y)
{
    const unsigned char *row = cairo_image_surface_get_data(surface) +
                               (size_t)y * (size_t)cairo_image_surface_get_stride(surface);
    uint32_t value;
    memcpy(&value, row + 4 * x, 4);
    return value;
}

static int
channel_difference(uint32_t a, uint32_t b)
{
    int most = 0;
    for (int shift = 0; shift < 24; shift += 8)
        most = MAX(most, abs((int)(a >> shift & 255) - (int)(b >> shift & 255)));
    return most;
}

/* Share of the pixels that differ; `diff` shows where, black on white. */
static double
compare(cairo_surface_t *a, cairo_surface_t *b, cairo_surface_t *diff)
{
    int width = cairo_image_surface_get_width(a), height = cairo_image_surface_get_height(a);
    unsigned char *out = cairo_image_surface_get_data(diff);
    int stride = cairo_image_surface_get_stride(diff), differ = 0;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int by = channel_difference(pixel(a, x, y), pixel(b, x, y));
            memset(out + (size_t)y * (size_t)stride + 4 * x, 255 - by, 4);
            differ += by > CHANNEL_SLACK;
        }
    }
    cairo_surface_mark_dirty(diff);
    return (double)differ / ((double)width * height);
}

static void
check_surfaces(const char *name, cairo_surface_t *committed, cairo_surface_t *now)
{
    int width = cairo_image_surface_get_width(now), height = cairo_image_surface_get_height(now);
    g_autofree char *out = name_with(name, "out"), *diff_name = name_with(name, "diff");
    if (cairo_image_surface_get_width(committed) != width ||
        cairo_image_surface_get_height(committed) != height) {
        cairo_surface_write_to_png(now, out);
        g_test_fail_printf("%s: now %d x %d pixels: see %s", name, width, height, out);
        return;
    }
    cairo_surface_t *diff = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    double share = compare(committed, now, diff);
    if (share > PIXEL_SLACK) {
        cairo_surface_write_to_png(now, out);
        cairo_surface_write_to_png(diff, diff_name);
        g_test_fail_printf("%s: %.2f %% of the pixels differ: see %s and %s", name, 100 * share,
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
