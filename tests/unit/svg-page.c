/* SPDX-License-Identifier: MIT
 *
 * Scenes in pages: colours that follow the page, marks that say what they are, no ids.
 */
#include <math.h>
#include <moescope/scene.h>
#include <string.h>

static const MoeAxis linear = {.type = MOE_AXIS_LINEAR, .min = 0, .max = 1, .label = "y"};

static MoeScene *
cells_new(int side)
{
    MoeScene *scene = moe_scene_new("Cells");
    const MoeAxis axis = {.type = MOE_AXIS_BAND, .bands = side, .label = "\"expert\" 'a' <b>"};
    const MoeColourScale scale = {.min = 0, .max = 1, .label = "share"};
    g_autofree double *values = g_new(double, side *side);
    g_assert_true(moe_scene_set_theme(scene, "report", NULL));
    moe_scene_set_colour_scale(scene, &scale);
    for (int i = 0; i < side * side; i++)
        values[i] = i == 1 ? NAN : i / (double)(side * side);
    const MoeCells cells = {.rows = side,
                            .columns = side,
                            .values = values,
                            .numbers = {values, NULL},
                            .words = "it's <{row}, {column}>: {value} \"of\" {0}"};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, NULL, NULL, &axis, &axis), &cells);
    return scene;
}

static int
count(const char *text, const char *what)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

static void
test_cells(void)
{
    g_autoptr(MoeScene) scene = cells_new(10);
    g_autofree char *all = moe_scene_to_html(scene, 1000);
    g_autofree char *few = moe_scene_to_html(scene, 7);
    g_assert_cmpint(count(all, "<title>"), ==, 99); /* a cell without a value says nothing */
    g_assert_cmpint(count(few, "<title>"), ==, 7);
    g_assert_nonnull(
        strstr(all, "<title>it&apos;s &lt;0, 2&gt;: 0.0200 &quot;of&quot; 0.0200</title></rect>"));
    g_assert_true(g_str_has_prefix(all, "<svg role=\"img\" aria-label=\"Cells\""));
    g_assert_null(strstr(all, " id="));
    g_assert_null(strstr(all, "<?xml"));
    g_assert_nonnull(strstr(all, "class=\"fi\">"));
}

/* Large grids are images with their numbers beside them; larger ones without. */
static void
test_image(void)
{
    g_autoptr(MoeScene) scene = cells_new(60), large = cells_new(300);
    g_autofree char *image = moe_scene_to_html(scene, 1000);
    g_autofree char *none = moe_scene_to_html(scene, 0);
    g_autofree char *huge = moe_scene_to_html(large, 1000);
    g_assert_nonnull(strstr(image, " href=\"data:image/png;base64,"));
    g_assert_cmpint(count(image, "<title>"), ==, 0);
    g_assert_cmpint(count(image, "data-cells='{\"words\":\"it&apos;s &lt;{row}, {column}&gt;"), ==,
                    1);
    g_assert_nonnull(strstr(image, ",\"value\":[0,null,0.000556,"));
    g_assert_nonnull(strstr(image, ",\"row\":[\"0\",\"1\","));
    g_assert_null(strstr(none, "data-cells"));
    g_assert_null(strstr(huge, "data-cells"));
    g_assert_nonnull(strstr(huge, "href=\"data:image/png"));
}

/* What is too dark for a dark page has a lighter twin; cells keep their colours. */
static void
test_dark(void)
{
    static const MoeColour violet = {0.27, 0.004, 0.33};
    const double x[] = {0, 0.5, 1};
    g_autoptr(MoeScene) scene = moe_scene_new("Lines");
    g_autoptr(MoeScene) cells = cells_new(10);
    int panel = moe_scene_add_panel(scene, NULL, NULL, &linear, &linear);
    const MoeLine dark = {.n = 3, .x = x, .y = x, .ink = {.own = &violet}, .words = "at {x}: {y}"};
    moe_scene_add_line(scene, panel, &dark);
    g_autofree char *html = moe_scene_to_html(scene, 100);
    g_autofree char *grid = moe_scene_to_html(cells, 100);
    g_assert_nonnull(strstr(html, " class=\"sd\" style=\"--l:#450154;--d:#"));
    g_assert_cmpint(count(html, "<circle class=\"h\""), ==, 3);
    g_assert_nonnull(strstr(html, "<title>at 0.500: 0.500</title></circle>"));
    g_assert_null(strstr(grid, "class=\"fd\""));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/svg-page/cells", test_cells);
    g_test_add_func("/svg-page/image", test_image);
    g_test_add_func("/svg-page/dark", test_dark);
    return g_test_run();
}
