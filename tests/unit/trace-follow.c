/* SPDX-License-Identifier: MIT
 *
 * Traces looked at again while they are written: chunk by chunk, finished, cut back, replaced.
 */
#include "trace-sample.h"

#include <fcntl.h>
#include <unistd.h>

static char *folder;

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* A batch is a chunk. */
static const MoeTraceOptions options = {.compression = 1, .chunk_tokens = 14, .gates = true};

static void
append(MoeTraceWriter *writer, int from, int to)
{
    for (int batch = from; batch < to; batch++) {
        sample_append_state(writer, batch);
        sample_append(writer, batch);
    }
}

static void
refresh(MoeTrace *trace, bool grown, int chunks, bool complete)
{
    g_autoptr(GError) error = NULL;
    bool found;
    g_assert_true(moe_trace_refresh(trace, &found, &error));
    g_assert_no_error(error);
    g_assert_true(found == grown);
    g_assert_cmpint(moe_trace_chunks(trace), ==, chunks);
    g_assert_cmpint(moe_trace_tokens(trace, -1), ==, 14 * chunks);
    g_assert_true(moe_trace_complete(trace) == complete);
}

static void
assert_refused(MoeTrace *trace, const char *part)
{
    g_autoptr(GError) error = NULL;
    bool grown;
    int chunks = moe_trace_chunks(trace);
    g_assert_false(moe_trace_refresh(trace, &grown, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, part));
    g_assert_false(grown);
    g_assert_cmpint(moe_trace_chunks(trace), ==, chunks);
}

static void
assert_first_id(const MoeTrace *trace, int chunk)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("tokens/%05d.id", chunk);
    MoeArray ids;
    g_assert_true(moe_trace_read(trace, name, &ids, &error));
    g_assert_no_error(error);
    g_assert_cmpfloat(moe_array_value(&ids, 0), ==, 100 * chunk);
    g_free((void *)ids.data);
}

static void
test_grows(void)
{
    g_autofree char *path = scratch("grows.npz");
    g_autoptr(GError) error = NULL;
    MoeTraceWriter *writer = sample_writer(path, &options);
    append(writer, 0, 2);
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    const MoeRouterInfo *router = moe_trace_router(trace, 1);
    g_assert_true(moe_trace_view(trace, 1, 0, view, &error));
    refresh(trace, false, 2, false);
    append(writer, 2, 3);
    refresh(trace, true, 3, false);
    refresh(trace, false, 3, false);
    assert_first_id(trace, 2);
    g_assert_true(moe_trace_router(trace, 1) == router);
    g_assert_true(moe_trace_view(trace, 1, 1, view, &error));
    g_assert_true(moe_trace_view(trace, 2, 1, view, &error));
    g_assert_cmpint(view->step[0], ==, 1);
    append(writer, 3, 5);
    g_assert_true(moe_trace_writer_close(writer, &error));
    refresh(trace, true, 5, true);
    refresh(trace, false, 5, true);
    assert_first_id(trace, 4);
    int n;
    g_assert_cmpstr(moe_trace_series_names(trace, &n)[1], ==, "lr");
    g_assert_cmpint(n, ==, 2);
}

/* What is attached later is seen too. */
static void
test_attached(void)
{
    g_autofree char *path = scratch("attached.npz");
    g_autoptr(GError) error = NULL;
    const MoeAttachment note = {.name = "note", .bytes = "?", .n_bytes = 1};
    sample_write(path, 0, 3, &options);
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_assert_true(moe_trace_attach(path, &note, 1, &error));
    refresh(trace, false, 3, true);
    int n;
    g_assert_cmpstr(moe_trace_attachments(trace, &n)[0], ==, "note");
}

/* Grown byte by byte, it never shows a chunk that isn't whole. */
static void
test_bytes(void)
{
    g_autofree char *path = scratch("bytes.npz"), *slow = scratch("slow.npz"), *text = NULL;
    gsize length;
    sample_write(path, 0, 2, &options);
    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    g_autoptr(MoeTrace) trace = NULL;
    int fd = open(slow, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    for (gsize at = 0, n; at < length; at += n) {
        n = MIN(37, length - at);
        g_assert_cmpint(write(fd, text + at, n), ==, (gssize)n);
        if (!trace) {
            trace = moe_trace_open(slow, NULL);
            continue;
        }
        g_autoptr(GError) error = NULL;
        bool grown;
        int chunks = moe_trace_chunks(trace);
        g_assert_true(moe_trace_refresh(trace, &grown, &error));
        g_assert_true(grown == (moe_trace_chunks(trace) > chunks));
        if (grown)
            assert_first_id(trace, chunks);
    }
    close(fd);
    refresh(trace, false, 2, true);
}

/* A run that goes on from an earlier checkpoint cuts the file back; when it has come to where it
 * was, with the same bytes, nothing has happened. */
static void
test_cut_back(void)
{
    g_autofree char *path = scratch("cut.npz");
    g_autoptr(GError) error = NULL;
    int64_t offset;
    MoeTraceWriter *writer = sample_writer(path, &options);
    append(writer, 0, 2);
    g_assert_true(moe_trace_writer_flush(writer, &offset, &error));
    append(writer, 2, 4);
    moe_trace_writer_abandon(writer);
    g_autoptr(MoeTrace) trace = sample_open(path), other = sample_open(path);
    writer =
        moe_trace_writer_resume(path, offset, sample_routers, SAMPLE_ROUTERS, &options, &error);
    g_assert_no_error(error);
    assert_refused(trace, "cut back from 4 to 2 chunks");
    append(writer, 2, 5);
    refresh(trace, true, 5, false);
    assert_first_id(trace, 3);
    moe_trace_writer_abandon(writer);

    writer =
        moe_trace_writer_resume(path, offset, sample_routers, SAMPLE_ROUTERS, &options, &error);
    append(writer, 7, 10);
    g_assert_true(moe_trace_writer_close(writer, &error));
    assert_refused(other, "goes on differently, from member tokens/00002.id.npy on");
    assert_first_id(other, 1);
}

static void
test_replaced(void)
{
    g_autofree char *path = scratch("replaced.npz");
    sample_write(path, 0, 2, &options);
    g_autoptr(MoeTrace) trace = sample_open(path);
    sample_write(path, 0, 3, &options);
    assert_refused(trace, "another file has taken its place");
    assert_first_id(trace, 1);
    g_unlink(path);
    assert_refused(trace, "or none");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-follow-XXXXXX", NULL);
    g_test_add_func("/trace-follow/grows", test_grows);
    g_test_add_func("/trace-follow/attached", test_attached);
    g_test_add_func("/trace-follow/bytes", test_bytes);
    g_test_add_func("/trace-follow/cut-back", test_cut_back);
    g_test_add_func("/trace-follow/replaced", test_replaced);
    int status = g_test_run();
    sample_remove_folder(folder);
    g_free(folder);
    return status;
}
