/* SPDX-License-Identifier: MIT
 *
 * tables.c: plans, tables and their sums.
 */
#include "stats/tables.h"

#include "base/pages.h"

#include <moescope/resample.h>

/* The cells of one router. */
struct MoeTallyCells {
    const MoeTables *tables;
    int router;
    bool has;
    MoeTallyShape shape;
    char *parts;  /* [slots × groups] structs */
    bool *taken;  /* [slots × groups] parts that somebody may have written to: others are zeros,
                   * whose pages aren't there yet, and needn't come by being read */
    char *totals; /* [slots] structs where there are groups, then one where there are slots */
    void *words;  /* what fields of the structs point to; groups that stay empty take no memory */
    gsize bytes;  /* of `words` */
};

struct MoeTables {
    const MoeTally *tally;
    MoeTablesPlan plan;
    int n_routers;
    MoeTallyCells *routers;
};

/* --- Plans ------------------------------------------------------------------------------------*/

static int
plan_slots(const MoeTablesPlan *plan)
{
    return plan->domains + 1;
}

static int
plan_totals(const MoeTablesPlan *plan)
{
    int slots = plan_slots(plan);
    return (plan->groups > 1 ? slots : 0) + (slots > 1 ? 1 : 0);
}

static int64_t
plan_cells(const MoeTablesPlan *plan)
{
    return (int64_t)plan_slots(plan) * plan->groups + plan_totals(plan);
}

static bool
applies(const MoeTally *tally, const MoeTallyShape *shape)
{
    return !tally->applies || tally->applies(shape);
}

/* Bytes of a cell of every router. */
static double
row_bytes(const MoeTally *tally, const MoeTallyShape *shapes, int n_routers)
{
    double bytes = 0;
    for (int r = 0; r < n_routers; r++)
        if (applies(tally, &shapes[r]))
            bytes += (double)tally->cell_size + 8.0 * (double)moe__cell_words(tally, &shapes[r]);
    return bytes;
}

double
moe__tables_bytes(const MoeTally *tally, const MoeTallyShape *shapes, int n_routers,
                  const MoeTablesPlan *plan)
{
    return row_bytes(tally, shapes, n_routers) * (double)plan_cells(plan);
}

static bool
fits(double row, const MoeTablesPlan *plan, double budget)
{
    return row * (double)plan_cells(plan) <= budget;
}

/* As many groups as fit, but none that are too few for intervals: rather than that, the least that
 * aren't may take more. Each choice is coarser than the one before, so that the sum of summaries is
 * as fine as the summary of the whole. */
static void
choose_groups(double row, MoeTablesPlan *plan)
{
    plan->groups = MOE_SUMMARY_GROUPS;
    while (plan->groups > MOE_RESAMPLE_LEAST && !fits(row, plan, MOE_SUMMARY_BUDGET))
        plan->groups /= 2;
    if (!fits(row, plan, MOE_SUMMARY_BUDGET_WHOLE))
        plan->groups = 1;
}

bool
moe__tables_plan(const MoeTally *tally, const MoeTallyShape *shapes, int n_routers, int n_domains,
                 MoeTablesPlan *plan)
{
    double row = row_bytes(tally, shapes, n_routers);
    *plan = (MoeTablesPlan){n_domains, false, 1};
    choose_groups(row, plan);
    if (tally->bit == MOE_TALLY_LOAD || plan->groups > 1 || fits(row, plan, MOE_SUMMARY_BUDGET))
        return true;
    *plan = (MoeTablesPlan){0, n_domains > 0, 1};
    return fits(row, plan, MOE_SUMMARY_BUDGET_WHOLE);
}

/* --- Tables -----------------------------------------------------------------------------------*/

static void
cells_allocate(MoeTallyCells *cells)
{
    const MoeTally *tally = cells->tables->tally;
    const MoeTablesPlan *plan = &cells->tables->plan;
    gsize parts = (gsize)plan_slots(plan) * (gsize)plan->groups, totals = (gsize)plan_totals(plan);
    cells->has = true;
    cells->parts = g_malloc0_n(parts, tally->cell_size);
    cells->taken = g_new0(bool, parts);
    cells->totals = g_malloc0_n(totals, tally->cell_size);
    cells->bytes =
        (parts + totals) * (gsize)moe__cell_words(tally, &cells->shape) * sizeof(int64_t);
    cells->words = moe__pages_new(cells->bytes);
    char *words = cells->words;
    for (gsize i = 0; i < parts; i++)
        words = moe__cell_lay_out(tally, &cells->shape, cells->parts + i * tally->cell_size, words);
    for (gsize i = 0; i < totals; i++)
        words =
            moe__cell_lay_out(tally, &cells->shape, cells->totals + i * tally->cell_size, words);
}

MoeTables *
moe__tables_new(const MoeTally *tally, const MoeTallyShape *shapes, int n_routers,
                const MoeTablesPlan *plan)
{
    MoeTables *tables = g_new0(MoeTables, 1);
    tables->tally = tally;
    tables->plan = *plan;
    tables->n_routers = n_routers;
    tables->routers = g_new0(MoeTallyCells, (gsize)n_routers);
    for (int r = 0; r < n_routers; r++) {
        tables->routers[r] = (MoeTallyCells){.tables = tables, .router = r, .shape = shapes[r]};
        if (applies(tally, &shapes[r]))
            cells_allocate(&tables->routers[r]);
    }
    return tables;
}

void
moe__tables_drop(MoeTables *tables, int router)
{
    MoeTallyCells *cells = &tables->routers[router];
    g_clear_pointer(&cells->parts, g_free);
    g_clear_pointer(&cells->taken, g_free);
    g_clear_pointer(&cells->totals, g_free);
    moe__pages_free(g_steal_pointer(&cells->words), cells->bytes);
    cells->has = false;
}

void
moe__tables_free(MoeTables *tables)
{
    if (!tables)
        return;
    for (int r = 0; r < tables->n_routers; r++)
        moe__tables_drop(tables, r);
    g_free(tables->routers);
    g_free(tables);
}

const MoeTally *
moe__tables_tally(const MoeTables *tables)
{
    return tables->tally;
}

const MoeTallyShape *
moe__tables_shape(const MoeTables *tables, int router)
{
    return &tables->routers[router].shape;
}

MoeTablesPlan
moe__tables_plan_of(const MoeTables *tables)
{
    return tables->plan;
}

int
moe__tables_slots(const MoeTables *tables)
{
    return plan_slots(&tables->plan);
}

bool
moe__tables_has(const MoeTables *tables, int router)
{
    return tables->routers[router].has;
}

static gsize
part_index(const MoeTallyCells *cells, int slot, int group)
{
    return (gsize)slot * (gsize)cells->tables->plan.groups + (gsize)group;
}

static char *
part_at(const MoeTallyCells *cells, int slot, int group)
{
    return cells->parts + part_index(cells, slot, group) * cells->tables->tally->cell_size;
}

/* A part to be read; NULL: it is all zeros. */
static const char *
part_taken(const MoeTallyCells *cells, int slot, int group)
{
    return cells->taken[part_index(cells, slot, group)] ? part_at(cells, slot, group) : NULL;
}

void *
moe__tables_part(const MoeTables *tables, int router, int domain, int group)
{
    const MoeTallyCells *cells = &tables->routers[router];
    if (!cells->has)
        return NULL;
    int slot = tables->plan.whole ? 0 : domain - MOE_DOMAIN_UNKNOWN;
    group &= tables->plan.groups - 1;
    cells->taken[part_index(cells, slot, group)] = true;
    return part_at(cells, slot, group);
}

/* The total of a slot; slot -1: of all. */
static char *
total_at(const MoeTallyCells *cells, int slot)
{
    const MoeTablesPlan *plan = &cells->tables->plan;
    int slots = plan_slots(plan);
    if (slot < 0 && slots > 1)
        return cells->totals + (gsize)(plan_totals(plan) - 1) * cells->tables->tally->cell_size;
    slot = MAX(slot, 0);
    return plan->groups > 1 ? cells->totals + (gsize)slot * cells->tables->tally->cell_size
                            : part_at(cells, slot, 0);
}

const void *
moe__tables_total(const MoeTables *tables, int router, int domain)
{
    const MoeTallyCells *cells = &tables->routers[router];
    if (!cells->has || (tables->plan.whole && domain != MOE_DOMAIN_ALL))
        return NULL;
    return total_at(cells, domain - MOE_DOMAIN_UNKNOWN);
}

MoeTallyCells *
moe__tables_cells(MoeTables *tables, int router)
{
    return tables->routers[router].has ? &tables->routers[router] : NULL;
}

void *
moe__tally_cell(const MoeTallyCells *cells, int domain, int group)
{
    return moe__tables_part(cells->tables, cells->router, domain, group);
}

const MoeTallyShape *
moe__tally_shape(const MoeTallyCells *cells)
{
    return &cells->shape;
}

/* --- Sums -------------------------------------------------------------------------------------*/

static void
settle_router(const MoeTables *tables, const MoeTallyCells *cells)
{
    const MoeTally *tally = tables->tally;
    int slots = plan_slots(&tables->plan);
    for (int i = 0; i < plan_totals(&tables->plan); i++)
        moe__cell_clear(tally, &cells->shape, cells->totals + (gsize)i * tally->cell_size);
    for (int s = 0; s < slots; s++) {
        char *total = total_at(cells, s);
        bool any = false;
        for (int g = 0; g < tables->plan.groups; g++) {
            const char *part = part_taken(cells, s, g);
            any |= part != NULL;
            if (part && part != total)
                moe__cell_add(tally, &cells->shape, total, part, 1);
        }
        if (any && slots > 1)
            moe__cell_add(tally, &cells->shape, total_at(cells, -1), total, 1);
    }
}

void
moe__tables_settle(MoeTables *tables)
{
#pragma omp parallel for schedule(dynamic, 1) num_threads(moe_threads())
    for (int r = 0; r < tables->n_routers; r++)
        if (tables->routers[r].has)
            settle_router(tables, &tables->routers[r]);
}

void
moe__tables_add(MoeTables *into, const MoeTables *from, const int *domains)
{
    for (int r = 0; r < into->n_routers; r++) {
        const MoeTallyCells *cells = &from->routers[r];
        if (!cells->has)
            moe__tables_drop(into, r);
        if (!into->routers[r].has)
            continue;
        for (int s = 0; s < plan_slots(&from->plan); s++)
            for (int g = 0; g < from->plan.groups; g++) {
                int domain = s > 0 ? domains[s - 1] : MOE_DOMAIN_UNKNOWN;
                const char *part = part_taken(cells, s, g);
                if (part)
                    moe__cell_add(into->tally, &cells->shape, moe__tables_part(into, r, domain, g),
                                  part, 1);
            }
    }
}

struct MoeFolded {
    const MoeTally *tally;
    const MoeTallyShape *shape;
    int n;
    void **cells; /* [n], NULL where a group has nothing in it */
};

MoeFolded *
moe__tables_fold(const MoeTables *tables, int router, int domain, int n_groups)
{
    const MoeTallyCells *cells = &tables->routers[router];
    const MoeTally *tally = tables->tally;
    if (!moe__tables_total(tables, router, domain))
        return NULL;
    MoeFolded *folded = g_new(MoeFolded, 1);
    *folded = (MoeFolded){tally, &cells->shape, n_groups, g_new0(void *, (gsize)n_groups)};
    int slots = plan_slots(&tables->plan), slot = domain - MOE_DOMAIN_UNKNOWN;
    for (int s = MAX(slot, 0); s < (slot < 0 ? slots : slot + 1); s++)
        for (int g = 0; g < tables->plan.groups; g++) {
            const void *part = part_taken(cells, s, g);
            void **cell = &folded->cells[g & (n_groups - 1)];
            if (!part || moe__cell_is_empty(tally, &cells->shape, part))
                continue;
            if (!*cell)
                *cell = moe__cell_new(tally, &cells->shape);
            moe__cell_add(tally, &cells->shape, *cell, part, 1);
        }
    return folded;
}

void
moe__folded_free(MoeFolded *folded)
{
    for (int g = 0; folded && g < folded->n; g++)
        if (folded->cells[g])
            moe__cell_free(folded->tally, folded->cells[g]);
    if (folded)
        g_free(folded->cells);
    g_free(folded);
}

void
moe__folded_weighted(const MoeFolded *folded, const int64_t *weights, void *cell)
{
    for (int g = 0; g < folded->n; g++)
        if (weights[g] != 0 && folded->cells[g])
            moe__cell_add(folded->tally, folded->shape, cell, folded->cells[g], weights[g]);
}

bool
moe__tables_occupied(const MoeTables *tables, int router, int domain, int group, int n_groups)
{
    const MoeTallyCells *cells = &tables->routers[router];
    if (!moe__tables_total(tables, router, domain))
        return false;
    int slots = plan_slots(&tables->plan), slot = domain - MOE_DOMAIN_UNKNOWN;
    for (int s = MAX(slot, 0); s < (slot < 0 ? slots : slot + 1); s++)
        for (int g = group; g < tables->plan.groups; g += n_groups) {
            const char *part = part_taken(cells, s, g);
            if (part && !moe__cell_is_empty(tables->tally, &cells->shape, part))
                return true;
        }
    return false;
}
