/* SPDX-License-Identifier: MIT
 *
 * How fast made-up decisions are drawn and written, and a trace's columns read: 16 routers, top-8
 * of 64, stored. One line a figure, as run.sh says; medians. Bytes are those of the file.
 *
 *   bench-trace [TOKENS [FILE]]      default: 1000000 tokens, in a scratch file
 */
#include <glib/gstdio.h>
#include <moescope/trace-tools.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUTERS = 16, EXPERTS = 64, K = 8, RUNS = 5 };

static double
median(double *x, int n)
{
    for (int i = 1; i < n; i++)
        for (int j = i; j > 0 && x[j - 1] > x[j]; j--) {
            double kept = x[j];
            x[j] = x[j - 1];
            x[j - 1] = kept;
        }
    return x[n / 2];
}

static double
seconds(gint64 since)
{
    return (double)(g_get_monotonic_time() - since) / 1e6;
}

/* Views every chunk of every router; a thread has one view, so that its memory stays in the cache.
 */
static bool
read_all(const MoeTrace *trace, unsigned columns, GError **error)
{
    GError *first = NULL;
    int jobs = moe_trace_chunks(trace) * ROUTERS;
#pragma omp parallel num_threads(moe_threads())
    {
        g_autoptr(MoeTraceView) view = moe_trace_view_new();
        moe_trace_view_wants(view, columns);
#pragma omp for schedule(static)
        for (int i = 0; i < jobs; i++) {
            GError *own = NULL;
            if (!moe_trace_view(trace, i / ROUTERS, i % ROUTERS, view, &own)) {
#pragma omp critical
                g_propagate_error(first ? NULL : &first, own);
            }
        }
    }
    if (first)
        g_propagate_error(error, first);
    return !first;
}

/* `bytes` a decision are read. */
static bool
bench_read(const MoeTrace *trace, const char *name, unsigned columns, int bytes, GError **error)
{
    double times[RUNS], decisions = (double)moe_trace_tokens(trace, -1) * ROUTERS * K;
    for (int i = -1; i < RUNS; i++) {
        gint64 begin = g_get_monotonic_time();
        if (!read_all(trace, columns, error))
            return false;
        if (i >= 0)
            times[i] = seconds(begin);
    }
    printf("trace.read.%s\t%.2f\tGB/s\t-\t-\n", name,
           decisions * bytes / median(times, RUNS) / 1e9);
    return true;
}

static bool
bench_synth(const char *path, int64_t tokens, bool gates, GError **error)
{
    const MoeTraceSynth synth = {.tokens = tokens,
                                 .routers = ROUTERS,
                                 .experts = EXPERTS,
                                 .k = K,
                                 .domains = 4,
                                 .skew = 0.7,
                                 .specialisation = 0.5,
                                 .repetition = 0.2,
                                 .gates = gates,
                                 .seed = 1};
    static const MoeTraceOutput output = {.compression = 0};
    gint64 begin = g_get_monotonic_time();
    if (!moe_trace_synth(path, &synth, &output, NULL, error))
        return false;
    printf("trace.synth.%s\t%.1f\tM decisions/s\t-\t-\n", gates ? "gates" : "ids",
           (double)tokens * ROUTERS * K / seconds(begin) / 1e6);
    return true;
}

static bool
bench(const char *path, int64_t tokens, GError **error)
{
    if (!bench_synth(path, tokens, false, error) || !bench_synth(path, tokens, true, error))
        return false;
    g_autoptr(MoeTrace) trace = moe_trace_open(path, error);
    return trace && bench_read(trace, "all", MOE_VIEW_ALL, 3, error) &&
           bench_read(trace, "ids-gates", MOE_VIEW_EXPERT32 | MOE_VIEW_GATES, 3, error) &&
           bench_read(trace, "raw", MOE_VIEW_GATES_RAW, 3, error) &&
           bench_read(trace, "ids", 0, 1, error);
}

int
main(int argc, char **argv)
{
    moe_bound_spinning(argv);
    moe_init();
    g_autoptr(GError) error = NULL;
    int64_t tokens = argc > 1 ? g_ascii_strtoll(argv[1], NULL, 10) : 1000000;
    g_autofree char *folder = argc > 2 ? NULL : g_dir_make_tmp("moescope-bench-XXXXXX", &error);
    g_autofree char *path = argc > 2 ? g_strdup(argv[2])
                            : folder ? g_build_filename(folder, "trace.npz", NULL)
                                     : NULL;
    bool ok = path && bench(path, tokens, &error);
    if (!ok)
        fprintf(stderr, "bench-trace: %s\n", error->message);
    if (folder) {
        g_unlink(path);
        g_rmdir(folder);
    }
    return ok ? 0 : 1;
}
