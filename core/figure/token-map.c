/* SPDX-License-Identifier: MIT
 *
 * Which expert each token of a text goes to, layer by layer: tokens downwards, layers across.
 */
#include "figure/expert-names.h"
#include "figure/load.h"
#include "figure/token-grid.h"
#include "figure/token-long.h"

/* With more layers than this, cells are too narrow for the numbers of experts at the width of a
 * paper's column: a legend names them. */
#define NARROW 10
/* More panels below each other nobody reads. */
#define PANELS 12

/* Layers across, which are named where they don't follow each other. */
static MoeAxis
layer_axis(const TokenSpan *span, char **names)
{
    int n = (int)span->routers->len;
    for (int r = 0; r < n; r++)
        names[r] = g_strdup_printf("%d", moe__span_router(span, r)->info->layer);
    return (MoeAxis){
        .type = MOE_AXIS_BAND, .label = "layer", .bands = n, .names = (const char *const *)names};
}

static void
fill(TokenGrid *grid, const TokenSpan *span, int slot, int head)
{
    for (int r = 0; r < grid->columns; r++) {
        const SpanRouter *router = moe__span_router(span, r);
        for (int t = 0; t < span->n; t++)
            moe__token_grid_set(grid, t, r, router, t * router->info->units_per_token + head, slot);
    }
}

static MoeScene *
scene_of(const TokenSpan *span, int slot, int head, int rows, int *named)
{
    g_auto(TokenGrid) grid = moe__token_grid(span->n, (int)span->routers->len);
    fill(&grid, span, slot, head);
    g_auto(GStrv) names = g_new0(char *, (gsize)grid.columns + 1);
    MoeAxis x = layer_axis(span, names);
    int from = (int)moe_figure_options_real(span->options, "from");
    const char *words = moe__span_router(span, 0)->gate
                            ? "\xe2\x80\x9c{row}\xe2\x80\x9d, layer {column}: expert {text}, gate "
                              "{0}"
                            : "\xe2\x80\x9c{row}\xe2\x80\x9d, layer {column}: expert {text}";
    MoeScene *scene = moe_scene_new(span->figure->title);
    int panels = (span->n + rows - 1) / rows;
    rows = (span->n + panels - 1) / panels; /* alike, since panels are equally high */
    for (int first = 0; first < span->n; first += rows) {
        int last = MIN(first + rows, span->n) - 1;
        g_autofree char *title =
            g_strdup_printf("tokens %d\xe2\x80\x93%d", from + first, from + last);
        moe__token_grid_panel(scene, &grid, span, first, rows, title, &x, words);
    }
    if (grid.columns > NARROW)
        *named = moe__expert_names(scene, 0, grid.expert, grid.n * grid.columns,
                                   moe__span_experts(span));
    return scene;
}

static bool
head_valid(const TokenSpan *span, int head, GError **error)
{
    for (guint r = 0; r < span->routers->len; r++) {
        const MoeRouterInfo *info = moe__span_router(span, (int)r)->info;
        if (head >= info->units_per_token) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "figure %s: found head=%d, expected less than the %d sub-tokens that layer "
                        "%d makes of a token",
                        span->figure->name, head, info->units_per_token, info->layer);
            return false;
        }
    }
    return true;
}

static char *
what(int slot, int head, bool split, int per, int named)
{
    g_autofree char *choice = moe__span_choice(slot);
    g_autoptr(GString) text = g_string_new(choice);
    text->str[0] = g_ascii_toupper(text->str[0]);
    g_string_append(text, " of expert for each token of a text, by layer");
    if (split)
        g_string_append_printf(text, ", sub-token %d", head);
    if (per > 1)
        g_string_append_printf(
            text,
            "; %d tokens a column, in the colour of the expert that most of them "
            "go to",
            per);
    g_autofree char *left = moe__expert_names_left(named);
    g_string_append(text, left);
    return g_strdup(text->str);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    const MoeTrace *trace = moe__figure_trace(input, 0, error);
    if (!trace)
        return NULL;
    g_autoptr(GArray) routers = moe__span_routers(trace, options, 1);
    if (routers->len == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure token-map: layers=%s picks none of the %d MoE layers of %s",
                    moe_figure_options_text(options, "layers"), moe_trace_routers(trace),
                    moe_figure_input_name(input, 0));
        return NULL;
    }
    g_auto(TokenSpan) span = {0};
    int head = (int)moe_figure_options_real(options, "head");
    if (!moe__span_read(&span, &moe__figure_token_map, input, options, (int *)(void *)routers->data,
                        (int)routers->len, error) ||
        !head_valid(&span, head, error))
        return NULL;
    int slot = (int)moe_figure_options_real(options, "slot"), named = 0, per = 1;
    int rows = (int)moe_figure_options_real(options, "rows");
    int columns = (int)moe_figure_options_real(options, "columns");
    bool across = (span.n + rows - 1) / rows > PANELS;
    MoeScene *scene = across ? moe__token_long(&span, slot, head, columns, &per, &named)
                             : scene_of(&span, slot, head, rows, &named);
    g_autofree char *chance = moe__span_chance(&span, head);
    g_autofree char *shown =
        what(slot, head, moe__span_router(&span, 0)->info->units_per_token > 1, per, named);
    moe__span_caption(&span, input, scene, shown, chance);
    return scene;
}

static const MoeField fields[] = {
    SPAN_FIELDS("64", 200000),
    {.name = "rows",
     .type = MOE_FIELD_INT,
     .fallback = "32",
     .min = 1,
     .max = 512,
     .help = "tokens below each other, before a new panel begins; of more than 12 panels, tokens "
             "stand across instead"},
    {.name = "columns",
     .type = MOE_FIELD_INT,
     .fallback = "800",
     .min = 16,
     .max = 20000,
     .help =
         "at most so many columns where tokens stand across; of more tokens, several are brought "
         "together in one"},
    SPAN_CHOICE_FIELDS,
};

const MoeFigure moe__figure_token_map = {
    .struct_size = sizeof(MoeFigure),
    .name = "token-map",
    .title = "Experts of each token",
    .help = "tokens of a text by layer, coloured by the expert that each token goes to",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_LAYERS | MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .build = build,
};
