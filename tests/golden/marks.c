/* SPDX-License-Identifier: MIT
 *
 * Every kind of mark, axis and legend, in scenes made by hand.
 */
#include "golden.h"

#include <glib/gstdio.h>
#include <math.h>
#include <moescope/scene.h>

static char *folder;

/* --- Scenes -----------------------------------------------------------------------------------*/

static void
add_bars(MoeScene *scene)
{
    static const char *const names[] = {"arxiv", "book", "code", "dialogue"};
    static const double a[] = {0.31, 0.12, 0.44, 0.2}, b[] = {0.22, 0.19, 0.05, NAN};
    static const double low[] = {0.25, 0.1, 0.4, 0.17}, high[] = {0.36, 0.15, 0.47, 0.24};
    MoeAxis x = {.type = MOE_AXIS_BAND, .bands = 4, .names = names};
    MoeAxis y = {.label = "share of picks", .min = 0, .max = 0.5};
    MoeBars first = {.n = 4,
                     .value = a,
                     .low = low,
                     .high = high,
                     .places = 2,
                     .ink = {.name = "layer 0"},
                     .words = "{name}, {band}: {value} ({low} to {high})"};
    MoeBars second = {
        .n = 4, .value = b, .place = 1, .places = 2, .ink = {.colour = 1, .name = "layer 7"}};
    MoeRule chance = {.value = 0.1, .high = 0.15, .label = "by chance"};
    MoeRule uniform = {.value = 0.25, .high = NAN, .label = "uniform"};
    int panel = moe_scene_add_panel(scene, "bars", NULL, &x, &y);
    moe_scene_add_rule(scene, panel, &chance);
    moe_scene_add_bars(scene, panel, &first);
    moe_scene_add_bars(scene, panel, &second);
    moe_scene_add_rule(scene, panel, &uniform);
}

static void
add_curves(MoeScene *scene)
{
    enum { N = 40 };
    double x[N], y[N], low[N], high[N];
    for (int i = 0; i < N; i++) {
        x[i] = pow(10, 4.0 * i / (N - 1));
        y[i] = i == 20 ? NAN : 2 + sin(i / 4.0);
        low[i] = y[i] - 0.3;
        high[i] = y[i] + 0.2 + 0.01 * i;
    }
    MoeAxis over = {.type = MOE_AXIS_LOG, .label = "step", .min = 1, .max = 10000};
    MoeAxis up = {.label = "entropy, nats", .min = 0, .max = 4};
    MoeArea area = {.n = N,
                    .at = x,
                    .low = low,
                    .high = high,
                    .ink = {.colour = 2, .opacity = 0.25},
                    .words = "step {at}: {low} to {high}"};
    MoeLine line = {.n = N, .x = x, .y = y, .ink = {.colour = 2, .name = "entropy"}};
    MoeLine steps = {.n = N,
                     .x = x,
                     .y = high,
                     .steps = true,
                     .ink = {.colour = 3, .dashed = true, .name = "bound"}};
    MoeRule middle = {.upright = true, .value = 100, .high = NAN, .label = "frozen"};
    int panel = moe_scene_add_panel(scene, "curves", "log", &over, &up);
    moe_scene_add_area(scene, panel, &area);
    moe_scene_add_line(scene, panel, &line);
    moe_scene_add_line(scene, panel, &steps);
    moe_scene_add_rule(scene, panel, &middle);
}

static void
add_dots(MoeScene *scene)
{
    static const double x[] = {0.1, 0.5, 0.52, 0.9}, y[] = {0.2, 0.8, 0.82, 0.4};
    static const double area[] = {1, 2, 4, 8};
    static const char *const names[] = {"e0", "e1", "e2", "e3"};
    MoeColour each[4];
    for (int i = 0; i < 4; i++)
        each[i] = moe_colour_category(i, 64);
    MoeAxis axis = {.min = 0, .max = 1, .bare = true};
    MoePoints points = {.n = 4,
                        .x = x,
                        .y = y,
                        .area = area,
                        .each = each,
                        .labels = names,
                        .words = "{label} at {x}, {y}"};
    moe_scene_add_points(scene, moe_scene_add_panel(scene, "dots", NULL, &axis, &axis), &points);
}

static void
add_flows(MoeScene *scene)
{
    static const double x0[] = {0, 0, 0}, x1[] = {1, 1, 1};
    static const double low0[] = {0, 0.4, 0.6}, high0[] = {0.4, 0.6, 1};
    static const double low1[] = {0.5, 0, 0.2}, high1[] = {0.9, 0.2, 0.5},
                        value[] = {400, 200, 300};
    static const char *const names[] = {"0 to 1", "0 to 0", "1 to 0"};
    MoeColour each[3];
    for (int i = 0; i < 3; i++)
        each[i] = moe_colour_qualitative(i);
    MoeAxis x = {.min = -0.1, .max = 1.1, .bare = true}, y = {.min = 0, .max = 1, .bare = true};
    MoeFlows flows = {.n = 3,
                      .x0 = x0,
                      .low0 = low0,
                      .high0 = high0,
                      .x1 = x1,
                      .low1 = low1,
                      .high1 = high1,
                      .value = value,
                      .each = each,
                      .names = names,
                      .ink = {.opacity = 0.6},
                      .words = "{name}: {value} tokens"};
    static const double ends[] = {-0.02, -0.02, 1.02}, middles[] = {0.2, 0.8, 0.25};
    static const char *const ends_named[] = {"a", "b", "c"};
    MoeLabels labels = {
        .n = 2, .x = ends, .y = middles, .texts = ends_named, .anchor = MOE_ANCHOR_END};
    int panel = moe_scene_add_panel(scene, "flows", NULL, &x, &y);
    moe_scene_add_flows(scene, panel, &flows);
    moe_scene_add_labels(scene, panel, &labels);
}

static MoeScene *
charts(void)
{
    MoeScene *scene = moe_scene_new("All marks");
    add_bars(scene);
    add_curves(scene);
    add_dots(scene);
    add_flows(scene);
    moe_scene_set_caption(scene, "Bars, curves, dots and flows, with what stands around them.");
    return scene;
}

/* Categories with texts, and running text in their colours. */
static MoeScene *
texts(void)
{
    enum { ROWS = 3, COLUMNS = 6 };
    static const char *const tokens[COLUMNS] = {"The", " cat", " sat", " on", " the", " mat.\n"};
    double values[ROWS * COLUMNS];
    const char *inside[ROWS * COLUMNS], *notes[COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        values[i] = i == 7 ? NAN : (i * 5) % 12;
        inside[i] = i % 2 ? "e" : "wider than any cell that could be drawn here";
    }
    for (int i = 0; i < COLUMNS; i++)
        notes[i] = tokens[i];
    MoeScene *scene = moe_scene_new("Texts");
    MoeAxis x = {.type = MOE_AXIS_BAND, .bands = COLUMNS, .names = tokens};
    MoeAxis y = {.type = MOE_AXIS_BAND, .label = "layer", .bands = ROWS};
    MoeAxis bare = {.min = 0, .max = 1, .bare = true};
    MoeCells cells = {.rows = ROWS,
                      .columns = COLUMNS,
                      .values = values,
                      .categories = 12,
                      .texts = inside,
                      .words = "{column}, layer {row}: expert {value} {text}"};
    MoeProse prose = {
        .n = COLUMNS, .texts = tokens, .values = values, .categories = 12, .notes = notes};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, "cells", NULL, &x, &y), &cells);
    moe_scene_add_prose(scene, moe_scene_add_panel(scene, "prose", NULL, &bare, &bare), &prose);
    return scene;
}

/* --- Tests ------------------------------------------------------------------------------------*/

static void
test_charts(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeScene) scene = charts();
    g_autofree char *text = moe_scene_to_text(scene);
    golden_check_text("marks.txt", text);
    g_autofree char *path = g_build_filename(folder, "marks.png", NULL);
    g_assert_true(moe_scene_save(scene, path, 150, &error));
    golden_check_png("marks.png", path);
}

static void
test_texts(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeScene) scene = texts();
    g_autofree char *text = moe_scene_to_text(scene);
    golden_check_text("marks-texts.txt", text);
    g_autofree char *path = g_build_filename(folder, "texts.png", NULL);
    g_assert_true(moe_scene_save(scene, path, 150, &error));
    golden_check_png("marks-texts.png", path);
}

/* Goes over the picture point by point; every mark with words has to be found. */
static void
test_pick(void)
{
    g_autoptr(MoeScene) scene = charts();
    g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    double width, height;
    moe_scene_size(scene, &width, &height);
    for (double y = 0; y < height; y += 1)
        for (double x = 0; x < width; x += 1) {
            g_auto(MoeDatum) datum = {0};
            if (moe_scene_pick(scene, width, height, x, y, &datum))
                g_hash_table_add(found, g_steal_pointer(&datum.words));
        }
    static const char *const expected[] = {"layer 0, arxiv: 0.310 (0.250 to 0.360)",
                                           "layer 0, dialogue: 0.200 (0.170 to 0.240)",
                                           "step 1: 1.70 to 2.20",
                                           "e0 at 0.100, 0.200",
                                           "e3 at 0.900, 0.400",
                                           "0 to 1: 400 tokens",
                                           "1 to 0: 300 tokens"};
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
        if (!g_hash_table_contains(found, expected[i])) {
            g_test_message("nowhere found: %s", expected[i]);
            g_test_fail();
        }
}

static void
test_pick_texts(void)
{
    g_autoptr(MoeScene) scene = texts();
    double width, height;
    bool cell = false, piece = false;
    moe_scene_size(scene, &width, &height);
    for (double y = 0; y < height; y += 2)
        for (double x = 0; x < width; x += 2) {
            g_auto(MoeDatum) datum = {0};
            if (!moe_scene_pick(scene, width, height, x, y, &datum))
                continue;
            cell |= g_strcmp0(datum.words, " cat, layer 0: expert 5 e") == 0;
            piece |= g_strcmp0(datum.words, " cat") == 0;
        }
    g_assert_true(cell);
    g_assert_true(piece);
}

/* What is vector stays vector, and opacity and dashes reach the file. */
static void
test_svg(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeScene) scene = charts();
    g_autofree char *path = g_build_filename(folder, "marks.svg", NULL), *svg = NULL;
    g_assert_true(moe_scene_save(scene, path, 0, &error));
    g_assert_true(g_file_get_contents(path, &svg, NULL, NULL));
    static const char *const parts[] = {"<polygon",        "opacity=\"0.25\"", "stroke-dasharray=",
                                        ">layer 7</text>", ">uniform</text>",  ">by chance</text>"};
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        g_assert_nonnull(strstr(svg, parts[i]));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-marks-XXXXXX", NULL);
    g_test_add_func("/marks/charts", test_charts);
    g_test_add_func("/marks/texts", test_texts);
    g_test_add_func("/marks/pick", test_pick);
    g_test_add_func("/marks/pick-texts", test_pick_texts);
    g_test_add_func("/marks/svg", test_svg);
    int failed = g_test_run();
    static const char *const made[] = {"marks.png", "texts.png", "marks.svg"};
    for (gsize i = 0; i < G_N_ELEMENTS(made); i++) {
        g_autofree char *path = g_build_filename(folder, made[i], NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
    return failed;
}
