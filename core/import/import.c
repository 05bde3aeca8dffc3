/* SPDX-License-Identifier: MIT
 *
 * The door: finds the files and their importer, lets it read, and puts the trace in its place when
 * it is whole.
 */
#include "import/door.h"
#include "import/unpack.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

static void
file_clear(void *file)
{
    g_free((char *)((MoeImportFile *)file)->path);
}

void
moe__import_restart(MoeImport *import)
{
    if (import->writer)
        moe_trace_writer_abandon(g_steal_pointer(&import->writer));
    moe__import_batch_free(import);
    g_clear_pointer(&import->routers, g_free);
    g_clear_pointer(&import->meta, g_free);
    g_clear_pointer(&import->lacked, g_free);
    import->n_routers = import->rows = 0;
    import->documents = import->left_out = import->pads = import->tokens = 0;
    import->compared = import->disagreeing = import->closed = 0;
    g_string_truncate(import->notes, 0);
    g_string_truncate(import->warnings, 0);
    if (import->options->n_domains == 0)
        g_ptr_array_set_size(import->names, 0);
}

static void
import_clear(MoeImport *import)
{
    if (import->writer)
        moe_trace_writer_abandon(import->writer);
    if (import->target)
        g_unlink(import->target);
    moe__import_batch_free(import);
    g_free(import->routers);
    g_free(import->domain);
    g_free(import->target);
    g_free(import->meta);
    g_free(import->lacked);
    g_string_free(import->notes, TRUE);
    g_string_free(import->warnings, TRUE);
    g_string_free(import->kept, TRUE);
    g_free(import->model);
    moe_summary_free(import->summary);
    g_ptr_array_unref(import->names);
    g_array_unref(import->sizes);
    g_array_unref(import->files);
    g_ptr_array_unref(import->unpacked);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MoeImport, import_clear)

/* --- Which importer ---------------------------------------------------------------------------*/

static bool
insist(MoeImport *import, GError **error)
{
    const char *name = import->options->importer;
    import->importer = moe_importer_find(name);
    if (import->importer)
        return true;
    int n;
    const MoeImporter *const *all = moe_importers(&n);
    g_autofree const char **names = g_new0(const char *, (gsize)n + 1);
    for (int i = 0; i < n; i++)
        names[i] = all[i]->name;
    const char *nearest = moe_nearest(name, names);
    g_autofree char *known = g_strjoinv(", ", (char **)names);
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "found importer \"%s\", expected one of %s%s%s", name, known,
                nearest ? "; did you mean " : "", nearest ? nearest : "");
    return false;
}

static bool
choose_importer(MoeImport *import, GError **error)
{
    if (import->options->importer)
        return insist(import, error);
    const char *first = NULL;
    for (guint i = 0; i < import->files->len; i++) {
        const char *path = g_array_index(import->files, MoeImportFile, i).path;
        const MoeImporter *found = moe_importer_detect(path, error);
        if (!found)
            return false;
        if (import->importer && found != import->importer) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "%s looks like %s, %s like %s: expected one format (--as NAME insists)",
                        first, import->importer->name, path, found->name);
            return false;
        }
        first = first ? first : path;
        import->importer = found;
    }
    return true;
}

/* --- Doing it ---------------------------------------------------------------------------------*/

/* Picks that the rule had to make of experts that can't be picked. */
static void
tell_closed(MoeImport *import)
{
    if (import->closed > 0)
        moe_import_note(import,
                        "in %" G_GINT64_FORMAT " units (a token in a layer) fewer than k = %d "
                        "experts have a logit above minus infinity, a probability above zero: the "
                        "rest of the picks are experts that can't have been picked",
                        import->closed, import->k);
}

/* Writes out the rest and gives the trace its name. */
static bool
finish(MoeImport *import, const char *out, GError **error)
{
    if (import->summary)
        return moe__import_finish_summary(import, out, error);
    if (!moe__import_batch_flush(import, error))
        return false;
    if (import->tokens == 0 && import->left_out > 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found no token with picks in all of the %d layers: %" G_GINT64_FORMAT
                    " have them in some (files of a layer each would have to name the same tokens)",
                    import->n_routers, import->left_out);
        return false;
    }
    if (import->tokens == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "found no routed token in the files");
        return false;
    }
    tell_closed(import);
    if (!moe_trace_writer_flush(import->writer, NULL, error) ||
        !moe__import_tell_late(import, error) ||
        !moe_trace_writer_close(g_steal_pointer(&import->writer), error))
        return false;
    if (g_rename(import->target, out) != 0) {
        int reason = errno;
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(reason),
                    "%s: can't be written: %s", out, g_strerror(reason));
        return false;
    }
    g_clear_pointer(&import->target, g_free);
    return true;
}

static char *
copy_notes(const MoeImport *import)
{
    return import->notes->len ? g_strdup(import->notes->str) : NULL;
}

static int
common_k(const MoeImport *import)
{
    int k = import->routers[0].k;
    for (int r = 1; r < import->n_routers; r++)
        k = import->routers[r].k == k ? k : 0;
    return k;
}

static void
fill_report(const MoeImport *import, MoeImportReport *report)
{
    if (report)
        *report = (MoeImportReport){
            .importer = import->importer->name,
            .summary = import->summary != NULL,
            .domains = (int)import->names->len,
            .tokens = import->tokens,
            .documents = import->documents,
            .incomplete = import->left_out,
            .pads = import->pads,
            .compared = import->compared,
            .disagreeing = import->disagreeing,
            .notes = copy_notes(import),
            .routers = import->n_routers,
            .experts = import->routers[0].experts,
            .k = common_k(import),
        };
}

bool
moe_import(const char *const *sources, int n_sources, const char *out,
           const MoeImportOptions *options, const MoeProgress *progress, MoeImportReport *report,
           GError **error)
{
    moe_init();
    g_auto(MoeImport) import = {
        .options = options,
        .progress = progress,
        .n_sources = n_sources,
        .files = g_array_new(FALSE, FALSE, sizeof(MoeImportFile)),
        .sizes = g_array_new(FALSE, FALSE, sizeof(int64_t)),
        .names = g_ptr_array_new_with_free_func(g_free),
        .unpacked = g_ptr_array_new_with_free_func(moe__import_unpacked_free),
        .notes = g_string_new(NULL),
        .warnings = g_string_new(NULL),
        .kept = g_string_new(NULL),
        .target = g_strdup_printf("%s.%ld.part", out, (long)getpid()),
    };
    g_array_set_clear_func(import.files, file_clear);
    if (!moe__import_list_files(&import, sources, error) ||
        !moe__import_set_domains(&import, error) || !choose_importer(&import, error) ||
        !import.importer->read(&import, error) || !finish(&import, out, error))
        return false;
    fill_report(&import, report);
    return true;
}

/* --- What importers ask -----------------------------------------------------------------------*/

const MoeImportFile *
moe_import_files(const MoeImport *import, int *n)
{
    *n = (int)import->files->len;
    return (const MoeImportFile *)import->files->data;
}

const MoeImportOptions *
moe_import_options(const MoeImport *import)
{
    return import->options;
}

int
moe_import_k(const MoeImport *import)
{
    return import->k;
}

int
moe_import_domain(const MoeImport *import, int file)
{
    return import->domain[file];
}

void
moe_import_left_out(MoeImport *import, int64_t tokens)
{
    import->left_out += tokens;
}

void
moe_import_padding(MoeImport *import, int64_t tokens)
{
    import->pads += tokens;
}

void
moe__import_lacked(MoeImport *import, int router, int64_t tokens)
{
    if (!import->lacked)
        import->lacked = g_new0(int64_t, (gsize)import->n_routers);
    import->lacked[router] += tokens;
}

static void
add_line(GString *lines, const char *line)
{
    g_string_append_printf(lines, "%s%s", lines->len ? "\n" : "", line);
}

void
moe_import_note(MoeImport *import, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    add_line(import->notes, line);
}

void
moe_import_warn(MoeImport *import, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    add_line(import->notes, line);
    add_line(import->warnings, line);
}

bool
moe_import_progress(MoeImport *import, int file, int64_t done, GError **error)
{
    const int64_t *before = (const int64_t *)import->sizes->data;
    g_autofree char *name =
        g_filename_display_basename(g_array_index(import->files, MoeImportFile, file).path);
    bool begun = import->writer || import->summary;
    g_autofree char *what = g_strdup_printf("%s %s", begun ? "reading" : "looking at", name);
    if (moe_progress(import->progress, before[file] + done, before[import->files->len], what))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "the import was stopped");
    return false;
}

bool
moe__import_part(MoeImport *import, int file, int64_t i, int64_t n, GError **error)
{
    const int64_t *before = (const int64_t *)import->sizes->data;
    double size = (double)(before[file + 1] - before[file]);
    int64_t done = (int64_t)(size * (double)(i + 1) / (double)n);
    return moe_import_progress(import, file, done, error);
}
