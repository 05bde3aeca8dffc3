/* SPDX-License-Identifier: MIT
 *
 * What figures of summaries have in common.
 */
#include "figure/kit.h"

#include <string.h>

static bool
pick_routers(Kit *kit, GError **error)
{
    bool by_layer = kit->figure->common & MOE_FIGURE_LAYERS;
    int n = moe_summary_routers(kit->summary);
    kit->routers = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = 0; i < n; i++) {
        int layer = moe_summary_router(kit->summary, i)->layer;
        if (!by_layer || moe_figure_options_layer(kit->options, layer))
            g_array_append_val(kit->routers, i);
    }
    if (kit->routers->len > 0)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure %s: layers=%s picks none of the %d MoE layers of %s", kit->figure->name,
                by_layer ? moe_figure_options_text(kit->options, "layers") : "", n,
                moe_figure_input_name(kit->input, 0));
    return false;
}

/* Of the layers chosen, each has to have one of the experts chosen. */
static bool
has_experts(const Kit *kit, GError **error)
{
    for (guint i = 0; i < kit->routers->len; i++) {
        const MoeRouterInfo *info = moe__kit_info(kit, i);
        g_autoptr(GArray) chosen = moe__experts_chosen(kit->options, info->experts);
        if (chosen->len > 0)
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure %s: experts=%s picks none of the %d experts of layer %d of %s",
                    kit->figure->name, moe_figure_options_text(kit->options, "experts"),
                    info->experts, info->layer, moe_figure_input_name(kit->input, 0));
        return false;
    }
    return true;
}

static bool
pick_domain(Kit *kit, GError **error)
{
    bool one = kit->figure->common & MOE_FIGURE_DOMAIN;
    const char *chosen = one ? moe_figure_options_text(kit->options, "domains") : "";
    g_autoptr(GString) known = g_string_new(NULL);
    kit->domain = MOE_DOMAIN_ALL;
    for (int d = 0; *chosen && d < moe_summary_domains(kit->summary); d++) {
        const char *name = moe_summary_domain_name(kit->summary, d);
        if (strcmp(name, chosen) == 0)
            kit->domain = d;
        g_string_append_printf(known, "%s%s", d ? ", " : "", name);
    }
    if (!*chosen || kit->domain != MOE_DOMAIN_ALL)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure %s: found domains=%s, expected one domain of %s: %s", kit->figure->name,
                chosen, moe_figure_input_name(kit->input, 0), known->len ? known->str : "none");
    return false;
}

static bool
can_sort(const Kit *kit, GError **error)
{
    if (!moe__sorts_by(kit->options, SORT_DOMAIN) || moe_summary_domains(kit->summary) > 1)
        return true;
    moe__kit_missing(kit, "two domains to sort by", "choose another order with sort", error);
    return false;
}

bool
moe__kit_init(Kit *kit, const MoeFigure *figure, MoeFigureInput *input,
              const MoeFigureOptions *options, GError **error)
{
    int32_t step = 0;
    MoeSteps steps = MOE_STEPS_ALL;
    if (figure->common & MOE_FIGURE_STEPS)
        steps = moe_figure_options_steps(options, &step);
    *kit = (Kit){.figure = figure, .input = input, .options = options};
    kit->summary = moe_figure_input_summary(input, 0, figure->tallies, steps, step, error);
    return kit->summary && pick_routers(kit, error) && has_experts(kit, error) &&
           pick_domain(kit, error) && can_sort(kit, error);
}

void
moe__kit_clear(Kit *kit)
{
    if (kit->routers)
        g_array_unref(kit->routers);
}

int
moe__kit_router(const Kit *kit, guint i)
{
    return g_array_index(kit->routers, int, i);
}

const MoeRouterInfo *
moe__kit_info(const Kit *kit, guint i)
{
    return moe_summary_router(kit->summary, moe__kit_router(kit, i));
}

char *
moe__kit_title(const Kit *kit, guint i)
{
    return g_strdup_printf("layer %d", moe__kit_info(kit, i)->layer);
}

GArray *
moe__kit_experts(const Kit *kit, guint i, Sort sort)
{
    GArray *experts = moe__experts_chosen(kit->options, moe__kit_info(kit, i)->experts);
    moe__experts_sort(experts, sort, kit->summary, moe__kit_router(kit, i), kit->domain);
    return experts;
}

bool
moe__kit_all_layers(const Kit *kit)
{
    return *moe_figure_options_text(kit->options, "layers") == 0;
}

void
moe__kit_thin(GArray *numbers, guint most)
{
    if (numbers->len <= most)
        return;
    for (guint i = 1; i < most; i++)
        g_array_index(numbers, int, i) =
            g_array_index(numbers, int, (i * (numbers->len - 1) + (most - 1) / 2) / (most - 1));
    g_array_set_size(numbers, most);
}

int
moe__kit_by_number(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void
moe__kit_missing(const Kit *kit, const char *what, const char *how, GError **error)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "figure %s: %s has no %s; %s", kit->figure->name,
                moe_figure_input_name(kit->input, 0), what, how);
}

void
moe__kit_caption(const Kit *kit, MoeScene *scene, const char *what, const char *chance)
{
    if (kit->figure->common & MOE_FIGURE_CAPTION &&
        !moe_figure_options_bool(kit->options, "caption"))
        return;
    int router = moe__kit_router(kit, 0);
    const MoeRouterInfo *info = moe__kit_info(kit, 0);
    const MoeSummaryCell *cell = moe_summary_cell(kit->summary, router, kit->domain);
    g_autofree char *model = moe__figure_model(moe_figure_input_meta(kit->input, 0));
    g_autofree char *tokens = moe__number_count(cell->units / MAX(info->units_per_token, 1));
    g_autofree char *picks = moe__number_count(cell->picks);
    const char *domain =
        kit->domain == MOE_DOMAIN_ALL ? NULL : moe_summary_domain_name(kit->summary, kit->domain);
    g_autoptr(GString) text = g_string_new(what);
    g_string_append(text, ". ");
    if (model)
        g_string_append_printf(text, "Model %s, ", model);
    if (info->k > 0)
        g_string_append_printf(text, "k" NBSP "=" NBSP "%d of %d; ", info->k, info->experts);
    else
        g_string_append_printf(text, "k varies, %d experts; ", info->experts);
    g_string_append_printf(
        text, "T" NBSP "=" NBSP "%s tokens%s%s, N" NBSP "=" NBSP "%s picks a layer%s%s.", tokens,
        domain ? " of domain " : "", domain ? domain : "", picks, chance ? "; " : "",
        chance ? chance : "");
    moe_scene_set_caption(scene, text->str);
}

void
moe__kit_add_level(MoeScene *scene, int panel, double x0, double x1, double value, const char *name)
{
    static const MoeColour grey = {0.45, 0.45, 0.45};
    const double x[2] = {x0, x1}, y[2] = {value, value};
    MoeLine line = {.n = 2,
                    .x = x,
                    .y = y,
                    .ink = {.own = &grey, .dashed = true, .name = name},
                    .words = "{name}: {y}"};
    moe_scene_add_line(scene, panel, &line);
}
