/* SPDX-License-Identifier: MIT
 *
 * moescope recipe parity: what brings an MoE layer with heads to the costs of another one.
 */
#include "cmd.h"
#include "json.h"
#include "recipes.h"
#include "util.h"

#include <math.h>
#include <moescope/cost.h>
#include <stdio.h>

/* "+3.1 %"; nothing where it rounds to none. (transfer full) */
static char *
share(double off)
{
    return fabs(off) < 5e-5 ? g_strdup("=") : g_strdup_printf("%+.2f %%", 100 * off);
}

static void
print_choice(const MoeParityChoice *c, bool compare)
{
    g_autofree char *flops = compare ? share(c->flops_off) : g_strdup("");
    g_autofree char *params = compare ? share(c->params_off) : g_strdup("");
    printf("%-16s  %6" G_GINT64_FORMAT "  %7" G_GINT64_FORMAT "  %13.4f  %9s  %13" G_GINT64_FORMAT
           "  %9s  %10" G_GINT64_FORMAT "\n",
           c->name, c->hidden, c->experts, 1e-6 * c->flops, flops, c->params, params,
           c->router_params);
}

static void
print_exact(const MoeParity *parity)
{
    if (parity->hidden > 0)
        printf("\nexact parity: moe.hidden %.4g for the FLOPs, and with it %.4g experts for the "
               "parameters\n",
               parity->hidden, parity->experts);
    else
        printf("\nno moe.hidden gives the same FLOPs: what stands around the experts takes more "
               "alone\n");
}

static void
print_table(const MoeParity *parity, const char *to)
{
    printf("%-16s  %6s  %7s  %13s  %9s  %13s  %9s  %10s\n", "an MoE layer", "hidden", "experts",
           "MFLOP a token", "", "parameters", "", "router");
    print_choice(&parity->to, false);
    for (int i = 0; i < parity->n; i++)
        print_choice(&parity->choice[i], true);
    print_exact(parity);
    printf("compared with %s; all of the layer but its router, whose parameters stand beside\n",
           to);
}

static void
json_choice(GString *json, const char *key, const MoeParityChoice *c, bool compare)
{
    json_open(json, key, '{');
    json_text(json, "name", c->name);
    json_int(json, "hidden", c->hidden);
    json_int(json, "experts", c->experts);
    json_real(json, "flops", c->flops);
    json_int(json, "params", c->params);
    json_int(json, "router_params", c->router_params);
    if (compare) {
        json_real(json, "flops_off", c->flops_off);
        json_real(json, "params_off", c->params_off);
    }
    json_close(json, '}');
}

static void
print_json(const MoeParity *parity)
{
    GString *json = g_string_new(NULL);
    json_open(json, NULL, '{');
    json_choice(json, "to", &parity->to, false);
    json_real(json, "hidden", parity->hidden > 0 ? parity->hidden : NAN);
    json_real(json, "experts", parity->experts);
    json_open(json, "choices", '[');
    for (int i = 0; i < parity->n; i++)
        json_choice(json, NULL, &parity->choice[i], true);
    json_close(json, ']');
    json_close(json, '}');
    json_print(json);
}

/* The recipe to compare with: what `name` stands for, or `recipe` with one head. */
static MoeRecipe *
open_other(const MoeRecipe *recipe, const char *name, GError **error)
{
    if (name)
        return cmd_recipe_open(name, NULL, error);
    g_autoptr(MoeRecipe) whole = moe_recipe_copy(recipe);
    bool heads = moe_recipe_has(recipe, "moe.split", "heads");
    if (heads && !moe_recipe_set(whole, "heads.count=1", error))
        return NULL;
    return g_steal_pointer(&whole);
}

int
cmd_recipe_parity(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "RECIPE",
        .about = "Says how far the MoE layer of RECIPE (a file, a sample or a preset; one with "
                 "heads) is from the FLOPs and parameters of another, and which moe.hidden and "
                 "moe.experts bring it there (arXiv 2411.16205, eq. 8, 9).",
        .examples = "moescope recipe parity mhmoe-small --to smoe-small\n",
        .least = 1,
        .most = 1,
    };
    g_autofree char *to = NULL;
    gboolean json = FALSE;
    const GOptionEntry options[] = {
        {"to", 0, 0, G_OPTION_ARG_FILENAME, &to,
         "recipe to compare with (default: RECIPE with one head)", "RECIPE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    if (!cmd_options(&arguments, options, &argc, &argv, &status))
        return status;
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = cmd_recipe_open(argv[1], NULL, &error);
    g_autoptr(MoeRecipe) other = recipe ? open_other(recipe, to, &error) : NULL;
    MoeParity parity;
    if (!other || !moe_parity(recipe, other, &parity, &error))
        return cmd_fail(error);
    g_autofree char *same = g_strdup_printf("%s with one head", argv[1]);
    if (json)
        print_json(&parity);
    else
        print_table(&parity, to ? to : same);
    return CMD_OK;
}
