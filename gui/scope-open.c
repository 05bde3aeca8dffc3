/* SPDX-License-Identifier: MIT
 *
 * A path may be our own (a trace, a summary, the folder of a run), or what another program wrote:
 * then it is imported into a folder of its own, which is kept as long as the document.
 */
#include "scope-open.h"

#include "scope-import.h"
#include "scope-program.h"
#include "scope-text.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

G_DEFINE_QUARK(scope - error - quark, scope_error)

void
scope_opened_clear(ScopeOpened *opened)
{
    g_clear_pointer(&opened->source, scope_source_unref);
    if (opened->imported) {
        g_remove(opened->file);
        g_rmdir(opened->imported);
    }
    g_clear_pointer(&opened->imported, g_free);
    g_clear_pointer(&opened->file, g_free);
    g_clear_pointer(&opened->notes, g_free);
}

/* --- Imports ----------------------------------------------------------------------------------*/

/* Whether a program of another kind wrote it: an importer is sure of what it holds. */
static bool
is_importable(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_DIR) || moe_importer_detect(path, NULL);
}

static bool
import(const char *const *paths, const char *name, const char *const *choices,
       const MoeProgress *progress, ScopeOpened *opened, GError **error)
{
    opened->imported = g_dir_make_tmp("moescope-XXXXXX", error);
    if (!opened->imported)
        return false;
    g_autofree char *stem = scope_text_stem(paths[0]), *file = g_strconcat(stem, ".npz", NULL);
    opened->file = g_build_filename(opened->imported, file, NULL);
    if (scope_import(paths, opened->file, choices, progress, &opened->notes, error))
        opened->source = scope_source_open(opened->file, name, error);
    return opened->source != NULL;
}

/* --- Models -----------------------------------------------------------------------------------*/

/* A recipe, a checkpoint, or a run that has recorded nothing yet. */
static bool
is_model(const char *path)
{
    static const char *const marks[] = {"recipe.ini", "model.safetensors"};
    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
        g_autofree char *mark = g_build_filename(path, marks[i], NULL);
        if (g_file_test(mark, G_FILE_TEST_EXISTS))
            return true;
    }
    return g_str_has_suffix(path, ".ini") && g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

/* What others keep models in: one file, or a folder of them beside its config.json. */
static bool
is_weights(const char *path)
{
    g_autofree char *config = g_build_filename(path, "config.json", NULL);
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    bool named = g_str_has_suffix(path, ".safetensors") && !moe_importer_detect(path, NULL);
    return (named || g_file_test(config, G_FILE_TEST_EXISTS)) &&
           moe_figure_input_open(input, path, NULL, NULL) && moe_figure_input_weights(input, 0);
}

static void
describe_weights(const char *path, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    g_set_error(error, SCOPE_ERROR, SCOPE_ERROR_DESCRIBED,
                _("%s holds the weights of a model. Below is what they show of its routers; what "
                  "the model routes has to be recorded while it runs."),
                name);
}

/* In the program's words, so that they are the same everywhere. */
static void
describe(const char *path, GError **error)
{
    const char *const arguments[] = {"info", path, NULL};
    g_autoptr(GSubprocess) child = scope_program_start(arguments, error);
    g_autofree char *words = NULL, *complaints = NULL;
    if (!child || !g_subprocess_communicate_utf8(child, NULL, NULL, &words, &complaints, error))
        return;
    if (g_subprocess_get_successful(child))
        g_set_error_literal(error, SCOPE_ERROR, SCOPE_ERROR_DESCRIBED, words);
    else
        g_set_error_literal(error, MOE_ERROR, MOE_ERROR_DATA, scope_program_words(complaints));
}

/* --- Files ------------------------------------------------------------------------------------*/

/* A pipe would be waited for, maybe for ever. */
static bool
is_file_or_folder(const char *path, GError **error)
{
    bool special = g_file_test(path, G_FILE_TEST_EXISTS) &&
                   !g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
                   !g_file_test(path, G_FILE_TEST_IS_DIR);
    if (special)
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    _("%s: found a pipe or a device, expected a file or a folder"), path);
    return !special;
}

/* The file that a path means: of a run's folder its trace. */
static char *
file_of(const char *path)
{
    g_autofree char *trace = g_build_filename(path, "trace.npz", NULL);
    return g_strdup(g_file_test(trace, G_FILE_TEST_EXISTS) ? trace : path);
}

bool
scope_open_imports(const char *path)
{
    g_autofree char *file = file_of(path);
    return g_str_equal(file, path) && is_file_or_folder(path, NULL) && !is_model(path) &&
           !is_weights(path) && !moe_summary_is(path) && is_importable(path);
}

static bool
begins_as_archive(const char *path)
{
    char begin[2] = "";
    FILE *file = g_fopen(path, "rbe");
    bool archive = file && fread(begin, 1, 2, file) == 2 && memcmp(begin, "PK", 2) == 0;
    if (file)
        fclose(file);
    return archive;
}

/* Why a file can't be opened: what is wrong with it as a trace where it seems to be one, else that
 * nobody knows what it holds. Takes the former. */
static void
tell_why(const char *path, GError *as_trace, GError **error)
{
    bool foreign = as_trace->domain == MOE_ERROR && !begins_as_archive(path);
    if (foreign && !moe_importer_detect(path, error))
        g_error_free(as_trace);
    else
        g_propagate_error(error, as_trace);
}

static bool
open_one(const char *path, const char *const *choices, const MoeProgress *progress,
         ScopeOpened *opened, GError **error)
{
    const char *const paths[] = {path, NULL};
    g_autoptr(GError) complaint = NULL;
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *file = file_of(path);
    if (!is_file_or_folder(file, error))
        return false;
    if (!g_file_test(file, G_FILE_TEST_IS_DIR))
        opened->source = scope_source_open(file, name, &complaint);
    if (opened->source) {
        opened->file = g_steal_pointer(&file);
        return true;
    }
    if (is_model(path)) {
        describe(path, error);
        return false;
    }
    if (is_weights(path)) {
        describe_weights(path, error);
        return false;
    }
    if (complaint && !is_importable(path)) {
        tell_why(path, g_steal_pointer(&complaint), error);
        return false;
    }
    return import(paths, name, choices, progress, opened, error);
}

bool
scope_open(const char *const *paths, const char *const *choices, const MoeProgress *progress,
           ScopeOpened *opened, GError **error)
{
    g_autofree char *name = g_path_get_basename(paths[0]);
    *opened = (ScopeOpened){0};
    if (paths[1] ? import(paths, name, choices, progress, opened, error)
                 : open_one(paths[0], choices, progress, opened, error))
        return true;
    scope_opened_clear(opened);
    return false;
}
