/* SPDX-License-Identifier: MIT
 *
 * Some tokens of one document out of a trace.
 */
#include "figure/token-span.h"
#include "figure/load.h"

#include <math.h>
#include <moescope/token-texts.h>
#include <moescope/trace-tools.h>

/* The option document: the first one. */
#define FIRST (-1)

/* Which rows of a trace are meant. */
typedef struct Wanted {
    MoeSteps steps;
    int32_t step;
    int64_t document; /* -1: that of the first row; SPAN_ALL */
    int32_t last;     /* that the last row was of */
    int64_t skip, left;
    const MoeTokenSet *set; /* NULL: all tokens */
    bool gap;               /* tokens of the document were left out since the last one */
    GArray *follows;        /* the span's */
} Wanted;

/* A column of tokens; data NULL: the chunk hasn't got it. */
static bool
column_read(const MoeTrace *trace, int chunk, const char *name, MoeArray *out, GError **error)
{
    g_autofree char *member = g_strdup_printf("tokens/%05d.%s", chunk, name);
    *out = (MoeArray){0};
    return !moe_trace_has(trace, member) || moe_trace_read(trace, member, out, error);
}

static int32_t
value_at(const MoeArray *column, int64_t i)
{
    return column->data ? (int32_t)moe_array_value(column, i) : 0;
}

/* Sets the highest step, which "last" means. */
static bool
find_last(const MoeTrace *trace, Wanted *wanted, GError **error)
{
    wanted->step = G_MININT32;
    for (int chunk = 0; chunk < moe_trace_chunks(trace); chunk++) {
        MoeArray step;
        if (!column_read(trace, chunk, "step", &step, error))
            return false;
        for (int64_t i = 0; i < moe_trace_tokens(trace, chunk); i++)
            wanted->step = MAX(wanted->step, value_at(&step, i));
        g_free((gpointer)step.data);
    }
    return true;
}

/* Rows of a chunk that are meant. (transfer full, of int64_t) */
static GArray *
rows_of(const MoeTrace *trace, int chunk, Wanted *wanted, GError **error)
{
    MoeArray doc = {0}, step = {0};
    const uint64_t *bits = wanted->set ? moe_token_set_bits(wanted->set, chunk) : NULL;
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!column_read(trace, chunk, "doc", &doc, error) ||
        !column_read(trace, chunk, "step", &step, error))
        g_clear_pointer(&rows, g_array_unref);
    for (int64_t i = 0; rows && i < moe_trace_tokens(trace, chunk) && wanted->left > 0; i++) {
        if (wanted->steps != MOE_STEPS_ALL && value_at(&step, i) != wanted->step)
            continue;
        bool chosen = !bits || moe_token_set_has(bits, i), follows = !wanted->gap;
        if (wanted->document == FIRST && chosen)
            wanted->document = value_at(&doc, i);
        if (wanted->document != SPAN_ALL && value_at(&doc, i) != wanted->document)
            continue;
        follows &= value_at(&doc, i) == wanted->last;
        wanted->last = value_at(&doc, i);
        wanted->gap = !chosen;
        if (!chosen || wanted->skip-- > 0)
            continue;
        g_array_append_val(wanted->follows, follows);
        g_array_append_val(rows, i);
        wanted->left--;
    }
    g_free((gpointer)doc.data);
    g_free((gpointer)step.data);
    return rows;
}

/* --- Taking rows ------------------------------------------------------------------------------*/

static float
softmax_entropy(const float *logits, int n)
{
    double most = -INFINITY, sum = 0, mean = 0;
    for (int i = 0; i < n; i++)
        most = MAX(most, (double)logits[i]);
    for (int i = 0; i < n; i++) {
        double e = exp(logits[i] - most);
        sum += e;
        mean += e * (logits[i] - most);
    }
    return (float)(log(sum) - mean / sum);
}

/* Entropies as recorded, or those of the logits. */
static void
take_entropies(SpanRouter *router, const MoeTracePicks *picks, guint units)
{
    if (!picks->entropy && !picks->logits)
        return;
    if (!router->entropy)
        router->entropy = g_array_new(FALSE, FALSE, sizeof(float));
    for (guint u = 0; u < units; u++) {
        int experts = router->info->experts;
        float entropy = picks->entropy
                            ? picks->entropy[u]
                            : softmax_entropy(picks->logits + (gsize)u * (gsize)experts, experts);
        g_array_append_val(router->entropy, entropy);
    }
}

static void
take_router(SpanRouter *router, const MoeTracePicks *picks, int64_t tokens)
{
    guint units = (guint)tokens * (guint)MAX(router->info->units_per_token, 1);
    guint cells = units * (guint)router->width;
    g_array_append_vals(router->expert, picks->expert, cells);
    if (picks->gate && !router->gate)
        router->gate = g_array_new(FALSE, FALSE, sizeof(float));
    if (picks->gate)
        g_array_append_vals(router->gate, picks->gate, cells);
    take_entropies(router, picks, units);
}

static bool
take(TokenSpan *span, MoeTraceRows *rows, int chunk, int64_t before, const GArray *wanted,
     GError **error)
{
    if (wanted->len == 0)
        return true;
    if (!moe_trace_rows_load(rows, chunk, error))
        return false;
    guint n = span->routers->len;
    g_autofree MoeTracePicks *picks = g_new0(MoeTracePicks, n);
    MoeTraceTokens tokens;
    moe_trace_rows_take(rows, &g_array_index(wanted, int64_t, 0), wanted->len, &tokens, picks);
    g_array_append_vals(span->id, tokens.id, wanted->len);
    for (guint r = 0; r < n; r++)
        take_router(&g_array_index(span->routers, SpanRouter, r), &picks[r], wanted->len);
    for (guint i = 0; i < wanted->len; i++) {
        double row = (double)(before + g_array_index(wanted, int64_t, i));
        g_array_append_val(span->row, row);
    }
    span->n += (int)wanted->len;
    return true;
}

/* --- Reading ----------------------------------------------------------------------------------*/

static void
router_clear(gpointer data)
{
    SpanRouter *router = data;
    g_clear_pointer(&router->expert, g_array_unref);
    g_clear_pointer(&router->gate, g_array_unref);
    g_clear_pointer(&router->entropy, g_array_unref);
}

void
moe__span_clear(TokenSpan *span)
{
    g_clear_pointer(&span->id, g_array_unref);
    g_clear_pointer(&span->row, g_array_unref);
    g_clear_pointer(&span->follows, g_array_unref);
    g_clear_pointer(&span->routers, g_array_unref);
    g_clear_pointer(&span->texts, g_hash_table_unref);
}

static void
add_routers(TokenSpan *span, const MoeTraceRows *rows, const int *routers, int n)
{
    for (int r = 0; r < n; r++) {
        SpanRouter router = {.info = moe_trace_router(span->trace, routers[r]),
                             .width = moe_trace_rows_width(rows, r),
                             .expert = g_array_new(FALSE, FALSE, sizeof(int32_t))};
        g_array_append_val(span->routers, router);
    }
}

static bool
read_rows(TokenSpan *span, Wanted *wanted, const int *routers, int n, GError **error)
{
    g_autoptr(MoeTraceRows) rows = moe_trace_rows_new(span->trace, routers, n);
    int64_t before = 0; /* rows of earlier chunks */
    add_routers(span, rows, routers, n);
    for (int c = 0; c < moe_trace_chunks(span->trace) && wanted->left > 0; c++) {
        g_autoptr(GArray) chosen = rows_of(span->trace, c, wanted, error);
        if (!chosen || !take(span, rows, c, before, chosen, error))
            return false;
        before += moe_trace_tokens(span->trace, c);
    }
    return true;
}

static void
set_none(const TokenSpan *span, const Wanted *wanted, GError **error)
{
    const char *name = span->figure->name, *from = moe_figure_options_text(span->options, "from");
    if (wanted->document == FIRST || wanted->document == SPAN_ALL)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure %s: %s has no tokens %sat the chosen step; record some", name,
                    span->name, wanted->set ? "that were chosen " : "");
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "figure %s: %s has no %stokens of document %" G_GINT64_FORMAT
                    " from %s on at the chosen step",
                    name, span->name, wanted->set ? "chosen " : "", wanted->document, from);
}

bool
moe__span_read(TokenSpan *span, const MoeFigure *figure, MoeFigureInput *input,
               const MoeFigureOptions *options, const int *routers, int n_routers, GError **error)
{
    *span = (TokenSpan){.figure = figure,
                        .options = options,
                        .trace = moe__figure_trace(input, 0, error),
                        .name = moe_figure_input_name(input, 0),
                        .id = g_array_new(FALSE, FALSE, sizeof(int32_t)),
                        .row = g_array_new(FALSE, FALSE, sizeof(double)),
                        .follows = g_array_new(FALSE, FALSE, sizeof(bool)),
                        .routers = g_array_new(FALSE, TRUE, sizeof(SpanRouter)),
                        .texts = moe_token_texts_new()};
    g_array_set_clear_func(span->routers, router_clear);
    if (!span->trace)
        return false;
    Wanted wanted = {.document = (int64_t)moe_figure_options_real(options, "document"),
                     .skip = (int64_t)moe_figure_options_real(options, "from"),
                     .left = (int64_t)moe_figure_options_real(options, "tokens"),
                     .follows = span->follows};
    wanted.steps = moe_figure_options_steps(options, &wanted.step);
    if (wanted.steps == MOE_STEPS_LAST && !find_last(span->trace, &wanted, error))
        return false;
    const MoeTokenFilter *filter = moe_figure_input_filter(input);
    g_autoptr(MoeTokenSet) set = filter ? moe_token_set_new(span->trace, filter, error) : NULL;
    if (filter && !set)
        return false;
    wanted.set = set;
    if (!read_rows(span, &wanted, routers, n_routers, error))
        return false;
    span->document = (int32_t)wanted.document;
    moe_token_texts_add(span->texts, moe_figure_input_meta(input, 0));
    if (span->n == 0)
        set_none(span, &wanted, error);
    return span->n > 0;
}
