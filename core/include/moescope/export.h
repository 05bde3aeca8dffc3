/* SPDX-License-Identifier: MIT
 *
 * export.h: traces and summaries as other tools take them: tables of rows, and what expert-parallel
 * placement starts from. An exporter writes one format; core/export/README.md lists them.
 */
#ifndef MOESCOPE_EXPORT_H
#define MOESCOPE_EXPORT_H

#include <moescope/summary.h>

G_BEGIN_DECLS

/* What the caller says. Zero: nothing. Begin from a zeroed struct. */
typedef struct MoeExportOptions {
    int top; /* keep-list: the n busiest experts of a layer, hot-list: of all; 0: not said */
    double coverage; /* as many as carry this share of a layer's, or all, picks, in (0, 1] */
} MoeExportOptions;

/* Writes `trace` to `out` with exporter NAME; the file appears whole or not at all. Fails with
 * MOE_ERROR_UNSUPPORTED (no such exporter, or the trace has what the format can't hold),
 * MOE_ERROR_DATA (an option is missing or out of range, no token), the errors of moe_trace_view(),
 * G_FILE_ERROR, MOE_ERROR_CANCELLED. Progress counts chunks. `options`, `progress` may be NULL. */
MOE_API bool moe_export(const MoeTrace *trace, const char *out, const char *name,
                        const MoeExportOptions *options, const MoeProgress *progress,
                        GError **error);

/* The same of a summary, for exporters that need no more than counts. Fails with
 * MOE_ERROR_UNSUPPORTED where NAME needs tokens, MOE_ERROR_DATA where nothing was counted. */
MOE_API bool moe_export_summary(const MoeSummary *summary, const char *out, const char *name,
                                const MoeExportOptions *options, GError **error);

/* An export under way. */
typedef struct MoeExport MoeExport;

typedef struct MoeExporter {
    size_t struct_size; /* sizeof(MoeExporter) */
    const char *name;   /* small letters, digits, "-" */
    const char *help;   /* what it writes, one line */
    const char *reader; /* who takes it */
    /* Write everything through moe_export_write(): of a trace, and of a summary. One of them may be
     * NULL; a trace is counted first where there is no other way. */
    bool (*write)(MoeExport *job, GError **error);
    bool (*write_summary)(MoeExport *job, const MoeSummary *summary, GError **error);
} MoeExporter;

/* Takes in an exporter, which has to live for ever. Fails with MOE_ERROR_UNSUPPORTED: a slot is
 * missing, the struct is another version's, the name is taken. */
MOE_API bool moe_exporter_register(const MoeExporter *exporter, GError **error);
/* All of them, in the order they came. (transfer none) */
MOE_API const MoeExporter *const *moe_exporters(int *n);
/* By name; NULL if there is none. */
MOE_API const MoeExporter *moe_exporter_find(const char *name);

/* --- For exporters ----------------------------------------------------------------------------*/

/* NULL: it is a summary that is written. */
MOE_API const MoeTrace *moe_export_trace(const MoeExport *job);
MOE_API const MoeExportOptions *moe_export_options(const MoeExport *job);
MOE_API const MoeProgress *moe_export_progress(const MoeExport *job);
/* Appends bytes to the file. Fails with G_FILE_ERROR. */
MOE_API bool moe_export_write(MoeExport *job, const void *bytes, size_t length, GError **error);

G_END_DECLS

#endif
