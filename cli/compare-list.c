/* SPDX-License-Identifier: MIT
 *
 * compare-list.c: the metrics of comparisons, with all that their numbers mean.
 */
#include "compare.h"
#include "json.h"

#include <stdio.h>

/* Of two routings, then of one text over steps. */
typedef struct Described {
    const char *name, *formula, *unit, *source, *convention;
    char *nulls, *interval;
} Described;

/* What stands beside the values, in words. (transfer full) */
static char *
nulls_of(bool uniform, bool by_load, bool by_shuffling, const char *none)
{
    const char *second = by_load ? "by the loads" : by_shuffling ? "shuffled tokens" : NULL;
    if (!uniform && !second)
        return g_strdup_printf("none: %s", none);
    return g_strdup_printf("%s%s%s", uniform ? "uniform" : "", uniform && second ? ", " : "",
                           second ? second : "");
}

static void
described_clear(gpointer data)
{
    g_free(((Described *)data)->nulls);
    g_free(((Described *)data)->interval);
}

static GArray *
describe_all(void)
{
    int n;
    const MoeComparisonMetric *metrics = moe_comparison_metrics(&n);
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Described));
    g_array_set_clear_func(all, described_clear);
    for (int i = 0; i < n; i++) {
        Described one = {metrics[i].name,
                         metrics[i].formula,
                         metrics[i].unit,
                         metrics[i].source,
                         metrics[i].convention,
                         nulls_of(metrics[i].uniform, metrics[i].shuffled, true, NULL),
                         g_strdup("bootstrap over documents")};
        g_array_append_val(all, one);
    }
    const MoeStepMetric *of_steps = moe_step_metrics(&n);
    for (int i = 0; i < n; i++) {
        Described one = {of_steps[i].name,
                         of_steps[i].formula,
                         of_steps[i].unit,
                         of_steps[i].source,
                         of_steps[i].convention,
                         nulls_of(of_steps[i].uniform, false, false, NULL),
                         g_strdup_printf("none: %s", moe_step_metric_no_interval(&of_steps[i]))};
        g_array_append_val(all, one);
    }
    return all;
}

static void
add_text(GString *out, const Described *one)
{
    g_string_append_printf(
        out, "%s [%s]\n  %s\n  source: %s\n  convention: %s\n  by chance: %s\n  interval: %s\n",
        one->name, one->unit, one->formula, one->source, one->convention, one->nulls,
        one->interval);
}

static void
add_markdown(GString *out, const Described *one)
{
    g_string_append_c(out, '|');
    cmd_markdown_cell(out, one->name);
    cmd_markdown_cell(out, one->formula);
    cmd_markdown_cell(out, one->unit);
    cmd_markdown_cell(out, one->source);
    cmd_markdown_cell(out, one->convention);
    cmd_markdown_cell(out, one->nulls);
    cmd_markdown_cell(out, one->interval);
    g_string_append_c(out, '\n');
}

static void
add_csv(GString *out, const Described *one)
{
    cmd_csv_field(out, one->name, ',');
    cmd_csv_field(out, one->formula, ',');
    cmd_csv_field(out, one->unit, ',');
    cmd_csv_field(out, one->source, ',');
    cmd_csv_field(out, one->convention, ',');
    cmd_csv_field(out, one->nulls, ',');
    cmd_csv_field(out, one->interval, '\n');
}

static void
add_json(GString *out, const Described *one)
{
    json_open(out, NULL, '{');
    json_text(out, "name", one->name);
    json_text(out, "formula", one->formula);
    json_text(out, "unit", one->unit);
    json_text(out, "source", one->source);
    json_text(out, "convention", one->convention);
    json_text(out, "nulls", one->nulls);
    json_text(out, "interval", one->interval);
    json_close(out, '}');
}

void
cmd_compare_list(MetricsFormat format)
{
    static const struct {
        const char *head;
        void (*add)(GString *, const Described *);
    } formats[] = {
        [METRICS_TEXT] = {"A, B: what the two pick of a unit; A_d: of that, the first d slots; w: "
                          "gates; f: load.\n\n",
                          add_text},
        [METRICS_MARKDOWN] = {"| metric | formula | unit | source | convention | nulls | interval "
                              "|\n|---|---|---|---|---|---|---|\n",
                              add_markdown},
        [METRICS_CSV] = {"name,formula,unit,source,convention,nulls,interval\n", add_csv},
        [METRICS_JSON] = {"", add_json},
    };
    g_autoptr(GArray) all = describe_all();
    GString *out = g_string_new(formats[format].head);
    if (format == METRICS_JSON)
        json_open(out, NULL, '[');
    for (guint i = 0; i < all->len; i++)
        formats[format].add(out, &g_array_index(all, Described, i));
    if (format == METRICS_JSON) {
        json_close(out, ']');
        json_print(out);
        return;
    }
    fputs(out->str, stdout);
    g_string_free(out, TRUE);
}
