/* SPDX-License-Identifier: MIT
 *
 * Cells as shapes: painted in order they give the cells back; in SVG; and in a PDF, whose objects
 * all lie where its table says.
 */
#include "figure/cell-shapes.h"
#include "figure/eps-cells.h"
#include "figure/pdf-cells.h"

#include <cairo-pdf.h>
#include <cairo-ps.h>
#include <glib/gstdio.h>
#include <moescope/scene.h>
#include <string.h>

enum { COLUMNS = 37, ROWS = 23 };

static uint32_t *
made_up(int colours, GRand *random)
{
    uint32_t *pixels = g_new(uint32_t, COLUMNS * ROWS);
    for (int i = 0; i < COLUMNS * ROWS; i++) {
        int colour = g_rand_int_range(random, -1, colours);
        pixels[i] = colour < 0 ? 0 : 0xff000000u | (uint32_t)colour * 65793u;
    }
    return pixels;
}

static void
paint(const CellShapes *shapes, uint32_t *pixels)
{
    for (int s = 0; s < shapes->n_shapes; s++)
        for (int i = 0; i < shapes->shapes[s].n; i++) {
            CellRun run = shapes->runs[shapes->shapes[s].first + i];
            for (int column = run.first; column < run.end; column++)
                pixels[run.row * COLUMNS + column] = shapes->shapes[s].colour;
        }
}

/* Pixels that are unlike the one before in their row, and where cells begin. */
static int
changes(const uint32_t *pixels)
{
    int n = 0;
    for (int i = 0; i < COLUMNS * ROWS; i++) {
        bool first = i % COLUMNS == 0;
        n += pixels[i] && (first || pixels[i] != pixels[i - 1]);
        n += pixels[i] && (first || !pixels[i - 1]);
    }
    return n;
}

/* Neighbours in a row were painted alike, up to the shape of the one that was painted first. */
static void
check_ground(const CellShapes *shapes)
{
    g_autofree int *last = g_new(int, COLUMNS *ROWS);
    memset(last, 0xff, sizeof(*last) * COLUMNS * ROWS);
    for (int s = 0; s < shapes->n_shapes; s++)
        for (int i = 0; i < shapes->shapes[s].n; i++) {
            CellRun run = shapes->runs[shapes->shapes[s].first + i];
            for (int column = run.first; column < run.end; column++) {
                int *here = &last[run.row * COLUMNS + column];
                g_assert_true(s == 0 || *here >= 0);
                /* What is painted over is of one colour. */
                g_assert_true(column == run.first || *here == here[-1]);
            }
            for (int column = run.first; column < run.end; column++)
                last[run.row * COLUMNS + column] = s;
        }
}

static void
test_painted(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    for (int colours = 1; colours <= 2000; colours *= 3) {
        g_auto(CellShapes) shapes = {0};
        g_autofree uint32_t *pixels = made_up(colours, random);
        g_autofree uint32_t *painted = g_new0(uint32_t, COLUMNS * ROWS);
        moe__cell_shapes_init(&shapes, pixels, COLUMNS, ROWS);
        paint(&shapes, painted);
        g_assert_cmpmem(painted, sizeof(*painted) * COLUMNS * ROWS, pixels,
                        sizeof(*pixels) * COLUMNS * ROWS);
        g_assert_cmpint(shapes.n_runs, <=, changes(pixels));
        check_ground(&shapes);
    }
}

static void
test_svg(void)
{
    static const uint32_t a = 0xff0000aa, b = 0xffbb0000;
    const uint32_t pixels[] = {a, b, a, 0, b, a};
    g_auto(CellShapes) shapes = {0};
    g_autoptr(GString) svg = g_string_new(NULL);
    moe__cell_shapes_init(&shapes, pixels, 3, 2);
    moe__cell_shapes_svg(&shapes, svg);
    g_assert_cmpstr(svg->str, ==,
                    "<path fill=\"#0000aa\" d=\"m0 0h3v1h-3m1 0h2v1h-2\"/>\n"
                    "<path fill=\"#bb0000\" d=\"m1 0h1v1h-1m0 0h1v1h-1\"/>\n");
}

static void
test_digits(void)
{
    static const int numbers[] = {0, 7, -7, 10, 4095, -12345, G_MAXINT, G_MININT};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        char digits[DIGITS + 1];
        *moe__digits_put(digits, numbers[i]) = 0;
        g_autofree char *expected = g_strdup_printf("%d", numbers[i]);
        g_assert_cmpstr(digits, ==, expected);
    }
}

/* --- PDF --------------------------------------------------------------------------------------*/

static int
count(const char *bytes, gsize n, const char *text)
{
    int found = 0;
    const char *end = bytes + n;
    for (const char *at = bytes; (at = memmem(at, (gsize)(end - at), text, strlen(text))); at++)
        found++;
    return found;
}

/* The objects stand where the table says they do. */
static void
check_table(const char *bytes, gsize n)
{
    const char *start = bytes + n;
    while (start > bytes && !g_str_has_prefix(start, "startxref\n"))
        start--;
    const char *table = bytes + g_ascii_strtoull(start + 10, NULL, 10);
    g_assert_true(g_str_has_prefix(table, "xref\n0 "));
    int objects = (int)g_ascii_strtoull(table + 7, NULL, 10);
    g_assert_cmpint(objects, >, 5);
    const char *entry = strchr(table + 7, '\n') + 1;
    for (int i = 1; i < objects; i++) {
        g_autofree char *head = g_strdup_printf("%d 0 obj", i);
        guint64 at = g_ascii_strtoull(entry + 20 * i, NULL, 10);
        g_assert_cmpuint(at, <, n);
        g_assert_true(g_str_has_prefix(bytes + at, head));
    }
}

static char *
save_grids(const char *name, int grids, int rows, gsize *n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeScene) scene = moe_scene_new("Grids");
    MoeAxis x = {.type = MOE_AXIS_BAND, .bands = 100}, y = {.type = MOE_AXIS_BAND, .bands = rows};
    g_autofree double *values = g_new(double, 100 * rows);
    for (int i = 0; i < 100 * rows; i++)
        values[i] = i % 7;
    MoeCells cells = {.rows = rows, .columns = 100, .values = values, .categories = 7};
    for (int i = 0; i < grids; i++)
        moe_scene_add_cells(scene, moe_scene_add_panel(scene, NULL, NULL, &x, &y), &cells);
    g_autofree char *folder = g_dir_make_tmp("moescope-XXXXXX", &error);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_assert_true(moe_scene_save(scene, path, 0, &error));
    char *bytes;
    g_assert_true(g_file_get_contents(path, &bytes, n, &error));
    g_unlink(path);
    g_rmdir(folder);
    return bytes;
}

/* One form a grid, and nothing left of what stood for it; few cells stay Cairo's. */
static void
test_pdf(void)
{
    gsize n, n_few;
    g_autofree char *bytes = save_grids("grids.pdf", 3, 40, &n);
    g_autofree char *few = save_grids("few.pdf", 1, 5, &n_few);
    g_assert_cmpint(count(bytes, n, "/Subtype /Form\n   /BBox [ 0 0 100 40 ]"), ==, 3);
    g_assert_cmpint(count(bytes, n, "/Subtype /Image"), ==, 0);
    check_table(bytes, n);
    g_assert_cmpint(count(few, n_few, "/Subtype /Form\n   /BBox [ 0 0 100"), ==, 0);
    check_table(few, n_few);
}

/* A file that isn't built as expected stays as it was. */
static void
test_pdf_of_others(void)
{
    const uint32_t pixels[] = {0xff000000, 0xffffffff};
    Item item = {.type = ITEM_IMAGE, .box = {0, 0, 10, 10}};
    item.image.pixels = (uint32_t *)pixels;
    item.image.columns = 2;
    item.image.rows = 1;
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(NULL, NULL, 20, 20);
    g_autoptr(PdfCells) cells = moe__pdf_cells_new(surface);
    cairo_t *cr = cairo_create(surface);
    g_assert_true(moe__pdf_cells_take(cr, &item));
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    static const char *const files[] = {
        "", "startxref\n", "startxref\n9999999999\n%%EOF\n",
        "xref\n0 2\n0000000000 65535 f \n0000000000 00000 n \nstartxref\n0\n%%EOF\n",
        "xref\n0 99\n0000000000 65535 f \nstartxref\n0\n%%EOF\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GByteArray) file = g_byte_array_new();
        g_byte_array_append(file, (const guint8 *)files[i], (guint)strlen(files[i]));
        g_assert_false(moe__pdf_cells_put(cells, file));
        g_assert_cmpmem(file->data, file->len, files[i], strlen(files[i]));
    }
}

/* So many grids that colours which stand for them would be one to Cairo, were they too alike. */
static void
test_eps(void)
{
    gsize n, n_few;
    g_autofree char *bytes = save_grids("grids.eps", 6, 40, &n);
    g_autofree char *few = save_grids("few.eps", 1, 5, &n_few);
    g_assert_cmpint(count(bytes, n, " ] concat\n/r { 1 rectfill } bind def\n"), ==, 6);
    g_assert_cmpint(count(bytes, n, " 0.317811 0.832043 rg"), ==, 0);
    g_assert_cmpint(count(bytes, n, "/ImageType"), ==, 0);
    g_assert_cmpint(count(few, n_few, "rectfill } bind"), ==, 0);
}

static void
test_eps_of_others(void)
{
    const uint32_t pixels[] = {0xff000000, 0xffffffff};
    Item item = {.type = ITEM_IMAGE, .box = {0, 0, 10, 10}};
    item.image.pixels = (uint32_t *)pixels;
    item.image.columns = 2;
    item.image.rows = 1;
    cairo_surface_t *surface = cairo_ps_surface_create_for_stream(NULL, NULL, 20, 20);
    g_autoptr(EpsCells) cells = moe__eps_cells_new(surface);
    cairo_t *cr = cairo_create(surface);
    g_assert_true(moe__eps_cells_take(cr, &item));
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
#define COLOUR "0.028657 0.317811 0.832043 rg\n"
    static const char *const files[] = {"", COLOUR, COLOUR "1 2 3 4 re", COLOUR "1 2 3 x re f\n",
                                        COLOUR "1 2 3 4 re S\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GByteArray) file = g_byte_array_new();
        g_byte_array_append(file, (const guint8 *)files[i], (guint)strlen(files[i]));
        g_assert_false(moe__eps_cells_put(cells, file));
        g_assert_cmpmem(file->data, file->len, files[i], strlen(files[i]));
    }
    g_autoptr(GByteArray) good = g_byte_array_new();
    static const char whole[] = "q\n" COLOUR "1 2 -3.5\n4 re f\nQ\n";
    g_byte_array_append(good, (const guint8 *)whole, sizeof(whole) - 1);
    g_assert_true(moe__eps_cells_put(cells, good));
    g_assert_cmpmem(good->data, 8, "q\ngsave\n", 8);
    g_assert_cmpmem(good->data + good->len - 11, 11, "grestore\nQ\n", 11);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cell-shapes/painted", test_painted);
    g_test_add_func("/cell-shapes/svg", test_svg);
    g_test_add_func("/cell-shapes/digits", test_digits);
    g_test_add_func("/cell-shapes/pdf", test_pdf);
    g_test_add_func("/cell-shapes/pdf-of-others", test_pdf_of_others);
    g_test_add_func("/cell-shapes/eps", test_eps);
    g_test_add_func("/cell-shapes/eps-of-others", test_eps_of_others);
    return g_test_run();
}
