/* SPDX-License-Identifier: MIT
 *
 * Looking closely at scenes: what marks stand for, finding them, walking, parts of axes, tiles.
 */
#include "figure/picture.h"

#include <cairo.h>
#include <glib/gstdio.h>
#include <math.h>

enum { LAYERS = 3, EXPERTS = 5, WIDTH = 640, HEIGHT = 400 };
static const char *const domains[] = {"english", "german"};

/* A map a domain: value 100 d + 10 l + e; layers 10, 12, 14; expert 2 of layer 12 is missing. */
static MoeScene *
maps_sample(void)
{
    MoeScene *scene = moe_scene_new("Maps");
    moe_scene_set_colour_scale(scene, &(MoeColourScale){.min = 1, .max = 199});
    MoeAxis x = {.type = MOE_AXIS_BAND, .label = "expert", .bands = EXPERTS};
    MoeAxis y = {.type = MOE_AXIS_BAND, .label = "layer", .bands = LAYERS, .first = 10, .step = 2};
    for (int d = 0; d < 2; d++) {
        double values[LAYERS * EXPERTS];
        for (int i = 0; i < LAYERS * EXPERTS; i++)
            values[i] = 100 * d + 10 * (i / EXPERTS) + i % EXPERTS;
        values[EXPERTS + 2] = NAN;
        MoeCells cells = {
            .rows = LAYERS, .columns = EXPERTS, .values = values, .words = "{row}/{column}"};
        int panel = moe_scene_add_panel(scene, domains[d], NULL, &x, &y);
        moe_scene_add_panel_key(scene, panel, (MoeKey){"domain", NAN, domains[d]});
        moe_scene_add_cells(scene, panel, &cells);
    }
    return scene;
}

static const MoeKey *
key_of(const MoeDatum *datum, const char *name)
{
    for (int i = 0; i < datum->n_keys; i++)
        if (g_str_equal(datum->keys[i].name, name))
            return &datum->keys[i];
    return NULL;
}

static void
pick_middle(MoeScene *scene, const MoeRect *rect, MoeDatum *datum)
{
    g_assert_true(moe_scene_pick(scene, WIDTH, HEIGHT, rect->x + rect->width / 2,
                                 rect->y + rect->height / 2, datum));
}

/* What is found by keys is picked with those keys. */
static void
test_cells(void)
{
    g_autoptr(MoeScene) scene = maps_sample();
    const MoeKey keys[] = {{"layer", 12, NULL}, {"expert", 3, NULL}, {"domain", NAN, "german"}};
    int n;
    g_autofree MoeRect *one = moe_scene_find(scene, WIDTH, HEIGHT, keys, 3, &n);
    g_assert_cmpint(n, ==, 1);
    g_auto(MoeDatum) datum = {0};
    pick_middle(scene, one, &datum);
    g_assert_cmpfloat(datum.value, ==, 113);
    g_assert_cmpint(datum.n_keys, ==, 3);
    g_assert_cmpfloat(key_of(&datum, "layer")->number, ==, 12);
    g_assert_cmpfloat(key_of(&datum, "expert")->number, ==, 3);
    g_assert_cmpstr(key_of(&datum, "domain")->text, ==, "german");
    g_free(moe_scene_find(scene, WIDTH, HEIGHT, keys, 2, &n));
    g_assert_cmpint(n, ==, 2); /* in both domains */
    g_autofree MoeRect *row = moe_scene_find(scene, WIDTH, HEIGHT, keys, 1, &n);
    g_assert_cmpint(n, ==, 2);
    g_assert_cmpfloat_with_epsilon(row[0].width, EXPERTS * one->width, 1e-6);
    const MoeKey off[] = {{"layer", 10.5, NULL}, {"expert", 9, NULL}};
    g_free(moe_scene_find(scene, WIDTH, HEIGHT, off, 1, &n));
    g_assert_cmpint(n, ==, 2); /* 10.5 lies in the band of 10 */
    g_free(moe_scene_find(scene, WIDTH, HEIGHT, off, 2, &n));
    g_assert_cmpint(n, ==, 0);
    g_free(moe_scene_find(scene, WIDTH, HEIGHT, &(MoeKey){"domain", NAN, "german"}, 1, &n));
    g_assert_cmpint(n, ==, 0); /* a panel is no mark */
}

/* Experts by experts in an order of their own: a row and a column. */
static void
test_named_bands(void)
{
    static const char *const order[] = {"2", "0", "1"};
    g_autoptr(MoeScene) scene = moe_scene_new("Pairs");
    moe_scene_set_colour_scale(scene, &(MoeColourScale){.max = 1});
    MoeAxis axis = {.type = MOE_AXIS_BAND, .label = "expert", .bands = 3, .names = order};
    const double values[9] = {0};
    MoeCells cells = {.rows = 3, .columns = 3, .values = values};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, "layer 7", NULL, &axis, &axis), &cells);
    int n;
    const MoeKey keys[] = {{"expert", 0, NULL}, {"layer", 7, NULL}};
    g_autofree MoeRect *found = moe_scene_find(scene, WIDTH, HEIGHT, keys, 2, &n);
    g_assert_cmpint(n, ==, 2);
    g_auto(MoeDatum) datum = {0};
    pick_middle(scene, &found[0], &datum);
    g_assert_cmpint(datum.row, ==, 1);
    g_assert_cmpfloat(key_of(&datum, "layer")->number, ==, 7); /* as the title says */
    const MoeKey other[] = {{"expert", 0, NULL}, {"layer", 8, NULL}};
    g_free(moe_scene_find(scene, WIDTH, HEIGHT, other, 2, &n));
    g_assert_cmpint(n, ==, 0);
}

/* Tokens by layers, coloured by expert: values are keys. */
static void
test_values(void)
{
    static const char *const words[] = {"the", "42", "sat"};
    const double rows[] = {1007, 1008, 1009}, experts[] = {5, 6, 5, 5, 6, 6};
    g_autoptr(MoeScene) scene = moe_scene_new("Tokens");
    MoeAxis x = {.type = MOE_AXIS_BAND, .label = "layer", .bands = 2, .first = 3};
    MoeAxis y = {
        .type = MOE_AXIS_BAND, .bands = 3, .names = words, .key = "token", .numbers = rows};
    MoeCells cells = {
        .rows = 3, .columns = 2, .values = experts, .categories = 8, .keys = {"expert", experts}};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, NULL, NULL, &x, &y), &cells);
    int n;
    const MoeKey keys[] = {{"layer", 3, NULL}, {"expert", 5, NULL}};
    g_autofree MoeRect *found = moe_scene_find(scene, WIDTH, HEIGHT, keys, 2, &n);
    g_assert_cmpint(n, ==, 1); /* rows 0 and 1 together */
    g_auto(MoeDatum) datum = {0};
    pick_middle(scene, &(MoeRect){found->x, found->y, found->width, 1}, &datum);
    g_assert_cmpfloat(key_of(&datum, "token")->number, ==, 1007);
    g_assert_cmpfloat(key_of(&datum, "expert")->number, ==, 5);
    const MoeKey token[] = {{"token", 1008, NULL}}; /* not the word "42" */
    g_free(moe_scene_find(scene, WIDTH, HEIGHT, token, 1, &n));
    g_assert_cmpint(n, ==, 1);
}

/* Two series over steps, and running text. */
static MoeScene *
lines_sample(void)
{
    const double x[] = {0, 100, 200}, low[] = {0, 0, 0}, high[] = {1, 1, 1};
    const double rows[] = {5, NAN, 6}, values[] = {0, NAN, 1};
    static const char *const pieces[] = {"one", " ", "two"};
    MoeScene *scene = moe_scene_new("Lines");
    MoeAxis steps = {.label = "step", .max = 200}, y = {.min = -0.5, .max = 1.5};
    MoeAxis bare = {.max = 1, .bare = true};
    int panel = moe_scene_add_panel(scene, NULL, NULL, &steps, &y);
    MoeLine a = {.n = 3, .x = x, .y = low, .ink = {.name = "a", .key = {"layer", 1, NULL}}};
    MoeLine b = {.n = 3, .x = x, .y = high, .ink = {.name = "b", .key = {"layer", 2, NULL}}};
    a.words = b.words = "{name} at {x}";
    moe_scene_add_line(scene, panel, &a);
    moe_scene_add_line(scene, panel, &b);
    MoeProse prose = {.n = 3,
                      .texts = pieces,
                      .values = values,
                      .categories = 2,
                      .notes = pieces,
                      .keys = {{"token", rows}, {"expert", values}}};
    moe_scene_add_prose(scene, moe_scene_add_panel(scene, NULL, NULL, &bare, &bare), &prose);
    return scene;
}

static void
test_lines(void)
{
    g_autoptr(MoeScene) scene = lines_sample();
    int n;
    const MoeKey step[] = {{"step", 50, NULL}};
    g_autofree MoeRect *cursor = moe_scene_find(scene, WIDTH, HEIGHT, step, 1, &n);
    MoePanelPlace place = moe_scene_panel_place(scene, WIDTH, HEIGHT, 0);
    g_assert_cmpint(n, ==, 1);
    g_assert_cmpfloat_with_epsilon(cursor->x, place.x + place.width / 4, 1e-6);
    g_assert_cmpfloat_with_epsilon(cursor->height, place.height, 1e-6);
    const MoeKey layer[] = {{"layer", 2, NULL}};
    g_free(moe_scene_find(scene, WIDTH, HEIGHT, layer, 1, &n));
    g_assert_cmpint(n, ==, 3); /* the points of b */
    const MoeKey token[] = {{"token", 6, NULL}, {"expert", 1, NULL}};
    g_autofree MoeRect *word = moe_scene_find(scene, WIDTH, HEIGHT, token, 2, &n);
    g_assert_cmpint(n, ==, 1);
    g_auto(MoeDatum) datum = {0};
    pick_middle(scene, word, &datum);
    g_assert_cmpstr(datum.words, ==, "two");
    g_assert_true(moe_scene_panel_place(scene, WIDTH, HEIGHT, 1).fixed);
}

/* --- Walking ----------------------------------------------------------------------------------*/

static void
walk(MoeScene *scene, MoeDirection direction, MoeDatum *datum, const char *words)
{
    g_autofree char *before = g_strdup(datum->words);
    bool moved = moe_scene_walk(scene, WIDTH, HEIGHT, direction, datum);
    g_assert_cmpstr(datum->words, ==, words ? words : before);
    g_assert_cmpint(moved, ==, words != NULL);
}

static void
test_walk(void)
{
    g_autoptr(MoeScene) scene = maps_sample();
    g_auto(MoeDatum) datum = {0};
    walk(scene, MOE_RIGHT, &datum, "10/0"); /* enters */
    walk(scene, MOE_RIGHT, &datum, "10/1");
    walk(scene, MOE_DOWN, &datum, "12/1");
    walk(scene, MOE_RIGHT, &datum, "12/3"); /* over the missing one */
    walk(scene, MOE_UP, &datum, "10/3");
    walk(scene, MOE_UP, &datum, NULL); /* the panels stand one below the other */
    walk(scene, MOE_DOWN, &datum, "12/3");
    walk(scene, MOE_DOWN, &datum, "14/3");
    walk(scene, MOE_DOWN, &datum, "10/3");
    g_assert_cmpint(datum.panel, ==, 1);
    walk(scene, MOE_UP, &datum, "14/3");
    g_assert_cmpint(datum.panel, ==, 0);
    g_autoptr(MoeScene) lines = lines_sample();
    g_auto(MoeDatum) point = {0};
    walk(lines, MOE_DOWN, &point, "b at 0");
    walk(lines, MOE_RIGHT, &point, "b at 100");
    walk(lines, MOE_DOWN, &point, "a at 100");
    walk(lines, MOE_LEFT, &point, "a at 0");
    walk(lines, MOE_LEFT, &point, NULL);
}

/* --- Views ------------------------------------------------------------------------------------*/

static bool
has_text(MoeScene *scene, const char *text)
{
    const Drawing *drawing = moe__picture(scene, WIDTH, HEIGHT);
    for (guint i = 0; i < drawing->items->len; i++) {
        const Item *item = &g_array_index(drawing->items, Item, i);
        if (item->type == ITEM_TEXT && g_str_equal(item->text.string, text))
            return true;
    }
    return false;
}

/* The layout stays, panels with the same axes follow, axes say what is seen. */
static void
test_view(void)
{
    g_autoptr(MoeScene) scene = maps_sample();
    MoePanelPlace before = moe_scene_panel_place(scene, WIDTH, HEIGHT, 1);
    g_assert_true(has_text(scene, "0") && has_text(scene, "14"));
    moe_scene_set_view(scene, 0, (MoeSceneView){0.5, 0.9, -0.2, 0.4});
    MoePanelPlace after = moe_scene_panel_place(scene, WIDTH, HEIGHT, 1);
    g_assert_cmpfloat(after.view.left, ==, 0.5);
    g_assert_cmpfloat(after.view.top, ==, 0); /* held to the axis */
    g_assert_cmpfloat_with_epsilon(after.view.bottom, 0.6, 1e-12);
    g_assert_cmpfloat(before.x, ==, after.x);
    g_assert_cmpfloat(before.width, ==, after.width);
    g_assert_cmpfloat_with_epsilon(after.x_band, before.x_band / 0.4, 1e-9);
    g_assert_false(has_text(scene, "0") || has_text(scene, "14"));
    g_assert_true(has_text(scene, "3") && has_text(scene, "12"));
    g_auto(MoeDatum) datum = {0};
    g_assert_true(moe_scene_pick(scene, WIDTH, HEIGHT, after.x + 1, after.y + 1, &datum));
    g_assert_cmpstr(datum.words, ==, "10/2");
    MoeDatum moved = datum;
    moe_scene_locate(scene, WIDTH, HEIGHT, &moved);
    g_assert_cmpfloat(moved.x, ==, datum.x);
    moe_scene_set_view(scene, 0, (MoeSceneView){0.25, 0.65, 0, 0.6});
    moe_scene_locate(scene, WIDTH, HEIGHT, &moved);
    g_assert_cmpfloat_with_epsilon(moved.x - datum.x, 0.25 / 0.4 * after.width, 1e-9);
    moe_scene_set_view(scene, 0, (MoeSceneView){0.31, 0.3101, 0, 1});
    after = moe_scene_panel_place(scene, WIDTH, HEIGHT, 0);
    g_assert_cmpfloat_with_epsilon(after.x_band, after.width, 1e-9); /* no closer than a band */
    moe_scene_reset_view(scene);
    g_assert_true(has_text(scene, "0") && has_text(scene, "14"));
}

static void
test_view_of_numbers(void)
{
    g_autoptr(MoeScene) scene = lines_sample();
    moe_scene_set_view(scene, 0, (MoeSceneView){0.25, 0.5, 0, 1});
    g_assert_false(has_text(scene, "0") && has_text(scene, "200"));
    g_assert_true(has_text(scene, "80")); /* 50 to 100 */
    const Drawing *drawing = moe__picture(scene, WIDTH, HEIGHT);
    int clips = 0, open = 0;
    for (guint i = 0; i < drawing->items->len; i++) {
        ItemType type = g_array_index(drawing->items, Item, i).type;
        clips += type == ITEM_CLIP;
        open += (type == ITEM_CLIP) - (type == ITEM_UNCLIP);
    }
    g_assert_cmpint(clips, ==, 1);
    g_assert_cmpint(open, ==, 0);
    moe_scene_set_view(scene, 1, (MoeSceneView){0.25, 0.5, 0, 1}); /* text has no axes */
    g_assert_cmpfloat(moe_scene_panel_place(scene, WIDTH, HEIGHT, 1).view.left, ==, 0);
}

static cairo_surface_t *
rendered(MoeScene *scene, bool parts)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, WIDTH, HEIGHT);
    cairo_t *cr = cairo_create(surface);
    if (!parts)
        moe_scene_render(scene, cr, WIDTH, HEIGHT);
    else
        moe_scene_render_part(scene, cr, WIDTH, HEIGHT, MOE_PART_AROUND, 0);
    for (int i = 0; parts && i < moe_scene_panels(scene); i++) {
        moe_scene_render_part(scene, cr, WIDTH, HEIGHT, MOE_PART_AXES, i);
        moe_scene_render_part(scene, cr, WIDTH, HEIGHT, MOE_PART_MARKS, i);
    }
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    return surface;
}

/* Parts make up the whole, seen closely or not. */
static void
test_parts(void)
{
    MoeScene *scenes[] = {maps_sample(), lines_sample()};
    for (int i = 0; i < 4; i++) {
        MoeScene *scene = scenes[i / 2];
        if (i % 2)
            moe_scene_set_view(scene, 0, (MoeSceneView){0.2, 0.7, 0.1, 0.8});
        cairo_surface_t *whole = rendered(scene, false), *parts = rendered(scene, true);
        const unsigned char *a = cairo_image_surface_get_data(whole);
        const unsigned char *b = cairo_image_surface_get_data(parts);
        for (int j = 0; j < WIDTH * HEIGHT * 4; j++) /* what overlaps is rounded in another order */
            g_assert_cmpint(ABS(a[j] - b[j]), <=, 2);
        cairo_surface_destroy(whole);
        cairo_surface_destroy(parts);
    }
    moe_scene_free(scenes[0]);
    moe_scene_free(scenes[1]);
}

/* --- Tiles ------------------------------------------------------------------------------------*/

/* A column of two colours in turn, and far more rows than an image of Cairo can have. */
static MoeScene *
stripes(int rows)
{
    MoeScene *scene = moe_scene_new("Stripes");
    moe_scene_set_colour_scale(scene, &(MoeColourScale){.max = 1});
    MoeAxis x = {.type = MOE_AXIS_BAND, .bands = 3};
    MoeAxis y = {.type = MOE_AXIS_BAND, .label = "token", .bands = rows};
    g_autofree double *values = g_new(double, 3 * (gsize)rows);
    for (int i = 0; i < 3 * rows; i++)
        values[i] = i % 3 == 2 ? NAN : i / 3 % 2;
    MoeCells cells = {.rows = rows, .columns = 3, .values = values};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, NULL, NULL, &x, &y), &cells);
    return scene;
}

static void
test_tiles(void)
{
    g_autoptr(MoeScene) scene = stripes(5);
    uint32_t even, odd, pixels[8 * 8];
    moe_scene_draw_tile(scene, 0, &(MoeCellTile){0, 0, 0, 0, 1, 1}, &even);
    moe_scene_draw_tile(scene, 0, &(MoeCellTile){0, 0, 0, 1, 1, 1}, &odd);
    g_assert_cmphex(even, !=, odd);
    moe_scene_draw_tile(scene, 0, &(MoeCellTile){1, 1, -2, 6, 8, 8}, pixels);
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8;
             x++) { /* pixel x - 2, y + 6; two a cell; the third column is empty */
            bool cell = x >= 2 && x < 6 && y < 4;
            uint32_t expected = cell ? y / 2 % 2 ? even : odd : 0;
            g_assert_cmphex(pixels[y * 8 + x], ==, expected);
        }
    moe_scene_draw_tile(scene, 0, &(MoeCellTile){0, -1, 0, 0, 3, 4}, pixels);
    for (int c = 0; c < 24; c += 8) /* the mean of both; the fifth row stands alone */
        g_assert_cmpint(ABS((int)(pixels[0] >> c & 0xff) * 2 - (int)(even >> c & 0xff) -
                            (int)(odd >> c & 0xff)),
                        <=, 1);
    g_assert_cmphex(pixels[2 * 3], ==, even);
    g_assert_cmphex(pixels[2], ==, 0);
    g_assert_cmphex(pixels[3 * 3], ==, 0);
}

/* Of categories no mean: blocks of cells have the commonest, and a missing cell has none. */
static void
test_category_tiles(void)
{
    g_autoptr(MoeScene) scene = moe_scene_new("Categories");
    MoeAxis x = {.type = MOE_AXIS_BAND, .bands = 5}, y = {.type = MOE_AXIS_BAND, .bands = 2};
    const double values[] = {3, 1, NAN, NAN, 2, 0, 1, NAN, NAN, NAN};
    MoeCells cells = {.rows = 2, .columns = 5, .values = values, .categories = 4};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, NULL, NULL, &x, &y), &cells);
    uint32_t near[10], far[3];
    moe_scene_draw_tile(scene, 0, &(MoeCellTile){0, 0, 0, 0, 5, 2}, near);
    moe_scene_draw_tile(scene, 0, &(MoeCellTile){-1, -1, 0, 0, 3, 1}, far);
    g_assert_cmphex(far[0], ==, near[1]);
    g_assert_cmphex(far[1], ==, 0);
    g_assert_cmphex(far[2], ==, near[4]);
}

/* A map of very many rows is drawn, from far and from near. */
static void
test_long_map(void)
{
    g_autoptr(MoeScene) scene = stripes(100000);
    MoePanelPlace place = moe_scene_panel_place(scene, WIDTH, HEIGHT, 0);
    uint32_t even;
    moe_scene_draw_tile(scene, 0, &(MoeCellTile){0, 0, 0, 0, 1, 1}, &even);
    cairo_surface_t *far = rendered(scene, false);
    uint32_t *pixels = (uint32_t *)(gpointer)cairo_image_surface_get_data(far);
    size_t middle = (size_t)(place.y + place.height / 2) * WIDTH + (size_t)(place.x + 20);
    uint32_t mean = pixels[middle];
    g_assert_cmphex(mean & 0xffffff, !=, 0xffffff);
    g_assert_cmphex(mean & 0xffffff, !=, even & 0xffffff);
    cairo_surface_destroy(far);
    moe_scene_set_view(scene, 0, (MoeSceneView){0, 1, 0.5, 0.50001});
    g_assert_true(has_text(scene, "50000"));
    cairo_surface_t *near = rendered(scene, false);
    pixels = (uint32_t *)(gpointer)cairo_image_surface_get_data(near);
    g_assert_cmphex(pixels[middle] & 0xffffff, ==, even & 0xffffff);
    cairo_surface_destroy(near);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scene-view/cells", test_cells);
    g_test_add_func("/scene-view/named-bands", test_named_bands);
    g_test_add_func("/scene-view/values", test_values);
    g_test_add_func("/scene-view/lines", test_lines);
    g_test_add_func("/scene-view/walk", test_walk);
    g_test_add_func("/scene-view/view", test_view);
    g_test_add_func("/scene-view/view-of-numbers", test_view_of_numbers);
    g_test_add_func("/scene-view/parts", test_parts);
    g_test_add_func("/scene-view/tiles", test_tiles);
    g_test_add_func("/scene-view/category-tiles", test_category_tiles);
    g_test_add_func("/scene-view/long-map", test_long_map);
    return g_test_run();
}
