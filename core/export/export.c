/* SPDX-License-Identifier: MIT
 *
 * The door: finds the exporter, lets it write beside the target, and renames when all is written.
 */
#include "base/file.h"
#include "export/exporters.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct MoeExport {
    const MoeTrace *trace;
    const MoeExportOptions *options;
    const MoeProgress *progress;
    const char *out;
    char *target; /* what is written until it is whole; a device or a pipe: `out` itself */
    FILE *file;
};

static void
export_clear(MoeExport *job)
{
    if (job->file) {
        fclose(job->file);
        if (strcmp(job->target, job->out) != 0)
            g_unlink(job->target);
    }
    g_free(job->target);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeExport, export_clear)

static bool
fail(const MoeExport *job, int reason, GError **error)
{
    g_autofree char *name = g_filename_display_name(job->out);
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(reason),
                "%s: can't be written: %s", name, g_strerror(reason));
    return false;
}

static const MoeExporter *
find_exporter(const char *name, GError **error)
{
    const MoeExporter *found = moe_exporter_find(name);
    if (found)
        return found;
    int n;
    const MoeExporter *const *all = moe_exporters(&n);
    g_autofree const char **names = g_new0(const char *, (gsize)n + 1);
    for (int i = 0; i < n; i++)
        names[i] = all[i]->name;
    const char *nearest = moe_nearest(name, names);
    g_autofree char *known = g_strjoinv(", ", (char **)names);
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "found exporter \"%s\", expected one of %s%s%s", name, known,
                nearest ? "; did you mean " : "", nearest ? nearest : "");
    return NULL;
}

/* (transfer full) */
static char *
target_of(const char *out)
{
    return moe__file_is_special(out) ? g_strdup(out)
                                     : g_strdup_printf("%s.%ld.part", out, (long)getpid());
}

static bool
open_target(MoeExport *job, GError **error)
{
    job->file = fopen(job->target, "wbe");
    return job->file || fail(job, errno, error);
}

/* Gives the file its name once its bytes are on the disk. */
static bool
finish(MoeExport *job, GError **error)
{
    bool beside = strcmp(job->target, job->out) != 0;
    if (fflush(job->file) != 0 || (beside && fsync(fileno(job->file)) != 0))
        return fail(job, errno, error);
    if (beside && g_rename(job->target, job->out) != 0)
        return fail(job, errno, error);
    fclose(g_steal_pointer(&job->file));
    return true;
}

static bool
write_summary(MoeExport *job, const MoeExporter *exporter, const MoeSummary *summary,
              GError **error)
{
    return open_target(job, error) && exporter->write_summary(job, summary, error) &&
           finish(job, error);
}

static MoeSummary *
count(const MoeExport *job, GError **error)
{
    const MoeSummaryOptions options = {.progress = job->progress};
    return moe_summary_from_trace(job->trace, &options, error);
}

static const MoeExportOptions nothing;

bool
moe_export(const MoeTrace *trace, const char *out, const char *name,
           const MoeExportOptions *options, const MoeProgress *progress, GError **error)
{
    moe_init();
    g_auto(MoeExport) job = {
        .trace = trace,
        .options = options ? options : &nothing,
        .progress = progress,
        .out = out,
        .target = target_of(out),
    };
    const MoeExporter *exporter = find_exporter(name, error);
    if (!exporter)
        return false;
    if (moe_trace_tokens(trace, -1) == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "the trace has no token to export");
        return false;
    }
    if (exporter->write)
        return open_target(&job, error) && exporter->write(&job, error) && finish(&job, error);
    g_autoptr(MoeSummary) summary = count(&job, error);
    return summary && write_summary(&job, exporter, summary, error);
}

bool
moe_export_summary(const MoeSummary *summary, const char *out, const char *name,
                   const MoeExportOptions *options, GError **error)
{
    moe_init();
    g_auto(MoeExport) job = {
        .options = options ? options : &nothing,
        .out = out,
        .target = target_of(out),
    };
    const MoeExporter *exporter = find_exporter(name, error);
    if (!exporter)
        return false;
    if (exporter->write_summary)
        return write_summary(&job, exporter, summary, error);
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "%s needs every token's picks, found a summary, expected a trace", name);
    return false;
}

/* --- What exporters ask -----------------------------------------------------------------------*/

const MoeTrace *
moe_export_trace(const MoeExport *job)
{
    return job->trace;
}

const MoeExportOptions *
moe_export_options(const MoeExport *job)
{
    return job->options;
}

const MoeProgress *
moe_export_progress(const MoeExport *job)
{
    return job->progress;
}

bool
moe_export_write(MoeExport *job, const void *bytes, size_t length, GError **error)
{
    return fwrite(bytes, 1, length, job->file) == length || fail(job, errno, error);
}
