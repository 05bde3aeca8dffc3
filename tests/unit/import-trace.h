/* SPDX-License-Identifier: MIT
 *
 * import-trace.h: for the tests of importers: what came of a file, or what was said of it.
 */
#ifndef MOESCOPE_TESTS_IMPORT_TRACE_H
#define MOESCOPE_TESTS_IMPORT_TRACE_H

#include "import-file.h"

#include <moescope/import.h>
#include <string.h>

/* What most files don't say. */
static const MoeImportOptions told = {
    .experts = 8,
    .score = "softmax",
    .select = "top-k",
    .gates = MOE_IMPORT_GATES_AS_SCORED,
};

static inline char *
import_target(void)
{
    g_autofree char *path = import_file("out.npz", "", 0);
    g_remove(path);
    return g_steal_pointer(&path);
}

static inline MoeTrace *
import_all(const char *const *paths, int n, const MoeImportOptions *options,
           MoeImportReport *report)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *out = import_target();
    moe_import(paths, n, out, options, NULL, report, &error);
    g_assert_no_error(error);
    MoeTrace *trace = moe_trace_open(out, &error);
    g_assert_no_error(error);
    return trace;
}

/* Nothing is left of an import that fails. */
static inline void
expect_failure(const char *path, const MoeImportOptions *options, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *out = import_target(), *folder = g_path_get_dirname(out);
    g_assert_false(moe_import(&path, 1, out, options, NULL, NULL, &error));
    if (!strstr(error->message, part))
        g_error("found \"%s\", expected \"%s\"", error->message, part);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));)
        g_assert_false(g_str_has_prefix(name, "out.npz"));
}

/* A router's picks, token after token: "3:0.5 1:0.25, 2:1 …". */
static inline void
expect_picks(const MoeTrace *trace, int router, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_autoptr(GString) text = g_string_new(NULL);
    g_assert_true(moe_trace_view(trace, 0, router, view, &error));
    for (int64_t t = 0; t < view->units; t++) {
        g_string_append(text, t ? ", " : "");
        for (int i = 0; i < view->k; i++) {
            int64_t at = i * view->units + t;
            g_string_append_printf(text, "%s%d", i ? " " : "", view->expert[at]);
            if (view->gate)
                g_string_append_printf(text, ":%g", (double)view->gate[at]);
        }
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static inline void
expect_column(const MoeTrace *trace, const char *name, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    MoeArray array;
    moe_trace_join(trace, name, &array, &error);
    g_assert_no_error(error);
    for (int64_t i = 0; i < array.shape[0]; i++)
        g_string_append_printf(text, "%s%g", i ? " " : "", moe_array_value(&array, i));
    g_free((void *)array.data);
    g_assert_cmpstr(text->str, ==, expected);
}

#endif
