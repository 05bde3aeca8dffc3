/* SPDX-License-Identifier: MIT
 *
 * How long figures take in a process that has drawn before: from the numbers to the file, at
 * 2000 × 1000 pixels. One line a figure and format, as run.sh says; medians.
 *
 *   bench-figures FOLDER      where the figures are left
 */
#include <moescope/figure.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 21, EXPERTS = 64 };

typedef struct Grid {
    const char *name;
    int rows, columns, categories;
} Grid;

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Numbers that look random, the same in every run. */
static double *
made_up(const Grid *grid)
{
    size_t n = (size_t)grid->rows * (size_t)grid->columns;
    double *values = g_new(double, n);
    uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = grid->categories > 0 ? (state >> 8) % EXPERTS : (state >> 8) / 16777216.0;
    }
    return values;
}

static bool
draw(const Grid *grid, const double *values, const char *path, GError **error)
{
    g_autoptr(MoeScene) scene = moe_scene_new(grid->name);
    MoeAxis x = {.type = MOE_AXIS_BAND, .bands = grid->columns, .label = "expert"};
    MoeAxis y = {.type = MOE_AXIS_BAND, .bands = grid->rows, .label = "layer"};
    MoeCells cells = {.rows = grid->rows,
                      .columns = grid->columns,
                      .values = values,
                      .categories = grid->categories};
    if (!moe_scene_set_theme(scene, "screen", error))
        return false;
    moe_scene_set_size(scene, 254, 127);
    moe_scene_set_colour_scale(scene, &(MoeColourScale){.max = 1, .label = "share"});
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, grid->name, NULL, &x, &y), &cells);
    return moe_scene_save(scene, path, 200, error);
}

static bool
measure(const Grid *grid, const char *format, const char *folder, GError **error)
{
    double milliseconds[RUNS];
    g_autofree double *values = made_up(grid);
    g_autofree char *path = g_strdup_printf("%s/warm-%s.%s", folder, grid->name, format);
    for (int run = -1; run < RUNS; run++) { /* the first one warms up */
        gint64 start = g_get_monotonic_time();
        if (!draw(grid, values, path, error))
            return false;
        if (run >= 0)
            milliseconds[run] = (double)(g_get_monotonic_time() - start) / 1e3;
    }
    qsort(milliseconds, RUNS, sizeof(*milliseconds), compare);
    printf("%s.%s\t%.4g\n", grid->name, format, milliseconds[RUNS / 2]);
    return true;
}

int
main(int argc, char **argv)
{
    static const Grid grids[] = {
        {"heat", 16, EXPERTS, 0}, {"matrix", EXPERTS, EXPERTS, 0}, {"map", 16, 4096, EXPERTS}};
    static const char *const formats[] = {"png", "pdf", "svg"};
    g_autoptr(GError) error = NULL;
    if (argc != 2) {
        fputs("usage: bench-figures FOLDER\n", stderr);
        return 2;
    }
    moe_init();
    for (size_t g = 0; g < G_N_ELEMENTS(grids); g++)
        for (size_t f = 0; f < G_N_ELEMENTS(formats); f++)
            if (!measure(&grids[g], formats[f], argv[1], &error)) {
                fprintf(stderr, "bench-figures: %s\n", error->message);
                return 1;
            }
    return 0;
}
