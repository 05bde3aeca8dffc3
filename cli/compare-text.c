/* SPDX-License-Identifier: MIT
 *
 * compare-text.c: a comparison as text to read, and as tables of Markdown.
 */
#include "compare.h"

#include <math.h>
#include <stdio.h>

typedef struct Page {
    GString *text;
    bool markdown;
    const CompareReport *report;
} Page;

/* --- A table ----------------------------------------------------------------------------------*/

enum { MOST_CELLS = 9 };

/* Cells of a row and how wide they are, in the order in which they were added. */
typedef struct Cells {
    const char *text[MOST_CELLS];
    int width[MOST_CELLS];
    int n;
} Cells;

static void
add_cell(Cells *cells, const char *text, int width)
{
    cells->text[cells->n] = text;
    cells->width[cells->n++] = width;
}

static void
add_row(const Page *page, const char *const *texts, bool head)
{
    enum {
        NAME,
        VALUE,
        INTERVAL,
        UNIFORM,
        SHUFFLED,
        MATCHED,
        MATCHED_INTERVAL,
        MATCHED_SHUFFLED,
        UNIT
    };
    static const int widths[MOST_CELLS] = {-17, 11, 21, 11, 11, 11, 21, 16, -1};
    Cells cells = {.n = 0};
    for (int i = 0; i < MOST_CELLS; i++) {
        bool interval = i == INTERVAL || i == MATCHED_INTERVAL;
        bool matched = i == MATCHED || i == MATCHED_INTERVAL || i == MATCHED_SHUFFLED;
        if ((page->report->how.intervals || !interval) && (page->report->how.match || !matched))
            add_cell(&cells, texts[i], widths[i]);
    }
    (head ? cmd_head : cmd_row)(page->text, page->markdown, cells.text, cells.width, cells.n);
}

static void
add_head(const Page *page)
{
    g_autofree char *level =
        g_strdup_printf("%.4g %% interval", 100 * page->report->how.resample.level);
    const char *const texts[] = {"metric",   "value",   level, "uniform",
                                 "shuffled", "matched", level, "matched shuffled",
                                 "unit"};
    add_row(page, texts, true);
}

static void
add_metric(const Page *page, const ComparedMetric *m)
{
    g_autofree char *value = cmd_number(m->value, "%.6g", "-");
    g_autofree char *interval = cmd_interval(&m->interval);
    g_autofree char *uniform = cmd_number(m->uniform, "%.6g", "-");
    g_autofree char *shuffled = cmd_number(m->shuffled, "%.6g", "-");
    g_autofree char *matched = cmd_number(m->matched, "%.6g", "-");
    g_autofree char *matched_interval = cmd_interval(&m->matched_interval);
    g_autofree char *matched_shuffled = cmd_number(m->matched_shuffled, "%.6g", "-");
    const char *const texts[] = {m->metric->name, value,   interval,         uniform,
                                 shuffled,        matched, matched_interval, matched_shuffled,
                                 m->metric->unit};
    add_row(page, texts, false);
}

/* --- A router ---------------------------------------------------------------------------------*/

static void
add_title(const Page *page, const MoeComparedRouter *router, int domain,
          const MoeComparisonCell *cell)
{
    const char *name = cmd_compare_domain(page->report, domain);
    g_string_append_printf(page->text, "%slayer %d, ", page->markdown ? "\n### " : "\n",
                           router->layer);
    if (*name)
        g_string_append_printf(page->text, "domain %s", name);
    else
        g_string_append(page->text, domain == MOE_DOMAIN_ALL ? "all tokens" : "no known domain");
    if (page->report->where)
        g_string_append_printf(page->text, " where %s", page->report->where);
    g_string_append_printf(page->text, ": E = %d", router->experts_a);
    if (router->experts_b != router->experts_a)
        g_string_append_printf(page->text, " and %d", router->experts_b);
    g_string_append_printf(page->text, ", T = %" G_GINT64_FORMAT " units", cell->units);
    if (cell->apart > 0)
        g_string_append_printf(page->text, ", %" G_GINT64_FORMAT " with picks in one alone",
                               cell->apart);
    g_string_append(page->text, page->markdown ? "\n\n" : "\n");
}

static void
add_few(const Page *page, const GArray *metrics)
{
    int groups = g_array_index(metrics, ComparedMetric, 0).interval.groups;
    const char *too_much = cmd_compare_no_interval(page->report->comparison);
    if (!page->report->how.intervals || groups >= MOE_RESAMPLE_LEAST)
        return;
    if (too_much)
        g_string_append_printf(page->text, "%sno intervals: %s\n", page->markdown ? "\n" : "  ",
                               too_much);
    else
        g_string_append_printf(
            page->text, "%sno intervals: %d group%s of documents to draw from, %d needed\n",
            page->markdown ? "\n" : "  ", groups, groups == 1 ? "" : "s", MOE_RESAMPLE_LEAST);
}

static void
add_place(const Page *page, int router, int domain)
{
    MoeComparisonCell cell;
    const MoeComparison *comparison = page->report->comparison;
    if (!moe_comparison_cell(comparison, router, domain, MOE_LABELS_OWN, &cell) ||
        (cell.units == 0 && domain != MOE_DOMAIN_ALL))
        return;
    g_autoptr(GArray) metrics = cmd_compare_measure(comparison, &page->report->how, router, domain);
    add_title(page, moe_comparison_router(comparison, router), domain, &cell);
    add_head(page);
    g_autoptr(GString) missing = g_string_new(NULL);
    for (guint i = 0; i < metrics->len; i++) {
        const ComparedMetric *metric = &g_array_index(metrics, ComparedMetric, i);
        if (isnan(metric->value))
            g_string_append_printf(missing, "%s%s", missing->len ? ", " : "", metric->metric->name);
        else
            add_metric(page, metric);
    }
    if (missing->len > 0)
        g_string_append_printf(page->text, "%snot defined here: %s\n", page->markdown ? "\n" : "  ",
                               missing->str);
    add_few(page, metrics);
}

/* More experts than this aren't listed one by one. */
enum { MOST_LISTED = 128 };

/* Experts of the second that go with none of the first, which has fewer. */
static void
add_unmatched(const Page *page, const MoeMatching *m)
{
    g_autoptr(GArray) left = moe_matching_unmatched(m);
    if (left->len == 0)
        return;
    g_string_append_printf(page->text, "%s%u of the second's have none to go with%s",
                           page->markdown ? "\n" : "  ", left->len,
                           left->len > MOST_LISTED ? "; --json lists them" : ":");
    for (guint i = 0; i < left->len && left->len <= MOST_LISTED; i++)
        g_string_append_printf(page->text, " %d", g_array_index(left, int, i));
    g_string_append_c(page->text, '\n');
}

static void
add_matching(const Page *page, int router)
{
    const MoeMatching *m = moe_comparison_matching(page->report->comparison, router);
    MoeComparisonCell cell;
    if (!m || !moe_comparison_cell(page->report->comparison, router, MOE_DOMAIN_ALL, MOE_LABELS_OWN,
                                   &cell))
        return;
    double all = (double)MAX(cell.larger, 1);
    g_string_append_printf(
        page->text, "%smatching moves %d of %d experts: picks in common from %.4g %% to %.4g %%\n",
        page->markdown ? "\n" : "  ", m->moved, MIN(m->experts_a, m->experts_b),
        100 * (double)m->own / all, 100 * (double)m->matched / all);
    add_unmatched(page, m);
    if (m->moved == 0)
        return;
    if (m->experts_a > MOST_LISTED) {
        g_string_append(page->text,
                        page->markdown ? "\n--json lists which\n" : "  --json lists which\n");
        return;
    }
    g_string_append(page->text, page->markdown ? "\nthe first's experts are the second's:"
                                               : "  the first's experts are the second's:");
    for (int i = 0; i < m->experts_a; i++)
        if (m->to[i] >= 0)
            g_string_append_printf(page->text, " %d", m->to[i]);
        else
            g_string_append(page->text, " -");
    g_string_append_c(page->text, '\n');
}

/* --- All --------------------------------------------------------------------------------------*/

static void
add_checked(const Page *page, const ComparedFile *file)
{
    g_autofree char *lines =
        cmd_checked_lines(file->checked, file->path, page->markdown ? "> " : "");
    g_string_append(page->text, lines);
}

void
cmd_compare_text(const CompareReport *report, bool markdown)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const Page page = {text, markdown, report};
    const MoeComparison *comparison = report->comparison;
    g_string_append_printf(
        text, "%s (first) and %s (second): %" G_GINT64_FORMAT " tokens, %d of %d and %d routers\n",
        report->a.given, report->b.given, moe_comparison_tokens(comparison),
        moe_comparison_routers(comparison), moe_trace_routers(report->a.trace),
        moe_trace_routers(report->b.trace));
    g_autofree char *alone = cmd_compare_alone(comparison);
    if (alone)
        g_string_append_printf(text, "%s%s\n", markdown ? "\n" : "  ", alone);
    add_checked(&page, &report->a);
    if (!g_str_equal(report->a.path, report->b.path))
        add_checked(&page, &report->b);
    for (int r = 0; r < moe_comparison_routers(comparison); r++) {
        for (guint d = 0; d < report->domains->len; d++) {
            add_place(&page, r, g_array_index(report->domains, int, d));
            if (d == 0)
                add_matching(&page, r);
        }
    }
    fputs(text->str, stdout);
}
