/* SPDX-License-Identifier: MIT
 *
 * fluctuation.c: the routing of one text over the steps of a run, in four formats.
 */
#include "compare.h"
#include "json.h"

#include <math.h>
#include <stdio.h>

enum { FLUCTUATION, SATURATION_FIRST, SATURATION, LAST_FLUCTUATION, CUMULATIVE, VALUES };
G_STATIC_ASSERT((int)VALUES == (int)FLUCTUATION_METRICS);

const FluctuationMetric cmd_fluctuation_metrics[VALUES] = {
    [FLUCTUATION] = {"fluctuation", "P(first choice at this step ≠ at the recorded step before)",
                     "Chi et al. 2022 (X-MoE), arXiv 2204.09179: RF ratio",
                     "adjacent steps are those recorded: the farther apart, the higher"},
    [SATURATION_FIRST] = {"saturation-first", "P(first choice at this step = at the last)",
                          "Muennighoff et al. 2024 (OLMoE), arXiv 2409.02060, section 5.1",
                          "top-1; the last step is the last that was recorded"},
    [SATURATION] = {"saturation", "Σ |A ∩ B| / Σ max(|A|, |B|), B at the last step",
                    "Muennighoff et al. 2024 (OLMoE), arXiv 2409.02060, section 5.1",
                    "top-k; with equal k the mean of |A ∩ B| / k"},
    [LAST_FLUCTUATION] = {"last-fluctuation",
                          "share of units whose last other first choice than the final one is of "
                          "this step",
                          "Dai et al. 2022 (StableMoE), arXiv 2204.08396",
                          "of the steps that were recorded"},
    [CUMULATIVE] = {"cumulative",
                    "share of units whose first choice is the final one at all later steps",
                    "Dai et al. 2022 (StableMoE), arXiv 2204.08396",
                    "with units that never changed; 1 minus it changes after this step's"},
};

static double
share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

static void
measure(const MoeFluctuation *f, int router, int step, double *values)
{
    const MoeStepCell *cell = moe_fluctuation_cell(f, router, step);
    const MoeSteppedRouter *info = moe_fluctuation_router(f, router);
    int64_t until = info->settled;
    for (int s = 0; s <= step; s++)
        until += moe_fluctuation_cell(f, router, s)->last_other;
    values[FLUCTUATION] = share(cell->changed, cell->followed);
    values[SATURATION_FIRST] = share(cell->same_first, cell->units);
    values[SATURATION] = share(cell->shared, cell->larger);
    values[LAST_FLUCTUATION] = share(cell->last_other, info->traced);
    values[CUMULATIVE] = share(until, info->traced);
}

/* --- Text and Markdown ------------------------------------------------------------------------*/

static void
add_step(GString *text, bool markdown, const int *widths, int step, const double *values)
{
    const char *cells[VALUES + 1];
    g_autofree char *number = g_strdup_printf("%d", step);
    char *texts[VALUES];
    cells[0] = number;
    for (int i = 0; i < VALUES; i++)
        cells[i + 1] = texts[i] = cmd_number(values[i], "%.6g", "-");
    cmd_row(text, markdown, cells, widths, VALUES + 1);
    for (int i = 0; i < VALUES; i++)
        g_free(texts[i]);
}

static void
print_text(const ComparedFile *file, const MoeFluctuation *f, bool markdown)
{
    static const int widths[VALUES + 1] = {9, 12, 17, 12, 17, 12};
    const char *head[VALUES + 1] = {"step"};
    for (int i = 0; i < VALUES; i++)
        head[i + 1] = cmd_fluctuation_metrics[i].name;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *lines = cmd_checked_lines(file->checked, file->path, markdown ? "> " : "");
    g_string_append(text, lines);
    for (int r = 0; r < moe_fluctuation_routers(f); r++) {
        const MoeSteppedRouter *router = moe_fluctuation_router(f, r);
        g_string_append_printf(
            text, "%s%s, layer %d: E = %d, T = %" G_GINT64_FORMAT " units, %.4g %% never changed\n",
            markdown ? "\n### " : "\n", file->given, router->layer, router->experts, router->traced,
            100 * share(router->settled, router->traced));
        if (markdown)
            g_string_append_c(text, '\n');
        cmd_head(text, markdown, head, widths, VALUES + 1);
        for (int s = 0; s < moe_fluctuation_steps(f); s++) {
            double values[VALUES];
            measure(f, r, s, values);
            add_step(text, markdown, widths, moe_fluctuation_cell(f, r, s)->step, values);
        }
    }
    fputs(text->str, stdout);
}

/* --- CSV, JSON --------------------------------------------------------------------------------*/

static void
print_csv(const ComparedFile *file, const MoeFluctuation *f)
{
    g_autoptr(GString) csv = g_string_new("trace,router,layer,experts,step,units");
    g_autofree char *checked = cmd_checked_word(file->checked);
    for (int i = 0; i < VALUES; i++)
        g_string_append_printf(csv, ",%s", cmd_fluctuation_metrics[i].name);
    g_string_append(csv, ",checked\n");
    for (int r = 0; r < moe_fluctuation_routers(f); r++)
        for (int s = 0; s < moe_fluctuation_steps(f); s++) {
            const MoeSteppedRouter *router = moe_fluctuation_router(f, r);
            const MoeStepCell *cell = moe_fluctuation_cell(f, r, s);
            double values[VALUES];
            measure(f, r, s, values);
            cmd_csv_field(csv, file->given, ',');
            g_string_append_printf(csv, "%d,%d,%d,%d,%" G_GINT64_FORMAT ",", router->router,
                                   router->layer, router->experts, cell->step, cell->units);
            for (int i = 0; i < VALUES; i++)
                cmd_csv_number(csv, values[i], ',');
            cmd_csv_field(csv, checked, '\n');
        }
    fputs(csv->str, stdout);
}

static void
add_json_step(GString *json, const MoeFluctuation *f, int router, int step)
{
    const MoeStepCell *cell = moe_fluctuation_cell(f, router, step);
    double values[VALUES];
    measure(f, router, step, values);
    json_open(json, NULL, '{');
    json_int(json, "step", cell->step);
    json_int(json, "units", cell->units);
    for (int i = 0; i < VALUES; i++)
        json_real(json, cmd_fluctuation_metrics[i].name, values[i]);
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
