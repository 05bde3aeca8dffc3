/* SPDX-License-Identifier: MIT
 *
 * What a router made of one token: how it weighed each of the layer's experts, and which it picked.
 */
#include "figure/kit.h"
#include "figure/number.h"
#include "figure/token-span.h"

#include <math.h>
#include <moescope/token-texts.h>
#include <moescope/trace-tools.h>
#include <string.h>

/* Millimetres: a row of bars is read as well where it is low, beside other figures of the token. */
#define HEIGHT 84

/* What is known of the unit. */
typedef struct Scored {
    const MoeRouterInfo *info;
    MoeTraceRows *rows;
    int64_t token;
    char *label;    /* the token's text in quotes, or its number */
    double *value;  /* [experts]; NaN: not recorded */
    double *gate;   /* [experts]; NaN: not picked, or not recorded */
    bool *picked;   /* [experts] */
    bool all;       /* values of all experts, not only of picks */
    double entropy; /* nats; NaN: not recorded */
} Scored;

static void
scored_clear(Scored *scored)
{
    g_clear_pointer(&scored->rows, moe_trace_rows_free);
    g_free(scored->label);
    g_free(scored->value);
    g_free(scored->gate);
    g_free(scored->picked);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scored, scored_clear)

/* --- Reading ----------------------------------------------------------------------------------*/

/* The chunk of a token, which becomes its row there; -1 with an error. */
static int
chunk_of(const MoeTrace *trace, const char *name, int64_t *token, GError **error)
{
    int64_t wanted = *token;
    for (int chunk = 0; chunk < moe_trace_chunks(trace); chunk++) {
        int64_t n = moe_trace_tokens(trace, chunk);
        if (*token < n)
            return chunk;
        *token -= n;
    }
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure token-scores: found token=%" G_GINT64_FORMAT ", expected less than the "
                "%" G_GINT64_FORMAT " tokens of %s",
                wanted, moe_trace_tokens(trace, -1), name);
    return -1;
}

/* Scores of all experts as shares: of sigmoids where the router scores so, else the softmax. */
static void
take_logits(Scored *scored, const float *logits)
{
    int experts = scored->info->experts;
    bool sigmoid = g_strcmp0(scored->info->score, "sigmoid") == 0;
    double most = -INFINITY, sum = 0;
    for (int e = 0; e < experts; e++)
        most = fmax(most, (double)logits[e]);
    for (int e = 0; e < experts; e++) {
        double z = (double)logits[e];
        scored->value[e] = sigmoid ? 1 / (1 + exp(-z)) : exp(z - most);
        sum += scored->value[e];
    }
    for (int e = 0; e < experts; e++)
        scored->value[e] /= sum;
    scored->all = true;
}

static void
take_entropy(Scored *scored, const MoeTracePicks *picks, int head)
{
    scored->entropy = picks->entropy ? (double)picks->entropy[head] : NAN;
    if (!isnan(scored->entropy) || !scored->all)
        return;
    scored->entropy = 0;
    for (int e = 0; e < scored->info->experts; e++)
        if (scored->value[e] > 0)
            scored->entropy -= scored->value[e] * log(scored->value[e]);
}

static void
take_picks(Scored *scored, const MoeTracePicks *picks, int head)
{
    int experts = scored->info->experts, width = scored->info->k > 0 ? scored->info->k : experts;
    scored->value = g_new(double, (gsize)experts);
    scored->gate = g_new(double, (gsize)experts);
    scored->picked = g_new0(bool, (gsize)experts);
    for (int e = 0; e < experts; e++)
        scored->value[e] = scored->gate[e] = NAN;
    for (int slot = 0; slot < width; slot++) {
        int at = head * width + slot, expert = picks->expert[at];
        if (expert < 0)
            continue;
        scored->picked[expert] = true;
        scored->value[expert] = scored->gate[expert] = picks->gate ? (double)picks->gate[at] : NAN;
    }
    if (picks->logits)
        take_logits(scored, picks->logits + (gsize)head * (gsize)experts);
    take_entropy(scored, picks, head);
}

static bool
scored_read(Scored *scored, const MoeTrace *trace, const char *name,
            const MoeFigureOptions *options, GError **error)
{
    int layer = (int)moe_figure_options_real(options, "layer");
    int head = (int)moe_figure_options_real(options, "head");
    int router = moe__span_choose_router(trace, "token-scores", name, layer, error);
    int64_t row = scored->token = (int64_t)moe_figure_options_real(options, "token");
    int chunk = router < 0 ? -1 : chunk_of(trace, name, &row, error);
    if (chunk < 0)
        return false;
    scored->info = moe_trace_router(trace, router);
    if (head >= scored->info->units_per_token) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure token-scores: found head=%d, expected less than the %d sub-tokens of a "
                    "token",
                    head, scored->info->units_per_token);
        return false;
    }
    MoeTracePicks picks = {0};
    MoeTraceTokens tokens;
    scored->rows = moe_trace_rows_new(trace, &router, 1);
    if (!moe_trace_rows_load(scored->rows, chunk, error))
        return false;
    moe_trace_rows_take(scored->rows, &row, 1, &tokens, &picks);
    g_autoptr(GHashTable) texts = moe_token_texts_new();
    moe_token_texts_add(texts, moe_trace_meta_json(trace));
    const char *text = moe_token_text(texts, tokens.id[0]);
    g_autofree char *label = moe__token_label(text, tokens.id[0]);
    scored->label = tokens.id[0] < 0 ? g_strdup_printf("token %" G_GINT64_FORMAT, scored->token)
                                     : g_strdup_printf("\xe2\x80\x9c%s\xe2\x80\x9d", label);
    take_picks(scored, &picks, head);
    if (picks.logits || picks.gate)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure token-scores: %s has neither logits nor gates, which tell how a token's "
                "experts were weighed; moescope record --logits writes both",
                name);
    return false;
}

/* --- Drawing ----------------------------------------------------------------------------------*/

/* Picked experts, or those that weren't: bars of one colour each, with what the legend says. */
static void
add_bars(MoeScene *scene, int panel, const Scored *scored, bool picked)
{
    static const MoeColour grey = {0.65, 0.65, 0.65};
    const MoeColour own = picked ? moe_colour_qualitative(0) : grey;
    int experts = scored->info->experts;
    g_autofree double *value = g_new(double, (gsize)experts);
    bool any = false;
    for (int e = 0; e < experts; e++) {
        value[e] = scored->picked[e] == picked ? scored->value[e] : NAN;
        any |= !isnan(value[e]);
    }
    MoeBars bars = {.n = experts,
                    .value = value,
                    .ink = {.own = &own, .name = picked ? "picked" : "not picked"},
                    .words = picked ? "expert {band}, picked: {value}" : "expert {band}: {value}"};
    if (any)
        moe_scene_add_bars(scene, panel, &bars);
}

static MoeScene *
scene_of(const Scored *scored)
{
    int experts = scored->info->experts;
    double most = 0;
    g_autofree double *number = g_new(double, (gsize)experts);
    for (int e = 0; e < experts; e++) {
        number[e] = e;
        most = isnan(scored->value[e]) ? most : fmax(most, scored->value[e]);
    }
    MoeScene *scene = moe_scene_new(moe__figure_token_scores.title);
    moe_scene_set_size(scene, 0, HEIGHT);
    g_autofree char *title = g_strdup_printf("%s, layer %d", scored->label, scored->info->layer);
    MoeAxis x = {.type = MOE_AXIS_BAND,
                 .label = "expert",
                 .bands = experts,
                 .key = "expert",
                 .numbers = number};
    MoeAxis y = {.label = scored->all ? "probability" : "gate", .max = most > 0 ? 1.05 * most : 1};
    int panel = moe_scene_add_panel(scene, title, NULL, &x, &y);
    moe_scene_add_panel_key(scene, panel, (MoeKey){"layer", scored->info->layer, NULL});
    add_bars(scene, panel, scored, true);
    add_bars(scene, panel, scored, false);
    if (scored->all)
        moe__kit_add_level(scene, panel, 0, experts, 1.0 / experts, "uniform");
    return scene;
}

static void
set_caption(MoeScene *scene, const Scored *scored)
{
    int picks = 0;
    for (int e = 0; e < scored->info->experts; e++)
        picks += scored->picked[e];
    g_autofree char *entropy = isnan(scored->entropy) ? NULL : moe__number_short(scored->entropy);
    g_autofree char *spread =
        entropy ? g_strdup_printf(", entropy %s of ln" NBSP "E" NBSP "=" NBSP "%.3g nats", entropy,
                                  log(scored->info->experts))
                : g_strdup("");
    g_autofree char *caption = g_strdup_printf(
        "%s of token %" G_GINT64_FORMAT ", layer %d: k" NBSP "=" NBSP "%d of %d experts picked%s; "
        "%s.",
        scored->all ? "What the router made" : "Gates of the experts", scored->token,
        scored->info->layer, picks, scored->info->experts, spread,
        scored->all ? "dashed: all experts alike, 1/E"
                    : "of those not picked nothing was recorded");
    moe_scene_set_caption(scene, caption);
}

static MoeScene *
build(MoeFigureInput *input, const MoeFigureOptions *options, GError **error)
{
    g_auto(Scored) scored = {0};
    const MoeTrace *trace = moe__figure_trace(input, 0, error);
    if (!trace || !scored_read(&scored, trace, moe_figure_input_name(input, 0), options, error))
        return NULL;
    MoeScene *scene = scene_of(&scored);
    if (moe_figure_options_bool(options, "caption"))
        set_caption(scene, &scored);
    return scene;
}

static const MoeField fields[] = {
    {.name = "token",
     .type = MOE_FIELD_INT,
     .fallback = "0",
     .min = 0,
     .max = 9007199254740991,
     .help = "which token, counted over the whole trace from 0"},
    SPAN_LAYER_FIELD,
    SPAN_HEAD_FIELD,
};

const MoeFigure moe__figure_token_scores = {
    .struct_size = sizeof(MoeFigure),
    .name = "token-scores",
    .title = "Scores of a token",
    .help = "how one router weighed all experts for one token (logits as recorded, else the gates "
            "of its picks), and which it picked",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .common = MOE_FIGURE_CAPTION,
    .build = build,
};
