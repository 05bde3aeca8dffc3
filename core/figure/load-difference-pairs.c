/* SPDX-License-Identifier: MIT
 *
 * Which loads of two inputs are held against each other.
 */
#include "figure/load-difference.h"

static int
router_of_layer(const MoeSummary *summary, int layer)
{
    for (int r = 0; r < moe_summary_routers(summary); r++)
        if (moe_summary_router(summary, r)->layer == layer)
            return r;
    return -1;
}

static bool
pair_routers(LoadPairs *d, GError **error)
{
    const char *first = moe_figure_input_name(d->kit->input, 0);
    const char *second = moe_figure_input_name(d->kit->input, 1);
    for (guint i = 0; i < d->kit->routers->len; i++) {
        const MoeRouterInfo *info = moe__kit_info(d->kit, i);
        LoadPair pair = {{moe__kit_router(d->kit, i), router_of_layer(d->summary[1], info->layer)},
                         info->layer,
                         info->experts};
        if (pair.router[1] < 0)
            continue;
        int experts = moe_summary_router(d->summary[1], pair.router[1])->experts;
        if (experts != pair.experts) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "figure load-difference: layer %d has %d experts in %s and %d in %s, "
                        "expected as many in both",
                        info->layer, info->experts, first, experts, second);
            return false;
        }
        g_array_append_val(d->pairs, pair);
    }
    if (d->pairs->len == 0)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure load-difference: %s has none of the layers of %s that are shown",
                    second, first);
    return d->pairs->len > 0;
}

static int
domain_of(const MoeSummary *summary, const char *name)
{
    for (int d = 0; name && d < moe_summary_domains(summary); d++)
        if (g_str_equal(moe_summary_domain_name(summary, d), name))
            return d;
    return name ? MOE_DOMAIN_UNKNOWN : MOE_DOMAIN_ALL;
}

const MoeSummaryCell *
moe__load_pairs_cell(const LoadPairs *d, int side, const LoadPair *pair, const char *domain)
{
    return moe_summary_cell(d->summary[side], pair->router[side],
                            domain_of(d->summary[side], domain));
}

static bool
has_picks(const LoadPairs *d, const char *domain)
{
    const LoadPair *pair = &g_array_index(d->pairs, LoadPair, 0);
    for (int side = 0; side < DIFFERENCE_INPUTS; side++)
        if ((domain && domain_of(d->summary[side], domain) < 0) ||
            moe__load_pairs_cell(d, side, pair, domain)->picks == 0)
            return false;
    return true;
}

/* All tokens, then the domains that both have, if there are several. */
static bool
choose_domains(LoadPairs *d, GError **error)
{
    const char *all = NULL;
    bool chosen = *moe_figure_options_text(d->kit->options, "domains") != 0;
    for (int i = 0; i < moe_summary_domains(d->summary[0]); i++) {
        const char *name = moe_summary_domain_name(d->summary[0], i);
        if (moe_figure_options_domain(d->kit->options, name) && has_picks(d, name))
            g_array_append_val(d->names, name);
    }
    if (!chosen && d->names->len < 2)
        g_array_set_size(d->names, 0);
    if (!chosen && has_picks(d, NULL))
        g_array_prepend_val(d->names, all);
    if (d->names->len == 0)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure load-difference: found no picks that %s and %s both have%s",
                    moe_figure_input_name(d->kit->input, 0),
                    moe_figure_input_name(d->kit->input, 1), chosen ? " in these domains" : "");
    return d->names->len > 0;
}

bool
moe__load_pairs_init(LoadPairs *pairs, const Kit *kit, GError **error)
{
    int32_t step = 0;
    int most = 0;
    MoeSteps steps = moe_figure_options_steps(kit->options, &step);
    *pairs = (LoadPairs){.kit = kit,
                         .summary = {kit->summary},
                         .pairs = g_array_new(FALSE, FALSE, sizeof(LoadPair)),
                         .names = g_array_new(FALSE, FALSE, sizeof(const char *))};
    pairs->summary[1] = moe_figure_input_summary(kit->input, 1, MOE_TALLY_LOAD, steps, step, error);
    if (!pairs->summary[1] || !pair_routers(pairs, error) || !choose_domains(pairs, error))
        return false;
    for (guint i = 0; i < pairs->pairs->len; i++)
        most = MAX(most, g_array_index(pairs->pairs, LoadPair, i).experts);
    pairs->shown = moe__experts_chosen(kit->options, most);
    return true;
}

void
moe__load_pairs_clear(LoadPairs *pairs)
{
    g_clear_pointer(&pairs->pairs, g_array_unref);
    g_clear_pointer(&pairs->names, g_array_unref);
    g_clear_pointer(&pairs->shown, g_array_unref);
}
