/* SPDX-License-Identifier: MIT
 *
 * fluctuation.c: the routing of one text over the steps of a run, in four formats.
 */
#include "compare.h"
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double
share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

/* --- Text and Markdown ------------------------------------------------------------------------*/

static void
add_head(GString *text, bool markdown, const int *widths)
{
    int n;
    const MoeStepMetric *metrics = moe_step_metrics(&n);
    g_autofree const char **cells = g_new(const char *, (gsize)n + 1);
    cells[0] = "step";
    for (int i = 0; i < n; i++)
        cells[i + 1] = metrics[i].name;
    cmd_head(text, markdown, cells, widths, n + 1);
}

static void
add_step(GString *text, bool markdown, const int *widths, const MoeFluctuation *f, int router,
         int step)
{
    int n;
    const MoeStepMetric *metrics = moe_step_metrics(&n);
    g_auto(GStrv) cells = g_new0(char *, (gsize)n + 2);
    cells[0] = g_strdup_printf("%d", moe_fluctuation_cell(f, router, step)->step);
    for (int i = 0; i < n; i++)
        cells[i + 1] = cmd_number(metrics[i].value(f, router, step), "%.6g", "-");
    cmd_row(text, markdown, (const char *const *)cells, widths, n + 1);
}

/* Of the step, and of as many metrics. (transfer full) */
static int *
choose_widths(void)
{
    int n;
    const MoeStepMetric *metrics = moe_step_metrics(&n);
    int *widths = g_new(int, (gsize)n + 1);
    widths[0] = 9;
    for (int i = 0; i < n; i++)
        widths[i + 1] = MAX((int)strlen(metrics[i].name), 11) + 1;
    return widths;
}

static void
print_text(const ComparedFile *file, const MoeFluctuation *f, bool markdown)
{
    g_autofree int *widths = choose_widths();
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *lines = cmd_checked_lines(file->checked, file->path, markdown ? "> " : "");
    g_string_append(text, lines);
    for (int r = 0; r < moe_fluctuation_routers(f); r++) {
        const MoeSteppedRouter *router = moe_fluctuation_router(f, r);
        g_string_append_printf(
            text, "%s%s, layer %d: E = %d, T = %" G_GINT64_FORMAT " units, %.4g %% never changed\n",
            markdown ? "\n### " : "\n", file->given, router->layer, router->experts, router->traced,
            100 * share(router->settled, MAX(router->traced, 1)));
        if (markdown)
            g_string_append_c(text, '\n');
        add_head(text, markdown, widths);
        for (int s = 0; s < moe_fluctuation_steps(f); s++)
            add_step(text, markdown, widths, f, r, s);
    }
    fputs(text->str, stdout);
}

/* --- CSV, JSON --------------------------------------------------------------------------------*/

static void
print_csv(const ComparedFile *file, const MoeFluctuation *f)
{
    g_autoptr(GString) csv = g_string_new("trace,router,layer,experts,step,units");
    g_autofree char *checked = cmd_checked_word(file->checked);
    int n;
    const MoeStepMetric *metrics = moe_step_metrics(&n);
    for (int i = 0; i < n; i++)
        g_string_append_printf(csv, ",%s", metrics[i].name);
    g_string_append(csv, ",checked\n");
    for (int r = 0; r < moe_fluctuation_routers(f); r++)
        for (int s = 0; s < moe_fluctuation_steps(f); s++) {
            const MoeSteppedRouter *router = moe_fluctuation_router(f, r);
            const MoeStepCell *cell = moe_fluctuation_cell(f, r, s);
            cmd_csv_field(csv, file->given, ',');
            g_string_append_printf(csv, "%d,%d,%d,%d,%" G_GINT64_FORMAT ",", router->router,
                                   router->layer, router->experts, cell->step, cell->units);
            for (int i = 0; i < n; i++)
                cmd_csv_number(csv, metrics[i].value(f, r, s), ',');
            cmd_csv_field(csv, checked, '\n');
        }
    fputs(csv->str, stdout);
}

static void
add_json_step(GString *json, const MoeFluctuation *f, int router, int step)
{
    const MoeStepCell *cell = moe_fluctuation_cell(f, router, step);
    int n;
    const MoeStepMetric *metrics = moe_step_metrics(&n);
    json_open(json, NULL, '{');
    json_int(json, "step", cell->step);
    json_int(json, "units", cell->units);
    for (int i = 0; i < n; i++)
        json_real(json, metrics[i].name, metrics[i].value(f, router, step));
    json_close(json, '}');
}

static void
print_json(const ComparedFile *file, const MoeFluctuation *f)
{
    GString *json = g_string_new(NULL);
    json_open(json, NULL, '{');
    json_text(json, "trace", file->given);
    json_int(json, "tokens", moe_fluctuation_tokens(f));
    cmd_checked_json(json, "checked", file->checked);
    json_open(json, "routers", '[');
    for (int r = 0; r < moe_fluctuation_routers(f); r++) {
        const MoeSteppedRouter *router = moe_fluctuation_router(f, r);
        json_open(json, NULL, '{');
        json_int(json, "router", router->router);
        json_int(json, "layer", router->layer);
        json_int(json, "experts", router->experts);
        json_int(json, "units", router->traced);
        json_int(json, "settled", router->settled);
        json_open(json, "steps", '[');
        for (int s = 0; s < moe_fluctuation_steps(f); s++)
            add_json_step(json, f, r, s);
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
    json_print(json);
}

void
cmd_fluctuation_print(const ComparedFile *file, const MoeFluctuation *f, MetricsFormat format)
{
    if (format == METRICS_JSON)
        print_json(file, f);
    else if (format == METRICS_CSV)
        print_csv(file, f);
    else
        print_text(file, f, format == METRICS_MARKDOWN);
}
