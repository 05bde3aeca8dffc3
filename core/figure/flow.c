/* SPDX-License-Identifier: MIT
 *
 * Where first choices flow over a few layers: an alluvial diagram. A layer's busiest experts stand
 * in a column, the others are one node below them; a ribbon is the units that go from one to the
 * other, in the colour of the expert that they come from.
 */
#include "figure/alluvial.h"

#include <math.h>

/* So many layers are shown where they aren't chosen. */
#define LAYERS 4

/* Of the way to the next column: a node's width. */
#define WIDE 0.05
/* Room for names at the sides. */
#define SIDE 0.36

static const MoeColour grey = {0.72, 0.72, 0.72};

/* --- The scene --------------------------------------------------------------------------------*/

static MoeColour
colour_of(const Alluvial *alluvial, guint i, int node)
{
    const Column *column = moe__alluvial_column(alluvial, i);
    int expert = column->nodes[node].expert;
    return expert < 0 ? grey : moe_colour_category(expert, moe__alluvial_experts(alluvial, i));
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

/* Between columns i and i + 1. `pale`: those of the others, which lie below the rest. */
static void
add_ribbons(const Alluvial *alluvial, MoeScene *scene, int panel, guint i)
{
    Column *from = moe__alluvial_column(alluvial, i), *to = moe__alluvial_column(alluvial, i + 1);
    double total = moe__alluvial_total(from);
    double tall = from->n > 1 ? 1 - GAPS : 1, tall_to = to->n > 1 ? 1 - GAPS : 1;
    g_autofree double *units = moe__alluvial_ribbons(alluvial, i);
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
    const Column *column = moe__alluvial_column(alluvial, i);
    int layer = moe_summary_router(alluvial->kit->summary, column->router)->layer;
    double total = moe__alluvial_total(column);
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

static MoeScene *
scene_of(const Alluvial *alluvial)
{
    const Kit *kit = alluvial->kit;
    guint n = alluvial->columns->len;
    MoeScene *scene = moe_scene_new(moe__figure_flow.title);
    MoeAxis x = {.min = -SIDE, .max = n - 1 + SIDE + WIDE, .bare = true};
    MoeAxis y = {.min = 0, .max = 1.1, .bare = true};
    int panel = moe_scene_add_panel(scene, NULL, NULL, &x, &y);
    for (guint i = 0; i + 1 < n; i++)
        add_ribbons(alluvial, scene, panel, i);
    for (guint i = 0; i < n; i++)
        add_nodes(alluvial, scene, panel, i);
    int most = (int)moe_figure_options_real(kit->options, "most");
    const Column *first = moe__alluvial_column(alluvial, 0);
    bool others = first->nodes[first->n - 1].expert < 0;
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
    g_auto(Alluvial) alluvial;
    moe__alluvial_init(&alluvial, &kit);
    choose_columns(&alluvial);
    if (alluvial.columns->len < 2) {
        moe__kit_missing(&kit, "second layer to flow to",
                         "choose two or more with layers, or record several", error);
        return NULL;
    }
    if (!moe__alluvial_place(&alluvial, (int)moe_figure_options_real(options, "most"), error))
        return NULL;
    if (moe__alluvial_total(moe__alluvial_column(&alluvial, 0)) == 0) {
        moe__kit_missing(&kit, "units with first choices at both layers", "record some tokens",
                         error);
        return NULL;
    }
    return scene_of(&alluvial);
}

static const MoeField fields[] = {
    {.name = "most",
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
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_EXPERTS | MOE_FIGURE_DOMAIN | MOE_FIGURE_STEPS |
              MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_FLOW,
    .build = build,
};
