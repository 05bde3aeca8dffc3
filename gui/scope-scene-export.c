/* SPDX-License-Identifier: MIT
 *
 * A scene for files and for other programs: always all of it, however closely it is seen.
 */
#include "scope-picture.h"
#include "scope-scene-private.h"

#define COPY_SCALE      2.0 /* of the screen's pixels */
#define POINTS_PER_INCH 72.0

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

GdkContentProvider *
scope_scene_view_copy(ScopeSceneView *view)
{
    g_return_val_if_fail(view->scene, NULL);
    g_autofree MoeSceneView *views = scope_scene_views(view->scene);
    double dpi = scope_scene_view_point(view) * COPY_SCALE * POINTS_PER_INCH;
    moe_scene_reset_view(view->scene);
    GdkContentProvider *content = scope_picture_content(view->scene, dpi, NULL);
    scope_scene_set_views(view->scene, views);
    return content;
}

char *
scope_scene_view_data(ScopeSceneView *view)
{
    g_return_val_if_fail(view->scene, NULL);
    return moe_scene_to_csv(view->scene);
}
