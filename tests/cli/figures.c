/* SPDX-License-Identifier: MIT
 *
 * moescope figures, and whether others can read what plot writes: librsvg, poppler, Ghostscript.
 */
#include "place.h"
#include "run.h"
#include "tool.h"

#include <stdio.h>
#include <string.h>

static void
test_list(void)
{
    g_auto(Run) list = run_moescope("figures", NULL);
    run_expect(&list, 0, "\ncoactivation ", "");
    run_expect(&list, 0, " trace or summary, 2 of them ", "");
    run_expect(&list, 0, " trace of a run ", "");
    g_auto(Run) load = run_moescope("figures", "load", NULL);
    run_expect(&load, 0, "load: heat map of layer by expert", "");
    run_expect(&load, 0, "\nneeds: trace or summary\n", "");
    run_expect(&load, 0, "\n  --set norm=share\n", "");
    run_expect(&load, 0, "(share | relative | log2)\n", "");
    g_auto(Run) none = run_moescope("figures", "laod", NULL);
    run_expect(&none, 1, "", "figure \"laod\": there is no such figure; known: load");
}

static void
plot(const char *file)
{
    g_auto(Run) run = run_moescope("plot", "load", "made.npz", "--out", file, NULL);
    run_expect(&run, 0, "", "");
}

/* Two figures of one trace are the same file. */
static void
test_same(void)
{
    static const char *const endings[] = {"png", "svg", "pdf", "eps"};
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *first = g_strdup_printf("first.%s", endings[i]);
        g_autofree char *second = g_strdup_printf("second.%s", endings[i]);
        plot(first);
        plot(second);
        place_expect_same(first, second);
    }
}

/* A picture of so many pixels. */
static void
test_size(void)
{
    g_autofree char *bytes = NULL;
    g_auto(Run) run = run_moescope("plot", "load", "made.npz", "--size", "1200x500px", "--dpi",
                                   "200", "--out", "size.png", NULL);
    run_expect(&run, 0, "", "");
    g_assert_true(g_file_get_contents("size.png", &bytes, NULL, NULL));
    g_assert_cmpmem(bytes + 16, 8, "\0\0\x04\xb0\0\0\x01\xf4", 8);
    g_auto(Run) page =
        run_moescope("plot", "load", "made.npz", "--size", "100x50", "--out", "size.svg", NULL);
    run_expect(&page, 0, "", "");
    g_autofree char *svg = NULL;
    g_assert_true(g_file_get_contents("size.svg", &svg, NULL, NULL));
    g_assert_nonnull(strstr(svg, " width=\"283.465pt\" height=\"141.732pt\""));
}

static void
test_svg(void)
{
    g_autofree char *svg = NULL;
    if (!tool_there("rsvg-convert"))
        return;
    plot("f.svg");
    g_auto(Run) run = tool_run("rsvg-convert", "f.svg", "--output", "from-svg.png", NULL);
    run_expect(&run, 0, "", "");
    place_expect_begins("from-svg.png", "\x89PNG");
    g_assert_true(g_file_get_contents("f.svg", &svg, NULL, NULL));
    g_assert_nonnull(strstr(svg, ">expert</text>"));
}

/* Fonts are embedded, and texts can be searched for. */
static void
test_pdf(void)
{
    if (!tool_there("pdffonts") || !tool_there("pdftotext"))
        return;
    plot("f.pdf");
    g_auto(Run) fonts = tool_run("pdffonts", "f.pdf", NULL);
    run_expect(&fonts, 0, "DejaVuSans", "");
    g_auto(GStrv) lines = g_strsplit(g_strchomp(fonts.out), "\n", -1);
    for (char **line = lines + 2; *line; line++)
        g_assert_true(g_regex_match_simple(" yes +yes +yes +\\d+ +\\d+$", *line, 0, 0));
    g_auto(Run) text = tool_run("pdftotext", "f.pdf", "-", NULL);
    run_expect(&text, 0, "share of picks", "");
    run_expect(&text, 0, "Share of each layer\xe2\x80\x99s picks that an expert receives", "");
}

/* Thousands of small cells are shapes in files of vectors, which others draw without complaint, in
 * all of their colours. */
static void
test_many_cells(void)
{
    static const char *const files[] = {"many.svg", "many.pdf", "many.eps", "many.png"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_auto(Run) run =
            run_moescope("plot", "token-map", "made.npz", "--set", "tokens=2000", "--set",
                         "columns=2000", "--set", "document=-2", "--out", files[i], NULL);
        run_expect(&run, 0, "", "");
    }
    g_autofree char *svg = NULL;
    g_assert_true(g_file_get_contents("many.svg", &svg, NULL, NULL));
    g_assert_nonnull(strstr(svg, "<g shape-rendering=\"crispEdges\" transform=\"translate("));
    g_assert_null(strstr(svg, "<image"));
    if (!tool_there("gs") || !tool_there("rsvg-convert") || !tool_there("pdfimages"))
        return;
    g_auto(Run) gs = tool_run("gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-dPDFSTOPONERROR",
                              "-sDEVICE=nullpage", "many.pdf", NULL);
    run_expect(&gs, 0, "", "");
    g_assert_cmpstr(gs.err, ==, "");
    g_auto(Run) images = tool_run("pdfimages", "-list", "many.pdf", NULL);
    run_expect(&images, 0, "page", "");
    g_assert_null(strstr(images.out, " image "));
    g_auto(Run) rsvg = tool_run("rsvg-convert", "many.svg", "--output", "from-many.png", NULL);
    run_expect(&rsvg, 0, "", "");
    place_expect_begins("from-many.png", "\x89PNG");
}

static void
test_eps(void)
{
    g_autofree char *eps = NULL;
    plot("f.eps");
    g_assert_true(g_file_get_contents("f.eps", &eps, NULL, NULL));
    g_assert_null(strstr(eps, "CreationDate"));
    g_assert_nonnull(strstr(eps, "\n%%BoundingBox: "));
    if (!tool_there("gs"))
        return;
    g_auto(Run) run = tool_run("gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-sDEVICE=txtwrite",
                               "-sOutputFile=-", "f.eps", NULL);
    run_expect(&run, 0, "expert", "");
}

/* How many pixels are in colour where ghostscript draws the file. */
static int
coloured_in(const char *file)
{
    g_autofree char *bytes = NULL;
    gsize n;
    int coloured = 0;
    g_auto(Run) gs = tool_run("gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-dEPSCrop",
                              "-sDEVICE=ppmraw", "-r144", "-sOutputFile=gs.ppm", file, NULL);
    run_expect(&gs, 0, "", "");
    g_assert_cmpstr(gs.out, ==, "");
    g_assert_cmpstr(gs.err, ==, "");
    g_assert_true(g_file_get_contents("gs.ppm", &bytes, &n, NULL));
    const guint8 *pixel = (const guint8 *)bytes + n % 3;
    for (gsize i = 0; i + 3 <= n; i += 3, pixel += 3)
        coloured += ABS(pixel[0] - pixel[1]) > 40 || ABS(pixel[1] - pixel[2]) > 40;
    return coloured;
}

/* Ghostscript draws as many coloured cells as in a PDF, within the box that the file says. */
static void
test_many_cells_eps(void)
{
    if (!tool_there("gs"))
        return;
    int eps = coloured_in("many.eps"), pdf = coloured_in("many.pdf");
    g_assert_cmpint(pdf, >, 20000);
    g_assert_cmpint(ABS(eps - pdf), <, pdf / 20);
    g_auto(Run) box =
        tool_run("gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-sDEVICE=bbox", "many.eps", NULL);
    int said[4], drawn[4];
    g_autofree char *words = NULL;
    g_assert_true(g_file_get_contents("many.eps", &words, NULL, NULL));
    g_assert_cmpint(sscanf(strstr(words, "%%BoundingBox:"), "%%%%BoundingBox: %d %d %d %d",
                           &said[0], &said[1], &said[2], &said[3]),
                    ==, 4);
    g_assert_cmpint(
        sscanf(box.err, "%%%%BoundingBox: %d %d %d %d", &drawn[0], &drawn[1], &drawn[2], &drawn[3]),
        ==, 4);
    for (int i = 0; i < 4; i++)
        g_assert_cmpint(i < 2 ? drawn[i] - said[i] : said[i] - drawn[i], >=, 0);
    g_assert_cmpint(said[2] - drawn[2], <, 12); /* and not much more than that */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    place_enter();
    g_auto(Run) made = run_moescope("trace", "synth", "--tokens", "2000", "--routers", "3",
                                    "--experts", "8", "--k", "2", "--out", "made.npz", NULL);
    run_expect(&made, 0, "made.npz: ", "");
    g_test_add_func("/figures/list", test_list);
    g_test_add_func("/figures/same", test_same);
    g_test_add_func("/figures/size", test_size);
    g_test_add_func("/figures/svg", test_svg);
    g_test_add_func("/figures/pdf", test_pdf);
    g_test_add_func("/figures/many-cells", test_many_cells);
    g_test_add_func("/figures/many-cells-eps", test_many_cells_eps);
    g_test_add_func("/figures/eps", test_eps);
    int status = g_test_run();
    place_leave();
    return status;
}
