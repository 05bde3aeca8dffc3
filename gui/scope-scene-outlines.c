/* SPDX-License-Identifier: MIT
 *
 * What is drawn over a scene: outlines of what is selected and of what is pointed at.
 */
#include "scope-scene-private.h"

/* Many marks at once have thin outlines, or nothing would be seen of them. */
#define MOST_WIDE 24
#define LEAST     3.0F /* of an outline's sides: lines and points get room */

/* Two lines, one of which stands out from any colour. */
static void
outline(GtkSnapshot *snapshot, graphene_rect_t rect, float wide, const GdkRGBA *colour)
{
    static const GdkRGBA white = {1, 1, 1, 1};
    const float width[4] = {wide, wide, wide, wide};
    const GdkRGBA outer[4] = {*colour, *colour, *colour, *colour};
    const GdkRGBA inner[4] = {white, white, white, white};
    GskRoundedRect round;
    float more_x = MAX(LEAST - rect.size.width, 0) / 2,
          more_y = MAX(LEAST - rect.size.height, 0) / 2;
    graphene_rect_inset(&rect, -wide - more_x, -wide - more_y);
    gsk_rounded_rect_init_from_rect(&round, &rect, wide > 1 ? 2 : 0);
    gtk_snapshot_append_border(snapshot, &round, width, outer);
    if (wide > 1) {
        gsk_rounded_rect_shrink(&round, wide, wide, wide, wide);
        gtk_snapshot_append_border(snapshot, &round, width, inner);
    }
}

static graphene_rect_t
pixels(ScopeSceneView *self, double x, double y, double width, double height)
{
    double point = scope_scene_view_point(self);
    return GRAPHENE_RECT_INIT((float)(x * point), (float)(y * point), (float)(width * point),
                              (float)(height * point));
}

static void
find_selected(ScopeSceneView *self)
{
    double width, height;
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(MoeRect));
    for (int i = 0; i < self->n_selections && scope_scene_view_page(self, &width, &height); i++) {
        const ScopeSelection *selection = &self->selections[i];
        int n;
        g_autofree MoeRect *rects =
            moe_scene_find(self->scene, width, height, selection->keys, selection->n, &n);
        g_array_append_vals(found, rects, (guint)n);
    }
    self->n_outlines = (int)found->len;
    self->outlines = (MoeRect *)(gpointer)g_array_free(g_steal_pointer(&found), FALSE);
}

static void
outline_selected(ScopeSceneView *self, GtkSnapshot *snapshot)
{
    static const GdkRGBA colour = {0.85F, 0.2F, 0.1F, 1};
    if (!self->outlines)
        find_selected(self);
    for (int i = 0; i < self->n_outlines; i++) {
        const MoeRect *rect = &self->outlines[i];
        outline(snapshot, pixels(self, rect->x, rect->y, rect->width, rect->height),
                self->n_outlines > MOST_WIDE ? 1 : 1.5F, &colour);
    }
}

/* The datum may have moved out of sight since. */
static void
outline_datum(ScopeSceneView *self, GtkSnapshot *snapshot)
{
    static const GdkRGBA black = {0, 0, 0, 1};
    const MoeDatum *datum = &self->datum;
    double point = scope_scene_view_point(self), width, height;
    if (!datum->words || !scope_scene_view_page(self, &width, &height))
        return;
    MoePanelPlace place = moe_scene_panel_place(self->scene, width, height, datum->panel);
    graphene_rect_t rect = pixels(self, datum->x, datum->y, datum->width, datum->height), seen;
    graphene_rect_t panel = pixels(self, place.x - 0.5 / point, place.y - 0.5 / point,
                                   place.width + 1 / point, place.height + 1 / point);
    if (graphene_rect_intersection(&rect, &panel, &seen) ||
        graphene_rect_contains_point(&panel, &rect.origin))
        outline(snapshot, rect.size.width > 0 || rect.size.height > 0 ? seen : rect, 1.5F, &black);
}

static void
show_band(ScopeSceneView *self, GtkSnapshot *snapshot)
{
    static const GdkRGBA ground = {0.2F, 0.5F, 0.9F, 0.25F}, line = {0.1F, 0.3F, 0.7F, 1};
    gtk_snapshot_append_color(snapshot, &ground, &self->band);
    outline(snapshot, self->band, 1, &line);
}

void
scope_scene_outlines(ScopeSceneView *self, GtkSnapshot *snapshot)
{
    outline_selected(self, snapshot);
    outline_datum(self, snapshot);
    if (self->banding)
        show_band(self, snapshot);
}
