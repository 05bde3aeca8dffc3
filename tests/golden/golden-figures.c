/* SPDX-License-Identifier: MIT */
#include "golden-figures.h"
#include "golden.h"

#include <glib/gstdio.h>
#include <string.h>

/* A line of a table, with what its test needs. */
typedef struct Case {
    const GoldenFigure *golden;
    GoldenBuild build;
    const char *folder;
} Case;

static MoeScene *
built(const Case *one)
{
    g_autoptr(GError) error = NULL;
    MoeScene *scene = one->build(one->golden, &error);
    g_assert_no_error(error);
    return scene;
}

static void
test_text(gconstpointer data)
{
    const Case *one = data;
    g_autoptr(MoeScene) scene = built(one);
    g_autofree char *name = g_strconcat(one->golden->name, ".txt", NULL);
    g_autofree char *text = moe_scene_to_text(scene);
    golden_check_text(name, text);
}

static void
test_picture(gconstpointer data)
{
    const Case *one = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeScene) scene = built(one);
    g_autofree char *name = g_strconcat(one->golden->name, ".png", NULL);
    g_autofree char *path = g_build_filename(one->folder, name, NULL);
    g_assert_true(moe_scene_set_theme(scene, one->golden->theme, &error));
    g_assert_true(moe_scene_save(scene, path, 120, &error));
    g_assert_no_error(error);
    golden_check_png(name, path);
    g_unlink(path);
}

static void
test_missing(gconstpointer data)
{
    const Case *one = data;
    g_autoptr(GError) error = NULL;
    g_assert_null(one->build(one->golden, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    if (!strstr(error->message, one->golden->name))
        g_test_fail_printf("%s: found \"%s\", expected \"%s\"", one->golden->figure, error->message,
                           one->golden->name);
}

static void
add(char *path, const GoldenFigure *golden, GoldenBuild build, const char *folder,
    GTestDataFunc test)
{
    Case *one = g_new(Case, 1);
    *one = (Case){golden, build, folder};
    g_test_add_data_func_full(path, one, test, g_free);
    g_free(path);
}

void
golden_figures_add(const char *group, const GoldenFigure *table, size_t n, GoldenBuild build,
                   const char *folder)
{
    for (size_t i = 0; i < n; i++) {
        const char *name = table[i].name;
        add(g_strdup_printf("%s/text/%s", group, name), &table[i], build, folder, test_text);
        if (table[i].theme)
            add(g_strdup_printf("%s/picture/%s", group, name), &table[i], build, folder,
                test_picture);
    }
}

void
golden_missing_add(const char *group, const GoldenFigure *table, size_t n, GoldenBuild build)
{
    for (size_t i = 0; i < n; i++)
        add(g_strdup_printf("%s/missing/%zu-%s", group, i, table[i].figure), &table[i], build, NULL,
            test_missing);
}

MoeScene *
golden_figure_build(const GoldenFigure *golden, MoeFigureInput *input, GError **error)
{
    const MoeFigure *figure = moe_figures_find(golden->figure, error);
    g_assert_nonnull(figure);
    g_autoptr(MoeFigureOptions) options = moe_figure_options_new(figure);
    g_auto(GStrv) each = g_strsplit(golden->assignments ? golden->assignments : "", " ", -1);
    for (char **one = each; *one && **one; one++)
        g_assert_true(moe_figure_options_set(options, *one, error));
    return moe_figure_build(figure, input, options, error);
}
