/* SPDX-License-Identifier: MIT
 *
 * Three kinds of images: the whole scene, where all of it is seen; the ground, which is the scene
 * without the panels that show a part of their axes; and a picture of the marks of each of these.
 */
#include "scope-painter.h"

#include "scope-tiles.h"

#include <math.h>

/* What a frame may spend on pictures, of the 16 ms that it has. */
#define BUDGET_US 5000

/* The marks of a panel as they were drawn last. */
typedef struct Picture {
    ScopeImage *image; /* or NULL */
    MoeSceneView view;
    gint64 cost; /* µs that drawing it took */
    ScopeTiles *tiles;
} Picture;

struct ScopePainter {
    MoeScene *scene;
    int width, height, scale;
    double point;
    bool by_cairo;
    ScopeImage *whole, *ground; /* or NULL */
    bool *moved;                /* [n]: not in the ground */
    Picture *pictures;          /* [n] */
    int n;
};

ScopePainter *
scope_painter_new(MoeScene *scene)
{
    ScopePainter *painter = g_new0(ScopePainter, 1);
    painter->scene = scene;
    painter->n = moe_scene_panels(scene);
    painter->moved = g_new0(bool, painter->n + 1);
    painter->pictures = g_new0(Picture, painter->n + 1);
    return painter;
}

void
scope_painter_forget(ScopePainter *painter)
{
    g_clear_pointer(&painter->whole, scope_image_free);
    g_clear_pointer(&painter->ground, scope_image_free);
    for (int i = 0; i < painter->n; i++)
        g_clear_pointer(&painter->pictures[i].image, scope_image_free);
}

void
scope_painter_free(ScopePainter *painter)
{
    if (!painter)
        return;
    scope_painter_forget(painter);
    for (int i = 0; i < painter->n; i++)
        g_clear_pointer(&painter->pictures[i].tiles, scope_tiles_free);
    g_free(painter->pictures);
    g_free(painter->moved);
    g_free(painter);
}

void
scope_painter_set_size(ScopePainter *painter, int width, int height, int scale, double point,
                       bool by_cairo)
{
    painter->by_cairo = by_cairo;
    if (painter->width == width && painter->height == height && painter->scale == scale &&
        painter->point == point)
        return;
    painter->width = width;
    painter->height = height;
    painter->scale = scale;
    painter->point = point;
    scope_painter_forget(painter);
}

/* --- Images -----------------------------------------------------------------------------------*/

/* A surface for a part of the window, and a context in which the scene's points are at their
 * places. */
static cairo_surface_t *
surface_of(const ScopePainter *painter, cairo_rectangle_int_t area, cairo_t **cr)
{
    int scale = painter->scale;
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_ARGB32, area.width * scale, area.height * scale);
    *cr = cairo_create(surface);
    cairo_scale(*cr, scale, scale);
    cairo_translate(*cr, -area.x, -area.y);
    cairo_scale(*cr, painter->point, painter->point);
    return surface;
}

static void
render_part(const ScopePainter *painter, cairo_t *cr, MoeScenePart part, int panel)
{
    moe_scene_render_part(painter->scene, cr, painter->width / painter->point,
                          painter->height / painter->point, part, panel);
}

static ScopeImage *
finish(cairo_surface_t *surface, cairo_t *cr)
{
    cairo_destroy(cr);
    return scope_image_new(surface);
}

static ScopeImage *
whole_of(const ScopePainter *painter)
{
    cairo_t *cr;
    cairo_surface_t *surface =
        surface_of(painter, (cairo_rectangle_int_t){0, 0, painter->width, painter->height}, &cr);
    moe_scene_render(painter->scene, cr, painter->width / painter->point,
                     painter->height / painter->point);
    return finish(surface, cr);
}

static ScopeImage *
ground_of(const ScopePainter *painter)
{
    cairo_t *cr;
    cairo_surface_t *surface =
        surface_of(painter, (cairo_rectangle_int_t){0, 0, painter->width, painter->height}, &cr);
    render_part(painter, cr, MOE_PART_AROUND, 0);
    for (int i = 0; i < painter->n; i++)
        if (!painter->moved[i]) {
            render_part(painter, cr, MOE_PART_AXES, i);
            render_part(painter, cr, MOE_PART_MARKS, i);
        }
    return finish(surface, cr);
}

static graphene_rect_t
all_of(const ScopePainter *painter)
{
    return GRAPHENE_RECT_INIT(0, 0, (float)painter->width, (float)painter->height);
}

/* --- Panels -----------------------------------------------------------------------------------*/

/* In pixels of the window. */
static MoePanelPlace
place_of(const ScopePainter *painter, int panel)
{
    MoePanelPlace place = moe_scene_panel_place(painter->scene, painter->width / painter->point,
                                                painter->height / painter->point, panel);
    double *lengths[] = {&place.x,      &place.y,      &place.width,   &place.height,
                         &place.x_band, &place.y_band, &place.y_ticks, &place.x_foot};
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++)
        *lengths[i] *= painter->point;
    return place;
}

static bool
same_view(const MoeSceneView *a, const MoeSceneView *b)
{
    return a->left == b->left && a->right == b->right && a->top == b->top && a->bottom == b->bottom;
}

static bool
is_whole(const MoePanelPlace *place)
{
    return same_view(&place->view, &MOE_SCENE_WHOLE);
}

/* Whole pixels around a panel. */
static cairo_rectangle_int_t
area_of(const MoePanelPlace *place)
{
    int x = (int)floor(place->x), y = (int)floor(place->y);
    return (cairo_rectangle_int_t){x, y, (int)ceil(place->x + place->width) - x,
                                   (int)ceil(place->y + place->height) - y};
}

static graphene_rect_t
rect_of(cairo_rectangle_int_t area)
{
    return GRAPHENE_RECT_INIT((float)area.x, (float)area.y, (float)area.width, (float)area.height);
}

static void
draw_picture(ScopePainter *painter, int panel, const MoePanelPlace *place)
{
    Picture *picture = &painter->pictures[panel];
    gint64 start = g_get_monotonic_time();
    cairo_t *cr;
    cairo_surface_t *surface = surface_of(painter, area_of(place), &cr);
    render_part(painter, cr, MOE_PART_MARKS, panel);
    g_clear_pointer(&picture->image, scope_image_free);
    picture->image = finish(surface, cr);
    picture->view = place->view;
    picture->cost = g_get_monotonic_time() - start;
}

/* Where what a rectangle showed at one view of the panel is at another. */
static graphene_rect_t
stretched(graphene_rect_t rect, const MoePanelPlace *place, const MoeSceneView *was)
{
    const MoeSceneView *is = &place->view;
    double across = (was->right - was->left) / (is->right - is->left);
    double down = (was->bottom - was->top) / (is->bottom - is->top);
    double x = place->x + (was->left - is->left) / (is->right - is->left) * place->width;
    double y = place->y + (was->top - is->top) / (is->bottom - is->top) * place->height;
    return GRAPHENE_RECT_INIT((float)(x + (rect.origin.x - place->x) * across),
                              (float)(y + (rect.origin.y - place->y) * down),
                              (float)(rect.size.width * across), (float)(rect.size.height * down));
}

static graphene_rect_t
box_of(const MoePanelPlace *place)
{
    return GRAPHENE_RECT_INIT((float)place->x, (float)place->y, (float)place->width,
                              (float)place->height);
}

/* What there is to show before the sharp picture. */
static void
snapshot_blurred(ScopePainter *painter, GtkSnapshot *snapshot, int panel,
                 const MoePanelPlace *place)
{
    Picture *picture = &painter->pictures[panel];
    graphene_rect_t box = box_of(place), rect;
    if (place->rows > 0) {
        if (!picture->tiles)
            picture->tiles = scope_tiles_new(painter->scene, panel);
        gtk_snapshot_push_clip(snapshot, &box);
        scope_tiles_snapshot(picture->tiles, snapshot, place, painter->scale, painter->by_cairo);
        gtk_snapshot_pop(snapshot);
    } else if (picture->image) {
        rect = stretched(rect_of(area_of(place)), place, &picture->view);
        scope_image_snapshot(picture->image, snapshot, &rect, &box, painter->by_cairo);
    } else if (painter->whole) {
        rect = stretched(all_of(painter), place, &MOE_SCENE_WHOLE);
        scope_image_snapshot(painter->whole, snapshot, &rect, &box, painter->by_cairo);
    }
}

/* Whether a picture may be drawn now: cells only at rest, since tiles are as good; the rest while
 * there is time. At rest each frame draws one, whatever it takes. */
static bool
may_draw(const Picture *picture, const MoePanelPlace *place, bool moving, gint64 spent)
{
    if (moving)
        return place->rows == 0 && picture->image && spent + picture->cost < BUDGET_US;
    return spent == 0 || spent + picture->cost < BUDGET_US;
}

static void
snapshot_axes(ScopePainter *painter, GtkSnapshot *snapshot, int panel, const MoePanelPlace *place)
{
    /* Labels at the ends reach beyond the panel. */
    double over = 12 * painter->point;
    graphene_rect_t area =
        GRAPHENE_RECT_INIT((float)(place->x - place->y_ticks - over), (float)(place->y - over),
                           (float)(place->width + place->y_ticks + 2 * over),
                           (float)(place->height + place->x_foot + 2 * over));
    cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &area);
    cairo_scale(cr, painter->point, painter->point);
    render_part(painter, cr, MOE_PART_AXES, panel);
    cairo_destroy(cr);
}

/* Whether a sharper picture is to come. */
static bool
snapshot_panel(ScopePainter *painter, GtkSnapshot *snapshot, int panel, bool moving, gint64 *spent)
{
    MoePanelPlace place = place_of(painter, panel);
    Picture *picture = &painter->pictures[panel];
    bool sharp = picture->image && same_view(&picture->view, &place.view);
    if (!sharp && may_draw(picture, &place, moving, *spent)) {
        draw_picture(painter, panel, &place);
        *spent += picture->cost;
        sharp = true;
    }
    if (place.rows == 0 || place.y_ticks > 0 || place.x_foot > 0)
        snapshot_axes(painter, snapshot, panel, &place);
    if (sharp) {
        graphene_rect_t rect = rect_of(area_of(&place)), box = box_of(&place);
        scope_image_snapshot(picture->image, snapshot, &rect, &box, painter->by_cairo);
    } else {
        snapshot_blurred(painter, snapshot, panel, &place);
    }
    return !sharp;
}

/* --- All --------------------------------------------------------------------------------------*/

/* Notes which panels show a part of their axes; whether any does. */
static bool
note_moved(ScopePainter *painter)
{
    bool any = false;
    for (int i = 0; i < painter->n; i++) {
        MoePanelPlace place = place_of(painter, i);
        bool moved = !is_whole(&place);
        if (moved != painter->moved[i])
            g_clear_pointer(&painter->ground, scope_image_free);
        painter->moved[i] = moved;
        any |= moved;
    }
    return any;
}

bool
scope_painter_snapshot(ScopePainter *painter, GtkSnapshot *snapshot, bool moving)
{
    graphene_rect_t all = all_of(painter);
    bool blurred = false;
    gint64 spent = 0;
    if (!note_moved(painter)) {
        if (!painter->whole)
            painter->whole = whole_of(painter);
        scope_image_snapshot(painter->whole, snapshot, &all, &all, painter->by_cairo);
        return false;
    }
    if (!painter->ground)
        painter->ground = ground_of(painter);
    scope_image_snapshot(painter->ground, snapshot, &all, &all, painter->by_cairo);
    for (int i = 0; i < painter->n; i++)
        if (painter->moved[i])
            blurred |= snapshot_panel(painter, snapshot, i, moving, &spent);
    return blurred;
}
