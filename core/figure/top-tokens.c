/* SPDX-License-Identifier: MIT
 *
 * Which tokens each expert of a layer takes more often than others do: a table of experts by rank,
 * coloured by lift.
 */
#include "figure/kit.h"
#include "figure/token-span.h"

#include <math.h>
#include <moescope/token-texts.h>
#include <moescope/tokens.h>

/* Cells [experts × ranks] of one layer. */
typedef struct Table {
    int experts, ranks; /* rows */
    double *lift, *log_lift, *picks;
    char **texts;
    double most;
} Table;

static void
table_clear(Table *table)
{
    for (int i = 0; table->texts && i < table->experts * table->ranks; i++)
        g_free(table->texts[i]);
    g_free(table->texts);
    g_free(table->lift);
    g_free(table->log_lift);
    g_free(table->picks);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Table, table_clear)

/* Of the experts chosen, the `most` whose first token has the highest lift, in their order.
 * (transfer full, of int) */
static GArray *
experts_of(const Kit *kit, const MoeTokenCell *cell)
{
    guint most = (guint)moe_figure_options_real(kit->options, "most");
    GArray *experts = moe__experts_chosen(kit->options, cell->experts);
    g_autofree Rank *ranks = g_new(Rank, (gsize)experts->len + 1);
    for (guint i = 0; i < experts->len; i++) {
        int e = g_array_index(experts, int, i);
        bool some = cell->top_picks[(gsize)e * MOE_TOKENS_TOP] > 0;
        ranks[i] = (Rank){e, 0, some ? cell->top_lift[(gsize)e * MOE_TOKENS_TOP] : 0};
    }
    if (experts->len > most) {
        moe__experts_rank(experts, ranks);
        g_array_set_size(experts, most);
        g_array_sort(experts, moe__experts_by_number);
    }
    return experts;
}

static Table
table_of(const MoeTokenCell *cell, const GArray *experts, GHashTable *names, int ranks)
{
    gsize n = (gsize)experts->len * (gsize)ranks;
    Table table = {(int)experts->len, ranks, g_new(double, n), g_new(double, n), g_new(double, n),
                   g_new0(char *, n), 0};
    for (guint row = 0; row < experts->len; row++)
        for (int rank = 0; rank < ranks; rank++) {
            gsize from = (gsize)g_array_index(experts, int, row) * MOE_TOKENS_TOP + (gsize)rank;
            gsize to = (gsize)row * (gsize)ranks + (gsize)rank;
            int32_t id = (int32_t)cell->top_id[from];
            bool there = cell->top_picks[from] > 0;
            table.lift[to] = there ? cell->top_lift[from] : NAN;
            table.log_lift[to] = there ? log2(cell->top_lift[from]) : NAN;
            table.picks[to] = there ? (double)cell->top_picks[from] : NAN;
            table.texts[to] = there ? moe__token_label(moe_token_text(names, id), id) : NULL;
            table.most = there ? MAX(table.most, table.log_lift[to]) : table.most;
        }
    return table;
}

/* Cells hold the logarithm, so that a lift of 2 and one of 30 both have a colour. */
static void
set_scale(MoeScene *scene, double most)
{
    static const MoeReference alike = {0, "average"};
    MoeColourScale scale = {.colours = MOE_COLOURS_VIRIDIS,
                            .max = MAX(2 * ceil(most / 2), 2),
                            .below = true,
                            .format = MOE_FORMAT_LOG2,
                            .label = "lift",
                            .n_references = 1,
                            .references = &alike};
    moe_scene_set_colour_scale(scene, &scale);
}

static MoeScene *
scene_of(const Kit *kit, guint router, const MoeTokenCell *cell, const GArray *experts, int ranks)
{
    g_autoptr(GHashTable) names = moe_token_texts_new();
    moe_token_texts_add(names, moe_figure_input_meta(kit->input, 0));
    g_auto(Table) table = table_of(cell, experts, names, ranks);
    g_auto(GStrv) rows = g_new0(char *, (gsize)table.experts + 1);
    for (guint row = 0; row < experts->len; row++)
        rows[row] = g_strdup_printf("%d", g_array_index(experts, int, row));
    MoeScene *scene = moe_scene_new(moe__figure_top_tokens.title);
    set_scale(scene, table.most);
    MoeAxis x = {.type = MOE_AXIS_BAND, .label = "rank by lift", .bands = ranks, .first = 1};
    MoeAxis y = {.type = MOE_AXIS_BAND,
                 .label = "expert",
                 .bands = table.experts,
                 .names = (const char *const *)rows,
                 .every = true};
    g_autofree char *title = moe__kit_title(kit, router);
    g_autofree char *words = g_strdup_printf(
        "%s, expert {row}: \xe2\x80\x9c{text}\xe2\x80\x9d {0}\xc3\x97 as often as other tokens "
        "({1} picks)",
        title);
    MoeCells cells = {.rows = table.experts,
                      .columns = ranks,
                      .values = table.log_lift,
                      .numbers = {table.lift, table.picks},
                      .words = words,
                      .texts = (const char *const *)table.texts};
    moe_scene_add_cells(scene, moe_scene_add_panel(scene, title, NULL, &x, &y), &cells);
    return scene;
}

/* The chosen layer among the routers, or the middle one. */
static bool
choose(const Kit *kit, int layer, guint *router, GError **error)
{
    *router = kit->routers->len / 2;
    for (guint i = 0; layer >= 0 && i < kit->routers->len; i++)
        if (moe__kit_info(kit, i)->layer == layer) {
            *router = i;
            return true;
        }
    if (layer < 0)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure top-tokens: found layer=%d, expected one of the %u MoE layers of %s", layer,
                kit->routers->len, moe_figure_input_name(kit->input, 0));
    return false;
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Kit) kit = {0};
    guint router;
    if (!moe__kit_init(&kit, &moe__figure_top_tokens, input, options, error) ||
        !choose(&kit, (int)moe_figure_options_real(options, "layer"), &router, error))
        return NULL;
    const MoeTokenCell *cell = moe_summary_tokens(kit.summary, moe__kit_router(&kit, router));
    if (!cell || cell->often == 0) {
        moe__kit_missing(&kit, "token id that is seen 10 times or more",
                         "record the column id of more tokens", error);
        return NULL;
    }
    g_autoptr(GArray) experts = experts_of(&kit, cell);
    MoeScene *scene =
        scene_of(&kit, router, cell, experts, (int)moe_figure_options_real(options, "ranks"));
    g_autofree char *left =
        experts->len < (guint)cell->experts && !*moe_figure_options_text(options, "experts")
            ? g_strdup_printf("; the %u experts with the highest lift", experts->len)
            : g_strdup("");
    g_autofree char *what = g_strconcat("Tokens that each expert takes more often than it takes "
                                        "others, among those seen 10 times or more, all picks",
                                        left, NULL);
    moe__kit_caption(&kit, scene, what, "lift 1: as often as any token");
    return scene;
}

static const MoeField fields[] = {
    {.name = "layer",
     .type = MOE_FIELD_INT,
     .fallback = "-1",
     .min = -1,
     .max = G_MAXINT32,
     .help = "the layer that is shown; -1: the middle one"},
    {.name = "ranks",
     .type = MOE_FIELD_INT,
     .fallback = "8",
     .min = 1,
     .max = MOE_TOKENS_TOP,
     .help = "how many tokens an expert"},
    {.name = "most",
     .type = MOE_FIELD_INT,
     .fallback = "32",
     .min = 1,
     .max = 65535,
     .help = "at most so many experts: those whose tokens have the highest lift"},
};

const MoeFigure moe__figure_top_tokens = {
    .struct_size = sizeof(MoeFigure),
    .name = "top-tokens",
    .title = "Tokens of each expert",
    .help = "table of the tokens that each expert of a layer takes more often than others, by lift",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_EXPERTS | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .tallies = MOE_TALLY_TOKENS,
    .build = build,
};
