/* SPDX-License-Identifier: MIT
 *
 * The options of an import, read as the command line reads them, so that what a form asks for can
 * be shown as a command too.
 */
#include "scope-import.h"

#include "scope-open.h"

#include <string.h>

typedef struct Choices {
    char *as, *score, *select, *gates, *axes, *id_type, *model, *layers, *kinds;
    char **domains;
    int experts, k, shared;
    gboolean logits;
} Choices;

static void
choices_clear(Choices *choices)
{
    g_free(choices->as);
    g_free(choices->score);
    g_free(choices->select);
    g_free(choices->gates);
    g_free(choices->axes);
    g_free(choices->id_type);
    g_free(choices->model);
    g_free(choices->layers);
    g_free(choices->kinds);
    g_strfreev(choices->domains);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Choices, choices_clear)

static bool
parse(Choices *choices, const char *const *arguments, GError **error)
{
    const GOptionEntry entries[] = {
        {"as", 0, 0, G_OPTION_ARG_STRING, &choices->as, NULL, NULL},
        {"experts", 0, 0, G_OPTION_ARG_INT, &choices->experts, NULL, NULL},
        {"k", 0, 0, G_OPTION_ARG_INT, &choices->k, NULL, NULL},
        {"score", 0, 0, G_OPTION_ARG_STRING, &choices->score, NULL, NULL},
        {"select", 0, 0, G_OPTION_ARG_STRING, &choices->select, NULL, NULL},
        {"gates", 0, 0, G_OPTION_ARG_STRING, &choices->gates, NULL, NULL},
        {"domain", 0, 0, G_OPTION_ARG_STRING_ARRAY, &choices->domains, NULL, NULL},
        {"axes", 0, 0, G_OPTION_ARG_STRING, &choices->axes, NULL, NULL},
        {"id-type", 0, 0, G_OPTION_ARG_STRING, &choices->id_type, NULL, NULL},
        {"model", 0, 0, G_OPTION_ARG_STRING, &choices->model, NULL, NULL},
        {"layers", 0, 0, G_OPTION_ARG_STRING, &choices->layers, NULL, NULL},
        {"kinds", 0, 0, G_OPTION_ARG_STRING, &choices->kinds, NULL, NULL},
        {"shared", 0, 0, G_OPTION_ARG_INT, &choices->shared, NULL, NULL},
        {"logits", 0, 0, G_OPTION_ARG_NONE, &choices->logits, NULL, NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_strv_builder_add(builder, "import");
    for (; arguments && *arguments; arguments++)
        g_strv_builder_add(builder, *arguments);
    g_auto(GStrv) argv = g_strv_builder_end(builder);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_help_enabled(context, FALSE);
    return g_option_context_parse_strv(context, &argv, error);
}

static bool
check(const Choices *choices, GError **error)
{
    if (choices->shared >= 0)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "found %d shared experts, expected none or more: give --shared N", choices->shared);
    return false;
}

static MoeImportGates
gates_of(const char *text)
{
    return !text                             ? MOE_IMPORT_GATES_UNTOLD
           : g_str_equal(text, "sum-to-one") ? MOE_IMPORT_GATES_SUM_TO_ONE
                                             : MOE_IMPORT_GATES_AS_SCORED;
}

/* "0,7,15" or "1-26", rising. (transfer full) */
static GArray *
layers_of(const char *text, GError **error)
{
    g_autoptr(GArray) layers = g_array_new(FALSE, FALSE, sizeof(int));
    g_auto(GStrv) parts = g_strsplit(text ? text : "", ",", -1);
    for (char **part = parts; *part; part++) {
        char *end;
        gint64 first = g_ascii_strtoll(*part, &end, 10), last = first;
        bool good = end > *part;
        if (good && *end == '-') {
            const char *from = end + 1;
            last = g_ascii_strtoll(from, &end, 10);
            good = end > from;
        }
        gint64 before = layers->len ? g_array_index(layers, int, layers->len - 1) : -1;
        if (!good || *end || first <= before || last < first || last > 65535) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "found layers \"%s\", expected rising numbers, 0,7,15 or 1-26: give "
                        "--layers LIST",
                        text);
            return NULL;
        }
        for (int layer = (int)first; layer <= last; layer++)
            g_array_append_val(layers, layer);
    }
    return g_steal_pointer(&layers);
}

/* The library names the options that are missing by "give --experts N". */
static void
tell_apart(GError *error)
{
    if (g_error_matches(error, MOE_ERROR, MOE_ERROR_DATA) && strstr(error->message, "give --")) {
        error->domain = SCOPE_ERROR;
        error->code = SCOPE_ERROR_ASKS;
    }
}

bool
scope_import(const char *const *paths, const char *out, const char *const *choices,
             const MoeProgress *progress, char **notes, GError **error)
{
    g_auto(Choices) chosen = {0};
    GError *found = NULL;
    MoeImportReport report = {0};
    if (!parse(&chosen, choices, error))
        return false;
    g_autoptr(GArray) layers = check(&chosen, &found) ? layers_of(chosen.layers, &found) : NULL;
    if (!layers) {
        tell_apart(found);
        g_propagate_error(error, found);
        return false;
    }
    const MoeImportOptions options = {
        .layers = layers->len ? (const int *)(const void *)layers->data : NULL,
        .n_layers = (int)layers->len,
        .importer = chosen.as,
        .experts = chosen.experts,
        .k = chosen.k,
        .score = chosen.score,
        .select = chosen.select,
        .gates = gates_of(chosen.gates),
        .domains = (const char *const *)chosen.domains,
        .n_domains = chosen.domains ? (int)g_strv_length(chosen.domains) : 0,
        .model = chosen.model,
        .axes = chosen.axes,
        .id_type = chosen.id_type,
        .kinds = chosen.kinds,
        .shared = chosen.shared,
        .logits = chosen.logits,
        .compression = 1,
    };
    int n = (int)g_strv_length((char **)paths);
    if (!moe_import(paths, n, out, &options, progress, &report, &found)) {
        tell_apart(found);
        g_propagate_error(error, found);
        return false;
    }
    *notes = report.notes;
    return true;
}
