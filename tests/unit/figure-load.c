/* SPDX-License-Identifier: MIT
 *
 * The figures of load: from counts, from traces, their options, the registry.
 */
#include "figure/figures.h"
#include "trace-sample.h"

#include <math.h>
#include <moescope/figure.h>
#include <moescope/summary.h>

/* Layers 3 and 5 with 4 and 2 experts. */
static const int64_t row_a[4] = {183, 317, 500, 0}, row_b[2] = {600, 400}, row_none[2] = {0, 0};
static const int64_t *const counts_all[2] = {row_a, row_b}, *const counts_some[2] = {row_a,
                                                                                     row_none};
static const int layers[2] = {3, 5}, experts[2] = {4, 2};
static const MoeLoadPanel panels[2] = {{"all", 500, 1000, counts_all},
                                       {"german", 500, 1000, counts_some}};
static const MoeLoad load = {"smoe", 2, layers, experts, 2, 2, panels};

static MoeScene *
scene_of(const char *assignment)
{
    g_autoptr(GError) error = NULL;
    const MoeFigure *figure = moe_figures_find("load", &error);
    g_assert_no_error(error);
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    g_assert_true(moe_figure_options_set(options, assignment, &error));
    MoeScene *scene = moe_figure_load_counts(&load, options, &error);
    g_assert_no_error(error);
    return scene;
}

/* Every distinct thing that is said about a cell, in order of place, for a panel. */
static GPtrArray *
words_of(MoeScene *scene, int panel, GArray *values)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    for (double y = 0.5; y < 300; y += 4) {
        for (double x = 0.5; x < 600; x += 4) {
            g_auto(MoeDatum) datum = {0};
            if (!moe_scene_pick(scene, 600, 300, x, y, &datum) || datum.panel != panel ||
                g_ptr_array_find_with_equal_func(found, datum.words, g_str_equal, NULL))
                continue;
            g_array_append_val(values, datum.value);
            g_ptr_array_add(found, g_steal_pointer(&datum.words));
        }
    }
    return found;
}

static void
check_norm(const char *norm, double second, double lowest)
{
    g_autofree char *assignment = g_strdup_printf("norm=%s", norm);
    g_autoptr(MoeScene) scene = scene_of(assignment);
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
    g_autoptr(GPtrArray) all = words_of(scene, 0, values);
    g_assert_cmpint(all->len, ==, 6); /* the short layer has no cells beyond its experts */
    g_assert_cmpstr(all->pdata[0], ==,
                    "layer 3, expert 0, all domains: 0.183 of picks (0.732\xc3\x97 uniform)");
    g_assert_cmpstr(all->pdata[5], ==,
                    "layer 5, expert 1, all domains: 0.400 of picks (0.800\xc3\x97 uniform)");
    g_assert_cmpfloat_with_epsilon(g_array_index(values, double, 1), second, 1e-12);
    g_assert_cmpfloat(g_array_index(values, double, 3), ==, lowest);
    g_array_set_size(values, 0);
    g_autoptr(GPtrArray) german = words_of(scene, 1, values);
    g_assert_cmpint(german->len, ==, 4); /* nothing was picked in layer 5 */
    g_assert_cmpstr(german->pdata[3], ==,
                    "layer 3, expert 3, domain german: 0 of picks (0\xc3\x97 uniform)");
}

static void
test_norms(void)
{
    check_norm("share", 0.317, 0);
    check_norm("relative", 1.268, 0);
    check_norm("log2", log2(1.268), -INFINITY);
}

static void
test_caption(void)
{
    g_autoptr(MoeScene) with = scene_of("caption=true"), without = scene_of("caption=false");
    g_autofree char *text = moe_scene_to_text(with), *bare = moe_scene_to_text(without);
    g_assert_nonnull(strstr(text, "Model smoe, k\xc2\xa0=\xc2\xa0"
                                  "2; T\xc2\xa0=\xc2\xa0"
                                  "500 tokens, "
                                  "N\xc2\xa0=\xc2\xa0"
                                  "1,000 picks a layer"));
    g_assert_null(strstr(bare, "caption"));
    g_assert_nonnull(strstr(text, "reference 0.25 \"1/4\""));
    g_assert_nonnull(strstr(text, "reference 0.5 \"1/2\""));
}

static void
test_empty(void)
{
    static const int64_t *const nothing[2] = {row_none, row_none};
    MoeLoadPanel panel = {"all", 0, 0, nothing};
    int two[2] = {2, 2};
    MoeLoad empty = {NULL, 2, layers, two, 2, 1, &panel};
    g_autoptr(GError) no_picks = NULL, no_layers = NULL;
    g_assert_null(moe_figure_load_counts(&empty, NULL, &no_picks));
    g_assert_error(no_picks, MOE_ERROR, MOE_ERROR_DATA);
    empty.layers = 0;
    g_assert_null(moe_figure_load_counts(&empty, NULL, &no_layers));
    g_assert_error(no_layers, MOE_ERROR, MOE_ERROR_DATA);
}

static void
test_options(void)
{
    static const char *const bad[] = {"norm=loud", "nrom=share", "norm", "caption=yes"};
    const MoeFigure *figure = moe_figures_find("load", NULL);
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(moe_figure_options_set(options, bad[i], &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_RECIPE);
        g_assert_true(g_str_has_prefix(error->message, "figure load: "));
        g_assert_cmpstr(moe_figure_options_text(options, "norm"), ==, "share");
    }
    g_assert_true(moe_figure_options_set(options, " norm = log2 ", NULL));
    g_assert_cmpint(moe_figure_options_choice(options, "norm"), ==, 2);
}

static void
test_registry(void)
{
    int n;
    const MoeFigure *const *figures = moe_figures_list(&n);
    g_assert_cmpint(n, >=, 3);
    for (int i = 0; i < n; i++)
        g_assert_true(moe_figures_find(figures[i]->name, NULL) == figures[i]);
    g_autoptr(GError) error = NULL;
    g_assert_null(moe_figures_find("laod", &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "load, activation"));
}

/* --- From a trace -----------------------------------------------------------------------------*/

typedef struct Fixture {
    char *folder, *path;
    MoeTrace *trace;
} Fixture;

static void
set_up(Fixture *f, gconstpointer batches)
{
    f->folder = g_dir_make_tmp("moescope-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "trace.npz", NULL);
    sample_write(f->path, 0, GPOINTER_TO_INT(batches), &sample_options);
    f->trace = sample_open(f->path);
}

static void
tear_down(Fixture *f, gconstpointer batches)
{
    moe_trace_free(f->trace);
    sample_remove_folder(f->folder);
    g_free(f->folder);
    g_free(f->path);
}

static char *
build_text(const Fixture *f, const char *name, const char *assignment, GError **error)
{
    const MoeFigure *figure = moe_figures_find(name, error);
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    g_assert_true(moe_figure_options_set(options, assignment, error));
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    moe_figure_input_add(input, f->trace, NULL, NULL);
    g_autoptr(MoeScene) scene = moe_figure_build(figure, input, options, error);
    return scene ? moe_scene_to_text(scene) : NULL;
}

/* Counts by hand what the figure shows of router 0. */
static void
test_trace(Fixture *f, gconstpointer batches)
{
    int count[8] = {0}, total = 0;
    for (int batch = 0; batch < GPOINTER_TO_INT(batches); batch++) {
        for (int row = 0; row < SAMPLE_ROWS; row++) {
            for (int slot = 0; slot < 2 && !sample_is_padding(row); slot++) {
                int expert = sample_expert(batch, 0, row, slot);
                if (expert < 0)
                    continue;
                count[expert]++;
                total++;
            }
        }
    }
    GString *expected = g_string_new("     ");
    for (int e = 0; e < 8; e++) {
        char number[32];
        g_ascii_formatd(number, sizeof number, "%.6g", (double)count[e] / total);
        g_string_append_printf(expected, " %s", number);
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *text = build_text(f, "load", "steps=all", &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(text, expected->str));
    g_assert_nonnull(strstr(text, "panel \"all\""));
    g_assert_nonnull(strstr(text, "panel \"code\""));
    g_assert_nonnull(strstr(text, "panel \"no domain\""));
    g_assert_nonnull(strstr(text, "Model made up, k varies; T"));
    g_string_free(expected, TRUE);
}

/* "loss" and "lr" hold 0.5 and 1.5 s in turn; see sample_append_state(). */
static void
test_series(Fixture *f, gconstpointer batches)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *all = build_text(f, "series", "points=20", &error);
    g_autofree char *few = build_text(f, "series", "points=10", &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(all, "panel \"training loss\"\n"));
    g_assert_nonnull(strstr(all, "panel \"learning rate\"\n"));
    g_assert_nonnull(strstr(all, "line 20 points"));
    g_assert_nonnull(strstr(all, "\n      7 10.5\n"));
    g_assert_nonnull(strstr(few, "line 10 points"));
    g_assert_nonnull(strstr(few, "\n      6.5 5.5\n")); /* the mean of 0.5 and 10.5 */
    g_assert_nonnull(strstr(few, "the mean of up to 2"));
}

/* Router 0 tells its scale, a quarter of the step, at 20 steps; see sample_append_measures(). */
static void
test_measures(Fixture *f, gconstpointer batches)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *all = build_text(f, "measures", "name=scale", &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(all, "panel \"layer 0\"\n"));
    g_assert_null(strstr(all, "panel \"layer 1\"\n"));
    g_assert_nonnull(strstr(all, "line 20 points, colour 0 \"layer 0, step {x}: scale {y}\""));
    g_assert_nonnull(strstr(all, "\n      7 1.75\n"));
    g_assert_nonnull(strstr(all, "of the recorded text by the model of the step"));
    static const char *const wrong[] = {"name=cosine", "name=scal", "name=", "caption=false"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) refused = NULL;
        g_assert_null(build_text(f, "measures", wrong[i], &refused));
        g_assert_error(refused, MOE_ERROR, MOE_ERROR_DATA);
        g_assert_nonnull(strstr(refused->message, "; the trace has: scale"));
    }
}

/* 10 batches, 20 steps: load of expert e at step s is 1000 s + e. */
static void
test_training(Fixture *f, gconstpointer batches)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *all = build_text(f, "load-over-training", "columns=20", &error);
    g_autofree char *few = build_text(f, "load-over-training", "columns=6", &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(all, "x 20 bands from 0 by 1: \"step\""));
    g_assert_nonnull(strstr(all, "cells 8 x 20 \"step {column}, expert {row}, layer 0: "));
    g_assert_nonnull(strstr(few, "x 5 bands from 0 by 4: \"step\""));
    g_assert_nonnull(strstr(few, "20 recorded steps, up to 4 brought together"));
    /* Expert 0 of 8 at steps 0 to 3: 6000 of 8 × 6000 + 4 × 28. */
    char share[32];
    g_autofree char *row = g_strdup_printf(
        "\n      %s ", g_ascii_formatd(share, sizeof share, "%.6g", 6000.0 / (8 * 6000 + 4 * 28)));
    g_assert_nonnull(strstr(few, row));
}

static void
test_no_state(void)
{
    g_autoptr(GError) error = NULL;
    Fixture f = {.folder = g_dir_make_tmp("moescope-XXXXXX", NULL)};
    f.path = g_build_filename(f.folder, "trace.npz", NULL);
    MoeTraceWriter *writer = sample_writer(f.path, &sample_options);
    sample_append(writer, 0);
    g_assert_true(moe_trace_writer_close(writer, NULL));
    f.trace = sample_open(f.path);
    g_assert_null(build_text(&f, "load-over-training", "columns=20", &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "state/step"));
    g_autoptr(GError) no_series = NULL;
    g_assert_null(build_text(&f, "series", "points=20", &no_series));
    g_assert_error(no_series, MOE_ERROR, MOE_ERROR_DATA);
    g_autoptr(GError) no_measure = NULL;
    g_assert_null(build_text(&f, "measures", "name=scale", &no_measure));
    g_assert_error(no_measure, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(no_measure->message, "the trace has no number that routers report"));
    tear_down(&f, NULL);
}

/* Layers and domains that are chosen are all that is shown; of a summary alone too. */
static void
test_chosen(Fixture *f, gconstpointer batches)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *layer = g_strdup_printf("layers=%d", sample_routers[1].layer);
    g_autofree char *text = build_text(f, "load", layer, &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(text, "cells 1 x "));
    g_autofree char *domain = g_strconcat("domains=", sample_domains[0], NULL);
    g_autofree char *panel = build_text(f, "load", domain, &error);
    g_assert_no_error(error);
    g_assert_null(strstr(panel, "panel \"all\""));

    g_autoptr(MoeSummary) summary = moe_summary_from_trace(f->trace, NULL, &error);
    const MoeFigure *figure = moe_figures_find("load", &error);
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    moe_figure_input_add(input, NULL, summary, "summary");
    g_autoptr(MoeScene) scene = moe_figure_build(figure, input, options, &error);
    g_assert_no_error(error);
    g_autofree char *csv = moe_scene_to_csv(scene);
    g_assert_true(g_str_has_prefix(csv, "panel,mark,series,row,column,x,y,"));
    g_assert_nonnull(strstr(csv, "\nall,cell,,"));

    moe_figure_input_add(input, NULL, summary, "second");
    g_assert_null(moe_figure_build(figure, input, options, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);
    g_assert_false(moe_figure_options_set(options, "layers=2-", &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_RECIPE);
    g_clear_error(&error);
    g_assert_false(moe_figure_options_set(options, "steps=first", &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_RECIPE);
}

/* Figures of one layer take layers, and those of several layer; not a list where one is wanted. */
static void
test_either_name(void)
{
    g_autoptr(GError) error = NULL;
    const MoeFigure *one = moe_figures_find("text", NULL), *many = moe_figures_find("load", NULL);
    g_autoptr(MoeFigureOptions) single = moe_figure_options_new(one);
    g_autoptr(MoeFigureOptions) several = moe_figure_options_new(many);
    g_assert_true(moe_figure_options_set(single, "layers=7", &error));
    g_assert_cmpfloat(moe_figure_options_real(single, "layer"), ==, 7);
    g_assert_true(moe_figure_options_set(several, "layer=3", &error));
    g_assert_true(moe_figure_options_set(several, "expert=5", &error));
    g_assert_cmpstr(moe_figure_options_text(several, "layers"), ==, "3");
    g_assert_cmpstr(moe_figure_options_text(several, "experts"), ==, "5");
    g_assert_false(moe_figure_options_set(single, "layers=1-4", &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_RECIPE);
    g_assert_false(moe_figure_options_has(single, "layers"));
}

static bool
stop(int64_t done, int64_t total, const char *what, void *user)
{
    g_assert_cmpstr(what, ==, "counting picks");
    return false;
}

/* Whoever watches the counting may stop it. */
static void
test_stopped(Fixture *f, gconstpointer batches)
{
    static const MoeProgress progress = {.func = stop};
    g_autoptr(GError) error = NULL;
    const MoeFigure *figure = moe_figures_find("load", &error);
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    moe_figure_input_add(input, f->trace, NULL, "trace");
    moe_figure_input_set_progress(input, &progress);
    g_assert_null(moe_figure_build(figure, input, options, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
    moe_figure_input_set_progress(input, NULL);
    g_autoptr(GError) other = NULL;
    g_autoptr(MoeScene) scene G_GNUC_UNUSED = moe_figure_build(figure, input, options, &other);
    g_assert_no_error(other);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe__figure_register();
    g_test_add_func("/figure-load/norms", test_norms);
    g_test_add_func("/figure-load/caption", test_caption);
    g_test_add_func("/figure-load/empty", test_empty);
    g_test_add_func("/figure-load/options", test_options);
    g_test_add_func("/figure-load/registry", test_registry);
    gpointer ten = GINT_TO_POINTER(10);
    g_test_add("/figure-load/trace", Fixture, ten, set_up, test_trace, tear_down);
    g_test_add("/figure-load/training", Fixture, ten, set_up, test_training, tear_down);
    g_test_add("/figure-load/series", Fixture, ten, set_up, test_series, tear_down);
    g_test_add("/figure-load/measures", Fixture, ten, set_up, test_measures, tear_down);
    g_test_add("/figure-load/chosen", Fixture, ten, set_up, test_chosen, tear_down);
    g_test_add("/figure-load/stopped", Fixture, ten, set_up, test_stopped, tear_down);
    g_test_add_func("/figure-load/either-name", test_either_name);
    g_test_add_func("/figure-load/no-state", test_no_state);
    return g_test_run();
}
