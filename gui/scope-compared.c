/* SPDX-License-Identifier: MIT
 *
 * Agreement by layer, matched experts, tokens that moved. The library compares.
 */
#include "scope-compared.h"

#include "scope-words.h"

#include <glib/gi18n.h>
#include <math.h>
#include <moescope/concordance.h>

/* Moved tokens in the list, of one id, and tokens on either side. */
enum { TOP = 300, EACH = 8, WINDOW = 24 };

enum { LAYER, AGREE, LOW, HIGH, CHANCE, MATCHED, OVERLAP, JACCARD, FLIPS, LOADS, RENUMBERED };
enum { M_LAYER, M_FROM, M_TO, M_TOGETHER, M_SHARE };
enum { T_MOVED, T_BEFORE, T_TOKEN, T_AFTER, T_FROM, T_TO, T_DOC, T_POS };

const ScopeColumn *
scope_compared_layer_columns(int *n)
{
    static const ScopeColumn columns[] = {
        [LAYER] = {N_("Layer"), true, false, PANGO_ELLIPSIZE_NONE},
        [AGREE] = {N_("Agreement"), true, false, PANGO_ELLIPSIZE_NONE},
        [LOW] = {N_("95 % from"), true, false, PANGO_ELLIPSIZE_NONE},
        [HIGH] = {N_("To"), true, false, PANGO_ELLIPSIZE_NONE},
        [CHANCE] = {N_("Chance"), true, false, PANGO_ELLIPSIZE_NONE},
        [MATCHED] = {N_("Matched"), true, false, PANGO_ELLIPSIZE_NONE},
        [OVERLAP] = {N_("Overlap"), true, false, PANGO_ELLIPSIZE_NONE},
        [JACCARD] = {N_("Jaccard"), true, false, PANGO_ELLIPSIZE_NONE},
        [FLIPS] = {N_("Flips"), true, false, PANGO_ELLIPSIZE_NONE},
        [LOADS] = {N_("JS load"), true, false, PANGO_ELLIPSIZE_NONE},
        [RENUMBERED] = {N_("Renamed"), true, false, PANGO_ELLIPSIZE_NONE},
    };
    *n = G_N_ELEMENTS(columns);
    return columns;
}

const ScopeColumn *
scope_compared_matched_columns(int *n)
{
    static const ScopeColumn columns[] = {
        [M_LAYER] = {N_("Layer"), true, false, PANGO_ELLIPSIZE_NONE},
        [M_FROM] = {N_("Expert here"), true, false, PANGO_ELLIPSIZE_NONE},
        [M_TO] = {N_("Expert there"), true, false, PANGO_ELLIPSIZE_NONE},
        [M_TOGETHER] = {N_("Picked by both"), true, false, PANGO_ELLIPSIZE_NONE},
        [M_SHARE] = {N_("Of those here"), true, false, PANGO_ELLIPSIZE_NONE},
    };
    *n = G_N_ELEMENTS(columns);
    return columns;
}

const ScopeColumn *
scope_compared_moved_columns(int *n)
{
    static const ScopeColumn columns[] = {
        [T_MOVED] = {N_("Moved"), true, false, PANGO_ELLIPSIZE_NONE},
        [T_BEFORE] = {N_("Before"), false, true, PANGO_ELLIPSIZE_START},
        [T_TOKEN] = {N_("Token"), false, false, PANGO_ELLIPSIZE_NONE},
        [T_AFTER] = {N_("After"), false, true, PANGO_ELLIPSIZE_END},
        [T_FROM] = {N_("Here"), false, false, PANGO_ELLIPSIZE_NONE},
        [T_TO] = {N_("There"), false, false, PANGO_ELLIPSIZE_NONE},
        [T_DOC] = {N_("Document"), true, false, PANGO_ELLIPSIZE_NONE},
        [T_POS] = {N_("Position"), true, false, PANGO_ELLIPSIZE_NONE},
    };
    *n = G_N_ELEMENTS(columns);
    return columns;
}

/* --- By layer ---------------------------------------------------------------------------------*/

/* A metric of comparisons by name. */
static int
metric_at(const char *name)
{
    int n;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    for (int i = 0; i < n; i++)
        if (g_str_equal(metrics[i].name, name))
            return i;
    return -1;
}

static double
value_of(const char *name, const MoeComparisonCell *cell)
{
    int n, i = metric_at(name);
    return i < 0 ? NAN : moe_comparison_metrics(&n)[i].value(cell);
}

static ScopeRow *
layer_row(const MoeComparison *comparison, int router)
{
    int n, agreement = metric_at("agreement");
    const MoeComparedRouter *info = moe_comparison_router(comparison, router);
    const MoeMatching *matching = moe_comparison_matching(comparison, router);
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    const MoeResampleOptions options = {0};
    g_autofree MoeInterval *intervals = g_new0(MoeInterval, n);
    MoeComparisonCell own, matched;
    ScopeRow *row = scope_row_new();
    moe_comparison_cell(comparison, router, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &own);
    moe_comparison_intervals(comparison, router, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &options,
                             intervals);
    scope_row_set_number(row, LAYER, info->layer);
    scope_row_set_number(row, AGREE, value_of("agreement", &own));
    scope_row_set_number(row, LOW, agreement < 0 ? NAN : intervals[agreement].low);
    scope_row_set_number(row, HIGH, agreement < 0 ? NAN : intervals[agreement].high);
    scope_row_set_number(
        row, CHANCE,
        agreement < 0 || !metrics[agreement].shuffled ? NAN : metrics[agreement].shuffled(&own));
    bool has =
        moe_comparison_cell(comparison, router, MOE_DOMAIN_ALL, MOE_LABELS_MATCHED, &matched);
    scope_row_set_number(row, MATCHED, has ? value_of("agreement", &matched) : NAN);
    scope_row_set_number(row, OVERLAP, value_of("overlap", &own));
    scope_row_set_number(row, JACCARD, value_of("jaccard", &own));
    scope_row_set_number(row, FLIPS, value_of("flips", &own));
    scope_row_set_number(row, LOADS, value_of("js-load", &own));
    scope_row_set_number(row, RENUMBERED, matching ? matching->moved : NAN);
    scope_row_set_target(row, (ScopeRowTarget){info->layer, -1, -1});
    return row;
}

static void
add_matched(GListStore *rows, const MoeComparison *comparison, int router)
{
    const MoeComparedRouter *info = moe_comparison_router(comparison, router);
    const MoeMatching *matching = moe_comparison_matching(comparison, router);
    MoeComparisonCell cell;
    moe_comparison_cell(comparison, router, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell);
    for (int e = 0; matching && e < matching->experts_a; e++) {
        g_autoptr(ScopeRow) row = scope_row_new();
        int to = matching->to[e];
        double both = to < 0 ? NAN : (double)matching->together[e * matching->experts_b + to];
        scope_row_set_number(row, M_LAYER, info->layer);
        scope_row_set_number(row, M_FROM, e);
        scope_row_set_number(row, M_TO, to < 0 ? NAN : to);
        scope_row_set_number(row, M_TOGETHER, both);
        scope_row_set_number(row, M_SHARE, both / (double)cell.picks_a[e]);
        scope_row_set_target(row, (ScopeRowTarget){info->layer, e, -1});
        g_list_store_append(rows, row);
    }
}

void
scope_compared_free(gpointer data)
{
    ScopeCompared *compared = data;
    g_object_unref(compared->layers);
    g_object_unref(compared->matched);
    g_free(compared);
}

/* The two sides; false: there is no second one. */
static bool
sides_of(MoeFigureInput *input, ScopeSteps steps, MoeCompareSide sides[2], GError **error)
{
    for (int i = 0; i < 2; i++) {
        const MoeTrace *trace =
            i < moe_figure_input_count(input) ? moe_figure_input_trace(input, i) : NULL;
        if (!trace) {
            g_set_error_literal(
                error, MOE_ERROR, MOE_ERROR_DATA,
                _("A summary no longer has single tokens, and routings are compared "
                  "token by token. Choose a trace."));
            return false;
        }
        sides[i] = scope_steps_side(steps, trace);
    }
    return true;
}

gpointer
scope_compared_find(MoeFigureInput *input, gpointer data, GError **error)
{
    const ScopeComparedQuery *query = data;
    const MoeCompareOptions options = {.match = true,
                                       .filter = moe_figure_input_filter(input),
                                       .progress = scope_document_progress()};
    MoeCompareSide sides[2];
    if (!sides_of(input, query->steps, sides, error))
        return NULL;
    g_autoptr(MoeComparison) comparison = moe_compare(&sides[0], &sides[1], &options, error);
    if (!comparison)
        return NULL;
    ScopeCompared *compared = g_new(ScopeCompared, 1);
    compared->layers = g_list_store_new(SCOPE_TYPE_ROW);
    compared->matched = g_list_store_new(SCOPE_TYPE_ROW);
    for (int r = 0; r < moe_comparison_routers(comparison); r++) {
        g_autoptr(ScopeRow) row = layer_row(comparison, r);
        g_list_store_append(compared->layers, row);
        add_matched(compared->matched, comparison, r);
    }
    return compared;
}

/* --- Tokens that moved ------------------------------------------------------------------------*/

static char *
choices_text(const int32_t choices[2])
{
    if (choices[0] < 0)
        return g_strdup("\xe2\x80\x93");
    return choices[1] < 0 ? g_strdup_printf("%d", choices[0])
                          : g_strdup_printf("%d, %d", choices[0], choices[1]);
}

static ScopeRow *
moved_row(GHashTable *texts, const MoeContext *context, int layer)
{
    ScopeRow *row = scope_row_new();
    int after = context->n - context->before - 1;
    scope_row_take_number(row, T_MOVED, g_strdup_printf("%.0f %%", 100 * context->moved),
                          context->moved);
    scope_row_take(row, T_BEFORE, scope_words_of(texts, context->ids, context->before));
    scope_row_take(row, T_TOKEN, scope_words_of(texts, &context->id, 1));
    scope_row_take(row, T_AFTER, scope_words_of(texts, context->ids + context->before + 1, after));
    scope_row_take(row, T_FROM, choices_text(context->from));
    scope_row_take(row, T_TO, choices_text(context->to));
    scope_row_set_number(row, T_DOC, context->doc < 0 ? NAN : context->doc);
    scope_row_set_number(row, T_POS, context->pos < 0 ? NAN : context->pos);
    scope_row_set_target(row, (ScopeRowTarget){layer, context->from[0], context->token});
    return row;
}

/* The router of a layer; -1 with an error. */
static int
router_of(const MoeTrace *trace, int layer, GError **error)
{
    for (int r = 0; r < moe_trace_routers(trace); r++)
        if (moe_trace_router(trace, r)->layer == layer)
            return r;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, _("One of the two has no router in layer %d."),
                layer);
    return -1;
}

gpointer
scope_compared_find_moved(MoeFigureInput *input, gpointer data, GError **error)
{
    const ScopeComparedQuery *asked = data;
    int layer = asked->layer;
    MoeMovedQuery query = {.top = TOP,
                           .each = EACH,
                           .window = WINDOW,
                           .filter = moe_figure_input_filter(input),
                           .progress = scope_document_progress()};
    MoeCompareSide sides[2];
    if (!sides_of(input, asked->steps, sides, error))
        return NULL;
    query.a = sides[0];
    query.b = sides[1];
    query.router_a = router_of(sides[0].trace, layer, error);
    query.router_b = query.router_a < 0 ? -1 : router_of(sides[1].trace, layer, error);
    if (query.router_b < 0)
        return NULL;
    g_autoptr(MoeConcordance) moved = moe_concordance_moved(&query, error);
    if (!moved)
        return NULL;
    g_autoptr(GHashTable) texts = scope_words_new(input);
    GListStore *rows = g_list_store_new(SCOPE_TYPE_ROW);
    for (int i = 0; i < moe_concordance_count(moved); i++) {
        g_autoptr(ScopeRow) row = moved_row(texts, moe_concordance_get(moved, i), layer);
        g_list_store_append(rows, row);
    }
    return rows;
}
