/* SPDX-License-Identifier: MIT
 *
 * compare.c: a comparison: which routers are held against each other, and their sums.
 */
#include "base/pages.h"
#include "stats/compare-pass.h"
#include "stats/summary.h"

/* Tables of experts by experts take no more than this. */
#define MOST_TABLES (INT64_C(128) << 20)

/* --- Routers ----------------------------------------------------------------------------------*/

bool
moe__layer_wanted(const int *layers, int n_layers, int layer)
{
    for (int i = 0; layers && i < n_layers; i++)
        if (layers[i] == layer)
            return true;
    return !layers;
}

/* The counterpart of router `a`: the i-th of its layer goes with the i-th of that layer. -1: none.
 */
static int
find_counterpart(const MoeTrace *trace_a, int a, const MoeTrace *trace_b)
{
    int layer = moe_trace_router(trace_a, a)->layer, before = 0;
    for (int r = 0; r < a; r++)
        before += moe_trace_router(trace_a, r)->layer == layer;
    for (int r = 0; r < moe_trace_routers(trace_b); r++)
        if (moe_trace_router(trace_b, r)->layer == layer && before-- == 0)
            return r;
    return -1;
}

static bool
add_pair(MoeComparison *c, const MoeTrace *trace_a, int a, const MoeTrace *trace_b, int b,
         GError **error)
{
    const MoeRouterInfo *of_a = moe_trace_router(trace_a, a), *of_b = moe_trace_router(trace_b, b);
    if (of_a->units_per_token != of_b->units_per_token) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "layer %d: found %d units a token in the second, expected %d as in the first",
                    of_a->layer, of_b->units_per_token, of_a->units_per_token);
        return false;
    }
    MoePairSums *pair = &c->pairs[c->n_pairs++];
    pair->info = (MoeComparedRouter){
        a, b, of_a->layer, of_a->experts, of_b->experts, of_a->k, of_b->k, of_a->units_per_token};
    pair->shape = moe__compared_shape(&pair->info);
    pair->words = moe__compared_words(&pair->shape);
    return true;
}

static bool
pair_routers(MoeComparison *c, const MoeTrace *a, const MoeTrace *b,
             const MoeCompareOptions *options, GError **error)
{
    int n = moe_trace_routers(a), found = moe_trace_routers(b);
    c->pairs = g_new0(MoePairSums, (gsize)n);
    if (options->in_order && n != found) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found %d routers in the second, expected %d as in the first", found, n);
        return false;
    }
    for (int r = 0; r < n; r++) {
        int other = options->in_order ? r : find_counterpart(a, r, b);
        int layer = moe_trace_router(a, r)->layer;
        if (other >= 0 && moe__layer_wanted(options->layers, options->n_layers, layer) &&
            !add_pair(c, a, r, b, other, error))
            return false;
    }
    if (c->n_pairs == 0)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    options->layers ? "found no router of these layers in both"
                                    : "found no router whose layer is in both");
    return c->n_pairs > 0;
}

static void
take_domains(MoeComparison *c, const MoeTrace *a, const MoeTrace *b)
{
    const MoeTrace *trace = moe_trace_domains(a) > 0 ? a : b;
    c->n_domains = moe_trace_domains(trace);
    c->domains = g_new0(char *, (gsize)c->n_domains + 1);
    for (int d = 0; d < c->n_domains; d++)
        c->domains[d] = g_strdup(moe_trace_domain_name(trace, d));
}

/* --- Rows -------------------------------------------------------------------------------------*/

static gsize
n_rows(const MoeComparison *c)
{
    return (gsize)c->slots * ((gsize)c->groups + 1) + 1;
}

static bool
check_tables(const MoeComparison *c, GError **error)
{
    int64_t bytes = 0;
    for (int i = 0; i < c->n_pairs; i++)
        bytes += 2 * (int64_t)c->pairs[i].info.experts_a * c->pairs[i].info.experts_b *
                 (int64_t)sizeof(int64_t);
    if (bytes <= MOST_TABLES)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                "matching experts takes tables of %" G_GINT64_FORMAT
                " MiB, at most %d are allowed: choose layers",
                bytes >> 20, (int)(MOST_TABLES >> 20));
    return false;
}

/* As many groups as the budget of a summary allows, as moe__tables_plan(): the least that intervals
 * take may have more, and fewer are none. Where not even one fits, no domains. */
static void
plan_rows(MoeComparison *c, bool match)
{
    double bytes = 0;
    for (int i = 0; i < c->n_pairs; i++)
        bytes += (double)c->pairs[i].words * sizeof(int64_t) * (match ? 2 : 1);
    c->slots = c->n_domains + 1;
    c->groups = MOE_SUMMARY_GROUPS;
    while (c->groups > MOE_RESAMPLE_LEAST && bytes * (double)n_rows(c) > MOE_SUMMARY_BUDGET)
        c->groups /= 2;
    if (bytes * (double)n_rows(c) > MOE_SUMMARY_BUDGET_WHOLE)
        c->groups = 1;
    if (c->groups == 1 && bytes * (double)n_rows(c) > MOE_SUMMARY_BUDGET)
        c->slots = 1;
}

void
moe__comparison_allocate(const MoeComparison *c, MoePairSums *pair, bool match, bool shuffle)
{
    gsize pairs = (gsize)pair->info.experts_a * (gsize)pair->info.experts_b;
    for (int labels = 0; labels <= (int)match; labels++) {
        pair->rows[labels] = g_new0(int64_t, n_rows(c) * pair->words);
        moe__touch_pages(pair->rows[labels], n_rows(c) * pair->words * sizeof(int64_t));
        if (shuffle)
            pair->shuffled[labels] = g_new0(int64_t, pair->words);
    }
    if (!match)
        return;
    pair->matching.experts_a = pair->info.experts_a;
    pair->matching.experts_b = pair->info.experts_b;
    pair->matching.to = g_new0(int, (gsize)pair->info.experts_a);
    pair->matching.together = g_new0(int64_t, pairs);
    pair->matching.first = g_new0(int64_t, pairs);
}

int64_t *
moe__comparison_row(const MoeComparison *c, const MoePairSums *pair, MoeCompareLabels labels,
                    int domain, int group)
{
    gsize slot = c->slots > 1 ? (gsize)(domain + 1) : 0;
    gsize row = slot * (gsize)c->groups + (gsize)(group & (c->groups - 1));
    return pair->rows[labels] + row * pair->words;
}

/* The row of a domain in all groups, or of all tokens. */
static int64_t *
total_row(const MoeComparison *c, const MoePairSums *pair, MoeCompareLabels labels, int domain)
{
    gsize slot = domain == MOE_DOMAIN_ALL ? (gsize)c->slots : (gsize)(domain + 1);
    return pair->rows[labels] + ((gsize)c->slots * (gsize)c->groups + slot) * pair->words;
}

static void
add_row(int64_t *into, const int64_t *from, gsize words)
{
    for (gsize i = 0; i < words; i++)
        into[i] += from[i];
}

void
moe__comparison_settle(const MoeComparison *c, MoePairSums *pair)
{
    for (int labels = 0; labels < 2 && pair->rows[labels]; labels++) {
        int64_t *all = total_row(c, pair, labels, MOE_DOMAIN_ALL);
        for (int d = -1; d < c->slots - 1; d++) {
            int64_t *total = total_row(c, pair, labels, d);
            for (int g = 0; g < c->groups; g++)
                add_row(total, moe__comparison_row(c, pair, labels, d, g), pair->words);
            add_row(all, total, pair->words);
        }
    }
}

/* --- The comparison ---------------------------------------------------------------------------*/

/* What a comparison is made of, in the order in which it is found. */
typedef struct Plan {
    const MoeCompareSide *a, *b;
    const MoeCompareOptions *options;
    GArray *of_a, *of_b; /* tokens */
    int64_t alone[2];
} Plan;

static void
plan_clear(Plan *plan)
{
    g_clear_pointer(&plan->of_a, g_array_unref);
    g_clear_pointer(&plan->of_b, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, plan_clear)

static bool
find_tokens(Plan *plan, GError **error)
{
    const MoeTrace *a = plan->a->trace, *b = plan->b->trace;
    plan->of_a = moe__side_stretches(plan->a, error);
    plan->of_b = plan->of_a ? moe__side_stretches(plan->b, error) : NULL;
    return plan->of_b && moe__join_tokens(a, &plan->of_a, b, &plan->of_b, plan->alone, error) &&
           (!plan->options->filter ||
            moe__stretches_choose(a, &plan->of_a, &plan->of_b, plan->options->filter, error));
}

/* Everything but the sums. */
static bool
prepare(MoeComparison *c, Plan *plan, GError **error)
{
    const MoeTrace *a = plan->a->trace, *b = plan->b->trace;
    if (!find_tokens(plan, error) || !pair_routers(c, a, b, plan->options, error) ||
        (plan->options->match && !check_tables(c, error)))
        return false;
    take_domains(c, a, b);
    c->tokens = moe__stretches_tokens(plan->of_a);
    for (int i = 0; i < 2; i++)
        c->alone[i] = plan->alone[i];
    plan_rows(c, plan->options->match);
    return true;
}

static bool
begin(MoeComparePass *pass, MoeComparison *c, const Plan *plan, bool brought, GError **error)
{
    return moe__compare_pass_init(pass, c, plan->a->trace, plan->of_a, plan->b->trace, plan->of_b,
                                  plan->options, brought, error);
}

static const MoeCompareOptions plain = {0};

MoeComparison *
moe_compare(const MoeCompareSide *a, const MoeCompareSide *b, const MoeCompareOptions *options,
            GError **error)
{
    g_auto(Plan) plan = {.a = a, .b = b, .options = options ? options : &plain};
    g_auto(MoeComparePass) pass = {0};
    g_autoptr(MoeComparison) c = g_new0(MoeComparison, 1);
    bool ok = prepare(c, &plan, error) && begin(&pass, c, &plan, false, error) &&
              moe__compare_pass_run(&pass, error);
    return ok ? g_steal_pointer(&c) : NULL;
}

MoeComparison *
moe_compare_and_count(const MoeCompareSide *a, const MoeCompareSide *b,
                      const MoeCompareOptions *options, const MoeSummaryOptions *counting,
                      MoeSummary **summary, GError **error)
{
    g_auto(Plan) plan = {.a = a, .b = b, .options = options ? options : &plain};
    g_auto(MoeComparePass) pass = {0};
    g_autoptr(MoeComparison) c = g_new0(MoeComparison, 1);
    MoeSummaryOptions how = *counting;
    how.steps = a->steps;
    how.step = a->step;
    how.filter = plan.options->filter;
    how.progress = plan.options->progress;
    how.sample = 0;
    if (!prepare(c, &plan, error) || !begin(&pass, c, &plan, true, error))
        return NULL;
    g_autoptr(MoeSummary) counted = moe__summary_count(a->trace, &how, &pass, error);
    if (!counted)
        return NULL;
    if (!pass.counted) { /* the trace has brought its summary along, and wasn't gone through */
        moe__compare_pass_clear(&pass);
        if (!begin(&pass, c, &plan, false, error) || !moe__compare_pass_run(&pass, error))
            return NULL;
    }
    *summary = g_steal_pointer(&counted);
    return g_steal_pointer(&c);
}

void
moe_comparison_free(MoeComparison *c)
{
    if (!c)
        return;
    for (int i = 0; i < c->n_pairs; i++) {
        MoePairSums *pair = &c->pairs[i];
        for (int labels = 0; labels < 2; labels++) {
            g_free(pair->rows[labels]);
            g_free(pair->shuffled[labels]);
        }
        g_free((int *)pair->matching.to);
        g_free((int64_t *)pair->matching.together);
        g_free((int64_t *)pair->matching.first);
    }
    g_free(c->pairs);
    g_strfreev(c->domains);
    g_free(c);
}

int64_t
moe_comparison_tokens(const MoeComparison *c)
{
    return c->tokens;
}

int64_t
moe_comparison_alone(const MoeComparison *c, int side)
{
    g_return_val_if_fail(side == 0 || side == 1, 0);
    return c->alone[side];
}

int
moe_comparison_routers(const MoeComparison *c)
{
    return c->n_pairs;
}

const MoeComparedRouter *
moe_comparison_router(const MoeComparison *c, int router)
{
    g_return_val_if_fail(router >= 0 && router < c->n_pairs, NULL);
    return &c->pairs[router].info;
}

int
moe_comparison_domains(const MoeComparison *c)
{
    return c->n_domains;
}

int
moe_comparison_groups(const MoeComparison *c)
{
    return c->groups;
}

const char *
moe_comparison_domain_name(const MoeComparison *c, int domain)
{
    g_return_val_if_fail(domain >= 0 && domain < c->n_domains, NULL);
    return c->domains[domain];
}

bool
moe_comparison_cell(const MoeComparison *c, int router, int domain, MoeCompareLabels labels,
                    MoeComparisonCell *cell)
{
    g_return_val_if_fail(router >= 0 && router < c->n_pairs, false);
    g_return_val_if_fail(domain >= MOE_DOMAIN_ALL && domain < c->n_domains, false);
    const MoePairSums *pair = &c->pairs[router];
    if (!pair->rows[labels] || (c->slots == 1 && c->n_domains > 0 && domain != MOE_DOMAIN_ALL))
        return false;
    *cell = moe__cell_view(&pair->shape, total_row(c, pair, labels, domain));
    return true;
}

bool
moe_comparison_shuffled(const MoeComparison *c, int router, MoeCompareLabels labels,
                        MoeComparisonCell *cell)
{
    g_return_val_if_fail(router >= 0 && router < c->n_pairs, false);
    const MoePairSums *pair = &c->pairs[router];
    if (!pair->shuffled[labels])
        return false;
    *cell = moe__cell_view(&pair->shape, pair->shuffled[labels]);
    return true;
}

GArray *
moe_matching_unmatched(const MoeMatching *matching)
{
    GArray *left = g_array_new(FALSE, FALSE, sizeof(int));
    g_autofree bool *taken = g_new0(bool, (gsize)matching->experts_b + 1);
    for (int i = 0; i < matching->experts_a; i++)
        if (matching->to[i] >= 0)
            taken[matching->to[i]] = true;
    for (int j = 0; j < matching->experts_b; j++)
        if (!taken[j])
            g_array_append_val(left, j);
    return left;
}

const MoeMatching *
moe_comparison_matching(const MoeComparison *c, int router)
{
    g_return_val_if_fail(router >= 0 && router < c->n_pairs, NULL);
    const MoeMatching *matching = &c->pairs[router].matching;
    return matching->to ? matching : NULL;
}
