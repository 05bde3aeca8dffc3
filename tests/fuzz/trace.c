/* SPDX-License-Identifier: MIT
 *
 * Traces, with all that is done to them without writing, and archives of arrays.
 */
#include "fuzz.h"

#include <moescope/archive.h>
#include <moescope/trace-tools.h>
#include <unistd.h>

static void
read_picks(const MoeTrace *trace)
{
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_autoptr(MoeTraceRows) rows = moe_trace_rows_new(trace, NULL, 0);
    for (int c = 0; c < moe_trace_chunks(trace); c++) {
        g_autoptr(GError) error = NULL;
        g_assert_true(moe_trace_rows_load(rows, c, &error) == !error);
        for (int r = 0; r < moe_trace_routers(trace); r++) {
            g_autoptr(GError) reason = NULL;
            g_assert_true(moe_trace_view(trace, c, r, view, &reason) == !reason);
        }
    }
}

static void
read_attachments(const MoeTrace *trace)
{
    int n;
    const char *const *names = moe_trace_attachments(trace, &n);
    for (int i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        MoeArray array = {0};
        g_assert_true(moe_trace_attached(trace, names[i], &array, &error) == !error);
        g_free((void *)array.data);
    }
}

static void
read_trace(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    g_assert_true((trace == NULL) == (error != NULL));
    if (!trace)
        return;
    g_auto(MoeTraceSizes) sizes = {0};
    g_autofree char *fingerprint = moe_trace_fingerprint(trace);
    g_auto(GStrv) problems = moe_trace_verify(trace, NULL, NULL);
    g_assert_true(fingerprint && problems);
    g_assert_true(moe_trace_sizes(trace, &sizes, &error) == !error);
    read_picks(trace);
    read_attachments(trace);
}

static void
read_archive(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeArchive) archive = moe_archive_open(path, &error);
    g_assert_true((archive == NULL) == (error != NULL));
    int n = 0;
    const char *const *names = archive ? moe_archive_names(archive, &n) : NULL;
    for (int i = 0; i < n; i++) {
        g_autoptr(GError) reason = NULL;
        MoeArray array = {0};
        g_assert_true(moe_archive_read(archive, names[i], &array, &reason) == !reason);
        g_free((void *)array.data);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    int fd = fuzz_file(data, size, path);
    read_trace(path);
    read_archive(path);
    close(fd);
    return 0;
}
