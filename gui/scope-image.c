/* SPDX-License-Identifier: MIT
 *
 * The node that draws an image is kept: where the same is drawn at the same place, GSK sees that
 * nothing changed.
 */
#include "scope-image.h"

#include <gsk/gsk.h>

struct ScopeImage {
    cairo_surface_t *surface;
    GdkTexture *texture;  /* or NULL */
    GskRenderNode *node;  /* of Cairo's, or NULL … */
    graphene_rect_t rect; /* … for this place … */
    graphene_rect_t clip; /* … within that one */
};

ScopeImage *
scope_image_new(cairo_surface_t *surface)
{
    ScopeImage *image = g_new0(ScopeImage, 1);
    cairo_surface_flush(surface);
    image->surface = surface;
    return image;
}

void
scope_image_free(ScopeImage *image)
{
    if (!image)
        return;
    g_clear_pointer(&image->node, gsk_render_node_unref);
    g_clear_object(&image->texture);
    cairo_surface_destroy(image->surface);
    g_free(image);
}

bool
scope_image_by_cairo(GtkWidget *widget)
{
    GtkNative *native = gtk_widget_get_native(widget);
    GskRenderer *renderer = native ? gtk_native_get_renderer(native) : NULL;
    return renderer && GSK_IS_CAIRO_RENDERER(renderer);
}

GdkTexture *
scope_image_texture(ScopeImage *image)
{
    if (image->texture)
        return image->texture;
    int height = cairo_image_surface_get_height(image->surface);
    gsize stride = (gsize)cairo_image_surface_get_stride(image->surface);
    g_autoptr(GBytes) bytes = g_bytes_new_with_free_func(
        cairo_image_surface_get_data(image->surface), stride * (gsize)height,
        (GDestroyNotify)cairo_surface_destroy, cairo_surface_reference(image->surface));
    image->texture = gdk_memory_texture_new(cairo_image_surface_get_width(image->surface), height,
                                            GDK_MEMORY_DEFAULT, bytes, stride);
    return image->texture;
}

void
scope_image_paint(ScopeImage *image, cairo_t *cr, const graphene_rect_t *rect, bool cells)
{
    double width = cairo_image_surface_get_width(image->surface);
    double height = cairo_image_surface_get_height(image->surface);
    cairo_save(cr);
    cairo_rectangle(cr, rect->origin.x, rect->origin.y, rect->size.width, rect->size.height);
    cairo_translate(cr, rect->origin.x, rect->origin.y);
    cairo_scale(cr, rect->size.width / width, rect->size.height / height);
    cairo_set_source_surface(cr, image->surface, 0, 0);
    cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
    cairo_pattern_set_filter(cairo_get_source(cr),
                             cells ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_BILINEAR);
    cairo_fill(cr);
    cairo_restore(cr);
}

void
scope_image_snapshot(ScopeImage *image, GtkSnapshot *snapshot, const graphene_rect_t *rect,
                     const graphene_rect_t *clip, bool by_cairo)
{
    graphene_rect_t seen;
    if (!graphene_rect_intersection(rect, clip, &seen))
        return;
    if (!by_cairo) {
        gtk_snapshot_push_clip(snapshot, clip);
        gtk_snapshot_append_texture(snapshot, scope_image_texture(image), rect);
        gtk_snapshot_pop(snapshot);
        return;
    }
    if (!image->node || !graphene_rect_equal(&image->rect, rect) ||
        !graphene_rect_equal(&image->clip, clip)) {
        g_clear_pointer(&image->node, gsk_render_node_unref);
        image->node = gsk_cairo_node_new(&seen);
        image->rect = *rect;
        image->clip = *clip;
        cairo_t *cr = gsk_cairo_node_get_draw_context(image->node);
        scope_image_paint(image, cr, rect, false);
        cairo_destroy(cr);
    }
    gtk_snapshot_append_node(snapshot, image->node);
}
