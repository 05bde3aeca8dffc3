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

void
scope_picture_draw(MoeScene *scene, cairo_t *cr, int width, int height)
{
    double points_wide, points_high;
    moe_scene_size(scene, &points_wide, &points_high);
    double scale = MIN(width / points_wide, height / points_high);
    cairo_translate(cr, (width - points_wide * scale) / 2, (height - points_high * scale) / 2);
    cairo_scale(cr, scale, scale);
    moe_scene_render(scene, cr, points_wide, points_high);
}
