/* SPDX-License-Identifier: MIT
 *
 * A report: what matters in words, whether it can be trusted, where it comes from, then the
 * sections; last, what couldn't be shown and how to get it, and what the numbers are.
 */
#include "report/checks.h"
#include "report/dense.h"
#include "report/provenance.h"
#include "report/report.h"

#include <string.h>

char *
moe_report_stem(const char *path)
{
    static const char *const endings[] = {".sum.npz", ".npz"};
    g_autofree char *name = g_path_get_basename(path);
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_str_has_suffix(name, endings[i]) && strlen(name) > strlen(endings[i])) {
            name[strlen(name) - strlen(endings[i])] = 0;
            break;
        }
    return g_steal_pointer(&name);
}

/* --- Sections ---------------------------------------------------------------------------------*/

/* What a section says if notes are all it added; they leave the document. (transfer full) */
static char *
take_notes(MoeDocument *document, guint from)
{
    for (guint i = from; i < document->blocks->len; i++)
        if (moe__document_block(document, i)->type != BLOCK_NOTE)
            return NULL;
    g_autoptr(GString) notes = g_string_new(NULL);
    for (guint i = from; i < document->blocks->len; i++)
        g_string_append_printf(notes, "%s%s", notes->len ? "; " : "",
                               moe__document_block(document, i)->text);
    g_ptr_array_set_size(document->blocks, (int)from);
    return g_strdup(notes->len ? notes->str : "nothing to show");
}

static bool
add_sections(MoeReport *report, MoeDocument *document, GError **error)
{
    g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
    guint n = report->sections->len;
    for (guint i = 0; i < n; i++) {
        const MoeReportSection *section = g_ptr_array_index(report->sections, i);
        if (!moe__report_progress(report, i, n, section->name, error))
            return false;
        guint before = document->blocks->len;
        moe_document_section(document, section->name, section->title);
        if (!section->build(section, report, document, error))
            return false;
        char *why = take_notes(document, before + 1);
        if (why)
            g_ptr_array_set_size(document->blocks, (int)before);
        g_ptr_array_add(missing, why);
    }
    bool any = false;
    for (guint i = 0; i < n; i++) {
        const MoeReportSection *section = g_ptr_array_index(report->sections, i);
        if (!missing->pdata[i])
            continue;
        if (!any)
            moe_document_section(document, "not-shown", "Not shown");
        any = true;
        moe_document_fact(document, section->title, missing->pdata[i]);
    }
    return true;
}

static bool
add_checks(MoeReport *report, MoeDocument *document, GError **error)
{
    static const MoeColumn column = {.title = "checked", .type = MOE_COLUMN_TEXT};
    g_autoptr(GPtrArray) list = moe__report_checks(report, error);
    if (!list)
        return false;
    moe_document_section(document, "checks", "Can the numbers be trusted?");
    moe__checks_add(list, document);
    g_autofree char *word = moe__checks_word(list);
    const MoeEntry entry = moe__entry_text(word);
    moe__document_headline(document, &column, &entry);
    return true;
}

/* --- All --------------------------------------------------------------------------------------*/

static MoeDocument *
document_of(MoeReport *report)
{
    g_autofree char *stem = moe_report_stem(report->path);
    g_autofree char *title = g_strdup_printf("Routing of %s", stem);
    g_autofree char *routers = moe__provenance_routers(report->summary);
    g_autofree char *tokens = moe__provenance_tokens(report->summary);
    const char *model = moe__report_model(report);
    g_autofree char *lead =
        g_strdup_printf("%s%s%s; %s.", model ? model : "", model ? ": " : "", routers, tokens);
    MoeDocument *document = moe_document_new(title);
    moe_document_set_lead(document, lead);
    return document;
}

MoeDocument *
moe_report_build(const char *path, const MoeReportOptions *options, GError **error)
{
    if (moe__report_is_dense(path))
        return moe__report_dense(path, options, error);
    g_autoptr(MoeReport) report = moe__report_open(path, options, true, error);
    if (!report)
        return NULL;
    g_autoptr(MoeDocument) document = document_of(report);
    g_autoptr(MoeDocument) sections = moe_document_new(NULL);
    moe__report_measure_all(report);
    /* Caches and checks may still be at work: what tells of them is made last. */
    if (!add_sections(report, sections, error))
        return NULL;
    moe__report_add_headlines(report, document);
    moe_document_section(document, "summary", "In short");
    moe__report_add_summary(report, document);
    if (!add_checks(report, document, error))
        return NULL;
    moe__report_add_provenance(report, document);
    moe__document_append(document, sections);
    moe__document_add_glossary(document);
    return g_steal_pointer(&document);
}
