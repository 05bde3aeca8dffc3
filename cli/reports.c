/* SPDX-License-Identifier: MIT */
#include "reports.h"

#include "cmd.h"
#include "progress.h"
#include "util.h"

#include <string.h>

/* --- How they look ----------------------------------------------------------------------------*/

void
cmd_report_look_clear(ReportLook *look)
{
    g_free(look->formats_text);
    g_free(look->theme_text);
}

static bool
add_format(ReportLook *look, const char *name)
{
    static const struct {
        const char *name;
        unsigned format;
    } formats[] = {{"html", MOE_REPORT_HTML},
                   {"pdf", MOE_REPORT_PDF},
                   {"md", MOE_REPORT_MARKDOWN},
                   {"json", MOE_REPORT_JSON}};
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (g_str_equal(name, formats[i].name)) {
            look->formats |= formats[i].format;
            return true;
        }
    }
    return false;
}

bool
cmd_report_look_check(ReportLook *look, int *status)
{
    static const char *const themes[] = {"auto", "light", "dark"};
    g_auto(GStrv) names = g_strsplit(look->formats_text ? look->formats_text : "", ",", -1);
    for (char **name = names; *name; name++)
        if (!add_format(look, *name)) {
            *status = cmd_usage("found --formats %s, expected some of html, pdf, md and json",
                                look->formats_text);
            return false;
        }
    if (look->formats == 0)
        look->formats = MOE_REPORT_ALL;
    look->theme = MOE_REPORT_AUTO;
    for (gsize i = 0; look->theme_text && i < G_N_ELEMENTS(themes); i++) {
        if (g_str_equal(look->theme_text, themes[i])) {
            look->theme = (MoeReportTheme)i;
            return true;
        }
    }
    if (look->theme_text)
        *status = cmd_usage("found --theme %s, expected auto, light or dark", look->theme_text);
    return !look->theme_text;
}

/* --- Many at a time ---------------------------------------------------------------------------*/

typedef struct Batch {
    const char *out;
    MoeReportOptions options;
    const ReportLook *look;
    const MoeProgress *progress;
    MoeReportIndex *index;
    int n, done;
    int threads; /* of each report */
    GMutex lock;
    bool failed, stopped;
} Batch;

typedef struct Job {
    int i;
    const char *path;
    char *stem;
} Job;

static void
job_free(gpointer data)
{
    Job *job = data;
    g_free(job->stem);
    g_free(job);
}

/* Called by any thread; one line for all of them. */
static bool
on_progress(int64_t done, int64_t total, const char *what, void *user)
{
    Batch *batch = user;
    g_autofree char *line =
        batch->n > 1
            ? g_strdup_printf("report %d of %d: %s", MIN(batch->done + 1, batch->n), batch->n, what)
            : g_strdup(what);
    g_mutex_lock(&batch->lock);
    batch->stopped |= !batch->progress->func(done, total, line, batch->progress->user);
    bool go_on = !batch->stopped;
    g_mutex_unlock(&batch->lock);
    return go_on;
}

static void
complain(Batch *batch, const GError *error)
{
    g_mutex_lock(&batch->lock);
    bool interrupted = g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED);
    batch->failed = true;
    if (!interrupted || !batch->stopped) {
        cmd_progress_end();
        cmd_fail(error);
    }
    batch->stopped |= interrupted;
    g_mutex_unlock(&batch->lock);
}

static void
work(gpointer data, gpointer user)
{
    Job *job = data;
    Batch *batch = user;
    g_autoptr(GError) error = NULL;
    g_mutex_lock(&batch->lock);
    bool stopped = batch->stopped;
    moe_set_threads(batch->threads); /* OpenMP keeps that number for each thread apart */
    g_mutex_unlock(&batch->lock);
    g_autoptr(MoeDocument) document =
        stopped ? NULL : moe_report_build(job->path, &batch->options, &error);
    if (document && moe_document_save(document, batch->out, job->stem, batch->look->formats,
                                      batch->look->theme, &error)) {
        g_mutex_lock(&batch->lock);
        moe_report_index_set(batch->index, job->i, document, job->stem);
        batch->done++;
        g_mutex_unlock(&batch->lock);
    }
    if (error)
        complain(batch, error);
}

/* A name that is taken gets "-run" for a run's folder, then a number. */
static void
settle_stem(Job *job, GHashTable *taken)
{
    bool run = g_file_test(job->path, G_FILE_TEST_IS_DIR);
    g_autofree char *plain = g_strconcat(job->stem, run ? "-run" : "", NULL);
    for (int k = run ? 1 : 2; g_hash_table_contains(taken, job->stem); k++) {
        g_free(job->stem);
        job->stem = k == 1 ? g_strdup(plain) : g_strdup_printf("%s-%d", plain, k);
    }
}

/* Names of files: those of the inputs, each once, none of them the index's. (transfer full) */
static GPtrArray *
make_jobs(int n, char *const *paths)
{
    GPtrArray *jobs = g_ptr_array_new_with_free_func(job_free);
    g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_add(taken, (gpointer) "index");
    for (int i = 0; i < n; i++) {
        Job *job = g_new(Job, 1);
        *job = (Job){i, paths[i], moe_report_stem(paths[i])};
        settle_stem(job, taken);
        g_hash_table_add(taken, job->stem);
        g_ptr_array_add(jobs, job);
    }
    return jobs;
}

/* Sums of fractions depend on the number of threads in their last digits, so every report has as
 * many as it would have alone, though several are made at once. */
static void
run_jobs(Batch *batch, GPtrArray *jobs)
{
    int at_once = CLAMP(MIN(moe_threads(), (int)jobs->len), 1, 4);
    batch->threads = moe_threads();
    GThreadPool *pool = at_once > 1 ? g_thread_pool_new(work, batch, at_once, FALSE, NULL) : NULL;
    for (guint i = 0; i < jobs->len; i++) {
        if (pool)
            g_thread_pool_push(pool, jobs->pdata[i], NULL);
        else
            work(jobs->pdata[i], batch);
    }
    if (pool)
        g_thread_pool_free(pool, FALSE, TRUE);
}

int
cmd_reports_write(const char *out, const MoeReportOptions *options, const ReportLook *look, int n,
                  char *const *paths)
{
    Batch batch = {.out = out,
                   .options = *options,
                   .look = look,
                   .progress = cmd_progress_begin(),
                   .index = moe_report_index_new(n),
                   .n = n};
    const MoeProgress progress = {on_progress, &batch};
    batch.options.progress = &progress;
    g_mutex_init(&batch.lock);
    g_autoptr(GPtrArray) jobs = make_jobs(n, paths);
    run_jobs(&batch, jobs);
    cmd_progress_end();
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeDocument) index =
        n > 1 && batch.done > 0 && !batch.stopped ? moe_report_index_document(batch.index) : NULL;
    if (index && !moe_document_save(index, out, "index", look->formats, look->theme, &error)) {
        cmd_fail(error);
        batch.failed = true;
    }
    moe_report_index_free(batch.index);
    g_mutex_clear(&batch.lock);
    return batch.stopped ? CMD_INTERRUPTED : batch.failed ? CMD_FAILED : CMD_OK;
}
