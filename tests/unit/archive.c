/* SPDX-License-Identifier: MIT
 *
 * Small archives of arrays: what was added comes back; nothing half-written stands in place; files
 * that are no such archive are refused.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <moescope/archive.h>
#include <string.h>
#include <unistd.h>

static char *folder;

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static const double reals[5] = {0.1, -1e300, 0, 3, 1.0 / 3};
static const int32_t ints[2][2][2] = {{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}};
static const MoeArray arrays[] = {
    {.type = MOE_F64, .ndim = 1, .shape = {5}, .data = reals},
    {.type = MOE_I32, .ndim = 3, .shape = {2, 2, 2}, .data = ints},
    {.type = MOE_U8, .ndim = 2, .shape = {0, 4}},
    {.type = MOE_F64, .ndim = 0, .data = reals},
};
static const char *const names[] = {"reals", "r000/ints", "empty", "scalar"};

static char *
written(const char *name)
{
    g_autoptr(GError) error = NULL;
    char *path = scratch(name);
    MoeArchiveWriter *writer = moe_archive_begin(path, "{\"what\": \"made up\"}", &error);
    g_assert_no_error(error);
    for (gsize i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_assert_true(moe_archive_add(writer, names[i], &arrays[i], &error));
    g_assert_true(moe_archive_add_bytes(writer, "notes.txt", "hello", 5, &error));
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_true(moe_archive_close(writer, &error));
    g_assert_no_error(error);
    return path;
}

static void
test_round(void)
{
    g_autofree char *path = written("round.npz");
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeArchive) archive = moe_archive_open(path, &error);
    g_assert_no_error(error);
    int n;
    const char *const *found = moe_archive_names(archive, &n);
    g_assert_cmpint(n, ==, 5);
    g_assert_cmpstr(moe_archive_meta(archive), ==, "{\"what\": \"made up\"}");
    for (gsize i = 0; i < G_N_ELEMENTS(arrays); i++) {
        MoeArray out;
        g_assert_cmpstr(found[i], ==, names[i]);
        g_assert_true(moe_archive_has(archive, names[i]));
        g_assert_true(moe_archive_read(archive, names[i], &out, &error));
        g_assert_cmpint(out.type, ==, arrays[i].type);
        g_assert_cmpint(out.ndim, ==, arrays[i].ndim);
        for (int a = 0; a < out.ndim; a++)
            g_assert_cmpint(out.shape[a], ==, arrays[i].shape[a]);
        gsize bytes = (gsize)moe_array_count(&out) * moe_type_size(out.type);
        g_assert_cmpmem(out.data, bytes, arrays[i].data, bytes);
        g_free((void *)out.data);
    }
    MoeArray notes;
    g_assert_true(moe_archive_read(archive, "notes.txt", &notes, &error));
    g_assert_cmpmem(notes.data, (gsize)notes.shape[0], "hello", 5);
    g_free((void *)notes.data);
    g_assert_false(moe_archive_has(archive, "meta.json"));
    g_assert_false(moe_archive_read(archive, "absent", &notes, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
}

/* The same arrays give the same bytes. */
static void
test_deterministic(void)
{
    g_autofree char *a = written("a.npz"), *b = written("b.npz"), *x = NULL, *y = NULL;
    gsize length_x, length_y;
    g_assert_true(g_file_get_contents(a, &x, &length_x, NULL));
    g_assert_true(g_file_get_contents(b, &y, &length_y, NULL));
    g_assert_cmpmem(x, length_x, y, length_y);
}

static void
test_refused(void)
{
    g_autofree char *path = scratch("refused.npz");
    g_autoptr(GError) error = NULL;
    g_assert_null(moe_archive_begin(path, "[1]", &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_FORMAT);
    g_clear_error(&error);
    MoeArchiveWriter *writer = moe_archive_begin(path, "{}", &error);
    g_assert_true(moe_archive_add(writer, "twice", &arrays[0], &error));
    g_assert_false(moe_archive_add_bytes(writer, "twice", "", 0, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);
    g_assert_false(moe_archive_add_bytes(writer, "meta.json", "", 0, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);
    g_assert_false(moe_archive_add(writer, "../up", &arrays[0], &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    moe_archive_abandon(writer);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));)
        g_assert_false(g_str_has_prefix(name, "refused"));
}

/* Cut at any byte, it isn't an archive; with any byte changed it is refused, or what is read of it
 * is right or refused. */
static void
test_damaged(void)
{
    g_autofree char *path = written("good.npz"), *bad = scratch("bad.npz"), *text = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    g_assert_true(g_file_set_contents(bad, text, (gssize)length, NULL));
    for (gsize n = length; n-- > 0;) {
        g_autoptr(GError) error = NULL;
        g_assert_cmpint(truncate(bad, (off_t)n), ==, 0);
        g_assert_null(moe_archive_open(bad, &error));
        g_assert_nonnull(strstr(error->message, "bad.npz"));
    }
    g_assert_true(g_file_set_contents(bad, text, (gssize)length, NULL));
    int fd = open(bad, O_RDWR);
    for (gsize at = 0; at < length; at++) {
        g_autoptr(GError) error = NULL;
        const char wrong = text[at] ^ 0x40;
        if (at > 0)
            g_assert_cmpint(pwrite(fd, text + at - 1, 1, (off_t)at - 1), ==, 1);
        g_assert_cmpint(pwrite(fd, &wrong, 1, (off_t)at), ==, 1);
        g_autoptr(MoeArchive) archive = moe_archive_open(bad, &error);
        MoeArray out;
        g_assert_true((archive != NULL) == (error == NULL));
        if (archive && moe_archive_read(archive, "reals", &out, &error)) {
            g_assert_cmpmem(out.data, sizeof reals, reals, sizeof reals);
            g_free((void *)out.data);
        }
    }
    close(fd);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-archive-XXXXXX", NULL);
    g_test_add_func("/archive/round", test_round);
    g_test_add_func("/archive/deterministic", test_deterministic);
    g_test_add_func("/archive/refused", test_refused);
    g_test_add_func("/archive/damaged", test_damaged);
    int status = g_test_run();
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = scratch(name);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
    return status;
}
