/* SPDX-License-Identifier: MIT
 *
 * What is said of a span of tokens: their names, the caption, what chance would show.
 */
#include "figure/load.h"
#include "figure/number.h"
#include "figure/token-span.h"

#include <math.h>
#include <moescope/token-texts.h>

/* Longer names are cut. */
#define LONGEST_LABEL 14

GArray *
moe__span_routers(const MoeTrace *trace, const MoeFigureOptions *options, int units)
{
    GArray *routers = g_array_new(FALSE, FALSE, sizeof(int));
    for (int r = 0; r < moe_trace_routers(trace); r++) {
        const MoeRouterInfo *info = moe_trace_router(trace, r);
        if (moe_figure_options_layer(options, info->layer) && info->units_per_token >= units)
            g_array_append_val(routers, r);
    }
    return routers;
}

int
moe__span_choose_router(const MoeTrace *trace, const char *figure, const char *name, int layer,
                        GError **error)
{
    int n = moe_trace_routers(trace);
    if (layer < 0)
        return n / 2;
    g_autoptr(GString) known = g_string_new(NULL);
    for (int r = 0; r < n; r++) {
        if (moe_trace_router(trace, r)->layer == layer)
            return r;
        g_string_append_printf(known, "%s%d", r ? ", " : "", moe_trace_router(trace, r)->layer);
    }
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "figure %s: found layer=%d, expected a MoE layer of %s: %s", figure, layer, name,
                known->str);
    return -1;
}

const SpanRouter *
moe__span_router(const TokenSpan *span, int i)
{
    return &g_array_index(span->routers, SpanRouter, i);
}

int
moe__span_experts(const TokenSpan *span)
{
    int most = 1;
    for (guint r = 0; r < span->routers->len; r++)
        most = MAX(most, moe__span_router(span, (int)r)->info->experts);
    return most;
}

int
moe__span_expert(const SpanRouter *router, int unit, int slot)
{
    return slot < router->width
               ? g_array_index(router->expert, int32_t, unit * router->width + slot)
               : -1;
}

double
moe__span_gate(const SpanRouter *router, int unit, int slot)
{
    if (!router->gate || slot >= router->width)
        return NAN;
    return g_array_index(router->gate, float, unit * router->width + slot);
}

char *
moe__span_choice(int slot)
{
    static const char *const places[] = {"first", "second", "third", "fourth"};
    return slot < (int)G_N_ELEMENTS(places) ? g_strconcat(places[slot], " choice", NULL)
                                            : g_strdup_printf("choice %d", slot + 1);
}

/* --- Names of tokens --------------------------------------------------------------------------*/

/* What can't be seen gets a sign. */
static void
append_visible(GString *out, gunichar c)
{
    if (c == '\n')
        g_string_append(out, "\xe2\x8f\x8e"); /* return sign */
    else if (c == '\t')
        g_string_append(out, "\xe2\x87\xa5"); /* arrow to bar */
    else if (g_unichar_iscntrl(c))
        g_string_append_printf(out, "\\x%02X", c);
    else
        g_string_append_unichar(out, c);
}

static bool
all_blank(const char *text)
{
    return strspn(text, " ") == strlen(text);
}

char *
moe__token_label(const char *text, int32_t id)
{
    if (!text || !*text)
        return id < 0 ? g_strdup("?") : g_strdup_printf("#%d", id);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    const char *from = valid;
    if (all_blank(valid)) {
        g_autoptr(GString) blanks = g_string_new(NULL);
        for (gsize i = 0; i < MIN(strlen(valid), LONGEST_LABEL); i++)
            g_string_append(blanks, "\xe2\x90\xa3"); /* open box */
        return g_strdup(blanks->str);
    }
    from += *from == ' '; /* most words bring the blank before them along */
    GString *label = g_string_new(NULL);
    int length = 0;
    for (; *from && length < LONGEST_LABEL; from = g_utf8_next_char(from), length++)
        append_visible(label, g_utf8_get_char(from));
    if (*from)
        g_string_append(label, "\xe2\x80\xa6");
    return g_string_free(label, FALSE);
}

char *
moe__span_label(const TokenSpan *span, int token)
{
    int32_t id = g_array_index(span->id, int32_t, token);
    if (id < 0)
        return g_strdup_printf("%d", (int)moe_figure_options_real(span->options, "from") + token);
    return moe__token_label(moe_token_text(span->texts, id), id);
}

/* --- Caption ----------------------------------------------------------------------------------*/

void
moe__span_caption(const TokenSpan *span, MoeFigureInput *input, MoeScene *scene, const char *what,
                  const char *chance)
{
    if (!moe_figure_options_bool(span->options, "caption"))
        return;
    const SpanRouter *router = moe__span_router(span, 0);
    g_autofree char *model = moe__figure_model(moe_figure_input_meta(input, 0));
    int64_t picks = 0;
    for (guint i = 0; i < router->expert->len; i++)
        picks += g_array_index(router->expert, int32_t, i) >= 0;
    g_autofree char *tokens = moe__number_count(span->n), *n = moe__number_count(picks);
    g_autofree char *where = span->document == SPAN_ALL
                                 ? g_strdup("all documents")
                                 : g_strdup_printf("document %d", span->document);
    g_autoptr(GString) text = g_string_new(what);
    g_string_append(text, ". ");
    if (model)
        g_string_append_printf(text, "Model %s, ", model);
    if (router->info->k > 0)
        g_string_append_printf(text, "k" NBSP "=" NBSP "%d of %d; ", router->info->k,
                               router->info->experts);
    else
        g_string_append_printf(text, "k varies, %d experts; ", router->info->experts);
    g_string_append_printf(
        text,
        "T" NBSP "=" NBSP "%s tokens of %s from %s on, N" NBSP "=" NBSP "%s picks a layer; %s.",
        tokens, where, moe_figure_options_text(span->options, "from"), n, chance);
    moe_scene_set_caption(scene, text->str);
}

char *
moe__span_chance(const TokenSpan *span, int head)
{
    int64_t pairs = 0, same = 0;
    double chance = 0;
    for (guint r = 0; r < span->routers->len; r++) {
        const SpanRouter *router = moe__span_router(span, (int)r);
        int units = router->info->units_per_token;
        for (int t = 1; t < span->n; t++) {
            if (!g_array_index(span->follows, bool, t))
                continue;
            int before = moe__span_expert(router, (t - 1) * units + head, 0);
            int now = moe__span_expert(router, t * units + head, 0);
            pairs += before >= 0 && now >= 0;
            same += before >= 0 && now == before;
        }
        chance += 1.0 / router->info->experts / span->routers->len;
    }
    if (pairs == 0)
        return g_strdup("uniformly random first choices would fall on all experts alike");
    g_autofree char *share = moe__number_short(100.0 * (double)same / (double)pairs);
    g_autofree char *by_chance = moe__number_short(100 * chance);
    return g_strdup_printf("first choices of neighbouring tokens agree in %s" NBSP
                           "%% (uniformly random: %s" NBSP "%%)",
                           share, by_chance);
}
