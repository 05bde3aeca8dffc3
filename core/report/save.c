/* SPDX-License-Identifier: MIT
 *
 * A document as files: all formats are made first, then written, each beside its target and
 * renamed.
 */
#include "report/writers.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct Format {
    unsigned bit;
    const char *ending;
} Format;

static const Format formats[] = {{MOE_REPORT_HTML, "html"},
                                 {MOE_REPORT_PDF, "pdf"},
                                 {MOE_REPORT_MARKDOWN, "md"},
                                 {MOE_REPORT_JSON, "json"}};

static GBytes *
of_text(char *text)
{
    return g_bytes_new_take(text, strlen(text));
}

static GBytes *
make(MoeDocument *document, unsigned format, MoeReportTheme theme, GError **error)
{
    switch (format) {
    case MOE_REPORT_HTML:
        return of_text(moe_document_html(document, theme));
    case MOE_REPORT_PDF:
        return moe_document_pdf(document, error);
    case MOE_REPORT_MARKDOWN:
        return of_text(moe_document_markdown(document));
    default:
        return of_text(moe_document_json(document));
    }
}

static bool
write_all(GBytes *const *made, const char *folder, const char *stem, GError **error)
{
    if (g_mkdir_with_parents(folder, 0777) != 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                    "%s: can't make the folder: %s", folder, g_strerror(errno));
        return false;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (!made[i])
            continue;
        gsize length;
        const void *data = g_bytes_get_data(made[i], &length);
        g_autofree char *name = g_strdup_printf("%s.%s", stem, formats[i].ending);
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (!moe_file_replace(path, data, length, error))
            return false;
    }
    return true;
}

bool
moe_document_save(MoeDocument *document, const char *folder, const char *stem, unsigned wanted,
                  MoeReportTheme theme, GError **error)
{
    GBytes *made[G_N_ELEMENTS(formats)] = {NULL};
    bool good = true;
    for (gsize i = 0; good && i < G_N_ELEMENTS(formats); i++) {
        if (!(wanted & formats[i].bit))
            continue;
        made[i] = make(document, formats[i].bit, theme, error);
        good = made[i] != NULL;
    }
    good = good && write_all(made, folder, stem, error);
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++)
        g_clear_pointer(&made[i], g_bytes_unref);
    return good;
}
