/* SPDX-License-Identifier: MIT
 *
 * What is drawn over a scene: outlines of what is selected and of what is pointed at.
 */
#include "scope-scene-private.h"

/* Many marks at once have thin outlines, or nothing would be seen of them. */
#define MOST_WIDE 24
#define LEAST     3.0F /* of an outline's sides: lines and points get room */

/* Two lines, one of which stands out from any colour; or only the outer one. */
static void
outline(GtkSnapshot *snapshot, graphene_rect_t rect, float wide, bool two, const GdkRGBA *colour)
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
    if (two) {
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

/* --- What is selected -------------------------------------------------------------------------*/

/* A point of a line has room in this, pixels; more of them on a line than a few are one line. */
#define DOT      8.0
#define FEW_DOTS 3
/* A row or column of a map would hide behind wide lines on either side, pixels. */
#define NARROW 10.0
#define LONG   48.0
/* ScopeOutline.line of a token. */
#define UNDERLINED (-2)

/* The panel, of marks that aren't cells, which a rectangle lies in; -1: none. */
static int
panel_of(const GArray *places, const MoeRect *rect)
{
    for (int i = 0; i < (int)places->len; i++) {
        const MoePanelPlace *place = &g_array_index(places, MoePanelPlace, i);
        if (place->rows == 0 && rect->x >= place->x - 1 && rect->y >= place->y - 1 &&
            rect->x + rect->width <= place->x + place->width + 1 &&
            rect->y + rect->height <= place->y + place->height + 1)
            return i;
    }
    return -1;
}

static GArray *
places_of(ScopeSceneView *self, double width, double height)
{
    int n = moe_scene_panels(self->scene);
    GArray *places = g_array_sized_new(FALSE, FALSE, sizeof(MoePanelPlace), (guint)n);
    for (int i = 0; i < n; i++) {
        MoePanelPlace place = moe_scene_panel_place(self->scene, width, height, i);
        g_array_append_val(places, place);
    }
    return places;
}

/* Points of one panel, each to the right of the one before, are a line. */
static void
find_lines(GArray *outlines, const GArray *places, double point)
{
    int before = -1, n = 0;
    double x = 0;
    for (guint i = 0, begin = 0; i <= outlines->len; i++) {
        ScopeOutline *outline =
            i < outlines->len ? &g_array_index(outlines, ScopeOutline, i) : NULL;
        bool dot = outline && MAX(outline->rect.width, outline->rect.height) * point <= DOT;
        int panel = dot ? panel_of(places, &outline->rect) : -1;
        if (panel < 0 || panel != before || outline->rect.x <= x) {
            for (guint j = begin; i - begin > FEW_DOTS && j < i; j++)
                g_array_index(outlines, ScopeOutline, j).line = n;
            n++;
            begin = panel < 0 ? i + 1 : i;
        }
        before = panel;
        x = outline ? outline->rect.x : 0;
    }
}

static bool
holds(const MoeRect *a, const MoeRect *b, double by)
{
    double x = b->x + b->width / 2, y = b->y + b->height / 2;
    return x >= a->x - by && x <= a->x + a->width + by && y >= a->y - by &&
           y <= a->y + a->height + by;
}

/* Whether a mark is the interval in which the point `dot` lies, or the corner of a line at it. */
static bool
belongs_to(const MoeRect *mark, const MoeRect *dot, double point)
{
    double size = MAX(dot->width, dot->height);
    bool interval = mark->width * point <= LEAST && mark->height > size;
    bool corner = MAX(mark->width, mark->height) < size;
    return size * point <= DOT && (interval || corner) && holds(mark, dot, LEAST);
}

/* Of a point and what belongs to it the point is outlined. */
static void
drop_companions(GArray *outlines, double point)
{
    for (guint i = 0; i < outlines->len && outlines->len <= MOST_WIDE; i++) {
        MoeRect mark = g_array_index(outlines, ScopeOutline, i).rect;
        bool belongs = false;
        for (guint j = 0; j < outlines->len && !belongs; j++)
            belongs = belongs_to(&mark, &g_array_index(outlines, ScopeOutline, j).rect, point);
        if (belongs)
            g_array_remove_index(outlines, i--);
    }
}

/* Tokens of running text that an expert takes are underlined: boxes would hide what is read. */
static void
underline_text(GArray *outlines, const GArray *places)
{
    for (guint i = 0; outlines->len > FEW_DOTS && i < outlines->len; i++) {
        ScopeOutline *outline = &g_array_index(outlines, ScopeOutline, i);
        int panel = panel_of(places, &outline->rect);
        if (panel >= 0 && g_array_index(places, MoePanelPlace, panel).fixed)
            outline->line = UNDERLINED;
    }
}

static void
find_selected(ScopeSceneView *self)
{
    double width = 0, height = 0, point = scope_scene_view_point(self);
    GArray *found = g_array_sized_new(FALSE, FALSE, sizeof(ScopeOutline), 1);
    for (int i = 0; i < self->n_selections && scope_scene_view_page(self, &width, &height); i++) {
        const ScopeSelection *selection = &self->selections[i];
        int n;
        g_autofree MoeRect *rects =
            moe_scene_find(self->scene, width, height, selection->keys, selection->n, &n);
        for (int j = 0; j < n; j++) {
            ScopeOutline one = {rects[j], -1};
            g_array_append_val(found, one);
        }
    }
    if (found->len > 1) {
        g_autoptr(GArray) places = places_of(self, width, height);
        find_lines(found, places, point);
        drop_companions(found, point);
        underline_text(found, places);
    }
    self->n_outlines = (int)found->len;
    self->outlines = (ScopeOutline *)(gpointer)g_array_free(found, FALSE);
}

/* As a marker pen does it: what is below stays to be seen. Returns the end of the line. */
static int
mark_line(ScopeSceneView *self, cairo_t *cr, int begin)
{
    double point = scope_scene_view_point(self);
    int i = begin;
    for (; i < self->n_outlines && self->outlines[i].line == self->outlines[begin].line; i++) {
        const MoeRect *rect = &self->outlines[i].rect;
        cairo_line_to(cr, (rect->x + rect->width / 2) * point,
                      (rect->y + rect->height / 2) * point);
    }
    cairo_stroke(cr);
    return i;
}

/* A dark line and a light one, one of which stands out from the token's colour. */
static void
underline(GtkSnapshot *snapshot, graphene_rect_t at)
{
    static const GdkRGBA dark = {0, 0, 0, 1}, light = {1, 1, 1, 1};
    graphene_rect_t below =
        GRAPHENE_RECT_INIT(at.origin.x, at.origin.y + at.size.height - 2, at.size.width, 2);
    graphene_rect_t above =
        GRAPHENE_RECT_INIT(below.origin.x, below.origin.y - 1, at.size.width, 1);
    gtk_snapshot_append_color(snapshot, &dark, &below);
    gtk_snapshot_append_color(snapshot, &light, &above);
}

static void
mark_lines(ScopeSceneView *self, GtkSnapshot *snapshot, const GdkRGBA *colour)
{
    GtkWidget *widget = GTK_WIDGET(self);
    graphene_rect_t all = GRAPHENE_RECT_INIT(0, 0, (float)gtk_widget_get_width(widget),
                                             (float)gtk_widget_get_height(widget));
    cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &all);
    cairo_set_source_rgba(cr, colour->red, colour->green, colour->blue, 0.4);
    cairo_set_line_width(cr, 6);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    for (int i = 0; i < self->n_outlines;)
        i = self->outlines[i].line < 0 ? i + 1 : mark_line(self, cr, i);
    cairo_destroy(cr);
}

static void
outline_selected(ScopeSceneView *self, GtkSnapshot *snapshot)
{
    static const GdkRGBA colour = {0.85F, 0.2F, 0.1F, 1};
    int lines = 0;
    if (!self->outlines)
        find_selected(self);
    for (int i = 0; i < self->n_outlines; i++)
        lines += self->outlines[i].line >= 0;
    if (lines > 0)
        mark_lines(self, snapshot, &colour);
    for (int i = 0; i < self->n_outlines; i++) {
        const MoeRect *rect = &self->outlines[i].rect;
        graphene_rect_t at = pixels(self, rect->x, rect->y, rect->width, rect->height);
        bool narrow = MIN(at.size.width, at.size.height) < NARROW &&
                      MAX(at.size.width, at.size.height) > LONG;
        bool many = self->n_outlines - lines > MOST_WIDE;
        if (self->outlines[i].line == UNDERLINED)
            underline(snapshot, at);
        else if (self->outlines[i].line < 0)
            outline(snapshot, at, narrow || many ? 1 : 1.5F, !many, &colour);
    }
}

/* --- What is pointed at -----------------------------------------------------------------------*/

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
    bool whole = !graphene_rect_intersection(&rect, &panel, &seen); /* points and lines have none */
    if (!whole || graphene_rect_contains_point(&panel, &rect.origin))
        outline(snapshot, whole ? rect : seen, 1.5F, true, &black);
}

static void
show_band(ScopeSceneView *self, GtkSnapshot *snapshot)
{
    static const GdkRGBA ground = {0.2F, 0.5F, 0.9F, 0.25F}, line = {0.1F, 0.3F, 0.7F, 1};
    gtk_snapshot_append_color(snapshot, &ground, &self->band);
    outline(snapshot, self->band, 1, false, &line);
}

/* ----------------------------------------------------------------------------------------------*/

void
scope_scene_outlines(ScopeSceneView *self, GtkSnapshot *snapshot)
{
    outline_selected(self, snapshot);
    outline_datum(self, snapshot);
    if (self->banding)
        show_band(self, snapshot);
}
