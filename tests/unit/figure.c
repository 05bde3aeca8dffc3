/* SPDX-License-Identifier: MIT
 *
 * Scenes: numbers, ticks, scales, layout, hit tests, files.
 */
#include "figure/number.h"
#include "figure/picture.h"
#include "figure/scale.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <math.h>

static void
assert_text(char *text, const char *expected)
{
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

static void
test_numbers(void)
{
    setlocale(LC_ALL, "de_DE.UTF-8"); /* a comma there must not come through; absent: no harm */
    assert_text(moe__number_short(0.1834), "0.183");
    assert_text(moe__number_short(1.4649), "1.46");
    assert_text(moe__number_short(0.09999), "0.100");
    assert_text(moe__number_short(9.999), "10.0");
    assert_text(moe__number_short(99.96), "100");
    assert_text(moe__number_short(1499.6), "1,500");
    assert_text(moe__number_short(0), "0");
    assert_text(moe__number_short(50), "50");
    assert_text(moe__number_short(-0.5), "\xe2\x88\x92"
                                         "0.500");
    assert_text(moe__number_short(-INFINITY), "\xe2\x88\x92"
                                              "infinite");
    assert_text(moe__number_fixed(-0.0001, 2), "0.00");
    assert_text(moe__number_count(0), "0");
    assert_text(moe__number_count(999), "999");
    assert_text(moe__number_count(1234567), "1,234,567");
    assert_text(moe__number_count(G_MININT64), "\xe2\x88\x92"
                                               "9,223,372,036,854,775,808");
    assert_text(moe__number_tick(0.15, 0.05, MOE_FORMAT_NUMBER), "0.15");
    assert_text(moe__number_tick(20000, 10000, MOE_FORMAT_NUMBER), "20k");
    assert_text(moe__number_tick(1.5, 0.5, MOE_FORMAT_TIMES), "1.5\xc3\x97");
    assert_text(moe__number_tick(-2, 1, MOE_FORMAT_LOG2), "1/4\xc3\x97");
    assert_text(moe__number_tick(3, 1, MOE_FORMAT_LOG2), "8\xc3\x97");
    setlocale(LC_ALL, "C");
}

/* Over nine decades: within the range, no more than asked for, at least two where five may be. */
static void
test_ticks(void)
{
    MoeRng rng = moe_rng(5, 0);
    for (int i = 0; i < 3000; i++) {
        double span = pow(10, 9 * moe_rng_uniform(&rng) - 5);
        double min = span * (moe_rng_uniform(&rng) * 4 - 2);
        int most = 5 + (int)moe_rng_below(&rng, 6);
        Ticks ticks = moe__ticks(min, min + span, most, 0);
        g_assert_cmpint(ticks.n, <=, most);
        g_assert_cmpint(ticks.n, >=, 2);
        double slack = 1e-6 * span;
        g_assert_cmpfloat(moe__ticks_at(&ticks, 0), >=, min - slack);
        g_assert_cmpfloat(moe__ticks_at(&ticks, ticks.n - 1), <=, min + span + slack);
        double digit = ticks.step / pow(10, floor(log10(ticks.step) + 1e-9));
        g_assert_true(fabs(digit - 1) < 1e-6 || fabs(digit - 2) < 1e-6 || fabs(digit - 5) < 1e-6);
    }
    Ticks ticks = moe__ticks(0, 0.3, 4, 0);
    g_assert_cmpint(ticks.n, ==, 4); /* 0.3 is there although 3 × 0.1 > 0.3 */
    ticks = moe__ticks(-0.2, 0.2, 5, 0);
    g_assert_cmpfloat(moe__ticks_at(&ticks, 2), ==, 0);
}

static void
test_band_ticks(void)
{
    MoeAxis axis = {.type = MOE_AXIS_BAND, .bands = 64, .step = 1};
    g_assert_cmpint(moe__band_ticks(&axis, 64).stride, ==, 1);
    g_assert_cmpint(moe__band_ticks(&axis, 10).stride, ==, 8);
    axis.bands = 60;
    g_assert_cmpint(moe__band_ticks(&axis, 10).stride, ==, 10);
    axis.bands = 26; /* layers 1 to 26: 5, 10, … */
    axis.first = 1;
    BandTicks ticks = moe__band_ticks(&axis, 6);
    g_assert_cmpint(ticks.first, ==, 4);
    g_assert_cmpint(ticks.stride, ==, 5);
    axis = (MoeAxis){.type = MOE_AXIS_BAND, .bands = 120, .first = 25, .step = 25};
    ticks = moe__band_ticks(&axis, 4); /* steps 1000, 2000, 3000 */
    g_assert_cmpint(ticks.first, ==, 39);
    g_assert_cmpint(ticks.stride, ==, 40);
    axis.bands = 1;
    g_assert_cmpint(moe__band_ticks(&axis, 1).stride, ==, 1);
}

static void
test_scales(void)
{
    MoeAxis band = {.type = MOE_AXIS_BAND, .bands = 8};
    Scale scale = {&band, 100, 180};
    g_assert_cmpfloat(moe__scale_at(&scale, 2), ==, 120);
    g_assert_cmpint(moe__scale_band(&scale, 100), ==, 0);
    g_assert_cmpint(moe__scale_band(&scale, 179.9), ==, 7);
    g_assert_cmpint(moe__scale_band(&scale, 180), ==, -1);
    g_assert_cmpint(moe__scale_band(&scale, 99.9), ==, -1);
    MoeAxis line = {.type = MOE_AXIS_LINEAR, .min = -1, .max = 3};
    Scale upwards = {&line, 50, 10};
    g_assert_cmpfloat(moe__scale_at(&upwards, 0), ==, 40);
    for (double v = -1; v <= 3; v += 0.25)
        g_assert_cmpfloat_with_epsilon(moe__scale_invert(&upwards, moe__scale_at(&upwards, v)), v,
                                       1e-12);
}

enum { ROWS = 3, COLUMNS = 5, PANELS = 4 };

/* Panel p, row r, column c: 100 p + 10 r + c; the last column of row 1 is missing. */
static MoeScene *
scene_sample(void)
{
    MoeScene *scene = moe_scene_new("Sample <&>");
    MoeColourScale scale = {.colours = MOE_COLOURS_VIRIDIS, .max = 400, .label = "value"};
    moe_scene_set_colour_scale(scene, &scale);
    moe_scene_set_caption(scene, "A caption that is long enough to need more than a line of the "
                                 "narrowest of the themes, and says a < b & c.");
    MoeAxis x = {.type = MOE_AXIS_BAND, .label = "expert", .bands = COLUMNS};
    MoeAxis y = {.type = MOE_AXIS_BAND, .label = "layer", .bands = ROWS, .first = 10};
    for (int p = 0; p < PANELS; p++) {
        double values[ROWS * COLUMNS];
        for (int i = 0; i < ROWS * COLUMNS; i++)
            values[i] = 100 * p + 10 * (i / COLUMNS) + i % COLUMNS;
        values[COLUMNS + COLUMNS - 1] = NAN;
        MoeCells cells = {.rows = ROWS,
                          .columns = COLUMNS,
                          .values = values,
                          .words = "layer {row}, expert {column}: {value}{0}"};
        int panel = moe_scene_add_panel(scene, "panel", "note", &x, &y);
        g_assert_cmpint(panel, ==, p);
        moe_scene_add_cells(scene, panel, &cells);
    }
    return scene;
}

/* Walks over the page: what is picked must lie where the layout put it, and every cell is found. */
static void
pick_everywhere(MoeScene *scene, double width, double height)
{
    bool seen[PANELS][ROWS][COLUMNS] = {{{false}}};
    for (double y = 0.25; y < height; y += 2) {
        for (double x = 0.25; x < width; x += 2) {
            g_auto(MoeDatum) datum = {0};
            if (!moe_scene_pick(scene, width, height, x, y, &datum))
                continue;
            g_assert_cmpfloat(datum.value, ==, 100 * datum.panel + 10 * datum.row + datum.column);
            g_assert_true(x >= datum.x - 1e-9 && x <= datum.x + datum.width + 1e-9);
            g_assert_true(y >= datum.y - 1e-9 && y <= datum.y + datum.height + 1e-9);
            seen[datum.panel][datum.row][datum.column] = true;
        }
    }
    for (int i = 0; i < PANELS * ROWS * COLUMNS; i++) {
        int row = i / COLUMNS % ROWS, column = i % COLUMNS;
        g_assert_cmpint(seen[i / ROWS / COLUMNS][row][column], ==, row != 1 || column != 4);
    }
}

static void
test_pick(void)
{
    g_autoptr(MoeScene) scene = scene_sample();
    for (const char *const *theme = moe_themes(); *theme; theme++) {
        double width, height;
        g_assert_true(moe_scene_set_theme(scene, *theme, NULL));
        moe_scene_size(scene, &width, &height);
        pick_everywhere(scene, width, height);
    }
    pick_everywhere(scene, 500, 700); /* a window of any shape */
    g_auto(MoeDatum) datum = {0};
    const Frame *frame = &moe__layout(scene, 500, 700)->frames[2];
    g_assert_true(moe_scene_pick(scene, 500, 700, frame->box.x + 1, frame->box.y + 1, &datum));
    g_assert_cmpint(datum.panel, ==, 2);
    g_assert_cmpstr(datum.words, ==, "layer 10, expert 0: 200");
}

/* Panels neither overlap nor leave the page, at any size that isn't tiny. */
static void
test_layout(void)
{
    g_autoptr(MoeScene) scene = scene_sample();
    for (double width = 150; width < 1500; width *= 1.7) {
        for (double height = 150; height < 1500; height *= 1.7) {
            const Layout *layout = moe__layout(scene, width, height);
            for (int i = 0; i < PANELS; i++) {
                Box a = layout->frames[i].box;
                g_assert_true(a.x > 0 && a.y > 0);
                g_assert_true(a.x + a.width < width && a.y + a.height < height);
                for (int j = 0; j < i; j++) {
                    Box b = layout->frames[j].box;
                    g_assert_true(a.x >= b.x + b.width || b.x >= a.x + a.width ||
                                  a.y >= b.y + b.height || b.y >= a.y + a.height);
                }
            }
        }
    }
    const Layout *tiny = moe__layout(scene, 3, 3); /* nothing fits, nothing breaks */
    g_assert_cmpfloat(tiny->frames[0].box.width, >, 0);
}

static void
test_line(void)
{
    g_autoptr(MoeScene) scene = moe_scene_new("Line");
    MoeAxis x = {.type = MOE_AXIS_LINEAR, .label = "step", .max = 100};
    MoeAxis y = {.type = MOE_AXIS_LINEAR, .label = "loss", .min = 1, .max = 5};
    double xs[4] = {0, 50, 75, 100}, ys[4] = {5, 2, NAN, 1};
    MoeLine line = {.n = 4, .x = xs, .y = ys, .words = "step {x}: {y}"};
    moe_scene_add_line(scene, moe_scene_add_panel(scene, NULL, NULL, &x, &y), &line);
    Box box = moe__layout(scene, 400, 300)->frames[0].box;
    g_auto(MoeDatum) datum = {0};
    g_assert_true(moe_scene_pick(scene, 400, 300, box.x + box.width / 2 + 2,
                                 box.y + box.height * 0.75 - 2, &datum));
    g_assert_cmpint(datum.column, ==, 1);
    g_assert_cmpstr(datum.words, ==, "step 50: 2");
    g_auto(MoeDatum) nothing = {0};
    g_assert_false(moe_scene_pick(scene, 400, 300, box.x + box.width * 0.75, box.y + 1, &nothing));
    int paths = 0, dots = 0;
    const Drawing *drawing = moe__picture(scene, 400, 300);
    for (guint i = 0; i < drawing->items->len; i++) {
        const Item *item = &g_array_index(drawing->items, Item, i);
        if (item->type == ITEM_PATH && item->path.width == scene->theme->line)
            g_assert_cmpint(item->path.n, ==, 2);
        paths += item->type == ITEM_PATH && item->path.width == scene->theme->line;
        dots += item->type == ITEM_RECT && item->box.width < 10;
    }
    /* The missing value breaks the line; the point behind it stands alone. */
    g_assert_cmpint(paths, ==, 1);
    g_assert_cmpint(dots, ==, 1);
}

/* Above 2,000 small cells one image, of which the first is missing, of shapes unless there are too
 * many; the same cells with room, or a few less, are cells. */
static void
test_image(void)
{
    static const struct {
        int rows, columns;
        double size;
        int images, cells;
        bool shapes;
    } cases[] = {{44, 46, 150, 1, 0, true},
                 {43, 46, 150, 0, 43 * 46 - 1, false},
                 {44, 46, 600, 0, 44 * 46 - 1, false},
                 {300, 316, 1000, 1, 0, true},
                 {317, 316, 3000, 1, 0, false}};
    for (size_t c = 0; c < G_N_ELEMENTS(cases); c++) {
        int rows = cases[c].rows, columns = cases[c].columns, images = 0, n = 0;
        g_autoptr(MoeScene) scene = moe_scene_new("Big");
        MoeAxis x = {.type = MOE_AXIS_BAND, .bands = columns};
        MoeAxis y = {.type = MOE_AXIS_BAND, .bands = rows};
        g_autofree double *values = g_new0(double, rows *columns);
        values[0] = NAN;
        MoeCells cells = {.rows = rows, .columns = columns, .values = values, .categories = 8};
        moe_scene_add_cells(scene, moe_scene_add_panel(scene, NULL, NULL, &x, &y), &cells);
        const Drawing *drawing = moe__picture(scene, cases[c].size, cases[c].size);
        for (guint i = 0; i < drawing->items->len; i++) {
            const Item *item = &g_array_index(drawing->items, Item, i);
            n += item->type == ITEM_CELL;
            if (item->type != ITEM_IMAGE)
                continue;
            images++;
            g_assert_true(item->image.kind & IMAGE_CATEGORIES);
            g_assert_cmpint((item->image.kind & IMAGE_SHAPES) != 0, ==, cases[c].shapes);
            g_assert_cmphex(item->image.pixels[0], ==, 0);
            g_assert_cmphex(item->image.pixels[1] >> 24, ==, 0xff);
        }
        g_assert_cmpint(images, ==, cases[c].images);
        g_assert_cmpint(n, ==, cases[c].cells);
    }
}

/* One pixel for several cells: of shades the mean, of categories the commonest, of equals the
 * first. */
static void
test_shrunk(void)
{
    uint32_t pixels[] = {0xff000000, 0xff000010, 0xff000010, 0xff000020,
                         0xff000020, 0xff000030, 0xff000040, 0xff000040};
    Item item = {.type = ITEM_IMAGE};
    item.image.pixels = pixels;
    item.image.columns = 4;
    item.image.rows = 2;
    g_autofree uint32_t *mean = moe__image_shrunk(&item, 2, 1);
    item.image.kind = IMAGE_CATEGORIES;
    g_autofree uint32_t *commonest = moe__image_shrunk(&item, 2, 1);
    g_assert_cmphex(mean[0], ==, 0xff000018);
    g_assert_cmphex(mean[1], ==, 0xff00002c);
    g_assert_cmphex(commonest[0], ==, 0xff000000);
    g_assert_cmphex(commonest[1], ==, 0xff000040);
}

/* A title wider than its panel is cut in the middle, and the notes stand below the titles. */
static void
test_long_title(void)
{
    g_autoptr(MoeScene) scene = moe_scene_new("Titles");
    MoeAxis axis = {.type = MOE_AXIS_BAND, .bands = 4};
    g_autofree char *name = g_strnfill(2000, 'n');
    moe_scene_add_panel(scene, name, "note", &axis, &axis);
    moe_scene_add_panel(scene, "short", "note", &axis, &axis);
    const Drawing *drawing = moe__picture(scene, 300, 200);
    int found = 0;
    double title = 0, note = 0;
    for (guint i = 0; i < drawing->items->len; i++) {
        const Item *item = &g_array_index(drawing->items, Item, i);
        if (item->type != ITEM_TEXT)
            continue;
        if (g_str_equal(item->text.string, "short"))
            title = item->box.y;
        if (g_str_equal(item->text.string, "note"))
            note = item->box.y;
        found += strstr(item->text.string, "n\xe2\x80\xa6n") != NULL;
        g_assert_cmpuint(strlen(item->text.string), <, 200);
    }
    g_assert_cmpint(found, ==, 1);
    g_assert_cmpfloat(note, >, title + 5);
}

static void
test_names(void)
{
    g_autoptr(MoeScene) scene = moe_scene_new("bad \xff\x01\nname");
    g_assert_cmpstr(scene->title, ==, "bad \xef\xbf\xbd  name");
}

/* On a dark ground lines are lightened, and what the legend says of them; the colours of cells and
 * words aren't. */
static void
test_exact(void)
{
    static const MoeColour maroon = {0.5, 0, 0.125};
    static const double nowhere = NAN;
    MoeAxis axis = {.type = MOE_AXIS_LINEAR, .max = 1};
    for (int exact = 0; exact < 2; exact++) {
        g_autoptr(MoeScene) scene = moe_scene_new("Legend");
        MoePoints points = {.n = 1,
                            .x = &nowhere,
                            .y = &nowhere,
                            .ink = {.own = &maroon, .exact = exact, .name = "maroon"}};
        moe_scene_add_points(scene, moe_scene_add_panel(scene, NULL, NULL, &axis, &axis), &points);
        g_assert_true(moe_scene_set_theme(scene, "dark", NULL));
        const Drawing *drawing = moe__picture(scene, 400, 300);
        int found = 0;
        for (guint i = 0; i < drawing->items->len; i++) {
            MoeColour colour = g_array_index(drawing->items, Item, i).colour;
            found += colour.r == maroon.r && colour.g == maroon.g && colour.b == maroon.b;
        }
        g_assert_cmpint(found, ==, exact);
    }
}

/* What lets the ground through lets less of a dark one through. */
static void
test_opacity(void)
{
    static const double at[] = {0, 1}, low[] = {0, 0}, high[] = {0.5, 1};
    static const char *const themes[] = {"screen", "dark"};
    MoeAxis axis = {.type = MOE_AXIS_LINEAR, .max = 1};
    double opacity[] = {0, 0};
    for (int t = 0; t < 2; t++) {
        g_autoptr(MoeScene) scene = moe_scene_new("Area");
        MoeArea area = {.n = 2, .at = at, .low = low, .high = high, .ink = {.opacity = 0.25}};
        moe_scene_add_area(scene, moe_scene_add_panel(scene, NULL, NULL, &axis, &axis), &area);
        g_assert_true(moe_scene_set_theme(scene, themes[t], NULL));
        const Drawing *drawing = moe__picture(scene, 400, 300);
        for (guint i = 0; i < drawing->items->len; i++)
            if (g_array_index(drawing->items, Item, i).opacity < 1)
                opacity[t] = g_array_index(drawing->items, Item, i).opacity;
    }
    g_assert_cmpfloat(opacity[0], ==, 0.25);
    g_assert_cmpfloat(opacity[1], >, 0.35);
    g_assert_cmpfloat(opacity[1], <, 0.5);
}

static void
test_save(void)
{
    static const char *const endings[] = {"png", "svg", "PDF"};
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("moescope-XXXXXX", &error);
    g_assert_no_error(error);
    for (int i = 0; i < 3; i++) {
        g_autofree char *path = g_strdup_printf("%s/f.%s", folder, endings[i]);
        g_autofree char *first = NULL, *second = NULL;
        gsize n_first, n_second;
        g_autoptr(MoeScene) a = scene_sample(), b = scene_sample();
        g_assert_true(moe_scene_save(a, path, 0, &error));
        g_assert_true(g_file_get_contents(path, &first, &n_first, NULL));
        g_assert_true(moe_scene_save(b, path, 0, &error));
        g_assert_true(g_file_get_contents(path, &second, &n_second, NULL));
        g_assert_cmpmem(first, n_first, second, n_second);
        g_unlink(path);
    }
    g_rmdir(folder);
}

static void
test_save_errors(void)
{
    g_autoptr(MoeScene) scene = scene_sample();
    g_autoptr(GError) ending = NULL, folder = NULL, dots = NULL, theme = NULL;
    g_assert_false(moe_scene_save(scene, "figure.bmp", 0, &ending));
    g_assert_error(ending, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
    g_assert_false(moe_scene_save(scene, "/nowhere/at/all/f.svg", 0, &folder));
    g_assert_error(folder, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_false(moe_scene_save(scene, "f.png", 1e6, &dots));
    g_assert_error(dots, MOE_ERROR, MOE_ERROR_UNSUPPORTED);
    g_assert_false(g_file_test("f.png", G_FILE_TEST_EXISTS));
    g_assert_false(moe_scene_set_theme(scene, "neon", &theme));
    g_assert_error(theme, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(theme->message, "paper-column"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/figure/numbers", test_numbers);
    g_test_add_func("/figure/ticks", test_ticks);
    g_test_add_func("/figure/band-ticks", test_band_ticks);
    g_test_add_func("/figure/scales", test_scales);
    g_test_add_func("/figure/pick", test_pick);
    g_test_add_func("/figure/layout", test_layout);
    g_test_add_func("/figure/line", test_line);
    g_test_add_func("/figure/image", test_image);
    g_test_add_func("/figure/shrunk", test_shrunk);
    g_test_add_func("/figure/long-title", test_long_title);
    g_test_add_func("/figure/names", test_names);
    g_test_add_func("/figure/exact", test_exact);
    g_test_add_func("/figure/opacity", test_opacity);
    g_test_add_func("/figure/save", test_save);
    g_test_add_func("/figure/save-errors", test_save_errors);
    return g_test_run();
}
