/* SPDX-License-Identifier: MIT
 *
 * Columns of experts, whose nodes stand so that what moves between them crosses little.
 */
#include "figure/alluvial.h"

static void
column_clear(gpointer data)
{
    g_free(((Column *)data)->nodes);
    g_free(((Column *)data)->node_of);
}

void
moe__alluvial_clear(Alluvial *alluvial)
{
    g_array_unref(alluvial->columns);
    g_ptr_array_unref(alluvial->moves);
}
Column *
moe__alluvial_column(const Alluvial *alluvial, guint i)
{
    return &g_array_index(alluvial->columns, Column, i);
}

int
moe__alluvial_experts(const Alluvial *alluvial, guint i)
{
    return moe_summary_router(alluvial->kit->summary, moe__alluvial_column(alluvial, i)->router)
        ->experts;
}

static const int64_t *
moves_of(const Alluvial *alluvial, guint i)
{
    return g_ptr_array_index(alluvial->moves, i);
}

void
moe__alluvial_init(Alluvial *alluvial, const Kit *kit)
{
    *alluvial = (Alluvial){kit, g_array_new(FALSE, FALSE, sizeof(Column)),
                           g_ptr_array_new_with_free_func(g_free)};
    g_array_set_clear_func(alluvial->columns, column_clear);
}

/* --- Nodes ------------------------------------------------------------------------------------*/

/* Units of each expert of column i: what leaves it, or for the last column, what arrives. */
static double *
units_of(const Alluvial *alluvial, guint i)
{
    int experts = moe__alluvial_experts(alluvial, i);
    bool last = i == alluvial->moves->len;
    const int64_t *moves = moves_of(alluvial, last ? i - 1 : i);
    int rows = last ? moe__alluvial_experts(alluvial, i - 1) : experts;
    int columns = last ? experts : moe__alluvial_experts(alluvial, i + 1);
    double *units = g_new0(double, (gsize)experts);
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++)
            units[last ? column : row] +=
                (double)moves[(gsize)row * (gsize)columns + (gsize)column];
    return units;
}

static int
by_units(const void *a, const void *b)
{
    const Node *x = a, *y = b;
    if (x->units != y->units)
        return x->units > y->units ? -1 : 1;
    return x->expert - y->expert;
}

/* The `most` busiest of the experts that the options choose, and one node for the others if there
 * are any. */
static void
make_nodes(const Alluvial *alluvial, guint i, int most)
{
    Column *column = moe__alluvial_column(alluvial, i);
    int experts = moe__alluvial_experts(alluvial, i);
    g_autofree double *units = units_of(alluvial, i);
    g_autofree Node *nodes = g_new0(Node, (gsize)experts);
    int chosen = 0, rest = experts;
    for (int e = 0; e < experts; e++)
        nodes[moe_figure_options_expert(alluvial->kit->options, e) ? chosen++ : --rest] =
            (Node){.expert = e, .units = units[e]};
    qsort(nodes, (size_t)chosen, sizeof(Node), by_units);
    int shown = MIN(chosen, most);
    column->n = shown + (experts > shown);
    column->nodes = g_new0(Node, (gsize)column->n);
    column->node_of = g_new(int, (gsize)experts);
    memcpy(column->nodes, nodes, sizeof(Node) * (gsize)shown);
    if (experts > shown)
        column->nodes[shown].expert = -1;
    for (int e = shown; e < experts; e++)
        column->nodes[shown].units += nodes[e].units;
}

static void
index_nodes(const Alluvial *alluvial, guint i)
{
    Column *column = moe__alluvial_column(alluvial, i);
    for (int e = 0; e < moe__alluvial_experts(alluvial, i); e++)
        column->node_of[e] = column->n - 1;
    for (int n = 0; n < column->n; n++)
        if (column->nodes[n].expert >= 0)
            column->node_of[column->nodes[n].expert] = n;
}

double *
moe__alluvial_ribbons(const Alluvial *alluvial, guint i)
{
    const Column *from = moe__alluvial_column(alluvial, i),
                 *to = moe__alluvial_column(alluvial, i + 1);
    int rows = moe__alluvial_experts(alluvial, i), columns = moe__alluvial_experts(alluvial, i + 1);
    double *ribbons = g_new0(double, (gsize)from->n *(gsize)to->n);
    for (int e = 0; e < rows; e++)
        for (int f = 0; f < columns; f++)
            ribbons[from->node_of[e] * to->n + to->node_of[f]] +=
                (double)moves_of(alluvial, i)[(gsize)e * (gsize)columns + (gsize)f];
    return ribbons;
}

static int
by_place(const void *a, const void *b)
{
    const Node *x = a, *y = b;
    if ((x->expert < 0) != (y->expert < 0))
        return x->expert < 0 ? 1 : -1;
    if (x->in != y->in)
        return x->in < y->in ? -1 : 1;
    return x->expert - y->expert;
}

/* Nodes stand where their units come from in the mean, so that ribbons cross little. What the
 * others send tells nothing of that. */
static void
arrange(const Alluvial *alluvial, guint i)
{
    const Column *from = moe__alluvial_column(alluvial, i - 1);
    Column *to = moe__alluvial_column(alluvial, i);
    index_nodes(alluvial, i);
    g_autofree double *ribbons = moe__alluvial_ribbons(alluvial, i - 1);
    for (int t = 0; t < to->n; t++) {
        double sum = 0, weight = 0;
        for (int f = 0; f < from->n && from->nodes[f].expert >= 0; f++) {
            sum += f * ribbons[f * to->n + t];
            weight += ribbons[f * to->n + t];
        }
        to->nodes[t].in = weight > 0 ? sum / weight : from->n;
    }
    qsort(to->nodes, (size_t)to->n, sizeof(Node), by_place);
    index_nodes(alluvial, i);
}

/* From 1 at the top to 0, with gaps in between. */
static void
place(Column *column)
{
    double total = 0, at = 1, gap = column->n > 1 ? GAPS / (column->n - 1) : 0;
    for (int n = 0; n < column->n; n++)
        total += column->nodes[n].units;
    for (int n = 0; n < column->n && total > 0; n++) {
        Node *node = &column->nodes[n];
        node->high = node->in = node->out = at;
        node->low = at - node->units / total * (column->n > 1 ? 1 - GAPS : 1);
        at = node->low - gap;
    }
}

bool
moe__alluvial_place(Alluvial *alluvial, int most, GError **error)
{
    for (guint i = 0; i + 1 < alluvial->columns->len; i++) {
        int64_t *moves = moe__flow_moves(alluvial->kit, moe__alluvial_column(alluvial, i)->router,
                                         moe__alluvial_column(alluvial, i + 1)->router, error);
        if (!moves)
            return false;
        g_ptr_array_add(alluvial->moves, moves);
    }
    for (guint i = 0; i < alluvial->columns->len; i++)
        make_nodes(alluvial, i, most);
    index_nodes(alluvial, 0);
    place(moe__alluvial_column(alluvial, 0));
    for (guint i = 1; i < alluvial->columns->len; i++) {
        arrange(alluvial, i);
        place(moe__alluvial_column(alluvial, i));
    }
    return true;
}

double
moe__alluvial_total(const Column *column)
{
    double total = 0;
    for (int n = 0; n < column->n; n++)
        total += column->nodes[n].units;
    return total;
}
