/* SPDX-License-Identifier: MIT
 *
 * What plugins bring appears without a line of code in the app: figures, metrics, importers, checks
 * and variants.
 */
#include "scope-scene-view.h"
#include "scope-table.h"
#include "stage.h"

#include <string.h>

static void
open_at(Stage *stage, const char *path, const char *view)
{
    stage_open(stage, path);
    wait_until(stage_is_open, stage);
    scope_views_turn(scope_tab_get_views(stage_tab(stage)), view);
    settle(stage_widget(stage));
}

static void
test_figure(Stage *stage, gconstpointer data)
{
    stage_open_good(stage);
    stage_choose_figure(stage, "extended-load");
    wait_until(stage_shows_figure, stage->window);
    g_assert_cmpstr(scope_pane_get_figure(stage_pane(stage))->name, ==, "extended-load");
    GtkWidget *option = find(stage_widget(stage), GTK_TYPE_ENTRY, "scale");
    g_assert_nonnull(option);
    gtk_editable_set_text(GTK_EDITABLE(option), "2");
    wait_until(stage_shows_figure, stage->window);
    g_autofree char *command = scope_pane_get_command(stage_pane(stage));
    g_assert_nonnull(strstr(command, "plot extended-load"));
    g_assert_nonnull(strstr(command, "scale=2"));
    assert_drawn(stage_widget(stage), "extension-figure");
}

static bool
has_metric(gpointer stage)
{
    GtkWidget *table = find(stage_widget(stage), SCOPE_TYPE_TABLE, "metrics");
    g_autofree char *csv = table ? scope_table_to_csv(SCOPE_TABLE(table)) : NULL;
    return csv && strstr(csv, "\nthrice,1800,");
}

static void
test_metric(Stage *stage, gconstpointer data)
{
    open_at(stage, stage->path, "metrics");
    wait_until(has_metric, stage);
}

static bool
says_check(gpointer stage)
{
    return says(stage_widget(stage), "an extension looked at it");
}

static bool
says_note(gpointer stage)
{
    return says(stage_widget(stage), "letters were taken for experts");
}

/* What the importer notes stands with what the checker found. */
static void
test_importer(Stage *stage, gconstpointer data)
{
    g_autofree char *path = stage_path("letters.routes");
    g_assert_true(g_file_set_contents(path, "EXTENDED ROUTES\nabcdabcaab\n", -1, NULL));
    open_at(stage, path, "overview");
    wait_until(says_check, stage);
    wait_until(says_note, stage);
    ScopeDocument *document = scope_tab_get_document(stage_tab(stage));
    g_assert_cmpint(moe_trace_tokens(scope_document_trace(document), -1), ==, 10);
    assert_drawn(stage_widget(stage), "extension-importer");
}

static bool
offers(GtkWidget *drop_down, const char *name)
{
    GListModel *model = gtk_drop_down_get_model(GTK_DROP_DOWN(drop_down));
    for (guint i = 0; i < g_list_model_get_n_items(model); i++)
        if (g_str_equal(gtk_string_list_get_string(GTK_STRING_LIST(model), i), name))
            return true;
    return false;
}

static void
test_variant(Stage *stage, gconstpointer data)
{
    static const char *const shipped[] = {"hash", "loss-free", "expert-choice", "extended"};
    open_at(stage, stage->path, "run");
    GtkWidget *variants = find(stage_widget(stage), GTK_TYPE_DROP_DOWN, "variant");
    for (gsize i = 0; i < G_N_ELEMENTS(shipped); i++)
        g_assert_true(offers(variants, shipped[i]));
}

static void
add(void)
{
    stage_add("/extensions/figure", test_figure);
    stage_add("/extensions/metric", test_metric);
    stage_add("/extensions/importer", test_importer);
    stage_add("/extensions/variant", test_variant);
}

int
main(int argc, char **argv)
{
    return stage_run(argc, argv, add);
}
