/* SPDX-License-Identifier: MIT
 *
 * Traces of runs that stop, go on, are watched while they run, or run out of disk.
 */
#include "trace-sample.h"

#include <moescope/trace-tools.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static char *folder;

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static GBytes *
load(const char *path)
{
    g_autoptr(GError) error = NULL;
    char *bytes;
    gsize length;
    g_file_get_contents(path, &bytes, &length, &error);
    g_assert_no_error(error);
    return g_bytes_new_take(bytes, length);
}

static void
assert_same_files(const char *a, const char *b)
{
    g_autoptr(GBytes) x = load(a), y = load(b);
    g_assert_true(g_bytes_equal(x, y));
}

static void
test_deterministic(void)
{
    g_autofree char *a = scratch("a.npz"), *b = scratch("b.npz");
    moe_set_threads(1);
    sample_write(a, 0, 9, &sample_options);
    moe_set_threads(3);
    sample_write(b, 0, 9, &sample_options);
    moe_set_threads(2);
    assert_same_files(a, b);
}

static void
append_batches(MoeTraceWriter *writer, int from, int to)
{
    for (int batch = from; batch < to; batch++) {
        sample_append_state(writer, batch);
        sample_append(writer, batch);
    }
}

/* A run with checkpoints after batches 4 and 8, and one that died after the sixth batch and again,
 * in the middle of writing, after the ninth. */
static void
test_resume(void)
{
    g_autofree char *whole = scratch("whole.npz"), *broken = scratch("broken.npz");
    g_autoptr(GError) error = NULL;
    int64_t at_4, at_8;
    MoeTraceWriter *writer = sample_writer(whole, &sample_options);
    append_batches(writer, 0, 4);
    g_assert_true(moe_trace_writer_flush(writer, &at_4, &error));
    append_batches(writer, 4, 8);
    g_assert_true(moe_trace_writer_flush(writer, &at_8, &error));
    append_batches(writer, 8, 12);
    g_assert_true(moe_trace_writer_close(writer, &error));

    writer = sample_writer(broken, &sample_options);
    append_batches(writer, 0, 4);
    g_assert_true(moe_trace_writer_flush(writer, NULL, &error));
    append_batches(writer, 4, 7);
    moe_trace_writer_abandon(writer);
    writer = moe_trace_writer_resume(broken, at_4, sample_routers, SAMPLE_ROUTERS, &sample_options,
                                     &error);
    g_assert_no_error(error);
    append_batches(writer, 4, 8);
    g_assert_true(moe_trace_writer_flush(writer, NULL, &error));
    append_batches(writer, 8, 11);
    moe_trace_writer_abandon(writer);
    g_autoptr(GBytes) bytes = load(broken);
    g_assert_cmpint(truncate(broken, (off_t)g_bytes_get_size(bytes) - 100), ==, 0);
    writer = moe_trace_writer_resume(broken, at_8, sample_routers, SAMPLE_ROUTERS, &sample_options,
                                     &error);
    g_assert_no_error(error);
    append_batches(writer, 8, 12);
    g_assert_true(moe_trace_writer_close(writer, &error));
    assert_same_files(whole, broken);
}

static void
assert_no_resume(const char *path, int64_t offset, const MoeRouterInfo *routers, int n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) before = load(path);
    g_assert_null(moe_trace_writer_resume(path, offset, routers, n, &sample_options, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_test_message("%s", error->message);
    g_autoptr(GBytes) after = load(path);
    g_assert_true(g_bytes_equal(before, after));
}

static void
test_resume_refused(void)
{
    g_autofree char *path = scratch("refused.npz");
    g_autoptr(GError) error = NULL;
    int64_t offset;
    MoeTraceWriter *writer = sample_writer(path, &sample_options);
    append_batches(writer, 0, 1);
    g_assert_true(moe_trace_writer_flush(writer, &offset, &error));
    moe_trace_writer_abandon(writer);
    MoeRouterInfo other[SAMPLE_ROUTERS];
    memcpy(other, sample_routers, sizeof other);
    other[1].k = 1;
    assert_no_resume(path, offset - 1, sample_routers, SAMPLE_ROUTERS);
    assert_no_resume(path, offset + 1, sample_routers, SAMPLE_ROUTERS);
    assert_no_resume(path, -1, sample_routers, SAMPLE_ROUTERS);
    assert_no_resume(path, 0, sample_routers, SAMPLE_ROUTERS);
    assert_no_resume(path, offset, sample_routers, SAMPLE_ROUTERS - 1);
    assert_no_resume(path, offset, other, SAMPLE_ROUTERS);
}

/* --- Following and failing --------------------------------------------------------------------*/

static void
test_follow(void)
{
    g_autofree char *path = scratch("follow.npz");
    g_autoptr(GError) error = NULL;
    MoeTraceWriter *writer = sample_writer(path, &sample_options);
    append_batches(writer, 0, 4);
    g_autoptr(MoeTrace) early = sample_open(path);
    g_assert_false(moe_trace_complete(early));
    g_assert_cmpint(moe_trace_chunks(early), ==, 1);
    g_assert_true(moe_trace_writer_flush(writer, NULL, &error));
    g_autoptr(MoeTrace) later = sample_open(path);
    g_assert_cmpint(moe_trace_chunks(later), ==, 2);
    g_assert_cmpint(moe_trace_tokens(later, -1), ==, 4 * 14);
    moe_trace_writer_abandon(writer);

    /* A new trace of the same name leaves the open one alone. */
    sample_write(path, 7, 8, &sample_options);
    MoeArray ids;
    g_assert_true(moe_trace_read(later, "tokens/00001.id", &ids, &error));
    g_assert_cmpfloat(moe_array_value(&ids, 0), ==, 300);
    g_free((void *)ids.data);
}

/* A disk that is full, by way of the limit on file sizes. */
static void
test_full_disk(void)
{
    g_autofree char *path = scratch("full.npz");
    g_autoptr(GError) error = NULL;
    struct rlimit keep, tight;
    MoeTraceWriter *writer = sample_writer(path, &sample_options);
    int64_t offset;
    append_batches(writer, 0, 1);
    g_assert_true(moe_trace_writer_flush(writer, &offset, &error));
    append_batches(writer, 1, 2);

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &keep);
    tight = keep;
    tight.rlim_cur = (rlim_t)offset + 1000;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &tight), ==, 0);
    bool flushed = moe_trace_writer_flush(writer, NULL, &error);
    setrlimit(RLIMIT_FSIZE, &keep);
    g_assert_false(flushed);
    g_assert_cmpint(error->domain, ==, G_FILE_ERROR);
    g_clear_error(&error);
    g_assert_false(moe_trace_writer_series(writer, "loss", 0, 0, &error));
    g_assert_cmpint(error->domain, ==, G_FILE_ERROR);
    g_clear_error(&error);
    g_assert_false(moe_trace_writer_close(writer, NULL));
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_assert_cmpint(moe_trace_chunks(trace), ==, 1);
}

/* A tool that writes a trace in place would lose what its recording still has to come. */
static void
test_tools_keep_off(void)
{
    g_autofree char *path = scratch("live.npz"), *out = scratch("elsewhere.npz");
    g_autoptr(GError) error = NULL;
    MoeTraceWriter *writer = sample_writer(path, &sample_options);
    append_batches(writer, 0, 4);
    g_assert_true(moe_trace_writer_flush(writer, NULL, &error));
    g_autoptr(MoeTrace) trace = sample_open(path);
    const MoeTraceOutput output = {.compression = -1};
    const MoeTraceSelection all = {0};
    MoeTraceRepaired repaired;
    g_assert_false(moe_trace_repair(path, NULL, &repaired, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "live.npz is being written at this moment"));
    g_clear_error(&error);
    g_assert_false(moe_trace_select(trace, path, &all, &output, NULL, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);
    g_assert_false(moe_trace_copy_without(trace, path, NULL, 0, "{}", NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);
    g_assert_true(moe_trace_repair(path, out, &repaired, NULL, &error));
    append_batches(writer, 4, 8);
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_autoptr(MoeTrace) whole = sample_open(path);
    g_assert_cmpint(moe_trace_tokens(whole, -1), ==, 8 * 14);
    g_assert_true(moe_trace_select(trace, path, &all, &output, NULL, NULL, &error)); /* free now */
}

/* Where there are no locks, or somebody doesn't look for them, the recording fails rather than to
 * go on into a file without a name. */
static void
test_replaced(void)
{
    g_autofree char *path = scratch("taken.npz"), *other = scratch("other.npz");
    for (int replaced = 0; replaced < 2; replaced++) {
        g_autoptr(GError) error = NULL;
        MoeTraceWriter *writer = sample_writer(path, &sample_options);
        append_batches(writer, 0, 4);
        g_assert_true(moe_trace_writer_flush(writer, NULL, &error));
        if (replaced) {
            sample_write(other, 0, 1, &sample_options);
            g_assert_cmpint(g_rename(other, path), ==, 0);
        } else
            g_assert_cmpint(g_unlink(path), ==, 0);
        append_batches(writer, 4, 5);
        g_assert_false(moe_trace_writer_flush(writer, NULL, &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
        g_assert_nonnull(strstr(error->message, "was replaced or removed while"));
        g_clear_error(&error);
        g_assert_false(moe_trace_writer_close(writer, &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-resume-XXXXXX", NULL);
    g_test_add_func("/trace/deterministic", test_deterministic);
    g_test_add_func("/trace/resume", test_resume);
    g_test_add_func("/trace/resume-refused", test_resume_refused);
    g_test_add_func("/trace/follow", test_follow);
    g_test_add_func("/trace/full-disk", test_full_disk);
    g_test_add_func("/trace/tools-keep-off", test_tools_keep_off);
    g_test_add_func("/trace/replaced", test_replaced);
    int status = g_test_run();
    sample_remove_folder(folder);
    g_free(folder);
    return status;
}
