/* SPDX-License-Identifier: MIT
 *
 * Running text whose tokens are coloured by what a router did with them: the expert in a slot, its
 * gate, or how undecided the router was.
 */
#include "figure/expert-names.h"
#include "figure/load.h"
#include "figure/number.h"
#include "figure/token-span.h"

#include <math.h>
#include <moescope/token-texts.h>
#include <string.h>

/* The option colour, in its order. */
typedef enum { EXPERT, GATE, ENTROPY } Colour;

typedef struct Passage {
    const TokenSpan *span;
    const SpanRouter *router;
    Colour colour;
    int slot, head;
} Passage;

static int
unit_of(const Passage *p, int token)
{
    return token * p->router->info->units_per_token + p->head;
}

static double
value_of(const Passage *p, int token)
{
    int unit = unit_of(p, token), expert = moe__span_expert(p->router, unit, p->slot);
    if (p->colour == EXPERT)
        return expert < 0 ? NAN : expert;
    if (p->colour == GATE)
        return moe__span_gate(p->router, unit, p->slot);
    double ln = log(MAX(p->router->info->experts, 2));
    return g_array_index(p->router->entropy, float, unit) / ln;
}

/* Line ends get a sign, so that they have a colour, and end the line. Recordings of our own have
 * them escaped. */
static char *
piece_of(const TokenSpan *span, int token)
{
    int32_t id = g_array_index(span->id, int32_t, token);
    const char *text = moe_token_text(span->texts, id);
    if (!text || !*text) {
        g_autofree char *label = moe__token_label(NULL, id);
        return g_strconcat(label, " ", NULL);
    }
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_auto(GStrv) lines = g_strsplit(strcmp(valid, "\\n") == 0 ? "\n" : valid, "\n", -1);
    return g_strjoinv("\xe2\x8f\x8e\n", lines);
}

/* "“gene”: experts 5 (gate 0.41), 17 (0.3)". */
static char *
note_of(const Passage *p, int token)
{
    int unit = unit_of(p, token);
    g_autofree char *label = moe__span_label(p->span, token);
    g_autoptr(GString) note = g_string_new(NULL);
    g_string_append_printf(note, "\xe2\x80\x9c%s\xe2\x80\x9d, layer %d:", label,
                           p->router->info->layer);
    for (int slot = 0; slot < p->router->width; slot++) {
        int expert = moe__span_expert(p->router, unit, slot);
        double gate = moe__span_gate(p->router, unit, slot);
        if (expert < 0)
            continue;
        g_autofree char *value = isnan(gate) ? NULL : moe__number_short(gate);
        g_string_append_printf(note, "%s %d", slot ? "," : " expert", expert);
        if (value)
            g_string_append_printf(note, " (%s%s)", slot ? "" : "gate ", value);
    }
    if (p->router->entropy) {
        g_autofree char *entropy =
            moe__number_short(g_array_index(p->router->entropy, float, unit));
        g_string_append_printf(note, "; entropy %s nats", entropy);
    }
    return g_strdup(note->str);
}

/* --- What colours mean ------------------------------------------------------------------------*/

static void
set_scale(MoeScene *scene, const Passage *p, const double *values)
{
    double most = 0;
    for (int t = 0; t < p->span->n; t++)
        most = isfinite(values[t]) ? MAX(most, values[t]) : most;
    static const MoeReference undecided = {1, "uniform"};
    MoeColourScale scale = {.colours = MOE_COLOURS_VIRIDIS,
                            .max = p->colour == ENTROPY ? 1
                                   : most > 0           ? most
                                                        : 1,
                            .label = p->colour == ENTROPY ? "entropy / ln E" : "gate"};
    if (p->colour == ENTROPY) {
        scale.n_references = 1;
        scale.references = &undecided;
    }
    moe_scene_set_colour_scale(scene, &scale);
}

static MoeScene *
scene_of(const Passage *p, int *named)
{
    int n = p->span->n, experts = p->router->info->experts;
    g_auto(GStrv) pieces = g_new0(char *, (gsize)n + 1), notes = g_new0(char *, (gsize)n + 1);
    g_autofree double *values = g_new(double, (gsize)n);
    for (int t = 0; t < n; t++) {
        pieces[t] = piece_of(p->span, t);
        notes[t] = note_of(p, t);
        values[t] = value_of(p, t);
    }
    MoeScene *scene = moe_scene_new(p->span->figure->title);
    g_autofree char *title = g_strdup_printf("layer %d", p->router->info->layer);
    MoeAxis bare = {.max = 1, .bare = true};
    int panel = moe_scene_add_panel(scene, title, NULL, &bare, &bare);
    if (p->colour == EXPERT)
        *named = moe__expert_names(scene, panel, values, n, experts);
    else
        set_scale(scene, p, values);
    MoeProse prose = {.n = n,
                      .texts = (const char *const *)pieces,
                      .values = values,
                      .categories = p->colour == EXPERT ? experts : 0,
                      .notes = (const char *const *)notes,
                      .keys = {{"token", &g_array_index(p->span->row, double, 0)},
                               {p->colour == EXPERT ? "expert" : NULL, values}}};
    moe_scene_add_prose(scene, panel, &prose);
    return scene;
}

/* --- Choosing ---------------------------------------------------------------------------------*/

static bool
has_ids(const TokenSpan *span)
{
    for (int t = 0; t < span->n; t++)
        if (g_array_index(span->id, int32_t, t) >= 0)
            return true;
    return false;
}

static bool
passage_valid(const Passage *p, GError **error)
{
    const char *name = p->span->name;
    const MoeRouterInfo *info = p->router->info;
    if (!has_ids(p->span))
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure text: %s has no ids of these tokens; record the column id (figure "
                    "token-map shows tokens by their places)",
                    name);
    else if (p->head >= info->units_per_token)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure text: found head=%d, expected less than the %d sub-tokens of a token",
                    p->head, info->units_per_token);
    else if (p->slot >= p->router->width)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure text: found slot=%d, expected less than the %d slots of a token",
                    p->slot, p->router->width);
    else if (p->colour == GATE && !p->router->gate)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure text: %s has no column gate; record gates, or choose colour=expert",
                    name);
    else if (p->colour == ENTROPY && !p->router->entropy)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure text: %s has no column entropy or logits; moescope record --stats "
                    "writes them, or choose colour=expert",
                    name);
    else
        return true;
    return false;
}

static char *
what_of(const Passage *p, const char *left)
{
    int layer = p->router->info->layer;
    g_autofree char *head = p->router->info->units_per_token > 1
                                ? g_strdup_printf(", sub-token %d", p->head)
                                : g_strdup("");
    if (p->colour == ENTROPY)
        return g_strdup_printf("Text coloured by the entropy of the router of layer %d, as a share "
                               "of ln" NBSP "E%s",
                               layer, head);
    g_autofree char *choice = moe__span_choice(p->slot);
    return g_strdup_printf("Text coloured by the %s of each token\xe2\x80\x99s %s%s, layer %d%s",
                           p->colour == GATE ? "gate" : "expert", choice, head, layer, left);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    const MoeTrace *trace = moe__figure_trace(input, 0, error);
    int layer = (int)moe_figure_options_real(options, "layer");
    int router = trace ? moe__span_choose_router(trace, "text", moe_figure_input_name(input, 0),
                                                 layer, error)
                       : -1;
    if (router < 0)
        return NULL;
    g_auto(TokenSpan) span = {0};
    if (!moe__span_read(&span, &moe__figure_text, input, options, &router, 1, error))
        return NULL;
    Passage passage = {.span = &span,
                       .router = moe__span_router(&span, 0),
                       .colour = (Colour)moe_figure_options_choice(options, "colour"),
                       .slot = (int)moe_figure_options_real(options, "slot"),
                       .head = (int)moe_figure_options_real(options, "head")};
    if (!passage_valid(&passage, error))
        return NULL;
    int named = 0;
    MoeScene *scene = scene_of(&passage, &named);
    g_autofree char *left = moe__expert_names_left(named), *what = what_of(&passage, left);
    g_autofree char *chance = moe__span_chance(&span, passage.head);
    moe__span_caption(&span, input, scene, what, chance);
    return scene;
}

static const MoeField fields[] = {
    SPAN_FIELDS("400", 4096),
    SPAN_LAYER_FIELD,
    {.name = "colour",
     .type = MOE_FIELD_CHOICE,
     .fallback = "expert",
     .choices = "expert | gate | entropy",
     .help = "what the colour tells: the expert in a slot, its gate, or the router's entropy"},
    SPAN_CHOICE_FIELDS,
};

const MoeFigure moe__figure_text = {
    .struct_size = sizeof(MoeFigure),
    .name = "text",
    .title = "Text by expert",
    .help = "running text whose tokens are coloured by expert, gate or the router's entropy",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_STEPS | MOE_FIGURE_CAPTION,
    .build = build,
};
