/* SPDX-License-Identifier: MIT
 *
 * The figure of one token: probabilities of all experts where logits were recorded, else the gates
 * of the picks.
 */
#include "trace-sample.h"

#include <math.h>
#include <moescope/figure.h>
#include <string.h>

enum { ROUTER = 0, TOKEN = 16 }; /* the third token of the second batch: of 14 that count, row 2 */

static char *folder;

static MoeTrace *
trace_of(const char *name, bool logits)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    MoeTraceOptions options = sample_options;
    options.logits = logits;
    sample_write(path, 0, 3, &options);
    return sample_open(path);
}

/* The numbers of the figure as CSV; NULL with an error. */
static char *
numbers_of(const MoeTrace *trace, const char *const *settings, GError **error)
{
    const MoeFigure *figure = moe_figures_find("token-scores", NULL);
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    moe_figure_input_add(input, trace, NULL, "sample");
    for (; *settings; settings++)
        g_assert_true(moe_figure_options_set(options, *settings, NULL));
    g_autoptr(MoeScene) scene = moe_figure_build(figure, input, options, error);
    return scene ? moe_scene_to_csv(scene) : NULL;
}

/* The bar of an expert; NaN: it has none. */
static double
value_of(const char *csv, int expert)
{
    g_auto(GStrv) lines = g_strsplit(csv, "\n", -1);
    g_autofree char *column = g_strdup_printf("%d", expert);
    for (char **line = lines; *line; line++) {
        const char *bar = strstr(*line, ",bar,"); /* a title may have commas */
        g_auto(GStrv) parts = g_strsplit(bar ? bar + 1 : "", ",", -1);
        if (bar && g_str_equal(parts[3], column) && *parts[8])
            return g_ascii_strtod(parts[8], NULL);
    }
    return NAN;
}

static const char *const settings[] = {"token=16", "layer=0", NULL};

/* Logits of a unit fall by one from expert to expert. */
static void
test_logits(void)
{
    g_autoptr(MoeTrace) trace = trace_of("logits.npz", true);
    g_autoptr(GError) error = NULL;
    g_autofree char *csv = numbers_of(trace, settings, &error);
    g_assert_no_error(error);
    int experts = sample_routers[ROUTER].experts;
    double sum = 0;
    for (int e = 0; e < experts; e++)
        sum += exp(-e);
    for (int e = 0; e < experts; e++)
        g_assert_cmpfloat_with_epsilon(value_of(csv, e), exp(-e) / sum, 1e-6);
    g_assert_nonnull(strstr(csv, "not picked"));
    g_assert_nonnull(strstr(csv, "uniform"));
}

static void
test_gates(void)
{
    g_autoptr(MoeTrace) trace = trace_of("gates.npz", false);
    g_autoptr(GError) error = NULL;
    g_autofree char *csv = numbers_of(trace, settings, &error);
    g_assert_no_error(error);
    g_assert_cmpfloat(value_of(csv, sample_expert(1, ROUTER, 2, 0)), ==,
                      (double)sample_gate(1, ROUTER, 2, 0));
    g_assert_true(isnan(value_of(csv, sample_expert(1, ROUTER, 2, 0) ^ 1)));
    g_assert_null(strstr(csv, "not picked"));
}

static void
test_refused(void)
{
    static const char *const behind[] = {"token=42", NULL}, *const no_layer[] = {"layer=77", NULL};
    g_autoptr(MoeTrace) trace = trace_of("refused.npz", true);
    g_autoptr(GError) error = NULL;
    g_assert_null(numbers_of(trace, behind, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "token=42"));
    g_clear_error(&error);
    g_assert_null(numbers_of(trace, no_layer, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    folder = g_dir_make_tmp("moescope-figure-token-XXXXXX", NULL);
    g_test_add_func("/figure-token/logits", test_logits);
    g_test_add_func("/figure-token/gates", test_gates);
    g_test_add_func("/figure-token/refused", test_refused);
    int status = g_test_run();
    sample_remove_folder(folder);
    return status;
}
