/* SPDX-License-Identifier: MIT
 *
 * The report of a comparison: how far two routings of the same tokens agree, with intervals, beside
 * what two routers of these loads would show, and how much hides behind experts that merely have
 * other numbers.
 */
#include "report/compare.h"
#include "report/checks.h"
#include "report/metric-table.h"
#include "report/provenance.h"
#include "report/words.h"

#include <math.h>

static void
versus_clear(Versus *versus)
{
    moe__report_free(versus->side[0]);
    moe__report_free(versus->side[1]);
    moe_comparison_free(versus->comparison);
    g_free(versus->places);
    g_free(versus->own);
    g_free(versus->matched);
    g_free(versus->name[0]);
    g_free(versus->name[1]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Versus, versus_clear)

/* --- Measuring --------------------------------------------------------------------------------*/

static double
value_or_nan(double (*of)(const MoeComparisonCell *), const MoeComparisonCell *cell)
{
    return of ? of(cell) : NAN;
}

/* By the loads where that is known; else as shuffling finds it. */
static double
shuffled_value(const Versus *versus, int router, MoeCompareLabels labels,
               const MoeComparisonMetric *metric, const MoeComparisonCell *cell)
{
    MoeComparisonCell shuffled;
    double by_load = labels == MOE_LABELS_OWN ? value_or_nan(metric->shuffled, cell) : NAN;
    if (isfinite(by_load) ||
        !moe_comparison_shuffled(versus->comparison, router, labels, &shuffled))
        return by_load;
    return metric->value(&shuffled);
}

/* [metrics × routers], a metric after the other. (transfer full) */
static Measured *
measure(const Versus *versus, MoeCompareLabels labels)
{
    int n, routers = versus->routers;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    Measured *all = g_new(Measured, (gsize)n * (gsize)routers + 1);
    g_autofree MoeInterval *intervals = g_new(MoeInterval, (gsize)n + 1);
    for (int r = 0; r < routers; r++) {
        MoeComparisonCell cell;
        bool there = moe_comparison_cell(versus->comparison, r, MOE_DOMAIN_ALL, labels, &cell);
        if (there)
            moe_comparison_intervals(versus->comparison, r, MOE_DOMAIN_ALL, labels,
                                     &versus->resample, intervals);
        for (int m = 0; m < n; m++)
            all[m * routers + r] =
                there ? (Measured){metrics[m].value(&cell), value_or_nan(metrics[m].uniform, &cell),
                                   shuffled_value(versus, r, labels, &metrics[m], &cell),
                                   intervals[m]}
                      : (Measured){NAN, NAN, NAN, {NAN, NAN, 0}};
    }
    return all;
}

static bool
compare(Versus *versus, const MoeReportPair *pair, const MoeReportOptions *options, GError **error)
{
    const MoeCompareSide a = {versus->side[0]->trace, pair->steps[0], pair->step[0]};
    const MoeCompareSide b = {versus->side[1]->trace, pair->steps[1], pair->step[1]};
    const MoeCompareOptions how = {
        .in_order = pair->in_order,
        .layers = pair->layers,
        .n_layers = pair->n_layers,
        .match = pair->match,
        .shuffle = true,
        .seed = options->seed,
        .filter = pair->filter,
        .progress = options->progress,
    };
    versus->comparison = moe_compare(&a, &b, &how, error);
    if (!versus->comparison)
        return false;
    versus->routers = moe_comparison_routers(versus->comparison);
    versus->places = g_new0(Place, (gsize)versus->routers + 1);
    for (int r = 0; r < versus->routers; r++) {
        const MoeComparedRouter *info = moe_comparison_router(versus->comparison, r);
        versus->places[r] = (Place){info->layer, info->experts_a, info->k_a};
    }
    versus->own = measure(versus, MOE_LABELS_OWN);
    versus->matched = pair->match ? measure(versus, MOE_LABELS_MATCHED) : NULL;
    return true;
}

/* --- Opening ----------------------------------------------------------------------------------*/

/* "first", or "first at step 100". */
static char *
name_of(const char *path, MoeSteps steps, int32_t step)
{
    g_autofree char *stem = moe_report_stem(path);
    return steps == MOE_STEPS_ONE ? g_strdup_printf("%s at step %d", stem, step)
                                  : g_steal_pointer(&stem);
}

static bool
open_sides(Versus *versus, const MoeReportPair *pair, const MoeReportOptions *options,
           GError **error)
{
    const char *const paths[] = {pair->a, pair->b};
    for (int i = 0; i < 2; i++) {
        versus->side[i] = moe__report_open(paths[i], options, false, error);
        if (!versus->side[i])
            return false;
        if (!versus->side[i]->trace) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "%s: found a summary; tokens are compared one by one, which needs the "
                        "trace that it was made of",
                        paths[i]);
            return false;
        }
        versus->name[i] = name_of(paths[i], pair->steps[i], pair->step[i]);
    }
    versus->one_file = g_str_equal(versus->side[0]->file, versus->side[1]->file);
    return true;
}

/* What isn't compared, in a sentence, or nothing. (transfer full) */
static char *
alone_of(const MoeComparison *comparison)
{
    int64_t a = moe_comparison_alone(comparison, 0), b = moe_comparison_alone(comparison, 1);
    g_autofree char *of_a = moe__say_count(a, "token", "tokens");
    g_autofree char *of_b = moe__say_count(b, "token", "tokens");
    return a + b > 0 ? g_strdup_printf(" %s of the first and %s of the second, which the other "
                                       "lacks, are left out.",
                                       of_a, of_b)
                     : g_strdup("");
}

static MoeDocument *
document_of(const Versus *versus)
{
    g_autofree char *title = g_strdup_printf("%s and %s", versus->name[0], versus->name[1]);
    g_autofree char *tokens =
        moe__say_count(moe_comparison_tokens(versus->comparison), "token", "tokens");
    g_autofree char *layers = moe__say_count(versus->routers, "layer", "layers");
    const MoeTokenFilter *filter = versus->pair->filter;
    g_autofree char *where = filter ? moe_token_filter_text(filter) : NULL;
    g_autofree char *alone = alone_of(versus->comparison);
    g_autofree char *lead =
        g_strdup_printf("Two routings of the same %s%s%s, compared in %s.%s", tokens,
                        where ? " where " : "", where ? where : "", layers, alone);
    MoeDocument *document = moe_document_new(title);
    moe_document_set_lead(document, lead);
    return document;
}

static bool
add_checks(Versus *versus, MoeDocument *document, GError **error)
{
    moe_document_section(document, "checks", "Can the numbers be trusted?");
    for (int i = 0; i < (versus->one_file ? 1 : 2); i++) {
        versus->side[i]->filter = versus->pair->filter;
        g_autoptr(GPtrArray) list = moe__report_checks(versus->side[i], error);
        if (!list)
            return false;
        moe_document_heading(document, versus->side[i]->name);
        moe__checks_add(list, document);
    }
    return true;
}

MoeDocument *
moe_report_compare(const MoeReportPair *pair, const MoeReportOptions *options, GError **error)
{
    static const MoeReportOptions usual = {0};
    options = options ? options : &usual;
    g_auto(Versus)
        versus = {.pair = pair, .resample = {options->replicates, options->level, options->seed}};
    if (!(versus.resample.level > 0))
        versus.resample.level = 0.95;
    if (!open_sides(&versus, pair, options, error) || !compare(&versus, pair, options, error)) {
        if (error && *error && versus.side[1])
            g_prefix_error(error, "%s (first) and %s (second): ", pair->a, pair->b);
        return NULL;
    }
    g_autoptr(MoeDocument) document = document_of(&versus);
    moe_document_section(document, "summary", "In short");
    moe__versus_add_summary(&versus, document);
    if (!add_checks(&versus, document, error))
        return NULL;
    for (int i = 0; i < (versus.one_file ? 1 : 2); i++)
        moe__provenance_add(versus.side[i], document, i == 0 ? "first" : "second",
                            versus.one_file ? "Where this comes from"
                            : i == 0        ? "Where the first comes from"
                                            : "Where the second comes from");
    moe__versus_add_sections(&versus, document);
    moe__document_add_glossary(document);
    return g_steal_pointer(&document);
}
