/* SPDX-License-Identifier: MIT
 *
 * Losses of runs that have no trace, out of their folders.
 */
#include "figure/run-log.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct Fixture {
    char *folder, *log, *recipe;
} Fixture;

static void
setup(Fixture *f, gconstpointer data)
{
    f->folder = g_dir_make_tmp("moescope-XXXXXX", NULL);
    f->log = g_build_filename(f->folder, "metrics.jsonl", NULL);
    f->recipe = g_build_filename(f->folder, "recipe.ini", NULL);
}

static void
teardown(Fixture *f, gconstpointer data)
{
    g_unlink(f->log);
    g_unlink(f->recipe);
    g_rmdir(f->folder);
    g_free(f->folder);
    g_free(f->log);
    g_free(f->recipe);
}

static void
write_log(Fixture *f, const char *text)
{
    g_assert_true(g_file_set_contents(f->log, text, -1, NULL));
}

/* Steps made twice count once; a line that was cut off doesn't. */
static void
test_read(Fixture *f, gconstpointer data)
{
    static const double expected[] = {1, 5.5, 2, 4.25, 3, 3};
    g_autoptr(GError) error = NULL;
    int64_t n;
    write_log(f, "{\"step\": 1, \"loss\": 5.5}\n{\"step\": 2, \"loss\": 5}\n\n"
                 "{\"step\": 3, \"loss\": 4.5}\n{\"step\": 2, \"loss\": 4.25}\n"
                 "{\"step\": 2, \"validation_loss\": 7}\n{\"step\": 3, \"loss\": 3}\n"
                 "{\"step\": 4, \"lo");
    g_autofree double *pairs = moe__run_log_read(f->folder, "loss", &n, &error);
    g_assert_no_error(error);
    g_assert_cmpint(n, ==, 3);
    g_assert_cmpmem(pairs, sizeof(double) * 6, expected, sizeof(expected));
}

static void
test_errors(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *log, *says;
    } cases[] = {
        {"{\"step\": 1, \"loss\": 5.5, \"lr\": 1}\n", "has no series \"other\"; it has: loss"},
        {"", "it has: none"},
        {"{\"step\": 1}\nnonsense\n", "metrics.jsonl: line 2: not JSON"},
        {"[1]\n", "line 1: a JSON object was expected"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        int64_t n;
        write_log(f, cases[i].log);
        g_assert_null(moe__run_log_read(f->folder, "other", &n, &error));
        g_assert_nonnull(strstr(error->message, cases[i].says));
    }
}

/* As a figure: a run's log where there is no trace, which other figures miss. */
static void
test_figure(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL, missing = NULL;
    write_log(f, "{\"step\": 1, \"loss\": 5.5}\n{\"step\": 2, \"loss\": 5}\n");
    g_assert_true(g_file_set_contents(f->recipe,
                                      "[moe]\nvariant = dense\n[train]\nbatch = 4\n"
                                      "length = 8\n",
                                      -1, NULL));
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    g_assert_true(moe_figure_input_open(input, f->folder, "twin", &error));
    const MoeFigure *losses = moe_figures_find("losses", &error);
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(losses);
    g_assert_true(moe_figure_options_set(options, "x=tokens", &error));
    g_autoptr(MoeScene) scene = moe_figure_build(losses, input, options, &error);
    g_assert_no_error(error);
    g_autofree char *text = moe_scene_to_text(scene);
    g_assert_nonnull(strstr(text, "Model dense"));
    g_assert_nonnull(strstr(text, "32 5.5"));
    const MoeFigure *load = moe_figures_find("load", &error);
    g_autoptr(MoeFigureOptions) usual = moe_figure_options_new(load);
    g_assert_null(moe_figure_build(load, input, usual, &missing));
    g_assert_error(missing, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(missing->message, "twin is a run without trace.npz"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add("/run-log/read", Fixture, NULL, setup, test_read, teardown);
    g_test_add("/run-log/errors", Fixture, NULL, setup, test_errors, teardown);
    g_test_add("/run-log/figure", Fixture, NULL, setup, test_figure, teardown);
    return g_test_run();
}
