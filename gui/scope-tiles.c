/* SPDX-License-Identifier: MIT
 *
 * Tiles are as fine as the screen, give or take a factor of the root of two, which the texture is
 * stretched by. Those not seen for longest are forgotten.
 */
#include "scope-tiles.h"

#include <math.h>

#define SIDE       256 /* of a tile */
#define MOST_TILES 192 /* 48 MiB */
#define MOST_ZOOM  12  /* a cell larger than a screen is one colour wherever one looks */
#define EDGES_FROM 2   /* cells this large have edges that are seen */

/* Which tile: its size of cells, its place in tiles. */
typedef struct Name {
    int zoom_x, zoom_y, column, row;
} Name;

typedef struct Tile {
    Name name;
    ScopeImage *image;
    guint64 seen; /* when */
} Tile;

struct ScopeTiles {
    MoeScene *scene;
    int panel;
    GHashTable *tiles; /* of Tile, by its name */
    guint64 now;
};

static guint
name_hash(gconstpointer key)
{
    const Name *name = key;
    return (guint)name->zoom_x * 0x9e3779b1U ^ (guint)name->zoom_y * 0x85ebca6bU ^
           (guint)name->column * 0xc2b2ae35U ^ (guint)name->row * 0x27d4eb2fU;
}

static gboolean
name_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(Name)) == 0;
}

static void
tile_free(gpointer data)
{
    Tile *tile = data;
    scope_image_free(tile->image);
    g_free(tile);
}

ScopeTiles *
scope_tiles_new(MoeScene *scene, int panel)
{
    ScopeTiles *tiles = g_new0(ScopeTiles, 1);
    tiles->scene = scene;
    tiles->panel = panel;
    tiles->tiles = g_hash_table_new_full(name_hash, name_equal, NULL, tile_free);
    return tiles;
}

void
scope_tiles_free(ScopeTiles *tiles)
{
    g_hash_table_unref(tiles->tiles);
    g_free(tiles);
}

/* --- Images -----------------------------------------------------------------------------------*/

static ScopeImage *
image_of(const ScopeTiles *tiles, const Name *name)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, SIDE, SIDE);
    const MoeCellTile tile = {
        name->zoom_x, name->zoom_y, (gint64)name->column * SIDE, (gint64)name->row * SIDE,
        SIDE,         SIDE};
    /* Its rows follow each other without a gap. */
    moe_scene_draw_tile(tiles->scene, tiles->panel, &tile,
                        (guint32 *)(gpointer)cairo_image_surface_get_data(surface));
    cairo_surface_mark_dirty(surface);
    return scope_image_new(surface);
}

static void
forget_oldest(ScopeTiles *tiles)
{
    GHashTableIter iter;
    gpointer value;
    const Tile *oldest = NULL;
    g_hash_table_iter_init(&iter, tiles->tiles);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (!oldest || ((Tile *)value)->seen < oldest->seen)
            oldest = value;
    if (oldest)
        g_hash_table_remove(tiles->tiles, &oldest->name);
}

static ScopeImage *
lookup(ScopeTiles *tiles, const Name *name)
{
    Tile *tile = g_hash_table_lookup(tiles->tiles, name);
    if (!tile) {
        if (g_hash_table_size(tiles->tiles) >= MOST_TILES)
            forget_oldest(tiles);
        tile = g_new(Tile, 1);
        *tile = (Tile){.name = *name, .image = image_of(tiles, name)};
        g_hash_table_insert(tiles->tiles, &tile->name, tile);
    }
    tile->seen = ++tiles->now;
    return tile->image;
}

/* --- Places -----------------------------------------------------------------------------------*/

/* One axis: where tiles lie, and which are seen. */
typedef struct Range {
    int zoom, first, end;
    double origin; /* of tile 0 */
    double size;   /* of a tile */
} Range;

/* Of cells `band` wide that are seen from `from` on over `length`, the axis being cut to `low` …
 * `high` (shares of it). */
static Range
range_of(double from, double length, double low, double high, double band, int cells, int scale)
{
    int zoom = (int)CLAMP(lround(log2(band * scale)), -24, MOST_ZOOM);
    double pixel = ldexp(band, -zoom), size = pixel * SIDE;
    double origin = from - low * length / (high - low);
    int most = (int)ceil(ldexp(cells, zoom) / SIDE);
    int first = (int)CLAMP(floor((from - origin) / size), 0, most);
    int end = (int)CLAMP(ceil((from + length - origin) / size), 0, most);
    return (Range){zoom, first, end, origin, size};
}

/* On whole pixels of the screen, so that tiles meet without a seam. */
static double
edge(const Range *range, int i, int scale)
{
    return round((range->origin + i * range->size) * scale) / scale;
}

/* Draws the tiles that are seen: into `cr`, or as textures where that is NULL. */
static void
draw(ScopeTiles *tiles, const Range *across, const Range *down, int scale, GtkSnapshot *snapshot,
     cairo_t *cr)
{
    bool cells = across->zoom >= EDGES_FROM && down->zoom >= EDGES_FROM;
    for (int row = down->first; row < down->end; row++) {
        double top = edge(down, row, scale), bottom = edge(down, row + 1, scale);
        for (int column = across->first; column < across->end; column++) {
            const Name name = {across->zoom, down->zoom, column, row};
            double left = edge(across, column, scale), right = edge(across, column + 1, scale);
            const graphene_rect_t rect = GRAPHENE_RECT_INIT(
                (float)left, (float)top, (float)(right - left), (float)(bottom - top));
            ScopeImage *image = lookup(tiles, &name);
            if (cr)
                scope_image_paint(image, cr, &rect, cells);
            else
                gtk_snapshot_append_texture(snapshot, scope_image_texture(image), &rect);
        }
    }
}

void
scope_tiles_snapshot(ScopeTiles *tiles, GtkSnapshot *snapshot, const MoePanelPlace *place,
                     int scale, bool by_cairo)
{
    Range across = range_of(place->x, place->width, place->view.left, place->view.right,
                            place->x_band, place->columns, scale);
    Range down = range_of(place->y, place->height, place->view.top, place->view.bottom,
                          place->y_band, place->rows, scale);
    graphene_rect_t panel = GRAPHENE_RECT_INIT((float)place->x, (float)place->y,
                                               (float)place->width, (float)place->height);
    cairo_t *cr = by_cairo ? gtk_snapshot_append_cairo(snapshot, &panel) : NULL;
    draw(tiles, &across, &down, scale, snapshot, cr);
    if (cr)
        cairo_destroy(cr);
}
