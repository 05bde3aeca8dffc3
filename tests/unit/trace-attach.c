/* SPDX-License-Identifier: MIT
 *
 * What goes with a trace: attached, read, replaced, interrupted, damaged; and the fingerprint that
 * tells whether it still belongs to it.
 */
#include "trace-sample.h"

#include <fcntl.h>
#include <moescope/trace-tools.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

static char *folder;

static char *
scratch(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static const int64_t counts[2][3] = {{1, 2, 3}, {4, 5, INT64_MAX}};
static const MoeArray array = {.type = MOE_I64, .ndim = 2, .shape = {2, 3}, .data = counts};
static const MoeAttachment members[] = {
    {.name = "load/r000.counts", .array = &array},
    {.name = "about.json", .bytes = "{\"version\": 1}", .n_bytes = 14},
};

/* A trace of three chunks with these two attached. (transfer full) */
static char *
attached(const char *name)
{
    g_autoptr(GError) error = NULL;
    char *path = scratch(name);
    sample_write(path, 0, 7, &sample_options);
    g_assert_true(moe_trace_attach(path, members, 2, &error));
    g_assert_no_error(error);
    return path;
}

static void
assert_whole(const MoeTrace *trace)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_assert_cmpint(moe_trace_tokens(trace, -1), ==, 7 * 14);
    for (int c = 0; c < moe_trace_chunks(trace); c++)
        for (int r = 0; r < SAMPLE_ROUTERS; r++)
            g_assert_true(moe_trace_view(trace, c, r, view, &error));
}

static void
assert_sound(const MoeTrace *trace)
{
    g_auto(GStrv) problems = moe_trace_verify(trace, NULL, NULL);
    g_assert_cmpstr(problems[0], ==, NULL);
}

static void
test_read(void)
{
    g_autofree char *path = attached("read.npz");
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_autoptr(GError) error = NULL;
    MoeArray out;
    int n;
    const char *const *names = moe_trace_attachments(trace, &n);
    g_assert_cmpint(n, ==, 2);
    g_assert_cmpstr(names[0], ==, "load/r000.counts");
    g_assert_cmpstr(names[1], ==, "about.json");
    g_assert_true(moe_trace_attached(trace, names[0], &out, &error));
    g_assert_cmpint(out.type, ==, MOE_I64);
    g_assert_cmpint(out.shape[1], ==, 3);
    g_assert_cmpmem(out.data, sizeof counts, counts, sizeof counts);
    g_free((void *)out.data);
    g_assert_true(moe_trace_attached(trace, names[1], &out, &error));
    g_assert_cmpmem(out.data, (gsize)out.shape[0], members[1].bytes, 14);
    g_free((void *)out.data);
    g_assert_false(moe_trace_attached(trace, "load", &out, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    assert_whole(trace);
    assert_sound(trace);
}

/* The chunks stay byte for byte; without attachments the file is what it was. */
static void
test_replace(void)
{
    g_autofree char *path = scratch("replace.npz"), *before = NULL, *after = NULL;
    g_autoptr(GError) error = NULL;
    gsize length, length_after;
    sample_write(path, 0, 7, &sample_options);
    g_assert_true(g_file_get_contents(path, &before, &length, NULL));
    g_assert_true(moe_trace_attach(path, members, 2, &error));
    g_assert_true(moe_trace_attach(path, members + 1, 1, &error));
    g_autoptr(MoeTrace) trace = sample_open(path);
    int n;
    g_assert_cmpstr(moe_trace_attachments(trace, &n)[0], ==, "about.json");
    g_assert_cmpint(n, ==, 1);
    g_assert_true(moe_trace_attach(path, NULL, 0, &error));
    g_assert_true(g_file_get_contents(path, &after, &length_after, NULL));
    g_assert_cmpmem(after, length_after, before, length);
    assert_whole(trace); /* open all the while */
}

static void
test_refused(void)
{
    static const char *const names[] = {"", "/a", "a/", "a//b", "../a", ".a", "a/.b", "ä", "a.npy"};
    g_autofree char *path = attached("refused.npz"), *text = NULL, *after = NULL;
    gsize length, length_after;
    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        const MoeAttachment wrong = {.name = names[i], .array = &array};
        g_assert_false(moe_trace_attach(path, &wrong, 1, &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    }
    const MoeAttachment twice[] = {members[0], members[0]};
    g_autoptr(GError) error = NULL;
    g_assert_false(moe_trace_attach(path, twice, 2, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);
    int fd = open(path, O_RDWR);
    g_assert_cmpint(flock(fd, LOCK_EX), ==, 0);
    g_assert_false(moe_trace_attach(path, members, 2, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    close(fd);
    g_assert_true(g_file_get_contents(path, &after, &length_after, NULL));
    g_assert_cmpmem(after, length_after, text, length);
}

static void
test_unfinished(void)
{
    g_autofree char *path = scratch("unfinished.npz");
    g_autoptr(GError) error = NULL;
    MoeTraceWriter *writer = sample_writer(path, &sample_options);
    sample_append(writer, 0);
    g_assert_true(moe_trace_writer_flush(writer, NULL, &error));
    g_assert_false(moe_trace_attach(path, members, 2, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_clear_error(&error);
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_assert_true(moe_trace_attach(path, members, 2, &error));
}

/* Cut anywhere behind its chunks, a trace has all of them, and nothing attached but when it is
 * whole. */
static void
test_interrupted(void)
{
    g_autofree char *path = attached("whole.npz"), *cut = scratch("cut.npz"), *text = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    gsize begin = (gsize)((char *)memmem(text, length, "summary/", 8) - text) - 30;
    g_assert_true(g_file_set_contents(cut, text, (gssize)length, NULL));
    for (gsize n = length - 1; n > begin; n -= MIN(7, n - begin)) {
        g_assert_cmpint(truncate(cut, (off_t)n), ==, 0);
        g_autoptr(MoeTrace) trace = sample_open(cut);
        int attachments;
        moe_trace_attachments(trace, &attachments);
        g_assert_cmpint(attachments, ==, 0);
        g_assert_false(moe_trace_complete(trace));
        if (n % 32 == 0)
            assert_whole(trace);
    }
    MoeTraceRepaired repaired;
    g_assert_true(moe_trace_repair(cut, NULL, &repaired, NULL, NULL));
    g_assert_cmpint(repaired.chunks, ==, 3);
    g_assert_true(moe_trace_attach(cut, members, 2, NULL));
}

/* Any byte behind the chunks may be wrong: the file is refused, or all chunks are there; what is
 * attached comes out right or with an error. */
static void
test_damaged(void)
{
    g_autofree char *path = attached("good.npz"), *bad = scratch("bad.npz"), *text = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    gsize begin = (gsize)((char *)memmem(text, length, "summary/", 8) - text) - 30;
    g_assert_true(g_file_set_contents(bad, text, (gssize)length, NULL));
    int fd = open(bad, O_RDWR);
    for (gsize at = begin; at < length; at += 3) {
        g_autoptr(GError) error = NULL;
        const char wrong = text[at] ^ 0x10;
        if (at > begin)
            g_assert_cmpint(pwrite(fd, text + at - 3, 1, (off_t)at - 3), ==, 1);
        g_assert_cmpint(pwrite(fd, &wrong, 1, (off_t)at), ==, 1);
        g_autoptr(MoeTrace) trace = moe_trace_open(bad, &error);
        MoeArray out;
        g_assert_true((trace != NULL) == (error == NULL));
        if (!trace)
            continue;
        if (moe_trace_attached(trace, members[0].name, &out, &error)) {
            g_assert_cmpmem(out.data, sizeof counts, counts, sizeof counts);
            g_free((void *)out.data);
        }
    }
    close(fd);
}

/* verify tells of a damaged attachment, repair takes it away. */
static void
test_verify(void)
{
    g_autofree char *path = attached("verify.npz"), *text = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    char *about = memmem(text, length, "{\"version\": 1}", 14);
    about[12] = '2';
    g_assert_true(g_file_set_contents(path, text, (gssize)length, NULL));
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_auto(GStrv) problems = moe_trace_verify(trace, NULL, NULL);
    g_assert_cmpint(g_strv_length(problems), ==, 1);
    g_assert_nonnull(strstr(problems[0], "summary/about.json"));
    MoeTraceRepaired repaired;
    g_assert_true(moe_trace_repair(path, NULL, &repaired, NULL, NULL));
    g_assert_true(repaired.needed);
    g_assert_cmpint(repaired.cut_bytes, ==, 0);
    g_autoptr(MoeTrace) again = sample_open(path);
    assert_sound(again);
    assert_whole(again);
}

/* Without room the trace is finished and nothing is attached. */
static void
test_disk_full(void)
{
    g_autofree char *path = attached("full.npz");
    g_autofree uint8_t *noise = g_malloc(1 << 20);
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < 1 << 20; i++)
        noise[i] = (uint8_t)g_test_rand_int();
    const MoeAttachment large = {.name = "large", .bytes = noise, .n_bytes = 1 << 20};
    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 1 << 19;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    bool ok = moe_trace_attach(path, &large, 1, &error);
    setrlimit(RLIMIT_FSIZE, &old);
    g_assert_false(ok);
    g_assert_cmpint(error->domain, ==, G_FILE_ERROR);
    g_autoptr(MoeTrace) trace = sample_open(path);
    int n;
    moe_trace_attachments(trace, &n);
    g_assert_cmpint(n, ==, 0);
    g_assert_true(moe_trace_complete(trace));
    assert_whole(trace);
}

/* Tools leave what is attached behind; a run that goes on cuts it away. */
static void
test_tools(void)
{
    static const MoeTraceOutput output = {.compression = -1};
    static const MoeTraceSelection all = {0};
    g_autofree char *path = attached("tools.npz"), *out = scratch("out.npz");
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = sample_open(path);
    int n;
    g_assert_true(moe_trace_select(trace, out, &all, &output, NULL, NULL, &error));
    g_autoptr(MoeTrace) copy = sample_open(out);
    moe_trace_attachments(copy, &n);
    g_assert_cmpint(n, ==, 0);
    g_assert_true(moe_trace_copy_without(trace, out, NULL, 0, "{}", NULL, &error));
    g_autoptr(MoeTrace) without = sample_open(out);
    moe_trace_attachments(without, &n);
    g_assert_cmpint(n, ==, 0);
    g_auto(MoeTraceSizes) sizes = {0};
    g_assert_true(moe_trace_sizes(trace, &sizes, &error));
    g_assert_cmpstr(sizes.kinds[sizes.n_kinds - 1].kind, ==, "summary");
    g_assert_cmpint(sizes.kinds[sizes.n_kinds - 1].members, ==, 2);
}

static void
test_resume(void)
{
    g_autofree char *path = scratch("resume.npz"), *straight = scratch("straight.npz");
    g_autofree char *a = NULL, *b = NULL;
    gsize length_a, length_b;
    g_autoptr(GError) error = NULL;
    int64_t offset;
    for (int i = 0; i < 2; i++) {
        MoeTraceWriter *writer = sample_writer(i ? straight : path, &sample_options);
        for (int batch = 0; batch < 3 + 3 * i; batch++) {
            sample_append(writer, batch);
            if (batch == 2)
                g_assert_true(moe_trace_writer_flush(writer, i ? NULL : &offset, &error));
        }
        g_assert_true(moe_trace_writer_close(writer, &error));
    }
    g_assert_true(moe_trace_attach(path, members, 2, &error));
    MoeTraceWriter *writer = moe_trace_writer_resume(path, offset, sample_routers, SAMPLE_ROUTERS,
                                                     &sample_options, &error);
    g_assert_no_error(error);
    for (int batch = 3; batch < 6; batch++)
        sample_append(writer, batch);
    g_assert_true(moe_trace_writer_close(writer, &error));
    g_assert_true(g_file_get_contents(path, &a, &length_a, NULL));
    g_assert_true(g_file_get_contents(straight, &b, &length_b, NULL));
    g_assert_cmpmem(a, length_a, b, length_b);
}

/* The fingerprint is that of the content: not of how it is packed or what is attached. */
static void
test_fingerprint(void)
{
    static const MoeTraceOutput stored = {.compression = 0, .chunk_tokens = 42};
    static const MoeTraceSelection all = {0}, most = {.n_tokens = 97};
    g_autofree char *path = scratch("print.npz"), *out = scratch("print-out.npz");
    g_autoptr(GError) error = NULL;
    sample_write(path, 0, 7, &sample_options);
    g_autoptr(MoeTrace) trace = sample_open(path);
    g_autofree char *plain = moe_trace_fingerprint(trace);
    g_assert_cmpuint(strlen(plain), ==, 64);
    g_assert_true(moe_trace_attach(path, members, 2, &error));
    g_autoptr(MoeTrace) with = sample_open(path);
    g_autofree char *attachments = moe_trace_fingerprint(with);
    g_assert_cmpstr(attachments, ==, plain);
    g_assert_true(moe_trace_copy_without(trace, out, NULL, 0, "{}", NULL, &error));
    g_autoptr(MoeTrace) copy = sample_open(out);
    g_autofree char *copied = moe_trace_fingerprint(copy);
    g_assert_cmpstr(copied, ==, plain);
    g_assert_true(moe_trace_select(trace, out, &most, &stored, NULL, NULL, &error));
    g_autoptr(MoeTrace) part = sample_open(out);
    g_autofree char *other = moe_trace_fingerprint(part);
    g_assert_cmpstr(other, !=, plain);
    g_assert_true(moe_trace_select(with, out, &all, &stored, NULL, NULL, &error));
    g_autoptr(MoeTrace) packed = sample_open(out);
    g_autofree char *unpacked = moe_trace_fingerprint(packed);
    g_assert_cmpstr(unpacked, ==, plain);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("moescope-attach-XXXXXX", NULL);
    g_test_add_func("/trace-attach/read", test_read);
    g_test_add_func("/trace-attach/replace", test_replace);
    g_test_add_func("/trace-attach/refused", test_refused);
    g_test_add_func("/trace-attach/unfinished", test_unfinished);
    g_test_add_func("/trace-attach/interrupted", test_interrupted);
    g_test_add_func("/trace-attach/damaged", test_damaged);
    g_test_add_func("/trace-attach/verify", test_verify);
    g_test_add_func("/trace-attach/disk-full", test_disk_full);
    g_test_add_func("/trace-attach/tools", test_tools);
    g_test_add_func("/trace-attach/resume", test_resume);
    g_test_add_func("/trace-attach/fingerprint", test_fingerprint);
    int status = g_test_run();
    sample_remove_folder(folder);
    g_free(folder);
    return status;
}
