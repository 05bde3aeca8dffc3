/* SPDX-License-Identifier: MIT
 *
 * Importers of counts on real files, against reference values that an independent script computed
 * in double precision: OLMoE's loads, transitions and vocabulary, shares of the load of layers that
 * were plotted though nothing was captured, gpt-oss's aggregates. Without the files the tests are
 * skipped (real-data.h).
 */
#include "import-file.h"
#include "real-data.h"

#include <math.h>
#include <moescope/check.h>
#include <moescope/import.h>
#include <moescope/metrics.h>
#include <string.h>

static MoeSummary *
import(const char *path, const MoeImportOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *out = import_file("real.npz", "", 0);
    MoeImportReport report = {0};
    moe_import(&path, 1, out, options, NULL, &report, &error);
    g_assert_no_error(error);
    g_free(report.notes);
    MoeSummary *summary = moe_summary_open(out, &error);
    g_assert_no_error(error);
    return summary;
}

static const int recorded[] = {0, 7, 15};
static const MoeImportOptions olmoe = {
    .experts = 64,
    .k = 8,
    .layers = recorded,
    .n_layers = 3,
    .domains = (const char *const[]){"{file}"},
    .n_domains = 1,
};
/* As a table, which names layers and domains itself. */
static const MoeImportOptions olmoe_table = {.experts = 64, .k = 8};

/* --- Tables of reference values ---------------------------------------------------------------*/

static double
number(char **head, char **row, const char *name)
{
    return g_ascii_strtod(real_field(head, row, name), NULL);
}

/* Relative to 1e-9; the tables have ten decimals. */
static void
expect(double found, double expected)
{
    g_assert_cmpfloat_with_epsilon(found, expected, 1e-9 * fabs(expected) + 5.1e-11);
}

typedef void (*CompareFunc)(char **head, char **row, const MoeSummary *summary);

/* The rows of a table whose column has this value. */
typedef struct Chosen {
    const char *column, *value;
    const MoeSummary *summary;
    CompareFunc compare;
    int n;
} Chosen;

static void
compare_chosen(char **head, char **row, void *user)
{
    Chosen *chosen = user;
    if (!g_str_equal(real_field(head, row, chosen->column), chosen->value))
        return;
    chosen->compare(head, row, chosen->summary);
    chosen->n++;
}

/* Calls `compare` for them; returns how many there are. */
static int
each_row(const char *table, const char *column, const char *value, const MoeSummary *summary,
         CompareFunc compare)
{
    Chosen chosen = {column, value, summary, compare, 0};
    real_rows(table, compare_chosen, &chosen);
    return chosen.n;
}

static int
find_router(const MoeSummary *summary, const char *layer)
{
    int router = 0;
    while (moe_summary_router(summary, router)->layer != atoi(layer))
        g_assert_cmpint(++router, <, moe_summary_routers(summary));
    return router;
}

static int
find_domain(const MoeSummary *summary, const char *name)
{
    int domain = 0;
    while (!g_str_equal(moe_summary_domain_name(summary, domain), name))
        g_assert_cmpint(++domain, <, moe_summary_domains(summary));
    return domain;
}

/* --- Loads ------------------------------------------------------------------------------------*/

static void
compare_load(char **head, char **row, const MoeSummary *summary)
{
    static const char *const pairs[][2] = {
        {"max_share", "top-1-share"},
        {"cv_pop", "cv"},
        {"maxvio", "maxvio"},
        {"minvio", "minvio"},
        {"avgvio", "avgvio"},
        {"gini", "gini"},
        {"entropy_nat", "entropy"},
        {"entropy_norm", "entropy-normalised"},
        {"eff_experts_exp", "effective-experts"},
        {"eff_experts_invsimpson", "effective-experts-2"},
        {"dead", "dead"},
        {"balancedness_mean_over_max", "balancedness"},
        {"kl_uniform_nat", "kl-uniform"},
        {"tv_uniform", "tv-uniform"},
    };
    int router = find_router(summary, real_field(head, row, "layer"));
    int domain = find_domain(summary, real_field(head, row, "domain"));
    const MoeMetricCell cell = moe_metric_cell(summary, NULL, router, domain, NULL);
    g_assert_cmpint(cell.summary->picks, ==, atoll(real_field(head, row, "N")));
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
        expect(moe_metric_value(moe_metric_find(pairs[i][1]), &cell),
               number(head, row, pairs[i][0]));
}

static void
test_load(void)
{
    static const char table[] = "golden/olmoe_mixtral_load_metrics.csv";
    g_autofree char *pickles = real_data("olmoe/expert_counts");
    g_autofree char *csv = real_data("olmoe/olmoe-1b-7b-0924-load.csv");
    g_autofree char *first = real_data("olmoe/olmoe-1b-7b-0924-load-top1.csv");
    if (!pickles || !csv || !first)
        return;
    g_autoptr(MoeSummary) of_pickles = import(pickles, &olmoe);
    g_assert_cmpint(each_row(table, "kind", "expert_counts", of_pickles, compare_load), ==, 18);
    g_assert_cmpint(moe_summary_cell(of_pickles, 0, 0)->units, ==, 208896);
    g_autoptr(MoeSummary) of_csv = import(csv, &olmoe_table);
    g_assert_cmpint(each_row(table, "kind", "expert_counts", of_csv, compare_load), ==, 18);
    MoeImportOptions one = olmoe_table;
    one.k = 1;
    g_autoptr(MoeSummary) of_first = import(first, &one);
    g_assert_cmpint(each_row(table, "kind", "expert_counts_top1", of_first, compare_load), ==, 15);
}

/* --- Transitions ------------------------------------------------------------------------------*/

static void
compare_flow(char **head, char **row, const MoeSummary *summary)
{
    int to = find_router(summary, real_field(head, row, "layer_j"));
    int domain = find_domain(summary, real_field(head, row, "domain"));
    const MoeFlowCell *flow = moe_summary_flow(summary, to, domain);
    int64_t used = 0;
    for (int i = 0; i < flow->from * flow->experts; i++)
        used += flow->moves[i] > 0;
    g_assert_cmpint(flow->units, ==, atoll(real_field(head, row, "N")));
    g_assert_cmpint(used, ==, atoll(real_field(head, row, "cells_nonzero")));
    const MoeMetricCell cell = moe_metric_cell(summary, NULL, to, domain, NULL);
    expect(moe_metric_value(moe_metric_find("flow-information"), &cell),
           number(head, row, "mi_nat"));
    expect(moe_metric_value(moe_metric_find("flow-information-normalised"), &cell),
           number(head, row, "nmi_sqrt"));
    /* The load of both layers comes along. */
    expect(moe_load_entropy(moe_summary_cell(summary, to - 1, domain)->count, flow->from),
           number(head, row, "H_i"));
    expect(moe_load_entropy(moe_summary_cell(summary, to, domain)->count, flow->experts),
           number(head, row, "H_j"));
}

static void
test_flow(void)
{
    static const char table[] = "golden/olmoe_mixtral_crosslayer_mi.csv";
    g_autofree char *pickles = real_data("olmoe/expert_counts_crosslayer");
    g_autofree char *csv = real_data("olmoe/olmoe-1b-7b-0924-crosslayer.csv.gz");
    if (!pickles || !csv)
        return;
    g_autoptr(MoeSummary) of_pickles = import(pickles, &olmoe);
    g_assert_cmpint(each_row(table, "kind", "expert_counts_crosslayer", of_pickles, compare_flow),
                    ==, 10);
    g_autoptr(MoeSummary) of_csv = import(csv, &olmoe_table);
    g_assert_cmpint(each_row(table, "kind", "expert_counts_crosslayer", of_csv, compare_flow), ==,
                    10);
}

/* --- Vocabulary -------------------------------------------------------------------------------*/

static void
compare_vocabulary(char **head, char **row, const MoeSummary *summary)
{
    int router = find_router(summary, real_field(head, row, "layer"));
    const MoeTokenCell *cell = moe_summary_tokens(summary, router);
    g_assert_cmpint(cell->ids, ==, atoll(real_field(head, row, "vocab_items")));
    g_assert_cmpint(cell->often, ==, atoll(real_field(head, row, "vocab_items_count_ge10")));
    static const char *const pairs[][2] = {
        {"mean_top_expert_prob_all", "vocabulary-picks"},
        {"mean_top_expert_prob_ge10", "vocabulary-picks-often"},
        {"token_weighted_all", "vocabulary-picks-weighted"},
    };
    const MoeSummaryCell *domains[1];
    g_assert_cmpint(moe_summary_domains(summary), ==, 1);
    const MoeMetricCell all = moe_metric_cell(summary, NULL, router, MOE_DOMAIN_ALL, domains);
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
        expect(moe_metric_value(moe_metric_find(pairs[i][1]), &all),
               number(head, row, pairs[i][0]));
    /* First choices aren't in the file. */
    g_assert_true(isnan(moe_metric_value(moe_metric_find("vocabulary"), &all)));
}

static void
test_vocabulary(void)
{
    g_autofree char *path = real_data("olmoe/eid2token/arxiv.pkl");
    if (!path)
        return;
    g_autoptr(MoeSummary) summary = import(path, &olmoe);
    g_assert_cmpint(each_row("golden/olmoe_vocab_specialization.csv", "domain", "arxiv", summary,
                             compare_vocabulary),
                    ==, 3);
}

/* --- Shares -----------------------------------------------------------------------------------*/

static void
compare_shares(char **head, char **row, const MoeSummary *summary)
{
    int router = find_router(summary, real_field(head, row, "layer"));
    const MoeMetricCell cell = moe_metric_cell(summary, NULL, router, MOE_DOMAIN_ALL, NULL);
    double most = 0, least = INFINITY, sum = 0;
    for (int e = 0; e < cell.summary->experts; e++) {
        most = fmax(most, cell.summary->gate_sum[e]);
        least = fmin(least, cell.summary->gate_sum[e]);
        sum += cell.summary->gate_sum[e];
    }
    /* Shares are float32, and the table has eight digits. */
    g_assert_cmpfloat_with_epsilon(most, number(head, row, "max_load_share"), 1e-8);
    g_assert_cmpfloat_with_epsilon(least, number(head, row, "min_load_share"), 1e-8);
    g_assert_cmpfloat_with_epsilon(moe_metric_value(moe_metric_find("gate-maxvio"), &cell),
                                   number(head, row, "maxvio_from_shares") / sum + (1 / sum - 1),
                                   2e-6);
}

/* Whether a check found something in this router. */
static bool
is_found(const MoeFindings *findings, const char *check, int router)
{
    for (int i = 0; i < moe_findings_count(findings); i++) {
        const MoeFinding *finding = moe_findings_get(findings, i);
        if (finding->router == router && g_str_equal(finding->check, check))
            return true;
    }
    return false;
}

/* Layers with an entropy of exactly ln 64, which were plotted as routing. */
static void
test_shares(void)
{
    static const struct {
        const char *model;
        int layers, flat[5], n_flat;
        bool even; /* layer 0 has the load of ties, too */
    } models[] = {
        {"Moonlight-16B-A3B-Instruct", 27, {0}, 1, true},
        {"OLMoE-1B-7B-0125", 16, {8, 9, 10, 11}, 4, false},
        {"checkpoint-4000", 16, {13, 14, 15}, 3, false},
    };
    g_autofree char *load = real_data("torch-pth/load_balancing_comparison.pth");
    g_autofree char *entropies = real_data("torch-pth/routing_entropy_comparison.pth");
    const char *const paths[] = {load, entropies};
    if (!load || !entropies)
        return;
    for (size_t m = 0; m < G_N_ELEMENTS(models); m++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *out = import_file("real.npz", "", 0);
        const MoeImportOptions options = {.model = models[m].model};
        moe_import(paths, 2, out, &options, NULL, NULL, &error);
        g_assert_no_error(error);
        g_autoptr(MoeSummary) summary = moe_summary_open(out, &error);
        g_assert_no_error(error);
        g_assert_cmpint(
            each_row("golden/ddmoe_layers.csv", "model", models[m].model, summary, compare_shares),
            ==, models[m].layers);
        g_autoptr(MoeFindings) findings = moe_check_summary(summary, NULL, &error);
        int flat = 0;
        for (int r = 0; r < models[m].layers; r++)
            flat += is_found(findings, "flat-scores", r);
        g_assert_cmpint(flat, ==, models[m].n_flat);
        for (int i = 0; i < models[m].n_flat; i++)
            g_assert_true(is_found(findings, "flat-scores", models[m].flat[i]));
        g_assert_true(is_found(findings, "even-load", 0) == models[m].even);
    }
}

/* --- Aggregates -------------------------------------------------------------------------------*/

static void
test_gpt_oss(void)
{
    g_autofree char *whole = real_data("gpt-oss-20b/gpqa_diamond/Genetics/False_False.json.gz");
    g_autofree char *mixed =
        real_data("gpt-oss-20b/gpqa_diamond/Quantum_Mechanics/True_False.json.gz");
    const MoeImportOptions options = {.experts = 32, .k = 4};
    if (!whole || !mixed)
        return;
    /* Three samples of 514 tokens, 511 of them generated; 0.118…, 1542 times, is 182. */
    g_autoptr(MoeSummary) same = import(whole, &options);
    g_assert_cmpint(moe_summary_routers(same), ==, 24);
    for (int r = 0; r < 24; r++)
        g_assert_cmpint(moe_summary_cell(same, r, 0)->units, ==, 1533);
    g_assert_cmpint(moe_summary_cell(same, 0, 0)->count[6], ==, 182);
    g_assert_cmpfloat_with_epsilon(moe_summary_cell(same, 0, 0)->gate_sum[6],
                                   0.03089170542517834 * 1542, 1e-9);
    /* Samples of different lengths: frequencies hold to a pick. */
    g_autoptr(MoeSummary) rounded = import(mixed, &options);
    const MoeSummaryCell *cell = moe_summary_cell(rounded, 0, find_domain(rounded, "think"));
    g_assert_cmpint(moe_summary_domains(rounded), ==, 2);
    g_assert_cmpfloat_with_epsilon((double)cell->count[31], 0.437465780874084 * 1537, 1.01);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/import-counts-real/load", test_load);
    g_test_add_func("/import-counts-real/flow", test_flow);
    g_test_add_func("/import-counts-real/vocabulary", test_vocabulary);
    g_test_add_func("/import-counts-real/shares", test_shares);
    g_test_add_func("/import-counts-real/gpt-oss", test_gpt_oss);
    int failed = g_test_run();
    import_files_remove();
    return failed;
}
