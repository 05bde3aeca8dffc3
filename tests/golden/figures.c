/* SPDX-License-Identifier: MIT
 *
 * Golden figures: scenes as text, a few as pictures, and what the vector files hold.
 */
#include "figure/figures.h"
#include "golden-figures.h"

#include <glib/gstdio.h>
#include <math.h>
#include <moescope/figure.h>

enum { LAYERS = 4, EXPERTS = 8, PANELS = 4, PICKS = 24000, STEPS = 120 };

static char *folder;

/* --- Made-up routing --------------------------------------------------------------------------*/

/* Deeper layers specialise more; each domain prefers experts of its own. */
static double
weight(int panel, int layer, int expert)
{
    double taste = sin(1.3 * panel * panel + 1.7 * layer + 2.9 * expert + expert * layer);
    return exp((0.3 + 0.35 * layer) * taste);
}

static void
fill(int64_t *counts, int panel, int layer)
{
    double sum = 0;
    for (int e = 0; e < EXPERTS; e++)
        sum += weight(panel, layer, e);
    for (int e = 0; e < EXPERTS; e++)
        counts[e] = (int64_t)lround(PICKS * weight(panel, layer, e) / sum);
    if (panel == 2 && layer == 3)
        counts[5] = 0;
    int64_t rest = PICKS;
    for (int e = 0; e < EXPERTS; e++)
        rest -= counts[e];
    counts[0] += rest;
}

static MoeScene *
load_scene(const char *assignment)
{
    static const char *const names[PANELS] = {"all", "arithmetic", "dialogue", "german"};
    static const int layers[LAYERS] = {0, 1, 2, 3}, experts[LAYERS] = {8, 8, 8, 8};
    static int64_t counts[PANELS][LAYERS][EXPERTS];
    const int64_t *rows[PANELS][LAYERS];
    MoeLoadPanel panels[PANELS];
    memset(counts, 0, sizeof(counts));
    for (int p = 1; p <= PANELS; p++) {
        int panel = p % PANELS; /* "all" last: the sum of the others */
        for (int l = 0; l < LAYERS; l++) {
            rows[panel][l] = counts[panel][l];
            if (panel > 0)
                fill(counts[panel][l], panel, l);
            for (int e = 0; e < EXPERTS && panel > 0; e++)
                counts[0][l][e] += counts[panel][l][e];
        }
        int parts = panel > 0 ? 1 : PANELS - 1;
        panels[panel] = (MoeLoadPanel){names[panel], parts * PICKS / 2, parts * PICKS, rows[panel]};
    }
    MoeLoad load = {"smoe", LAYERS, layers, experts, 2, PANELS, panels};
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(moe_figures_find("load", &error));
    g_assert_true(moe_figure_options_set(options, assignment, &error));
    MoeScene *scene = moe_figure_load_counts(&load, options, &error);
    g_assert_no_error(error);
    return scene;
}

/* Layer 0 evens out, layer 1 collapses onto two experts. */
static void
write_training(const char *path)
{
    static const MoeRouterInfo routers[2] = {
        {.layer = 0,
         .experts = EXPERTS,
         .k = 2,
         .units_per_token = 1,
         .score = (char *)"linear",
         .select = (char *)"topk",
         .gate = (char *)"softmax"},
        {.layer = 1,
         .experts = EXPERTS,
         .k = 2,
         .units_per_token = 1,
         .score = (char *)"linear",
         .select = (char *)"topk",
         .gate = (char *)"softmax"},
    };
    g_autoptr(GError) error = NULL;
    g_autofree char *meta = moe_trace_meta(routers, 2, NULL, 0, "{\"model\": \"smoe\"}");
    MoeTraceWriter *writer =
        moe_trace_writer_new(path, meta, routers, 2, &(MoeTraceOptions){0}, &error);
    g_assert_no_error(error);
    for (int i = 0; i < STEPS; i++) {
        int64_t load[2][EXPERTS], dropped[EXPERTS] = {0};
        double along = i / (STEPS - 1.0);
        for (int e = 0; e < EXPERTS; e++) {
            double wobble = 0.12 * sin(0.9 * i + 2 * e);
            load[0][e] = lround(1000 * exp((1 - along) * sin(3.1 * e) + wobble));
            load[1][e] = lround(1000 * exp(3 * along * sin(2.3 * e + 1) + wobble));
        }
        double noise = 0.05 * sin(12.9898 * i * i);
        double loss = 1.1 + 2.2 * exp(-4 * along) + noise, rate = 1e-3 * (0.1 + 0.9 * (1 - along));
        g_assert_true(moe_trace_writer_series(writer, "loss", 10 * i, loss, &error));
        g_assert_true(moe_trace_writer_series(writer, "lr", 10 * i, rate, &error));
        float spread[2] = {(float)(0.3 + along + 0.02 * sin(1.7 * i)), (float)(0.3 + 0.2 * along)};
        float collapse = i % 40 == 20 ? NAN : (float)(9 - 4 * along);
        for (int r = 0; r < 2; r++) {
            g_assert_true(moe_trace_writer_measure(writer, r, "train.logit_std", 10 * i, 0, NULL,
                                                   &spread[r], &error));
            if (r == 1 && i % 20 == 0)
                g_assert_true(moe_trace_writer_measure(writer, r, "representation_collapse", 10 * i,
                                                       0, NULL, &collapse, &error));
        }
        MoeTraceState states[2] = {{load[0], dropped, NULL}, {load[1], dropped, NULL}};
        g_assert_true(moe_trace_writer_state(writer, 10 * i, states, &error));
    }
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_assert_no_error(error);
}

/* Loads of made-up counts; the rest of a trace of training. */
static MoeScene *
build(const GoldenFigure *golden, GError **error)
{
    if (g_str_equal(golden->figure, "load"))
        return load_scene(golden->assignments);
    g_autofree char *path = g_build_filename(folder, "training.npz", NULL);
    write_training(path);
    g_autoptr(MoeTrace) trace = moe_trace_open(path, error);
    g_assert_nonnull(trace);
    g_unlink(path);
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    moe_figure_input_add(input, trace, NULL, NULL);
    return golden_figure_build(golden, input, error);
}

/* --- Tests ------------------------------------------------------------------------------------*/

static const GoldenFigure goldens[] = {
    {"load-share", "load", "norm=share", "paper-column"},
    {"load-relative", "load", "norm=relative", NULL},
    {"load-log2", "load", "norm=log2", "dark"},
    {"load-over-training", "load-over-training", "norm=share", "paper-full"},
    {"load-over-training-binned", "load-over-training", "columns=20", NULL},
    {"load-at-step", "load-at-step", "step=7", "paper-column"},
    {"load-at-step-last", "load-at-step", "norm=log2", NULL},
    {"series", "series", "points=1000", "paper-column"},
    {"measures", "measures", "name=train.logit_std", "paper-full"},
    {"measures-binned", "measures", "points=10", NULL},
    {"measures-of-one", "measures", "name=representation_collapse", NULL},
};

static char *
saved(const char *ending)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeScene) scene = load_scene("norm=share");
    char *path = g_strdup_printf("%s/load.%s", folder, ending);
    g_assert_true(moe_scene_save(scene, path, 0, &error));
    g_assert_no_error(error);
    return path;
}

/* Text is text, every cell a rectangle of its own, and the XML holds together. */
static void
test_svg(void)
{
    g_autofree char *path = saved("svg"), *svg = NULL;
    g_assert_true(g_file_get_contents(path, &svg, NULL, NULL));
    g_unlink(path);
    g_assert_nonnull(strstr(svg, ">arithmetic</text>"));
    g_assert_nonnull(strstr(svg, ">share of picks</text>"));
    g_assert_nonnull(strstr(svg, "T = 36,000"));
    int rects = 0;
    for (const char *at = svg; (at = strstr(at, "<rect")); at++)
        rects++;
    g_assert_cmpint(rects, >=, PANELS * LAYERS * EXPERTS);
    static const GMarkupParser nothing = {0};
    g_autoptr(GError) error = NULL;
    GMarkupParseContext *parser = g_markup_parse_context_new(&nothing, 0, NULL, NULL);
    g_markup_parse_context_parse(parser, svg, -1, &error);
    g_assert_no_error(error);
    g_assert_true(g_markup_parse_context_end_parse(parser, &error));
    g_markup_parse_context_free(parser);
}

static void
test_pdf(void)
{
    g_autofree char *program = g_find_program_in_path("pdftotext");
    if (!program) {
        g_test_skip("pdftotext (poppler-utils) is missing");
        return;
    }
    g_autofree char *path = saved("pdf"), *text = NULL;
    g_autoptr(GError) error = NULL;
    char *arguments[] = {program, path, (char *)"-", NULL};
    int status;
    g_assert_true(g_spawn_sync(NULL, arguments, NULL, 0, NULL, NULL, &text, NULL, &status, &error));
    g_assert_true(g_spawn_check_wait_status(status, &error));
    g_unlink(path);
    g_assert_nonnull(strstr(text, "arithmetic"));
    g_assert_nonnull(strstr(text, "uniform"));
    g_assert_nonnull(strstr(text, "T = 36,000"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe__figure_register();
    folder = g_dir_make_tmp("moescope-XXXXXX", NULL);
    golden_figures_add("/golden", goldens, G_N_ELEMENTS(goldens), build, folder);
    g_test_add_func("/golden/svg", test_svg);
    g_test_add_func("/golden/pdf", test_pdf);
    int failed = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return failed;
}
