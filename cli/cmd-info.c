/* SPDX-License-Identifier: MIT
 *
 * moescope info: what a model, a recipe, a run, a trace or a summary is.
 */
#include "cmd.h"
#include "costs.h"
#include "findings.h"
#include "json.h"
#include "measures.h"
#include "recipes.h"
#include "source.h"
#include "summary-info.h"
#include "util.h"

#include <moescope/model.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char **set;
    int vocabulary;
    gboolean json;
} Options;

static void
options_clear(Options *o)
{
    g_strfreev(o->set);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static void
print_list(const char *label, const char *const *names, int n)
{
    printf("%-18s", label);
    for (int i = 0; i < n; i++)
        printf("%s%s", i ? ", " : "", names[i]);
    printf("\n");
}

/* "k 2", "k 8 to 16 in training, 2 at evaluation", "k varies, 2 on average". */
static char *
picks_a_unit(const MoeLayer *layer)
{
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    int64_t last = moe_recipe_int(recipe, "train.steps") - 1;
    if (moe_layer_k(layer) == 0)
        return g_strdup_printf("k varies, %.3g on average", moe_layer_mean_k(layer));
    if (moe_layer_k_fixed(layer))
        return g_strdup_printf("k %d", moe_layer_k(layer));
    return g_strdup_printf("k %d to %d in training, %d at evaluation", moe_layer_k_at(layer, 0),
                           moe_layer_k_at(layer, last), moe_layer_k(layer));
}

static void
print_router(const MoeModel *model, int i)
{
    const MoeLayer *layer = moe_model_router(model, i);
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    int units = moe_layer_units_per_token(layer);
    g_autofree char *k = picks_a_unit(layer);
    g_autofree char *split =
        units > 1 ? g_strdup_printf(" for each of %d sub-tokens", units) : g_strdup("");
    printf("  router %-2d       block %d: %d experts, %s%s, score %s, select %s, gate %s, balance "
           "%s\n",
           i, moe_layer_block(layer), moe_layer_experts(layer), k, split,
           moe_layer_part(layer, MOE_PLACE_SCORE)->name,
           moe_layer_part(layer, MOE_PLACE_SELECT)->name,
           moe_layer_part(layer, MOE_PLACE_GATE)->name, moe_recipe_text(recipe, "moe.balance"));
}

/* `tokens`: what kind they are. */
static void
print_model(const MoeModel *model, const char *tokens)
{
    const MoeRecipe *recipe = moe_model_recipe(model);
    printf("variant           %s\n", moe_recipe_text(recipe, "moe.variant"));
    printf("size              %" G_GINT64_FORMAT " blocks, d_model %" G_GINT64_FORMAT
           ", %" G_GINT64_FORMAT " heads, vocabulary %d (%s)\n",
           moe_recipe_int(recipe, "model.layers"), moe_recipe_int(recipe, "model.d_model"),
           moe_recipe_int(recipe, "model.heads"), moe_model_vocabulary(model), tokens);
    for (int i = 0; i < moe_model_routers(model); i++)
        print_router(model, i);
    printf("\n");
    cmd_costs_print(model);
}

/* Opens an object with what print_model() says; the caller closes it. (transfer full) */
static GString *
json_model(const char *key, const char *path, const MoeModel *model)
{
    GString *json = g_string_new(NULL);
    json_open(json, NULL, '{');
    json_text(json, key, path);
    json_text(json, "variant", moe_recipe_text(moe_model_recipe(model), "moe.variant"));
    json_int(json, "vocabulary", moe_model_vocabulary(model));
    cmd_costs_json(json, model);
    return json;
}

/* --- A trace
 * ------------------------------------------------------------------------------------*/

static void
json_trace(const char *path, const MoeTrace *trace)
{
    GString *json = g_string_new(NULL);
    json_open(json, NULL, '{');
    json_text(json, "trace", path);
    json_bool(json, "complete", moe_trace_complete(trace));
    json_int(json, "tokens", moe_trace_tokens(trace, -1));
    json_int(json, "chunks", moe_trace_chunks(trace));
    json_open(json, "domains", '[');
    for (int i = 0; i < moe_trace_domains(trace); i++)
        json_text(json, NULL, moe_trace_domain_name(trace, i));
    json_close(json, ']');
    json_open(json, "routers", '[');
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        const MoeRouterInfo *info = moe_trace_router(trace, r);
        json_open(json, NULL, '{');
        json_int(json, "block", info->layer);
        json_int(json, "experts", info->experts);
        json_int(json, "k", info->k);
        json_int(json, "units_per_token", info->units_per_token);
        json_int(json, "shared", info->shared);
        if (info->kinds)
            json_text(json, "kinds", info->kinds);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
    json_print(json);
}

static int
describe_trace(const char *path, const MoeTrace *trace, bool json)
{
    g_autoptr(GError) error = NULL;
    if (json) {
        json_trace(path, trace);
        return CMD_OK;
    }
    int n = moe_trace_domains(trace);
    g_autofree const char **domains = g_new0(const char *, n + 1);
    for (int i = 0; i < n; i++)
        domains[i] = moe_trace_domain_name(trace, i);
    printf("trace             %s%s\n", path,
           moe_trace_complete(trace)
               ? ""
               : " (not finished: read up to its last whole chunk; if it isn't being "
                 "written any more, moescope trace repair closes it)");
    printf("tokens            %" G_GINT64_FORMAT " in %d chunks, %d routers\n",
           moe_trace_tokens(trace, -1), moe_trace_chunks(trace), moe_trace_routers(trace));
    print_list("domains", domains, n);
    if (moe_trace_tokens(trace, -1) > 0) {
        const MoeSummaryOptions last = {.steps = MOE_STEPS_LAST};
        g_autoptr(MoeSummary) summary = moe_summary_from_trace(trace, &last, &error);
        if (!summary)
            return cmd_fail(error);
        printf("\n");
        cmd_findings_print(summary);
    }
    return cmd_measures_print(trace, &error) ? CMD_OK : cmd_fail(error);
}

static int
info_trace(const char *path, bool json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = cmd_trace_open(path, &error);
    return trace ? describe_trace(path, trace, json) : cmd_fail(error);
}

/* --- A run
 * --------------------------------------------------------------------------------------*/

static void
json_checkpoint(const MoeCheckpoint *checkpoint)
{
    GString *json = json_model("checkpoint", checkpoint->path, checkpoint->model);
    json_int(json, "step", checkpoint->step);
    json_open(json, "domains", '[');
    for (char **domain = checkpoint->domains; *domain; domain++)
        json_text(json, NULL, *domain);
    json_close(json, ']');
    json_close(json, '}');
    json_print(json);
}

static int
info_folder(const char *path, bool json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(path, &error);
    if (!checkpoint)
        return cmd_fail(error);
    if (json) {
        json_checkpoint(checkpoint);
        return CMD_OK;
    }
    printf("checkpoint        %s, step %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT "\n",
           checkpoint->path, checkpoint->step,
           moe_recipe_int(moe_model_recipe(checkpoint->model), "train.steps"));
    print_list("domains", (const char *const *)checkpoint->domains,
               (int)g_strv_length(checkpoint->domains));
    print_model(checkpoint->model, moe_tokenizer_kind(checkpoint->tokenizer));
    g_autofree char *recorded = g_build_filename(path, "trace.npz", NULL);
    if (!g_file_test(recorded, G_FILE_TEST_EXISTS))
        return CMD_OK;
    printf("\n");
    /* That of a run that has just begun has nothing in it yet. */
    g_autoptr(MoeTrace) trace = moe_trace_open(recorded, &error);
    return trace ? describe_trace(recorded, trace, false) : cmd_fail(error);
}

/* --- A recipe
 * -----------------------------------------------------------------------------------*/

/* The vocabulary that a training would end up with, as far as the recipe tells: --vocabulary, one
 * token a byte, or what BPE is allowed. `kind` says which. */
static int
vocabulary_of(const MoeRecipe *recipe, int given, const char **kind)
{
    bool bytes = moe_recipe_has(recipe, "data.tokenizer", "bytes");
    *kind = given ? "--vocabulary" : bytes ? "bytes" : "bpe, at most: data.vocabulary";
    return given ? given : bytes ? 256 : (int)moe_recipe_int(recipe, "data.vocabulary");
}

static int
info_recipe(const char *name, const Options *o)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = cmd_recipe_open(name, o->set, &error);
    if (!recipe)
        return cmd_fail(error);
    const char *kind;
    int vocabulary = vocabulary_of(recipe, o->vocabulary, &kind);
    g_autoptr(MoeModel) model = moe_model_plan(recipe, vocabulary, &error);
    if (!model)
        return cmd_fail(error);
    if (o->json) {
        GString *json = json_model("recipe", name, model);
        json_close(json, '}');
        json_print(json);
        return CMD_OK;
    }
    printf("recipe            %s, not trained\n", name);
    print_model(model, kind);
    return CMD_OK;
}

/* A name that is no path may be that of a sample or a preset. */
static bool
is_recipe(const char *path)
{
    bool is_path = strchr(path, '/') || g_file_test(path, G_FILE_TEST_EXISTS);
    return g_str_has_suffix(path, ".ini") || (!is_path && !g_str_has_suffix(path, ".npz"));
}

int
cmd_info(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "PATH|RECIPE",
        .about = "Describes a run folder, a checkpoint, a trace, a summary, or the model that a "
                 "recipe would train (a file that ends with .ini, a sample or a preset): "
                 "parameters and FLOPs, layer by layer.",
        .examples = "moescope info first.npz\n"
                    "moescope info smoe-small --set moe.experts=16\n",
        .least = 1,
        .most = 1,
    };
    g_auto(Options) o = {0};
    const GOptionEntry entries[] = {
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &o.set,
         "give a key of the recipe a value; may be repeated", "GROUP.KEY=VALUE"},
        {"vocabulary", 0, 0, G_OPTION_ARG_INT, &o.vocabulary,
         "tokens of the recipe's model (default: 256 with bytes, else data.vocabulary)", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "print JSON", NULL},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status))
        return status;
    if (o.vocabulary < 0)
        return cmd_usage("found --vocabulary %d, expected 1 or more", o.vocabulary);
    const char *path = argv[1];
    if (is_recipe(path))
        return info_recipe(path, &o);
    if (o.set || o.vocabulary)
        return cmd_usage("found --set or --vocabulary and %s, expected a recipe with them", path);
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        return info_folder(path, o.json);
    return moe_summary_is(path) ? cmd_summary_info(path, o.json) : info_trace(path, o.json);
}
