/* SPDX-License-Identifier: MIT
 *
 * counts.h: for the tests of importers of counts: the summary that came of files, or what was said
 * of them.
 */
#ifndef MOESCOPE_TESTS_COUNTS_H
#define MOESCOPE_TESTS_COUNTS_H

#include "import-trace.h"

/* Of the model of tests/fixtures/counts. */
static const MoeImportOptions counted G_GNUC_UNUSED = {.experts = 4, .k = 2};

/* (transfer full) */
static inline char *
counts_fixture(const char *name)
{
    return g_build_filename(g_getenv("MOESCOPE_SOURCE_ROOT"), "tests", "fixtures", "counts", name,
                            NULL);
}

static inline MoeSummary *
counts_import(const char *const *paths, int n, const MoeImportOptions *options,
              MoeImportReport *report)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *out = import_target();
    MoeImportReport own;
    moe_import(paths, n, out, options, NULL, report ? report : &own, &error);
    g_assert_no_error(error);
    g_assert_true((report ? report : &own)->summary);
    if (!report)
        g_free(own.notes);
    g_assert_true(moe_summary_is(out));
    MoeSummary *summary = moe_summary_open(out, &error);
    g_assert_no_error(error);
    return summary;
}

static inline MoeSummary *
counts_import_one(const char *path, const MoeImportOptions *options, MoeImportReport *report)
{
    return counts_import(&path, 1, options, report);
}

/* "8 6 4 2": picks of a router in a domain. */
static inline void
expect_load(const MoeSummary *summary, int router, int domain, const char *expected)
{
    const MoeSummaryCell *cell = moe_summary_cell(summary, router, domain);
    g_autoptr(GString) text = g_string_new(NULL);
    int64_t sum = 0;
    for (int e = 0; e < cell->experts; e++) {
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, e ? " " : "", cell->count[e]);
        sum += cell->count[e];
    }
    g_assert_cmpstr(text->str, ==, expected);
    g_assert_cmpint(cell->picks, ==, sum);
}

#endif
