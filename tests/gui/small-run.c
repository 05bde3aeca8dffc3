/* SPDX-License-Identifier: MIT */
#include "small-run.h"

#include "stage.h"

#include <glib/gstdio.h>

const char *const small_keys[] = {"data.tokenizer=bytes",
                                  "data.block=256",
                                  "data.validation=0.2",
                                  "model.layers=2",
                                  "model.d_model=16",
                                  "model.heads=2",
                                  "moe.experts=4",
                                  "moe.hidden=16",
                                  "train.steps=40",
                                  "train.batch=2",
                                  "train.length=16",
                                  "train.eval_every=20",
                                  "train.eval_tokens=200",
                                  "train.checkpoint_every=20",
                                  "train.snapshots=4",
                                  "train.snapshot_tokens=200",
                                  NULL};

static void
write_text(const char *folder, const char *word)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *name = g_strconcat(word, ".txt", NULL);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    for (int i = 0; i < 300; i++)
        g_string_append_printf(text, "%s %d of %d: line %d\n", word, i, i * i, 3 * i);
    g_assert_true(g_file_set_contents(path, text->str, -1, NULL));
}

char *
small_text(void)
{
    char *folder = stage_path("text");
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        g_assert_cmpint(g_mkdir(folder, 0777), ==, 0);
        write_text(folder, "ants");
        write_text(folder, "boats");
    }
    return folder;
}

char *
small_run(void)
{
    char *folder = stage_path("small");
    g_autofree char *text = small_text();
    g_autoptr(GError) error = NULL;
    if (g_file_test(folder, G_FILE_TEST_IS_DIR))
        return folder;
    g_autoptr(GPtrArray) arguments = g_ptr_array_new();
    const char *const first[] = {
        g_getenv("MOESCOPE_PROGRAM"), "train", "smoe", "--out", folder, "--data", text};
    for (gsize i = 0; i < G_N_ELEMENTS(first); i++)
        g_ptr_array_add(arguments, (gpointer)first[i]);
    for (int i = 0; small_keys[i]; i++) {
        g_ptr_array_add(arguments, (gpointer) "--set");
        g_ptr_array_add(arguments, (gpointer)small_keys[i]);
    }
    g_ptr_array_add(arguments, NULL);
    int status = 1;
    g_autofree char *out = NULL, *complaints = NULL;
    g_spawn_sync(NULL, (char **)arguments->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out,
                 &complaints, &status, &error);
    g_assert_no_error(error);
    if (status != 0)
        g_error("%s", complaints);
    return folder;
}

static void
fill(GtkWidget *window, const char *name, const char *value)
{
    GtkWidget *entry = find(window, GTK_TYPE_ENTRY, name);
    if (entry) /* what is chosen from a list is there already */
        gtk_editable_set_text(GTK_EDITABLE(entry), value);
}

void
small_fill_form(GtkWidget *window, const char *folder, const char *steps)
{
    g_autofree char *text = small_text();
    for (int i = 0; small_keys[i]; i++) {
        g_auto(GStrv) parts = g_strsplit(small_keys[i], "=", 2);
        fill(window, parts[0], g_str_equal(parts[0], "train.steps") ? steps : parts[1]);
    }
    fill(window, "data.corpus", text);
    fill(window, "run-folder", folder);
}
