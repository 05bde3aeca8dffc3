/* SPDX-License-Identifier: MIT
 *
 * metrics-text.c: metrics as text to read, and as tables of Markdown.
 */
#include "metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct Page {
    GString *text;
    bool markdown;
    const MetricsReport *report;
} Page;

static void
add_title(const Page *page, const MetricsInput *input, const MetricsPlace *place)
{
    g_string_append_printf(page->text, "%s%s, layer %d, ", page->markdown ? "\n### " : "\n",
                           input->path, place->layer);
    if (place->domain_name)
        g_string_append_printf(page->text, "domain %s", place->domain_name);
    else
        g_string_append(page->text,
                        place->domain == MOE_DOMAIN_ALL ? "all tokens" : "no known domain");
    if (input->where)
        g_string_append_printf(page->text, " where %s", input->where);
    if (place->kind)
        g_string_append_printf(page->text, ", experts of kind %s", place->kind);
    g_string_append_printf(page->text, ": E = %d", place->experts);
    if (!place->kind && place->shared > 0)
        g_string_append_printf(page->text, " and %d shared", place->shared);
    if (!place->has_step)
        g_string_append_printf(page->text,
                               ", T = %" G_GINT64_FORMAT " units, N = %" G_GINT64_FORMAT " picks",
                               place->units, place->picks);
    g_string_append(page->text, page->markdown ? "\n\n" : "\n");
}

/* --- A place by itself ------------------------------------------------------------------------*/

static int
name_width(const MetricsReport *report)
{
    int width = 20;
    for (guint i = 0; i < report->query.metrics->len; i++) {
        const MoeMetric *metric = report->query.metrics->pdata[i];
        width = MAX(width, (int)strlen(metric->name));
    }
    return width;
}

static void
add_metric(const Page *page, const Measured *measured, const int *widths, int n)
{
    g_autofree char *value = cmd_number(measured->value, "%.6g", "-");
    g_autofree char *interval = cmd_interval(&measured->interval);
    g_autofree char *uniform = cmd_number(measured->uniform, "%.6g", "-");
    g_autofree char *shuffled = cmd_number(measured->shuffled, "%.6g", "-");
    const char *const with[] = {measured->name, value, interval, uniform, shuffled, measured->unit};
    const char *const without[] = {measured->name, value, uniform, shuffled, measured->unit};
    cmd_row(page->text, page->markdown, n == 6 ? with : without, widths, n);
}

/* Metrics without a value here are named behind the others, so that none is missed. */
static void
add_undefined(const Page *page, const GArray *all)
{
    const char *before = page->markdown ? "\nnot defined here: " : "  not defined here: ";
    for (guint i = 0; i < all->len; i++) {
        const Measured *measured = &g_array_index(all, Measured, i);
        if (!isnan(measured->value))
            continue;
        g_string_append_printf(page->text, "%s%s", before, measured->name);
        before = ", ";
    }
    if (*before == ',')
        g_string_append_c(page->text, '\n');
}

/* Metrics without an interval, for the reason that the i-th has none. */
static void
add_reason(const Page *page, const GArray *all, const GPtrArray *reasons, guint i, GString *text)
{
    const char *why = reasons->pdata[i];
    guint without = 0, values = 0;
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint j = 0; j < all->len; j++) {
        const Measured *measured = &g_array_index(all, Measured, j);
        values += !isnan(measured->value);
        if (g_strcmp0(reasons->pdata[j], why) != 0)
            continue;
        if (j < i)
            return; /* told with that one */
        g_string_append_printf(names, "%s%s", without++ > 0 ? ", " : "", measured->name);
    }
    g_string_append(text, page->markdown ? "\n" : "  ");
    if (without == values)
        g_string_append_printf(text, "no intervals: %s\n", why);
    else
        g_string_append_printf(text, "no interval of %s: %s\n", names->str, why);
}

/* Why there are no intervals where there are values; empty: there are. (transfer full) */
static char *
why_none(const Page *page, const GArray *all)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < all->len; i++)
        g_ptr_array_add(reasons, cmd_no_interval(&g_array_index(all, Measured, i)));
    for (guint i = 0; page->report->query.intervals && i < all->len; i++)
        if (reasons->pdata[i])
            add_reason(page, all, reasons, i, text);
    return g_string_free(text, FALSE);
}

static void
add_head(const Page *page, const int *widths, int n)
{
    const MetricsQuery *query = &page->report->query;
    g_autofree char *level = g_strdup_printf("%.4g %% interval", 100 * query->resample.level);
    const char *const with[] = {"metric", "value", level, "uniform", "shuffled", "unit"};
    const char *const without[] = {"metric", "value", "uniform", "shuffled", "unit"};
    cmd_head(page->text, page->markdown, query->intervals ? with : without, widths, n);
}

/* `head`: as a table of its own, and not behind another's rows. */
static void
add_table(const Page *page, const GArray *all, bool head)
{
    const int wide[] = {-name_width(page->report), 12, 21, 12, 12, -1};
    const int narrow[] = {wide[0], 12, 12, 12, -1};
    const int *widths = page->report->query.intervals ? wide : narrow;
    int n = page->report->query.intervals ? 6 : 5;
    if (head)
        add_head(page, widths, n);
    for (guint i = 0; i < all->len; i++) {
        const Measured *measured = &g_array_index(all, Measured, i);
        if (!isnan(measured->value))
            add_metric(page, measured, widths, n);
    }
    add_undefined(page, all);
}

/* What stands above the numbers: of which file, and what of it isn't as here. */
static void
add_against_title(const Page *page, const MetricsPlace *place)
{
    const MetricsAgainst *against = place->against;
    g_string_append_printf(page->text, "%sagainst %s", page->markdown ? "\n" : "  ",
                           page->report->query.against->path);
    if (against->why_not)
        g_string_append_printf(page->text, ": %s", against->why_not);
    else if (against->experts != place->experts)
        g_string_append_printf(page->text, ", E = %d there", against->experts);
    bool alone = against->alone[0] + against->alone[1] > 0;
    if (against->apart > 0 || alone)
        g_string_append_printf(page->text, ", T = %" G_GINT64_FORMAT " units", against->units);
    if (against->apart > 0)
        g_string_append_printf(page->text, ", %" G_GINT64_FORMAT " with picks in one alone",
                               against->apart);
    if (alone)
        g_string_append_printf(page->text,
                               ", left out %" G_GINT64_FORMAT
                               " tokens that it lacks and %" G_GINT64_FORMAT " that it has alone",
                               against->alone[0], against->alone[1]);
    g_string_append(page->text, page->markdown && !against->why_not ? "\n\n" : "\n");
}

static void
add_place(const Page *page, const MetricsInput *input, const MetricsPlace *place)
{
    bool own = place->measured->len > 0;
    g_autofree char *why = own ? why_none(page, place->measured) : g_strdup("");
    add_title(page, input, place);
    if (own)
        add_table(page, place->measured, true);
    g_string_append(page->text, why);
    if (!place->against)
        return;
    add_against_title(page, place);
    if (place->against->why_not)
        return;
    add_table(page, place->against->measured, page->markdown || !own);
    g_autofree char *other = why_none(page, place->against->measured);
    if (!g_str_equal(other, why))
        g_string_append(page->text, other);
}

/* --- Over training ----------------------------------------------------------------------------*/

static bool
is_along(const MetricsPlace *place, const MetricsPlace *first)
{
    return place->router == first->router && place->domain == first->domain &&
           g_strcmp0(place->kind, first->kind) == 0;
}

/* Whether metric `m` has a value at any step of a router and domain. */
static bool
is_defined(const MetricsInput *input, const MetricsPlace *first, guint m)
{
    for (guint p = 0; p < input->places->len; p++) {
        const MetricsPlace *place = input->places->pdata[p];
        if (is_along(place, first) && !isnan(g_array_index(place->measured, Measured, m).value))
            return true;
    }
    return false;
}

/* The metrics that have a column, by index; the others are named. (transfer full) */
static GArray *
choose_columns(const MetricsInput *input, const MetricsPlace *first, GString *undefined)
{
    GArray *columns = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint m = 0; m < first->measured->len; m++) {
        if (is_defined(input, first, m))
            g_array_append_val(columns, m);
        else
            g_string_append_printf(undefined, "%s%s", undefined->len ? ", " : "",
                                   g_array_index(first->measured, Measured, m).name);
    }
    return columns;
}

/* Cells of one step: the step, then the values. (transfer full, of texts) */
static GPtrArray *
cells_of(const MetricsPlace *place, const GArray *columns)
{
    GPtrArray *cells = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(cells, g_strdup_printf("%" G_GINT64_FORMAT, place->step));
    for (guint c = 0; c < columns->len; c++) {
        guint m = g_array_index(columns, guint, c);
        double value = g_array_index(place->measured, Measured, m).value;
        g_ptr_array_add(cells, cmd_number(value, "%.6g", "-"));
    }
    return cells;
}

/* A table of the places of one router and domain: a row a step, a column a metric. */
static void
add_steps(const Page *page, const MetricsInput *input, const MetricsPlace *first)
{
    g_autoptr(GString) undefined = g_string_new(NULL);
    g_autoptr(GArray) columns = choose_columns(input, first, undefined);
    int n = (int)columns->len + 1;
    g_autofree const char **head = g_new(const char *, (gsize)n);
    g_autofree int *widths = g_new(int, (gsize)n);
    head[0] = "step";
    widths[0] = 9;
    for (int i = 1; i < n; i++) {
        guint m = g_array_index(columns, guint, i - 1);
        head[i] = g_array_index(first->measured, Measured, m).name;
        widths[i] = MAX(12, (int)strlen(head[i]));
    }
    add_title(page, input, first);
    cmd_head(page->text, page->markdown, head, widths, n);
    for (guint p = 0; p < input->places->len; p++) {
        const MetricsPlace *place = input->places->pdata[p];
        if (!is_along(place, first))
            continue;
        g_autoptr(GPtrArray) cells = cells_of(place, columns);
        cmd_row(page->text, page->markdown, (const char *const *)cells->pdata, widths, n);
    }
    if (undefined->len > 0)
        g_string_append_printf(page->text, "%snot defined here: %s\n", page->markdown ? "\n" : "  ",
                               undefined->str);
}

/* Whether no place before this one is of its router and domain. */
static bool
is_first(const MetricsInput *input, guint p)
{
    const MetricsPlace *place = input->places->pdata[p];
    for (guint i = 0; i < p; i++) {
        if (is_along(input->places->pdata[i], place))
            return false;
    }
    return true;
}

/* --- All --------------------------------------------------------------------------------------*/

static void
add_checked(const Page *page, const GPtrArray *checked, const char *path)
{
    g_autofree char *lines = cmd_checked_lines(checked, path, page->markdown ? "> " : "");
    g_string_append(page->text, lines);
}

/* Of what all are held against, unless it is one of them and told of there. */
static void
add_checked_against(const Page *page)
{
    const CmdAgainst *against = page->report->query.against;
    for (guint i = 0; i < page->report->inputs->len; i++) {
        const MetricsInput *input = page->report->inputs->pdata[i];
        if (g_str_equal(input->path, against->path))
            return;
    }
    add_checked(page, against->checked, against->path);
}

static void
add_input(const Page *page, const MetricsInput *input, bool first)
{
    add_checked(page, input->checked, input->path);
    if (input->without)
        g_string_append_printf(page->text, "%s%s: %s\n", page->markdown ? "> " : "", input->path,
                               input->without);
    if (first && page->report->query.against)
        add_checked_against(page);
    for (guint p = 0; p < input->places->len; p++) {
        const MetricsPlace *place = input->places->pdata[p];
        if (!place->has_step)
            add_place(page, input, place);
        else if (is_first(input, p))
            add_steps(page, input, place);
    }
}

void
cmd_metrics_print_text(const MetricsReport *report, bool markdown)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const Page page = {text, markdown, report};
    for (guint i = 0; i < report->inputs->len; i++) {
        if (i > 0)
            g_string_append_c(text, '\n');
        add_input(&page, report->inputs->pdata[i], i == 0);
    }
    fputs(text->str, stdout);
}
