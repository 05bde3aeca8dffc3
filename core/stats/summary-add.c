/* SPDX-License-Identifier: MIT
 *
 * summary-add.c: sums of summaries. The sum is kept as finely as a summary of the whole would be:
 * with the domains of both, a plan may have fewer groups, and what either has lost stays lost.
 */
#include "stats/summary.h"

static bool
check_alike(const MoeSummary *into, const MoeSummary *from, GError **error)
{
    if (into->n_routers != from->n_routers) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "a summary of %d routers can't be added to one of %d", from->n_routers,
                    into->n_routers);
        return false;
    }
    for (int r = 0; r < into->n_routers; r++) {
        const MoeRouterInfo *a = &into->routers[r], *b = &from->routers[r];
        if (g_strcmp0(a->kinds, b->kinds) != 0) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "router %d: found kinds of experts %s in one summary and %s in the other; "
                        "only alike ones can be added",
                        r, b->kinds ? b->kinds : "untold", a->kinds ? a->kinds : "untold");
            return false;
        }
        if (a->layer == b->layer && a->experts == b->experts &&
            a->units_per_token == b->units_per_token)
            continue;
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "router %d: found layer %d, %d experts, %d units a token in one summary and "
                    "layer %d, %d, %d in the other; only alike ones can be added",
                    r, b->layer, b->experts, b->units_per_token, a->layer, a->experts,
                    a->units_per_token);
        return false;
    }
    return true;
}

/* Where the domains of `from` are among those of `into`, which get those that are new to it.
 * (transfer full) */
static int *
join_domains(MoeSummary *into, const MoeSummary *from)
{
    int *places = g_new(int, from->domains->len);
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint d = into->domains->len; d-- > 0;) /* of two of one name, the first */
        g_hash_table_replace(known, into->domains->pdata[d], GUINT_TO_POINTER(d));
    for (guint d = 0; d < from->domains->len; d++) {
        gpointer place;
        if (!g_hash_table_lookup_extended(known, from->domains->pdata[d], NULL, &place)) {
            place = GUINT_TO_POINTER(into->domains->len);
            g_ptr_array_add(into->domains, g_strdup(from->domains->pdata[d]));
            g_hash_table_insert(known, into->domains->pdata[into->domains->len - 1], place);
        }
        places[d] = GPOINTER_TO_INT(place);
    }
    return places;
}

/* The finest plan that both can be brought to. */
static MoeTablesPlan
common_plan(const MoeSummary *into, const MoeTables *a, const MoeTables *b)
{
    MoeTablesPlan plan, x = moe__tables_plan_of(a), y = moe__tables_plan_of(b);
    moe__tables_plan(moe__tables_tally(a), into->shapes, into->n_routers, (int)into->domains->len,
                     &plan);
    plan.groups = MIN(plan.groups, MIN(x.groups, y.groups));
    if (x.whole || y.whole) {
        plan.whole = true;
        plan.domains = 0;
    }
    return plan;
}

static void
add_tables(MoeSummary *into, int i, const MoeTables *from, const int *places)
{
    MoeTables *own = into->tables[i];
    MoeTablesPlan before = moe__tables_plan_of(own), plan = common_plan(into, own, from);
    bool same = before.domains == plan.domains && before.whole == plan.whole &&
                before.groups == plan.groups;
    if (!same) {
        g_autofree int *stay = g_new(int, (gsize)before.domains);
        for (int d = 0; d < before.domains; d++)
            stay[d] = d;
        MoeTables *wider =
            moe__tables_new(moe__tables_tally(own), into->shapes, into->n_routers, &plan);
        moe__tables_add(wider, own, stay);
        moe__tables_free(own);
        into->tables[i] = own = wider;
    }
    moe__tables_add(own, from, places);
    moe__tables_settle(own);
}

bool
moe_summary_add(MoeSummary *into, const MoeSummary *from, GError **error)
{
    if (!check_alike(into, from, error))
        return false;
    g_autofree int *places = join_domains(into, from);
    into->tallies &= from->tallies;
    moe__summary_add_tokens(into, from); /* looks at the units, so before they are added */
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        if (into->tables[i] && from->tables[i] && (into->tallies & moe__tallies[i]->bit))
            add_tables(into, i, from->tables[i], places);
        else
            g_clear_pointer(&into->tables[i], moe__tables_free);
    }
    return true;
}
