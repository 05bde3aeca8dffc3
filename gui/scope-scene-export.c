/* SPDX-License-Identifier: MIT
 *
 * A scene for files and for other programs: always all of it, however closely it is seen.
 */
#include "scope-scene-private.h"

#include <cairo.h>
#include <math.h>

#define COPY_SCALE 2.0 /* of the screen's pixels */

static bool
save(MoeScene *scene, const char *path, const char *theme, GError **error)
{
    g_autofree char *lower = g_ascii_strdown(path, -1);
    if (g_str_has_suffix(lower, ".csv")) {
        g_autofree char *csv = moe_scene_to_csv(scene);
        return g_file_set_contents(path, csv, -1, error);
    }
    return moe_scene_set_theme(scene, theme, error) && moe_scene_save(scene, path, 0, error);
}

bool
scope_scene_view_save(ScopeSceneView *view, const char *path, const char *theme, GError **error)
{
    g_return_val_if_fail(view->scene, FALSE);
    g_autofree MoeSceneView *views = scope_scene_views(view->scene);
    moe_scene_reset_view(view->scene);
    bool good = save(view->scene, path, theme, error);
    moe_scene_set_theme(view->scene, view->theme, NULL);
    scope_scene_set_views(view->scene, views);
    return good;
}

GdkTexture *
scope_scene_view_copy(ScopeSceneView *view)
{
    g_return_val_if_fail(view->scene, NULL);
    g_autofree MoeSceneView *views = scope_scene_views(view->scene);
    double scale = scope_scene_view_point(view) * COPY_SCALE;
    int width = (int)ceil(view->width * scale), height = (int)ceil(view->height * scale);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
    cairo_t *cr = cairo_create(surface);
    moe_scene_reset_view(view->scene);
    cairo_scale(cr, scale, scale);
    moe_scene_render(view->scene, cr, view->width, view->height);
    cairo_destroy(cr);
    scope_scene_set_views(view->scene, views);
    ScopeImage *image = scope_image_new(surface);
    GdkTexture *texture = g_object_ref(scope_image_texture(image));
    scope_image_free(image);
    return texture;
}

char *
scope_scene_view_data(ScopeSceneView *view)
{
    g_return_val_if_fail(view->scene, NULL);
    return moe_scene_to_csv(view->scene);
}
