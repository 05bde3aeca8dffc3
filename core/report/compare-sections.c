/* SPDX-License-Identifier: MIT
 *
 * What a comparison shows: sentences, tables by layer and by domain, matched experts, figures of
 * both.
 */
#include "report/compare.h"
#include "report/metric-table.h"
#include "report/words.h"

#include <math.h>

static const Statement statements[] = {
    {
        .metric = "agreement",
        .lowest = true,
        .says = "The two agree least in {layer}: {value} of the units have the same first choice",
        .chance = "; two routers of these loads that ignore the token would share {chance}",
        .same = ", no more than chance ({chance})",
        .others = "; in the median layer {median}, in the best {high}",
    },
    {
        .metric = "overlap",
        .lowest = true,
        .says = "Of all picks of a unit, {value} are shared in {layer}, the fewest",
        .chance = "; by chance {chance}",
        .same = ", no more than chance ({chance})",
        .others = "; in the median layer {median}",
    },
    {
        .metric = "js-load",
        .says = "Loads differ most in {layer}: Jensen and Shannon's divergence is {value} nats",
        .others = "; in the median layer {median}",
    },
};

/* Index of a metric, -1: there is none. */
static int
find(const char *name)
{
    int n;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    for (int i = 0; i < n; i++)
        if (g_str_equal(metrics[i].name, name))
            return i;
    return -1;
}

static char *
say(const Versus *versus, const Statement *statement, const Measured *all)
{
    int n, m = find(statement->metric);
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    return m < 0 || !all ? NULL
                         : moe__statement_say(statement, metrics[m].unit, &all[m * versus->routers],
                                              versus->places, versus->routers);
}

/* --- Matched experts --------------------------------------------------------------------------*/

/* The layer where matching finds most. */
static int
most_moved(const Versus *versus)
{
    int found = -1;
    double gain = -1;
    for (int r = 0; r < versus->routers; r++) {
        const MoeMatching *m = moe_comparison_matching(versus->comparison, r);
        MoeComparisonCell cell;
        if (!m ||
            !moe_comparison_cell(versus->comparison, r, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell))
            continue;
        double own = (double)(m->matched - m->own) / (double)MAX(cell.larger, 1);
        if (own > gain) {
            gain = own;
            found = r;
        }
    }
    return found;
}

static char *
say_matching(const Versus *versus)
{
    int r = most_moved(versus);
    const MoeMatching *m = r < 0 ? NULL : moe_comparison_matching(versus->comparison, r);
    MoeComparisonCell cell;
    if (!m || !moe_comparison_cell(versus->comparison, r, MOE_DOMAIN_ALL, MOE_LABELS_OWN, &cell))
        return NULL;
    if (m->moved == 0 || m->matched <= m->own)
        return g_strdup("Matching experts by what they take together gains nothing: they have "
                        "the same numbers in both.");
    double all = (double)MAX(cell.larger, 1);
    g_autofree char *from = moe__say_number((double)m->own / all, "share");
    g_autofree char *to = moe__say_number((double)m->matched / all, "share");
    return g_strdup_printf("Matching experts gains most in layer" NBSP
                           "%d: %d of %d get another number, and shared picks rise from %s to %s.",
                           versus->places[r].layer, m->moved, MIN(m->experts_a, m->experts_b), from,
                           to);
}

void
moe__versus_add_summary(const Versus *versus, MoeDocument *document)
{
    for (gsize i = 0; i < G_N_ELEMENTS(statements); i++) {
        g_autofree char *words = say(versus, &statements[i], versus->own);
        if (words)
            moe_document_point(document, words);
    }
    g_autofree char *words = versus->matched ? say_matching(versus) : NULL;
    if (words)
        moe_document_point(document, words);
}

/* More experts than this aren't listed one by one. */
enum { MOST_LISTED = 128 };

static char *
list_matching(const MoeMatching *m)
{
    GString *out = g_string_new(NULL);
    for (int i = 0; i < m->experts_a; i++)
        if (m->to[i] >= 0)
            g_string_append_printf(out, "%s%d", i > 0 ? " " : "", m->to[i]);
        else
            g_string_append_printf(out, "%s\xe2\x80\x93", i > 0 ? " " : "");
    g_autoptr(GArray) left = moe_matching_unmatched(m);
    for (guint i = 0; i < left->len; i++)
        g_string_append_printf(out, "%s%d", i > 0 ? " " : "; for none of them ",
                               g_array_index(left, int, i));
    return g_string_free(out, FALSE);
}

static void
add_matching(const Versus *versus, MoeDocument *document)
{
    moe_document_paragraph(document, "Experts of the second that stand for those of the first, "
                                     "0, 1, 2, \xe2\x80\xa6 of a layer:");
    for (int r = 0; r < versus->routers; r++) {
        const MoeMatching *m = moe_comparison_matching(versus->comparison, r);
        if (!m || MAX(m->experts_a, m->experts_b) > MOST_LISTED)
            continue;
        g_autofree char *layer = g_strdup_printf("layer %d", versus->places[r].layer);
        bool same = m->moved == 0 && m->experts_a == m->experts_b;
        g_autofree char *list = same ? g_strdup("the same numbers") : list_matching(m);
        moe_document_fact(document, layer, list);
    }
}

/* --- Tables -----------------------------------------------------------------------------------*/

static void
add_table(const Versus *versus, const char *name, const char *what, const Measured *all,
          MoeDocument *document)
{
    int n;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    g_autofree MetricColumn *columns = g_new0(MetricColumn, (gsize)n + 1);
    for (int m = 0; m < n; m++)
        columns[m] =
            (MetricColumn){metrics[m].name,   metrics[m].formula,    metrics[m].unit,
                           metrics[m].source, metrics[m].convention, &all[m * versus->routers]};
    const MetricTable table = {name, what,           versus->resample.level, columns,
                               n,    versus->places, versus->routers};
    moe__metric_table(&table, document);
}

static Measured
measure_domain(const Versus *versus, int router, int domain, int metric)
{
    int n;
    MoeComparisonCell cell;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    g_autofree MoeInterval *intervals = g_new(MoeInterval, (gsize)n);
    if (!moe_comparison_cell(versus->comparison, router, domain, MOE_LABELS_OWN, &cell) ||
        cell.units == 0)
        return (Measured){NAN, NAN, NAN, {NAN, NAN, 0}};
    moe_comparison_intervals(versus->comparison, router, domain, MOE_LABELS_OWN, &versus->resample,
                             intervals);
    return (Measured){metrics[metric].value(&cell), NAN,
                      metrics[metric].shuffled ? metrics[metric].shuffled(&cell) : NAN,
                      intervals[metric]};
}

/* Agreement of the first choices, a column a domain. */
static void
add_domains(const Versus *versus, MoeDocument *document)
{
    int n, domains = MIN(moe_comparison_domains(versus->comparison), 12);
    int metric = find("agreement"), routers = versus->routers;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    if (domains < 2 || metric < 0)
        return;
    g_autofree Measured *all = g_new(Measured, (gsize)domains * (gsize)routers);
    g_autofree MetricColumn *columns = g_new0(MetricColumn, (gsize)domains);
    for (int d = 0; d < domains; d++) {
        for (int r = 0; r < routers; r++)
            all[d * routers + r] = measure_domain(versus, r, d, metric);
        columns[d] = (MetricColumn){.name = moe_comparison_domain_name(versus->comparison, d),
                                    .unit = metrics[metric].unit,
                                    .measured = &all[d * routers]};
    }
    const MetricTable table = {"domains",
                               "Agreement of first choices by layer and domain",
                               versus->resample.level,
                               columns,
                               domains,
                               versus->places,
                               routers};
    moe_document_section(document, "domains", "By domain");
    if (!moe__metric_table(&table, document))
        moe_document_note(document, "domains weren't told apart");
}

/* --- Figures ----------------------------------------------------------------------------------*/

/* Both sides beside each other, which there are unless they are steps of one file. */
static void
add_figure_of_both(const Versus *versus, const char *figure, MoeDocument *document)
{
    if (versus->one_file)
        return;
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    for (int i = 0; i < 2; i++)
        moe_figure_input_add(input, versus->side[i]->trace, NULL, versus->name[i]);
    if (versus->pair->filter)
        moe_figure_input_set_filter(input, versus->pair->filter);
    g_free(moe__report_add_figure(input, figure, document));
}

static void
add_loads(const Versus *versus, MoeDocument *document)
{
    moe_document_section(document, "load", "Expert load of both");
    add_figure_of_both(versus, "load-difference", document);
    for (int i = 0; i < 2; i++) {
        g_autofree char *step = versus->pair->steps[i] == MOE_STEPS_ONE
                                    ? g_strdup_printf(" steps=%d", versus->pair->step[i])
                                    : g_strdup("");
        g_autofree char *what = g_strconcat("load norm=relative", step, NULL);
        moe_document_heading(document, versus->name[i]);
        if (versus->pair->filter)
            moe_figure_input_set_filter(versus->side[i]->input, versus->pair->filter);
        g_autofree char *why = moe__report_add_figure(versus->side[i]->input, what, document);
        if (why && *why)
            moe_document_note(document, why);
    }
}

void
moe__versus_add_sections(const Versus *versus, MoeDocument *document)
{
    moe_document_section(document, "agreement", "Agreement");
    add_figure_of_both(versus, "agreement", document);
    add_table(versus, "agreement", "By layer, experts under their own numbers", versus->own,
              document);
    if (versus->matched) {
        moe_document_section(document, "matched", "With experts matched");
        add_table(versus, "matched", "By layer, the second's experts renumbered by the matching",
                  versus->matched, document);
        add_matching(versus, document);
    }
    add_domains(versus, document);
    add_loads(versus, document);
}
