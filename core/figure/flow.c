/* SPDX-License-Identifier: MIT
 *
 * Where first choices flow over a few layers: an alluvial diagram. A layer's busiest experts stand
 * in a column, the others are one node below them; a ribbon is the units that go from one to the
 * other, in the colour of the expert that they come from.
 */
#include "figure/flow.h"

#include <math.h>

/* So many layers are shown where they aren't chosen. */
#define LAYERS 4

/* Of the height: the gaps between a column's nodes together; of the way to the next column: a
 * node's width. */
#define GAPS 0.14
#define WIDE 0.05

static const MoeColour grey = {0.72, 0.72, 0.72};

typedef struct Node {
    int expert; /* -1: the others */
    double units, low, high;
    double in, out; /* where the next ribbon ends or begins */
} Node;

typedef struct Column {
    int router, n;
    Node *nodes;  /* [n] from the top */
    int *node_of; /* [experts] by the order of choosing, then of standing */
} Column;

typedef struct Alluvial {
    const Kit *kit;
    GArray *columns;  /* of Column */
    GPtrArray *moves; /* of int64_t *, one less */
} Alluvial;

static void
column_clear(gpointer data)
{
    g_free(((Column *)data)->nodes);
    g_free(((Column *)data)->node_of);
}

static void
alluvial_clear(Alluvial *alluvial)
{
    g_array_unref(alluvial->columns);
    g_ptr_array_unref(alluvial->moves);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Alluvial, alluvial_clear)

static Column *
column_at(const Alluvial *alluvial, guint i)
{
    return &g_array_index(alluvial->columns, Column, i);
}

static int
experts_of(const Alluvial *alluvial, guint i)
{
    return moe_summary_router(alluvial->kit->summary, column_at(alluvial, i)->router)->experts;
}

static const int64_t *
moves_of(const Alluvial *alluvial, guint i)
{
    return g_ptr_array_index(alluvial->moves, i);
}

/* --- Nodes ------------------------------------------------------------------------------------*/

/* Units of each expert of column i: what leaves it, or for the last column, what arrives. */
static double *
units_of(const Alluvial *alluvial, guint i)
{
    int experts = experts_of(alluvial, i);
    bool last = i == alluvial->moves->len;
    const int64_t *moves = moves_of(alluvial, last ? i - 1 : i);
    int rows = last ? experts_of(alluvial, i - 1) : experts;
    int columns = last ? experts : experts_of(alluvial, i + 1);
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

/* The `most` busiest experts, and one node for the others if there are any. */
static void
make_nodes(const Alluvial *alluvial, guint i, int most)
{
    Column *column = column_at(alluvial, i);
    int experts = experts_of(alluvial, i);
    g_autofree double *units = units_of(alluvial, i);
    g_autofree Node *nodes = g_new0(Node, (gsize)experts);
    for (int e = 0; e < experts; e++)
        nodes[e] = (Node){.expert = e, .units = units[e]};
    qsort(nodes, (size_t)experts, sizeof(Node), by_units);
    int shown = MIN(experts, most);
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
    Column *column = column_at(alluvial, i);
    for (int e = 0; e < experts_of(alluvial, i); e++)
        column->node_of[e] = column->n - 1;
    for (int n = 0; n < column->n; n++)
        if (column->nodes[n].expert >= 0)
            column->node_of[column->nodes[n].expert] = n;
}

/* Units between the nodes of columns i and i + 1, [n × n']. (transfer full) */
static double *
ribbons_of(const Alluvial *alluvial, guint i)
{
    const Column *from = column_at(alluvial, i), *to = column_at(alluvial, i + 1);
    int rows = experts_of(alluvial, i), columns = experts_of(alluvial, i + 1);
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
    const Column *from = column_at(alluvial, i - 1);
    Column *to = column_at(alluvial, i);
    index_nodes(alluvial, i);
    g_autofree double *ribbons = ribbons_of(alluvial, i - 1);
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

/* --- The scene --------------------------------------------------------------------------------*/

static MoeColour
colour_of(const Alluvial *alluvial, guint i, int node)
{
    const Column *column = column_at(alluvial, i);
    int expert = column->nodes[node].expert;
    return expert < 0 ? grey : moe_colour_category(expert, experts_of(alluvial, i));
}

/* Flows as columns of numbers, as the scene takes them. */
#define NUMBERS 9
typedef struct Ribbons {
    GArray *number[NUMBERS]; /* x0 low0 high0 x1 low1 high1 value layer expert, of double */
    GArray *colours;
    GPtrArray *names;
} Ribbons;

static void
ribbons_init(Ribbons *ribbons)
{
    for (int i = 0; i < NUMBERS; i++)
        ribbons->number[i] = g_array_new(FALSE, FALSE, sizeof(double));
    ribbons->colours = g_array_new(FALSE, FALSE, sizeof(MoeColour));
    ribbons->names = g_ptr_array_new_with_free_func(g_free);
}

static void
ribbons_add(Ribbons *ribbons, const double numbers[NUMBERS], MoeColour colour, char *name)
{
    for (int i = 0; i < NUMBERS; i++)
        g_array_append_val(ribbons->number[i], numbers[i]);
    g_array_append_val(ribbons->colours, colour);
    g_ptr_array_add(ribbons->names, name);
}

static void
ribbons_show(Ribbons *ribbons, MoeScene *scene, int panel, double opacity)
{
    const double *number[NUMBERS];
    for (int i = 0; i < NUMBERS; i++)
        number[i] = (const double *)(gpointer)ribbons->number[i]->data;
    MoeFlows flows = {.n = (int)ribbons->names->len,
                      .x0 = number[0],
                      .low0 = number[1],
                      .high0 = number[2],
                      .x1 = number[3],
                      .low1 = number[4],
                      .high1 = number[5],
                      .value = number[6],
                      .each = (const MoeColour *)(gpointer)ribbons->colours->data,
                      .names = (const char *const *)ribbons->names->pdata,
                      .ink = {.opacity = opacity},
                      .words = "{name}: {value} of units",
                      .keys = {{"layer", number[7]}, {"expert", number[8]}}};
    if (flows.n > 0)
        moe_scene_add_flows(scene, panel, &flows);
    for (int i = 0; i < NUMBERS; i++)
        g_array_unref(ribbons->number[i]);
    g_array_unref(ribbons->colours);
    g_ptr_array_unref(ribbons->names);
}

static char *
node_name(const Node *node)
{
    return node->expert < 0 ? g_strdup("others") : g_strdup_printf("%d", node->expert);
}

/* As a key; NaN: several. */
static double
expert_of(const Node *node)
{
    return node->expert < 0 ? NAN : node->expert;
}

static double
total_of(const Column *column)
{
    double total = 0;
    for (int n = 0; n < column->n; n++)
        total += column->nodes[n].units;
    return total;
}

/* Between columns i and i + 1. `pale`: those of the others, which lie below the rest. */
static void
add_ribbons(const Alluvial *alluvial, MoeScene *scene, int panel, guint i)
{
    Column *from = column_at(alluvial, i), *to = column_at(alluvial, i + 1);
    double total = total_of(from);
    double tall = from->n > 1 ? 1 - GAPS : 1, tall_to = to->n > 1 ? 1 - GAPS : 1;
    g_autofree double *units = ribbons_of(alluvial, i);
    int left = moe_summary_router(alluvial->kit->summary, from->router)->layer;
    int right = moe_summary_router(alluvial->kit->summary, to->router)->layer;
    Ribbons pale, vivid;
    ribbons_init(&pale);
    ribbons_init(&vivid);
    for (int f = 0; f < from->n; f++)
        for (int t = 0; t < to->n; t++) {
            double share = units[f * to->n + t] / total;
            if (share == 0)
                continue;
            Node *a = &from->nodes[f], *b = &to->nodes[t];
            const double numbers[NUMBERS] = {i + WIDE,
                                             a->out - share * tall,
                                             a->out,
                                             i + 1,
                                             b->in - share * tall_to,
                                             b->in,
                                             share,
                                             left,
                                             expert_of(a)};
            g_autofree char *source = node_name(a), *target = node_name(b);
            bool grey_one = a->expert < 0 || b->expert < 0;
            ribbons_add(grey_one ? &pale : &vivid, numbers, colour_of(alluvial, i, f),
                        g_strdup_printf("%s at layer %d, then %s at layer %d", source, left, target,
                                        right));
            a->out = numbers[1];
            b->in = numbers[4];
        }
    ribbons_show(&pale, scene, panel, 0.28);
    ribbons_show(&vivid, scene, panel, 0.75);
}

static void
add_nodes(const Alluvial *alluvial, MoeScene *scene, int panel, guint i)
{
    const Column *column = column_at(alluvial, i);
    int layer = moe_summary_router(alluvial->kit->summary, column->router)->layer;
    double total = total_of(column);
    bool last = i == alluvial->moves->len;
    g_autofree double *x = g_new(double, (gsize)column->n), *y = g_new(double, (gsize)column->n);
    g_auto(GStrv) names = g_new0(char *, (gsize)column->n + 1);
    Ribbons nodes;
    ribbons_init(&nodes);
    for (int n = 0; n < column->n; n++) {
        const Node *node = &column->nodes[n];
        const double numbers[NUMBERS] = {
            i,          node->low,           node->high, i + WIDE,       node->low,
            node->high, node->units / total, layer,      expert_of(node)};
        names[n] = node_name(node);
        x[n] = last ? i + 1.4 * WIDE : i - 0.4 * WIDE;
        y[n] = (node->low + node->high) / 2;
        ribbons_add(
            &nodes, numbers, colour_of(alluvial, i, n),
            g_strdup_printf("layer %d, %s%s", layer, node->expert < 0 ? "" : "expert ", names[n]));
    }
    ribbons_show(&nodes, scene, panel, 0);
    MoeLabels labels = {.n = column->n,
                        .x = x,
                        .y = y,
                        .texts = (const char *const *)names,
                        .anchor = last ? MOE_ANCHOR_START : MOE_ANCHOR_END};
    moe_scene_add_labels(scene, panel, &labels);
    g_autofree char *title = g_strdup_printf("layer %d", layer);
    const char *text = title;
    const double middle = i + WIDE / 2, top = 1.05;
    MoeLabels head = {1, &middle, &top, &text, MOE_ANCHOR_MIDDLE};
    moe_scene_add_labels(scene, panel, &head);
}

/* --- The figure -------------------------------------------------------------------------------*/

/* Evenly chosen layers; of a summary, which has the moves of neighbours alone, the first ones. */
static void
choose_columns(Alluvial *alluvial)
{
    const Kit *kit = alluvial->kit;
    g_autoptr(GArray) routers = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_append_vals(routers, kit->routers->data, kit->routers->len);
    if (moe__kit_all_layers(kit) && moe_figure_input_trace(kit->input, 0))
        moe__kit_thin(routers, LAYERS);
    else if (moe__kit_all_layers(kit))
        g_array_set_size(routers, MIN(routers->len, LAYERS));
    for (guint i = 0; i < routers->len; i++) {
        Column column = {.router = g_array_index(routers, int, i)};
        g_array_append_val(alluvial->columns, column);
    }
}

static bool
count(Alluvial *alluvial, GError **error)
{
    for (guint i = 0; i + 1 < alluvial->columns->len; i++) {
        int64_t *moves = moe__flow_moves(alluvial->kit, column_at(alluvial, i)->router,
                                         column_at(alluvial, i + 1)->router, error);
        if (!moves)
            return false;
        g_ptr_array_add(alluvial->moves, moves);
    }
    int most = (int)moe_figure_options_real(alluvial->kit->options, "experts");
    for (guint i = 0; i < alluvial->columns->len; i++)
        make_nodes(alluvial, i, most);
    index_nodes(alluvial, 0);
    place(column_at(alluvial, 0));
    for (guint i = 1; i < alluvial->columns->len; i++) {
        arrange(alluvial, i);
        place(column_at(alluvial, i));
    }
    return true;
}

static MoeScene *
scene_of(const Alluvial *alluvial)
{
    const Kit *kit = alluvial->kit;
    guint n = alluvial->columns->len;
    MoeScene *scene = moe_scene_new(moe__figure_flow.title);
    MoeAxis x = {.min = -0.25, .max = n - 1 + 0.25 + WIDE, .bare = true};
    MoeAxis y = {.min = 0, .max = 1.1, .bare = true};
    int panel = moe_scene_add_panel(scene, NULL, NULL, &x, &y);
    for (guint i = 0; i + 1 < n; i++)
        add_ribbons(alluvial, scene, panel, i);
    for (guint i = 0; i < n; i++)
        add_nodes(alluvial, scene, panel, i);
    int most = (int)moe_figure_options_real(kit->options, "experts");
    bool others = moe__kit_info(kit, 0)->experts > most;
    g_autofree char *what =
        others ? g_strdup_printf("First choices of the same unit from layer to layer, in the "
                                 "colour of the expert that they come from; the %d busiest experts "
                                 "of each layer, all others as one",
                                 most)
               : g_strdup("First choices of the same unit from layer to layer, in the colour of "
                          "the expert that they come from");
    moe__kit_caption(
        kit, scene, what,
        "independent layers would split every expert\xe2\x80\x99s ribbon in proportion "
        "to the next layer\xe2\x80\x99s nodes");
    return scene;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    if (!moe__kit_init(&kit, &moe__figure_flow, input, options, error))
        return NULL;
    g_auto(Alluvial) alluvial = {&kit, g_array_new(FALSE, FALSE, sizeof(Column)),
                                 g_ptr_array_new_with_free_func(g_free)};
    g_array_set_clear_func(alluvial.columns, column_clear);
    choose_columns(&alluvial);
    if (alluvial.columns->len < 2) {
        moe__kit_missing(&kit, "second layer to flow to",
                         "choose two or more with layers, or record several", error);
        return NULL;
    }
    if (!count(&alluvial, error))
        return NULL;
    if (total_of(column_at(&alluvial, 0)) == 0) {
        moe__kit_missing(&kit, "units with first choices at both layers", "record some tokens",
                         error);
        return NULL;
    }
    return scene_of(&alluvial);
}

static const MoeField fields[] = {
    {.name = "experts",
     .type = MOE_FIELD_INT,
     .fallback = "8",
     .min = 1,
     .max = 65536,
     .help = "so many of a layer's busiest experts have nodes of their own"},
};

const MoeFigure moe__figure_flow = {
    .struct_size = sizeof(MoeFigure),
    .name = "flow",
    .title = "Flow of first choices",
    .help = "alluvial diagram of first choices over a few layers",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_FLOW,
    .build = build,
};
