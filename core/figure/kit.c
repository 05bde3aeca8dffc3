/* SPDX-License-Identifier: MIT
 *
 * What figures of summaries have in common.
 */
#include "figure/kit.h"

#include <string.h>

static const MoeRouterInfo *
router_at(const Kit *kit, int router)
{
    return kit->summary ? moe_summary_router(kit->summary, router)
                        : moe_trace_router(kit->trace, router);
}

static bool
pick_routers(Kit *kit, GError **error)
{
    bool by_layer = kit->figure->common & MOE_FIGURE_LAYERS;
    int n = kit->summary ? moe_summary_routers(kit->summary) : moe_trace_routers(kit->trace);
    kit->routers = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = 0; i < n; i++) {
        int layer = router_at(kit, i)->layer;
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
    kit->trace = moe_figure_input_trace(input, 0);
    kit->summary = moe_figure_input_summary(input, 0, figure->tallies, steps, step, error);
    return kit->summary && pick_routers(kit, error) && has_experts(kit, error) &&
           pick_domain(kit, error) && can_sort(kit, error);
}

bool
moe__kit_init_trace(Kit *kit, const MoeFigure *figure, MoeFigureInput *input,
                    const MoeFigureOptions *options, GError **error)
{
    *kit = (Kit){.figure = figure, .input = input, .options = options, .domain = MOE_DOMAIN_ALL};
    kit->trace = moe__figure_trace(input, 0, error);
    return kit->trace && pick_routers(kit, error);
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
    return router_at(kit, moe__kit_router(kit, i));
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

GArray *
moe__kit_shown(const Kit *kit, guint most)
{
    GArray *shown = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = 0; i < (int)kit->routers->len; i++)
        g_array_append_val(shown, i);
    if (moe__kit_all_layers(kit))
        moe__kit_thin(shown, most);
    return shown;
}

const char *
moe__kit_left_out(const Kit *kit, guint shown)
{
    return shown < kit->routers->len ? "; evenly chosen layers" : "";
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

static char *
short_name(const MoeFigureInput *input, int i)
{
    char *name = g_strdup(moe_figure_input_name(input, i));
    if (g_str_has_suffix(name, ".npz"))
        name[strlen(name) - strlen(".npz")] = 0;
    return name;
}

char *
moe__kit_input_name(const MoeFigureInput *input, int i)
{
    g_autofree char *name = short_name(input, i);
    int same = 0, before = 0;
    for (int other = 0; other < moe_figure_input_count(input); other++) {
        g_autofree char *its = short_name(input, other);
        same += g_str_equal(its, name);
        before += other < i && g_str_equal(its, name);
    }
    return same > 1 ? g_strdup_printf("%s (%d)", name, before + 1) : g_steal_pointer(&name);
}

/* --- Captions ---------------------------------------------------------------------------------*/

char *
moe__kit_counts(int64_t low, int64_t high)
{
    g_autofree char *least = moe__number_count(low), *most = moe__number_count(high);
    return low == high ? g_strdup(least) : g_strconcat(least, " to ", most, NULL);
}

/* Numbers that may differ from layer to layer. */
typedef struct Range {
    int64_t low, high;
} Range;

static void
range_extend(Range *range, int64_t value)
{
    range->low = MIN(range->low, value);
    range->high = MAX(range->high, value);
}

/* "k = 2 of 64", of the layers that are shown. (transfer full) */
static char *
rule_of(const Kit *kit)
{
    Range k = {G_MAXINT64, 0}, experts = {G_MAXINT64, 0};
    for (guint i = 0; i < kit->routers->len; i++) {
        range_extend(&k, moe__kit_info(kit, i)->k);
        range_extend(&experts, moe__kit_info(kit, i)->experts);
    }
    g_autofree char *ks = moe__kit_counts(k.low, k.high);
    g_autofree char *all = moe__kit_counts(experts.low, experts.high);
    return k.low > 0 ? g_strdup_printf("k" NBSP "=" NBSP "%s of %s", ks, all)
                     : g_strdup_printf("k varies, %s experts", all);
}

/* "T = 1,234 tokens, N = 2,468 picks a layer". (transfer full) */
static char *
size_of(const Kit *kit)
{
    Range tokens = {G_MAXINT64, 0}, picks = {G_MAXINT64, 0};
    for (guint i = 0; i < kit->routers->len; i++) {
        const MoeSummaryCell *cell =
            moe_summary_cell(kit->summary, moe__kit_router(kit, i), kit->domain);
        range_extend(&tokens, cell->units / MAX(moe__kit_info(kit, i)->units_per_token, 1));
        range_extend(&picks, cell->picks);
    }
    g_autofree char *t = moe__kit_counts(tokens.low, tokens.high);
    g_autofree char *n = moe__kit_counts(picks.low, picks.high);
    const char *domain =
        kit->domain == MOE_DOMAIN_ALL ? NULL : moe_summary_domain_name(kit->summary, kit->domain);
    return g_strdup_printf("T" NBSP "=" NBSP "%s tokens%s%s, N" NBSP "=" NBSP "%s picks a layer", t,
                           domain ? " of domain " : "", domain ? domain : "", n);
}

void
moe__kit_caption_sized(const Kit *kit, MoeScene *scene, const char *what, const char *size,
                       const char *chance)
{
    if (kit->figure->common & MOE_FIGURE_CAPTION &&
        !moe_figure_options_bool(kit->options, "caption"))
        return;
    g_autofree char *model = moe__figure_model(moe_figure_input_meta(kit->input, 0));
    g_autofree char *rule = rule_of(kit);
    g_autoptr(GString) text = g_string_new(what);
    g_string_append(text, ". ");
    if (model)
        g_string_append_printf(text, "Model %s, ", model);
    g_string_append(text, rule);
    if (size)
        g_string_append_printf(text, "; %s", size);
    if (chance)
        g_string_append_printf(text, "; %s", chance);
    g_string_append_c(text, '.');
    moe_scene_set_caption(scene, text->str);
}

void
moe__kit_caption(const Kit *kit, MoeScene *scene, const char *what, const char *chance)
{
    g_autofree char *size = size_of(kit);
    moe__kit_caption_sized(kit, scene, what, size, chance);
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
