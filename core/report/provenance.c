/* SPDX-License-Identifier: MIT
 *
 * Where the numbers come from: model, recipe, data, programs.
 */
#include "report/provenance.h"

#include "report/words.h"

#include "figure/number.h"

#include <string.h>

static void
add_fact(MoeDocument *document, const char *name, const char *text)
{
    if (text && *text)
        moe_document_fact(document, name, text);
}

/* --- Model and data ---------------------------------------------------------------------------*/

/* Whether all routers have the same of what readers ask for first. */
static bool
alike(const MoeSummary *summary)
{
    const MoeRouterInfo *first = moe_summary_router(summary, 0);
    for (int r = 1; r < moe_summary_routers(summary); r++) {
        const MoeRouterInfo *info = moe_summary_router(summary, r);
        if (info->experts != first->experts || info->k != first->k ||
            info->units_per_token != first->units_per_token || info->shared != first->shared)
            return false;
    }
    return true;
}

char *
moe__provenance_routers(const MoeSummary *summary)
{
    int n = moe_summary_routers(summary);
    g_autofree char *layers = moe__say_count(n, "MoE layer", "MoE layers");
    if (n == 0)
        return g_strdup("no routers");
    const MoeRouterInfo *info = moe_summary_router(summary, 0);
    if (!alike(summary))
        return g_strdup_printf("%s of different sizes", layers);
    GString *out = g_string_new(layers);
    g_string_append_printf(out, ", %d experts each", info->experts);
    if (info->k > 0)
        g_string_append_printf(out, ", top-%d", info->k);
    else
        g_string_append(out, ", as many picks as the router makes");
    if (info->units_per_token > 1)
        g_string_append_printf(out, ", %d sub-tokens a token", info->units_per_token);
    if (info->shared > 0)
        g_string_append_printf(out, ", %d shared", info->shared);
    return g_string_free(out, FALSE);
}

static void
add_routing(MoeReport *report, MoeDocument *document)
{
    const MoeRouterInfo *info = moe_summary_router(report->summary, 0);
    if (!info ||
        (g_strcmp0(info->score, "unknown") == 0 && g_strcmp0(info->select, "unknown") == 0))
        return;
    g_autofree char *rule =
        g_strdup_printf("score %s, selection %s, gate %s%s", info->score, info->select, info->gate,
                        info->gates_sum_to_one ? ", gates sum to 1" : "");
    add_fact(document, "routing rule", rule);
}

char *
moe__provenance_tokens(const MoeSummary *summary)
{
    g_autofree char *tokens =
        moe__say_count(moe_summary_tokens_counted(summary), "token", "tokens");
    int domains = moe_summary_domains(summary);
    if (domains == 0)
        return g_steal_pointer(&tokens);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (int d = 0; d < MIN(domains, 8); d++)
        g_ptr_array_add(names, (gpointer)moe_summary_domain_name(summary, d));
    if (domains > 8)
        g_ptr_array_add(names, (gpointer) "more");
    g_autofree char *list = moe__say_list((const char *const *)names->pdata, (int)names->len);
    g_autofree char *count = moe__say_count(domains, "domain", "domains");
    return g_strdup_printf("%s of %s (%s)", tokens, count, list);
}

/* A run's trace has the same tokens at several steps. */
static char *
step_counted(MoeReport *report)
{
    int64_t counted = moe_summary_tokens_counted(report->summary);
    int64_t all = report->trace ? moe_trace_tokens(report->trace, -1) : counted;
    if (all == counted)
        return NULL;
    g_autofree char *tokens = moe__say_count(counted, "token", "tokens");
    g_autofree char *of = moe__number_count(all);
    return g_strdup_printf("the last recorded step: %s of %s", tokens, of);
}

/* --- Recipe, programs -------------------------------------------------------------------------*/

/* What of a recipe says most, in the words of its keys. */
static void
add_recipe(MoeReport *report, MoeDocument *document)
{
    static const char *const keys[] = {
        "moe.variant", "model.layers",  "model.d_model", "moe.experts",  "moe.k",
        "moe.hidden",  "moe.score",     "moe.select",    "moe.gate",     "moe.split",
        "moe.branch",  "train.steps",   "train.batch",   "train.length", "train.seed",
        "optim.lr",    "data.tokenizer"};
    g_autoptr(GString) text = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *path = g_strconcat("recipe.", keys[i], NULL);
        g_autofree char *value = moe__report_meta_text(report, path);
        if (value)
            g_string_append_printf(text, "%s%s" NBSP "=" NBSP "%s", text->len ? ", " : "", keys[i],
                                   value);
    }
    add_fact(document, "recipe", text->str);
}

static char *
parameters(MoeReport *report)
{
    g_autofree char *all = moe__report_meta_text(report, "model.params");
    g_autofree char *active = moe__report_meta_text(report, "model.active_params");
    if (!all || !active)
        return NULL;
    g_autofree char *said = moe__number_count(g_ascii_strtoll(all, NULL, 10));
    g_autofree char *at_once = moe__number_count(g_ascii_strtoll(active, NULL, 10));
    return g_strdup_printf("%s, %s of them active for a token", said, at_once);
}

static char *
imported_from(MoeReport *report)
{
    const char *importer = moe__report_meta(report, "import.importer");
    g_autofree char *files = moe__report_meta_text(report, "import.files");
    if (!importer)
        return NULL;
    return files ? g_strdup_printf("%s: %s", importer, files) : g_strdup(importer);
}

/* Identifies what was counted, wherever the file lies. */
static char *
fingerprint(MoeReport *report)
{
    g_autofree char *bytes = NULL;
    gsize length;
    if (report->trace)
        return moe_trace_fingerprint(report->trace);
    if (!g_file_get_contents(report->file, &bytes, &length, NULL))
        return NULL;
    g_autofree char *sum =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, length);
    return g_strdup_printf("SHA-256 %s", sum);
}

void
moe__provenance_add(MoeReport *report, MoeDocument *document, const char *name, const char *title)
{
    g_autofree char *routers = moe__provenance_routers(report->summary);
    g_autofree char *tokens = moe__provenance_tokens(report->summary);
    g_autofree char *step = step_counted(report);
    g_autofree char *imported = imported_from(report);
    g_autofree char *hash = fingerprint(report);
    g_autofree char *sizes = parameters(report);
    moe_document_section(document, name, title);
    add_fact(document, "file", report->name);
    add_fact(document, "model", moe__report_model(report));
    add_fact(document, "routers", routers);
    add_fact(document, "parameters", sizes);
    add_routing(report, document);
    add_fact(document, "text", tokens);
    add_fact(document, "counted", step);
    add_fact(document, "tokenizer", moe__report_meta(report, "tokenizer"));
    add_fact(document, "imported from", imported);
    add_recipe(report, document);
    add_fact(document, report->trace ? "fingerprint" : "hash", hash);
    add_fact(document, "recorded by", moe__report_meta(report, "library"));
    add_fact(document, "recorded with", moe__report_meta(report, "command"));
}

void
moe__report_add_provenance(MoeReport *report, MoeDocument *document)
{
    g_autofree char *program = g_strdup_printf("moescope %s", moe_version());
    g_autofree char *again = report->options.sections
                                 ? g_strdup_printf("moescope report %s --sections %s", report->name,
                                                   report->options.sections)
                                 : g_strdup_printf("moescope report %s", report->name);
    moe__provenance_add(report, document, "provenance", "Where this comes from");
    add_fact(document, "report by", program);
    add_fact(document, "made with", again);
}
