/* SPDX-License-Identifier: MIT
 *
 * moescope info: what a model, a run or a trace is.
 */
#include "cmd.h"
#include "findings.h"
#include "util.h"

#include <moescope/model.h>
#include <stdio.h>
#include <string.h>

static void
print_list(const char *label, const char *const *names, int n)
{
    printf("%-18s", label);
    for (int i = 0; i < n; i++)
        printf("%s%s", i ? ", " : "", names[i]);
    printf("\n");
}

/* "k 2", "k 8 to 16 in training, 2 at evaluation", "k from unit to unit". */
static char *
picks_a_unit(const MoeLayer *layer)
{
    const MoeRecipe *recipe = moe_layer_recipe(layer);
    int64_t last = moe_recipe_int(recipe, "train.steps") - 1;
    if (moe_layer_k(layer) == 0)
        return g_strdup("k from unit to unit");
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

static void
print_model(MoeCheckpoint *checkpoint)
{
    MoeModel *model = checkpoint->model;
    const MoeRecipe *recipe = moe_model_recipe(model);
    MoeParams *params = moe_model_params(model);
    int length = (int)moe_recipe_int(recipe, "train.length");
    double flops = moe_model_flops(model, length);
    printf("checkpoint        %s, step %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT "\n",
           checkpoint->path, checkpoint->step, moe_recipe_int(recipe, "train.steps"));
    printf("variant           %s\n", moe_recipe_text(recipe, "moe.variant"));
    printf("size              %" G_GINT64_FORMAT " blocks, d_model %" G_GINT64_FORMAT
           ", %" G_GINT64_FORMAT " heads, vocabulary %d (%s)\n",
           moe_recipe_int(recipe, "model.layers"), moe_recipe_int(recipe, "model.d_model"),
           moe_recipe_int(recipe, "model.heads"), moe_model_vocabulary(model),
           moe_tokenizer_kind(checkpoint->tokenizer));
    printf("parameters        %.3f M, %.3f M of them active for a token, %.3f M trainable\n",
           1e-6 * (double)moe_params_size(params, false),
           1e-6 * (double)moe_model_active_params(model),
           1e-6 * (double)moe_params_size(params, true));
    printf("forward           %.3f MFLOP a token in sequences of %d\n", 1e-6 * flops, length);
    print_list("domains", (const char *const *)checkpoint->domains,
               (int)g_strv_length(checkpoint->domains));
    for (int i = 0; i < moe_model_routers(model); i++)
        print_router(model, i);
}

static int
print_trace(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    if (!trace)
        return cmd_fail(error);
    int n = moe_trace_domains(trace);
    g_autofree const char **domains = g_new0(const char *, n + 1);
    for (int i = 0; i < n; i++)
        domains[i] = moe_trace_domain_name(trace, i);
    printf("trace             %s%s\n", path,
           moe_trace_complete(trace) ? "" : " (not finished: read up to its last whole chunk)");
    printf("tokens            %" G_GINT64_FORMAT " in %d chunks, %d routers\n",
           moe_trace_tokens(trace, -1), moe_trace_chunks(trace), moe_trace_routers(trace));
    print_list("domains", domains, n);
    if (moe_trace_tokens(trace, -1) == 0)
        return CMD_OK;
    printf("\n");
    return cmd_findings_print(trace, &error) ? CMD_OK : cmd_fail(error);
}

static int
print_folder(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(path, &error);
    if (!checkpoint)
        return cmd_fail(error);
    print_model(checkpoint);
    g_autofree char *trace = g_build_filename(path, "trace.npz", NULL);
    if (!g_file_test(trace, G_FILE_TEST_EXISTS))
        return CMD_OK;
    printf("\n");
    return print_trace(trace);
}

int
cmd_info(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "PATH",
        .about = "Describes a run folder, a checkpoint, or a trace.",
        .least = 1,
        .most = 1,
    };
    static const GOptionEntry no_options[] = {G_OPTION_ENTRY_NULL};
    int status;
    if (!cmd_options(&arguments, no_options, &argc, &argv, &status))
        return status;
    return g_file_test(argv[1], G_FILE_TEST_IS_DIR) ? print_folder(argv[1]) : print_trace(argv[1]);
}
