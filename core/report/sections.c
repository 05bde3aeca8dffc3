/* SPDX-License-Identifier: MIT
 *
 * The sections there are, in the order of reading.
 */
#include "report/sections.h"
#include "report/section.h"

#include <string.h>

/* Filled by moe_init() and plugins at the start, only read afterwards. */
static GPtrArray *sections;

static const MoeReportSection *
lookup(const char *name)
{
    for (guint i = 0; sections && i < sections->len; i++) {
        const MoeReportSection *section = g_ptr_array_index(sections, i);
        if (g_str_equal(section->name, name))
            return section;
    }
    return NULL;
}

void
moe_report_sections_add(const MoeReportSection *section)
{
    g_return_if_fail(section->struct_size >= sizeof(MoeReportSection));
    g_return_if_fail(section->name && section->title && section->help && section->build);
    if (lookup(section->name)) {
        g_warning("section \"%s\": there is one of that name already", section->name);
        return;
    }
    if (!sections)
        sections = g_ptr_array_new();
    g_ptr_array_add(sections, (gpointer)section);
}

const MoeReportSection *const *
moe_report_sections(int *n)
{
    *n = sections ? (int)sections->len : 0;
    return sections ? (const MoeReportSection *const *)sections->pdata : NULL;
}

void
moe__report_register(void)
{
    moe_report_sections_add(&moe__section_load.section);
    moe_report_sections_add(&moe__section_balance.section);
    moe_report_sections_add(&moe__section_kinds);
    moe_report_sections_add(&moe__section_domains.section);
    moe_report_sections_add(&moe__section_vocabulary.section);
    moe_report_sections_add(&moe__section_coactivation.section);
    moe_report_sections_add(&moe__section_likeness.section);
    moe_report_sections_add(&moe__section_flow.section);
    moe_report_sections_add(&moe__section_locality.section);
    moe_report_sections_add(&moe__section_caches.section);
    moe_report_sections_add(&moe__section_scores.section);
    moe_report_sections_add(&moe__section_sub_tokens.section);
    moe_report_sections_add(&moe__section_training);
    moe_report_sections_add(&moe__section_state);
    moe_report_sections_add(&moe__section_text.section);
}

/* --- Choosing ---------------------------------------------------------------------------------*/

static void
set_unknown(const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; sections && i < sections->len; i++)
        g_ptr_array_add(names, (gpointer)((const MoeReportSection *)sections->pdata[i])->name);
    g_ptr_array_add(names, NULL);
    const char *near = moe_nearest(name, (const char *const *)names->pdata);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    if (near)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found no section \"%s\"; did you mean \"%s\"?", name, near);
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "found no section \"%s\"; there are %s", name,
                    list);
}

static bool
is_minus(const char *word)
{
    return *word == '-';
}

/* Whether the words name the section: 1, leave it out: -1, or don't say: 0. The last one holds. */
static int
said_of(char **words, const char *name)
{
    int said = 0;
    for (char **word = words; *word; word++)
        if (g_str_equal(*word + is_minus(*word), name))
            said = is_minus(*word) ? -1 : 1;
    return said;
}

/* Words between commas, without blanks. (transfer full) */
static char **
split(const char *choice)
{
    char **words = g_strsplit(choice ? choice : "", ",", -1);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    for (char **word = words; *word; word++) {
        if (*g_strstrip(*word))
            g_ptr_array_add(kept, g_strdup(*word));
    }
    g_strfreev(words);
    g_ptr_array_add(kept, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&kept), FALSE);
}

bool
moe__report_asked(const char *choice, const char *name)
{
    g_auto(GStrv) words = split(choice);
    return said_of(words, name) > 0;
}

GPtrArray *
moe__report_choose(const char *choice, GError **error)
{
    g_auto(GStrv) words = split(choice);
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();
    bool only = false;
    for (char **word = words; *word; word++) {
        only |= !is_minus(*word);
        if (!lookup(*word + is_minus(*word))) {
            set_unknown(*word + is_minus(*word), error);
            return NULL;
        }
    }
    for (guint i = 0; sections && i < sections->len; i++) {
        const MoeReportSection *section = g_ptr_array_index(sections, i);
        int said = said_of(words, section->name);
        if (only ? said > 0 : said == 0)
            g_ptr_array_add(chosen, (gpointer)section);
    }
    return g_steal_pointer(&chosen);
}

bool
moe_report_options_check(const MoeReportOptions *options, GError **error)
{
    g_autoptr(GPtrArray) chosen = moe__report_choose(options->sections, error);
    return chosen != NULL;
}
