/* SPDX-License-Identifier: MIT */
#include "scope-picture.h"

#include <glib/gstdio.h>

bool
scope_picture_save(MoeScene *scene, const char *path, double dpi, GError **error)
{
    if (!g_str_has_suffix(path, ".csv"))
        return moe_scene_save(scene, path, dpi, error);
    g_autofree char *csv = moe_scene_to_csv(scene);
    return g_file_set_contents(path, csv, -1, error);
}

/* --- Clipboard --------------------------------------------------------------------------------*/

/* The bytes of a picture. (transfer full) */
static GBytes *
bytes_of(MoeScene *scene, const char *folder, const char *name, double dpi, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *contents = NULL;
    gsize length = 0;
    bool good = moe_scene_save(scene, path, dpi, error) &&
                g_file_get_contents(path, &contents, &length, error);
    g_unlink(path);
    return good ? g_bytes_new_take(contents, length) : NULL;
}

GdkContentProvider *
scope_picture_content(MoeScene *scene, double dpi, GError **error)
{
    g_autofree char *folder = g_dir_make_tmp("moescope-XXXXXX", error);
    if (!folder)
        return NULL;
    g_autoptr(GBytes) png = bytes_of(scene, folder, "figure.png", dpi, error);
    g_autoptr(GBytes) svg = png ? bytes_of(scene, folder, "figure.svg", 0, error) : NULL;
    g_rmdir(folder);
    g_autoptr(GdkTexture) texture = svg ? gdk_texture_new_from_bytes(png, error) : NULL;
    if (!texture)
        return NULL;
    GdkContentProvider *providers[] = {
        gdk_content_provider_new_typed(GDK_TYPE_TEXTURE, texture),
        gdk_content_provider_new_for_bytes("image/svg+xml", svg),
    };
    return gdk_content_provider_new_union(providers, G_N_ELEMENTS(providers));
}

/* --- Preview ----------------------------------------------------------------------------------*/

static GdkTexture *
texture_of(cairo_surface_t *surface)
{
    int height = cairo_image_surface_get_height(surface);
    int stride = cairo_image_surface_get_stride(surface);
    cairo_surface_flush(surface);
    g_autoptr(GBytes) bytes =
        g_bytes_new(cairo_image_surface_get_data(surface), (gsize)stride * (gsize)height);
    return gdk_memory_texture_new(cairo_image_surface_get_width(surface), height,
                                  GDK_MEMORY_DEFAULT, bytes, (gsize)stride);
}

GdkTexture *
scope_picture_preview(MoeScene *scene, int width, int height)
{
    double points_wide, points_high;
    moe_scene_size(scene, &points_wide, &points_high);
    double scale = MIN(width / points_wide, height / points_high);
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_ARGB32, MAX(1, (int)(points_wide * scale)),
                                   MAX(1, (int)(points_high * scale)));
    cairo_t *cr = cairo_create(surface);
    cairo_scale(cr, scale, scale);
    moe_scene_render(scene, cr, points_wide, points_high);
    cairo_destroy(cr);
    GdkTexture *texture = texture_of(surface);
    cairo_surface_destroy(surface);
    return texture;
}
