/* SPDX-License-Identifier: MIT
 *
 * summary.c: sums by router, domain and group of documents.
 */
#include "stats/summary.h"

#include "stats/groups.h"
#include "stats/tokens.h"

/* --- Making -----------------------------------------------------------------------------------*/

static void
copy_routers(MoeSummary *summary, const MoeRouterInfo *routers, int n)
{
    summary->n_routers = n;
    summary->routers = g_new(MoeRouterInfo, (gsize)n);
    summary->shapes = g_new(MoeTallyShape, (gsize)n);
    for (int r = 0; r < n; r++) {
        MoeRouterInfo *own = &summary->routers[r];
        *own = routers[r];
        own->score = g_strdup(own->score);
        own->select = g_strdup(own->select);
        own->gate = g_strdup(own->gate);
        own->kinds = g_strdup(own->kinds);
        bool after = r > 0 && own->units_per_token == routers[r - 1].units_per_token;
        summary->shapes[r] = (MoeTallyShape){.experts = own->experts,
                                             .from = after ? routers[r - 1].experts : 0,
                                             .heads = own->units_per_token};
    }
}

unsigned
moe__summary_known(unsigned tallies)
{
    unsigned known = MOE_TALLY_LOAD | (tallies & MOE_TALLY_TOKENS);
    for (int i = 0; i < MOE_N_TALLIES; i++)
        known |= tallies & moe__tallies[i]->bit;
    return known;
}

MoeSummary *
moe__summary_bare(const MoeRouterInfo *routers, int n_routers, const char *const *domains,
                  int n_domains, unsigned tallies)
{
    MoeSummary *summary = g_new0(MoeSummary, 1);
    copy_routers(summary, routers, n_routers);
    summary->domains = g_ptr_array_new_with_free_func(g_free);
    for (int d = 0; d < n_domains; d++)
        g_ptr_array_add(summary->domains, g_strdup(domains[d]));
    summary->tallies = moe__summary_known(tallies);
    summary->token_tables = g_new0(MoeTokenTable *, (gsize)n_routers);
    summary->token_cells = g_new0(MoeTokenCell *, (gsize)n_routers);
    return summary;
}

MoeSummary *
moe_summary_new(const MoeRouterInfo *routers, int n_routers, const char *const *domains,
                int n_domains, unsigned tallies)
{
    MoeSummary *summary = moe__summary_bare(routers, n_routers, domains, n_domains, tallies);
    for (int i = 0; i < MOE_N_TALLIES; i++) {
        MoeTablesPlan plan;
        if ((summary->tallies & moe__tallies[i]->bit) &&
            moe__tables_plan(moe__tallies[i], summary->shapes, n_routers, n_domains, &plan))
            summary->tables[i] =
                moe__tables_new(moe__tallies[i], summary->shapes, n_routers, &plan);
    }
    return summary;
}

void
moe_summary_free(MoeSummary *summary)
{
    if (!summary)
        return;
    for (int i = 0; i < MOE_N_TALLIES; i++)
        moe__tables_free(summary->tables[i]);
    for (int r = 0; r < summary->n_routers; r++) {
        moe__token_table_free(summary->token_tables[r]);
        moe__token_cell_free(summary->token_cells[r]);
        g_free(summary->routers[r].score);
        g_free(summary->routers[r].select);
        g_free(summary->routers[r].gate);
        g_free(summary->routers[r].kinds);
    }
    g_free(summary->token_tables);
    g_free(summary->token_cells);
    g_free(summary->routers);
    g_free(summary->shapes);
    g_ptr_array_unref(summary->domains);
    g_free(summary->meta_json);
    g_free(summary);
}

/* --- Reading ----------------------------------------------------------------------------------*/

int
moe_summary_routers(const MoeSummary *summary)
{
    return summary->n_routers;
}

const MoeRouterInfo *
moe_summary_router(const MoeSummary *summary, int router)
{
    g_return_val_if_fail(router >= 0 && router < summary->n_routers, NULL);
    return &summary->routers[router];
}

int
moe_summary_domains(const MoeSummary *summary)
{
    return (int)summary->domains->len;
}

const char *
moe_summary_domain_name(const MoeSummary *summary, int domain)
{
    g_return_val_if_fail(domain >= 0 && domain < moe_summary_domains(summary), NULL);
    return summary->domains->pdata[domain];
}

int64_t
moe_summary_tokens_counted(const MoeSummary *summary)
{
    int64_t tokens = 0;
    for (int r = 0; r < summary->n_routers; r++)
        tokens = MAX(tokens, moe_summary_cell(summary, r, MOE_DOMAIN_ALL)->units /
                                 summary->routers[r].units_per_token);
    return tokens;
}

unsigned
moe_summary_tallies(const MoeSummary *summary)
{
    return summary->tallies;
}

const char *
moe_summary_meta_json(const MoeSummary *summary)
{
    return summary->meta_json;
}

MoeTables *
moe__summary_tables(const MoeSummary *summary, unsigned tally)
{
    for (int i = 0; i < MOE_N_TALLIES; i++)
        if (moe__tallies[i]->bit == tally)
            return summary->tables[i];
    return NULL;
}

static const void *
find_total(const MoeSummary *summary, unsigned tally, int router, int domain)
{
    g_return_val_if_fail(router >= 0 && router < summary->n_routers, NULL);
    g_return_val_if_fail(domain >= MOE_DOMAIN_ALL && domain < moe_summary_domains(summary), NULL);
    const MoeTables *tables = moe__summary_tables(summary, tally);
    return tables ? moe__tables_total(tables, router, domain) : NULL;
}

const MoeSummaryCell *
moe_summary_cell(const MoeSummary *summary, int router, int domain)
{
    return find_total(summary, MOE_TALLY_LOAD, router, domain);
}

const MoeOrderCell *
moe_summary_order(const MoeSummary *summary, int router, int domain)
{
    return find_total(summary, MOE_TALLY_ORDER, router, domain);
}

const MoePairCell *
moe_summary_pairs(const MoeSummary *summary, int router, int domain)
{
    return find_total(summary, MOE_TALLY_PAIRS, router, domain);
}

const MoeAdjacentCell *
moe_summary_adjacent(const MoeSummary *summary, int router, int domain)
{
    return find_total(summary, MOE_TALLY_ADJACENT, router, domain);
}

const MoeFlowCell *
moe_summary_flow(const MoeSummary *summary, int router, int domain)
{
    return find_total(summary, MOE_TALLY_FLOW, router, domain);
}

const MoeFlowPicksCell *
moe_summary_flow_picks(const MoeSummary *summary, int router, int domain)
{
    return find_total(summary, MOE_TALLY_FLOW_PICKS, router, domain);
}

const MoePlaceCell *
moe_summary_places(const MoeSummary *summary, int router, int domain)
{
    return find_total(summary, MOE_TALLY_PLACES, router, domain);
}

const MoeHeadCell *
moe_summary_heads(const MoeSummary *summary, int router, int domain)
{
    return find_total(summary, MOE_TALLY_HEADS, router, domain);
}

const MoeScoreCell *
moe_summary_scores(const MoeSummary *summary, int router, int domain)
{
    return find_total(summary, MOE_TALLY_SCORES, router, domain);
}

const MoeCacheCell *
moe_summary_caches(const MoeSummary *summary, int router, int domain)
{
    return find_total(summary, MOE_TALLY_CACHES, router, domain);
}

const MoeDocumentCell *
moe_summary_documents(const MoeSummary *summary, int router, int domain)
{
    return find_total(summary, MOE_TALLY_DOCUMENTS, router, domain);
}

const MoeRankCell *
moe_summary_ranks(const MoeSummary *summary, int router, int domain)
{
    return find_total(summary, MOE_TALLY_RANKS, router, domain);
}

const MoeTokenCell *
moe_summary_tokens(const MoeSummary *summary, int router)
{
    g_return_val_if_fail(router >= 0 && router < summary->n_routers, NULL);
    return summary->token_cells[router];
}

const MoeTokenTable *
moe_summary_token_table(const MoeSummary *summary, int router)
{
    g_return_val_if_fail(router >= 0 && router < summary->n_routers, NULL);
    return summary->token_tables[router];
}

/* --- Filling ----------------------------------------------------------------------------------*/

static void *
find_part(MoeSummary *summary, unsigned tally, int router, int domain, int group)
{
    g_return_val_if_fail(router >= 0 && router < summary->n_routers, NULL);
    g_return_val_if_fail(domain >= MOE_DOMAIN_UNKNOWN && domain < moe_summary_domains(summary),
                         NULL);
    MoeTables *tables = moe__summary_tables(summary, tally);
    return tables ? moe__tables_part(tables, router, domain, group) : NULL;
}

MoeSummaryCell *
moe_summary_fill(MoeSummary *summary, int router, int domain)
{
    return find_part(summary, MOE_TALLY_LOAD, router, domain, 0);
}

MoeSummaryCell *
moe_summary_fill_group(MoeSummary *summary, int router, int domain, int document)
{
    return find_part(summary, MOE_TALLY_LOAD, router, domain, moe__document_group(document));
}

MoeFlowCell *
moe_summary_fill_flow(MoeSummary *summary, int router, int domain)
{
    return find_part(summary, MOE_TALLY_FLOW, router, domain, 0);
}

MoePairCell *
moe_summary_fill_pairs(MoeSummary *summary, int router, int domain)
{
    return find_part(summary, MOE_TALLY_PAIRS, router, domain, 0);
}

void
moe_summary_settle(MoeSummary *summary)
{
    for (int i = 0; i < MOE_N_TALLIES; i++)
        if (summary->tables[i])
            moe__tables_settle(summary->tables[i]);
}
