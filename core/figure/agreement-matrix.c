/* SPDX-License-Identifier: MIT
 *
 * Which expert of one routing is which of another: experts by experts, matched ones on the
 * diagonal. What lies beside it are experts that share their work in other ways.
 */
#include "figure/agreement.h"

#include <math.h>

/* The second router's experts: those that the first one's were matched with, in their order, then
 * those that are left. (transfer full) */
static int *
order_of(const MoeMatching *matching)
{
    int n = 0;
    int *order = g_new(int, (gsize)matching->experts_b);
    g_autofree bool *taken = g_new0(bool, (gsize)matching->experts_b);
    for (int i = 0; i < matching->experts_a; i++) {
        if (matching->to[i] < 0)
            continue;
        order[n++] = matching->to[i];
        taken[matching->to[i]] = true;
    }
    for (int j = 0; j < matching->experts_b; j++)
        if (!taken[j])
            order[n++] = j;
    return order;
}

static void
add_panel(MoeScene *scene, const Agreement *a, int router)
{
    const MoeComparedRouter *info = moe_comparison_router(a->comparison, router);
    const MoeMatching *matching = moe_comparison_matching(a->comparison, router);
    MoeComparisonCell cell;
    if (!matching ||
        !moe_comparison_cell(a->comparison, router, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell))
        return;
    int rows = matching->experts_a, columns = matching->experts_b;
    g_autofree int *order = order_of(matching);
    g_autofree double *values = g_new(double, (gsize)rows *(gsize)columns);
    g_auto(GStrv) names = g_new0(char *, (gsize)columns + 1);
    for (int j = 0; j < columns; j++) {
        names[j] = g_strdup_printf("%d", order[j]);
        for (int i = 0; i < rows; i++) {
            double units = (double)cell.picks_a[i];
            double both = (double)matching->together[i * columns + order[j]];
            values[i * columns + j] = units > 0 ? both / units : NAN;
        }
    }
    MoeAxis y = {.type = MOE_AXIS_BAND, .label = a->names[0], .bands = rows, .key = "expert"};
    MoeAxis x = {.type = MOE_AXIS_BAND,
                 .label = a->names[1],
                 .bands = columns,
                 .names = (const char *const *)names};
    g_autofree char *title = g_strdup_printf("layer %d", info->layer);
    g_autofree char *note = g_strdup_printf("%d of %d moved", matching->moved, rows);
    g_autofree char *words =
        g_strdup_printf("layer %d: {value} of the units of expert {row} in %s pick expert {column} "
                        "in %s",
                        info->layer, a->names[0], a->names[1]);
    MoeCells cells = {.rows = rows, .columns = columns, .values = values, .words = words};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, title, note, &x, &y), &cells);
}

/* The chance to be picked: the same for all layers, or none. */
static double
chance_of(const MoeComparison *comparison)
{
    double chance = NAN;
    for (int r = 0; r < moe_comparison_routers(comparison); r++) {
        const MoeComparedRouter *info = moe_comparison_router(comparison, r);
        double own = info->k_b > 0 ? (double)info->k_b / info->experts_b : NAN;
        if (r > 0 && own != chance)
            return NAN;
        chance = own;
    }
    return chance;
}

void
moe__agreement_add_matrices(MoeScene *scene, const Agreement *agreement, guint most)
{
    double chance = chance_of(agreement->comparison);
    MoeReference uniform = {chance, "uniform"};
    MoeColourScale scale = {.colours = MOE_COLOURS_VIRIDIS,
                            .max = 1,
                            .label = "share of units",
                            .n_references = isfinite(chance) ? 1 : 0,
                            .references = &uniform};
    moe_scene_set_colour_scale(scene, &scale);
    g_autoptr(GArray) routers = g_array_new(FALSE, FALSE, sizeof(int));
    for (int r = 0; r < moe_comparison_routers(agreement->comparison); r++)
        g_array_append_val(routers, r);
    if (moe__kit_all_layers(agreement->kit))
        moe__kit_thin(routers, most);
    for (guint i = 0; i < routers->len; i++)
        add_panel(scene, agreement, g_array_index(routers, int, i));
}
