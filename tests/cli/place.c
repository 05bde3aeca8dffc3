/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static char *folder;

static const char recipe[] = "[data]\n"
                             "corpus = text\ntokenizer = bytes\nblock = 512\n"
                             "validation = 0.2\nprobe = 0.1\n"
                             "[model]\n"
                             "layers = 2\nd_model = 16\nheads = 2\ndropout = 0.1\n"
                             "[moe]\n"
                             "experts = 4\nhidden = 16\n"
                             "[optim]\n"
                             "lr = 0.01\nwarmup = 20\n"
                             "[train]\n"
                             "steps = 400\nbatch = 2\nlength = 16\neval_every = 100\n"
                             "eval_tokens = 200\ncheckpoint_every = 30\nsnapshots = 10\n"
                             "snapshot_tokens = 200\n";

static void
write_text(const char *word)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *path = g_strdup_printf("text/%s.txt", word);
    for (int i = 0; i < 300; i++)
        g_string_append_printf(text, "%s %d of %d: line %d\n", word, i, i * i, 3 * i);
    g_assert_true(g_file_set_contents(path, text->str, -1, NULL));
}

void
place_enter(void)
{
    folder = g_dir_make_tmp("moescope-cli-XXXXXX", NULL);
    g_assert_cmpint(g_chdir(folder), ==, 0);
    g_assert_cmpint(g_mkdir("text", 0777), ==, 0);
    write_text("ants");
    write_text("boats");
    g_assert_true(g_file_set_contents("tiny.ini", recipe, -1, NULL));
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *inside = g_build_filename(path, name, NULL);
        remove_tree(inside);
    }
    g_remove(path);
}

void
place_leave(void)
{
    g_assert_cmpint(g_chdir("/"), ==, 0);
    remove_tree(folder);
    g_clear_pointer(&folder, g_free);
}

bool
place_has(const char *file)
{
    return g_file_test(file, G_FILE_TEST_EXISTS);
}

void
place_wait_for(const char *file)
{
    for (int i = 0; i < 30000 && !place_has(file); i++)
        g_usleep(1000);
    g_assert_true(place_has(file));
}

static char *
read_file(const char *file, gsize *length)
{
    g_autoptr(GError) error = NULL;
    char *bytes;
    g_file_get_contents(file, &bytes, length, &error);
    g_assert_no_error(error);
    return bytes;
}

void
place_expect_same(const char *a, const char *b)
{
    gsize n, m;
    g_autofree char *x = read_file(a, &n), *y = read_file(b, &m);
    if (n != m || memcmp(x, y, n) != 0)
        g_error("%s (%zu bytes) and %s (%zu bytes) differ", a, n, b, m);
}

void
place_expect_same_end(const char *a, const char *b)
{
    static const char *const files[] = {"recipe.ini", "tokenizer.json", "model.safetensors",
                                        "optimizer.safetensors", "state.json"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *x = g_strdup_printf("%s/checkpoints/%08d/%s", a, PLACE_STEPS, files[i]);
        g_autofree char *y = g_strdup_printf("%s/checkpoints/%08d/%s", b, PLACE_STEPS, files[i]);
        place_expect_same(x, y);
    }
}

void
place_cut(const char *from, const char *to, gsize length)
{
    gsize whole;
    g_autofree char *bytes = read_file(from, &whole);
    g_assert_cmpint(length, <, whole);
    g_assert_true(g_file_set_contents(to, bytes, (gssize)length, NULL));
}

void
place_spoil(const char *from, const char *to, const char *mark, gsize behind)
{
    g_autofree char *bytes = NULL;
    gsize n;
    g_assert_true(g_file_get_contents(from, &bytes, &n, NULL));
    char *at = memmem(bytes, n, mark, strlen(mark));
    g_assert_true(at && (gsize)(at - bytes) + behind < n);
    at[behind] ^= 1;
    g_assert_true(g_file_set_contents(to, bytes, (gssize)n, NULL));
}

void
place_expect_begins(const char *file, const char *bytes)
{
    gsize length;
    g_autofree char *found = read_file(file, &length);
    g_assert_cmpint(length, >, 500);
    g_assert_cmpmem(found, strlen(bytes), bytes, strlen(bytes));
}

void
place_expect_holds(const char *file, const char *part)
{
    gsize length;
    g_autofree char *found = read_file(file, &length);
    if (!g_strstr_len(found, (gssize)length, part))
        g_error("%s doesn't hold \"%s\"", file, part);
}
