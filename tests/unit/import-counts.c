/* SPDX-License-Identifier: MIT
 *
 * Importers of counts that are texts: what sums come out, and what is said of what is missing or
 * wrong.
 */
#include "counts.h"

#include <math.h>

/* --- Tables -----------------------------------------------------------------------------------*/

static const char table[] = "# made by hand\n"
                            "domain,layer,expert,count,first,gate_sum\n"
                            "prose,3,0,6,4,3.5\n"
                            "prose,3,1,6,2,2.5\n"
                            "code,3,2,2,2,\n"
                            "code,3,0,2,,\n"
                            "\"code\",1,3,4,,\n"
                            "prose,1,1,12,12,12\n";

static void
test_csv(void)
{
    MoeImportReport report;
    MoeImportOptions options = counted;
    g_autofree char *path = import_gz("table.csv.gz", table);
    expect_failure(path, &options,
                   "layer 1: found 4 picks of expert 3, but 4 picks by k = 2 are 2 "
                   "tokens, expected one pick a token (--k)");
    options.k = 1;
    g_autoptr(MoeSummary) one = counts_import_one(path, &options, &report);
    g_assert_cmpstr(report.importer, ==, "counts-csv");
    g_assert_cmpint(report.domains, ==, 2);
    g_assert_cmpint(report.tokens, ==, 16);
    g_assert_cmpint(moe_summary_router(one, 0)->layer, ==, 1);
    g_assert_cmpint(moe_summary_router(one, 1)->layer, ==, 3);
    g_assert_cmpstr(moe_summary_domain_name(one, 0), ==, "prose");
    expect_load(one, 1, 0, "6 6 0 0");
    expect_load(one, 1, 1, "2 0 2 0");
    expect_load(one, 1, MOE_DOMAIN_ALL, "8 6 2 0");
    const MoeSummaryCell *cell = moe_summary_cell(one, 1, 0);
    g_assert_cmpfloat(cell->gate_sum[0], ==, 3.5);
    g_assert_cmpint(cell->first[0], ==, 6); /* of k 1 every pick */
    g_assert_cmpint(cell->making[1], ==, 12);
}

/* Units are as many as first choices, some of them with one pick of two. */
static void
test_csv_units(void)
{
    static const char text[] = "layer,expert,count,first\n0,0,6,5\n0,1,4,1\n";
    MoeImportReport report;
    g_autofree char *path = import_file("units.csv", text, -1);
    g_autoptr(MoeSummary) summary = counts_import_one(path, &counted, &report);
    const MoeSummaryCell *cell = moe_summary_cell(summary, 0, MOE_DOMAIN_ALL);
    g_assert_cmpint(cell->units, ==, 6);
    g_assert_cmpint(cell->making[1], ==, 2);
    g_assert_cmpint(cell->making[2], ==, 4);
    g_assert_nonnull(strstr(report.notes, "10 picks of 6 tokens aren't k = 2 each"));
    g_free(report.notes);
}

/* First choices and k 2; rows of the same expert add up; --domain overrides. */
static void
test_csv_first(void)
{
    static const char text[] = "expert,layer,count,first\n0,0,3,3\n1,0,4,1\n0,0,1,0\n";
    MoeImportOptions options = counted;
    options.domains = (const char *const[]){"law"};
    options.n_domains = 1;
    g_autofree char *path = import_file("first.csv", text, -1);
    g_autoptr(MoeSummary) summary = counts_import_one(path, &options, NULL);
    const MoeSummaryCell *cell = moe_summary_cell(summary, 0, 0);
    expect_load(summary, 0, 0, "4 4 0 0");
    g_assert_cmpint(cell->units, ==, 4);
    g_assert_cmpint(cell->making[2], ==, 4);
    g_assert_cmpint(cell->first[0], ==, 3);
    g_assert_cmpint(cell->first[1], ==, 1);
}

static void
test_jsonl(void)
{
    static const char text[] =
        "{\"layer\": 0, \"expert\": 0, \"count\": 5, \"domain\": \"a\", \"more\": [1]}\n"
        "{\"layer\": 0, \"expert\": 3, \"count\": 6, \"gate_sum\": 1.5, \"domain\": \"a\"}\n";
    MoeImportReport report;
    g_autofree char *path = import_file("table.jsonl", text, -1);
    g_autoptr(MoeSummary) summary = counts_import_one(path, &counted, &report);
    g_assert_cmpstr(report.importer, ==, "counts-jsonl");
    expect_load(summary, 0, 0, "5 0 0 6");
    /* 11 picks by 2: five units and a half. */
    g_assert_nonnull(strstr(report.notes, "11 picks of 6 tokens aren't k = 2 each"));
    g_free(report.notes);
    const MoeSummaryCell *cell = moe_summary_cell(summary, 0, 0);
    g_assert_cmpint(cell->units, ==, 6);
    g_assert_cmpint(cell->making[2], ==, 5);
    g_assert_cmpint(cell->making[1], ==, 1);
    g_assert_cmpfloat(cell->gate_sum[3], ==, 1.5);
}

/* The same rows as a list, and with semicolons, tabs and names in any case. */
static void
test_other_layouts(void)
{
    static const char *const texts[][2] = {
        {"counts-jsonl", "[\n {\n  \"layer\": 0,\n  \"expert\": 0, \"count\": 5},\n"
                         " {\"layer\": 0, \"expert\": 3, \"count\": 5}\n]\n"},
        {"counts-csv", "Layer;Expert;Count\r\n0;0;5\r\n0;3;5\r\n"},
        {"counts-csv", "LAYER\tEXPERT\tCOUNT\tGATE SUM\n0\t0\t5\t2.5\n0\t3\t5\t2.5\n"},
        {"counts-csv", "layer, expert, count\n0, 0, 5\n0, 3, 5\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        MoeImportReport report;
        g_autofree char *path = import_file("table", texts[i][1], -1);
        g_autoptr(MoeSummary) summary = counts_import_one(path, &counted, &report);
        g_assert_cmpstr(report.importer, ==, texts[i][0]);
        g_free(report.notes);
        expect_load(summary, 0, MOE_DOMAIN_ALL, "5 0 0 5");
    }
}

/* Nothing is allocated for what no model has. */
static void
test_too_many(void)
{
    g_autoptr(GString) text = g_string_new("layer,expert,count\n");
    const MoeImportOptions options = {.experts = 65535, .k = 1};
    for (int layer = 0; layer < 257; layer++)
        g_string_append_printf(text, "%d,0,1\n", layer);
    g_autofree char *path = import_file("layers.csv", text->str, -1);
    expect_failure(path, &options, "found 257 layers of 65535 experts in 0 domains, expected at");
    g_string_assign(text, "layer,expert,count,domain\n");
    for (int domain = 0; domain < 4097; domain++)
        g_string_append_printf(text, "0,0,1,text %d\n", domain);
    g_autofree char *domains = import_file("domains.csv", text->str, -1);
    expect_failure(domains, &counted, "line 4098: found more than 4096 domains");
}

/* Shares without counts: no k, no units. */
static void
test_shares(void)
{
    static const char text[] = "layer,expert,gate_sum\n0,0,0.75\n0,1,0.25\n";
    const MoeImportOptions options = {.experts = 4};
    g_autofree char *path = import_file("shares.csv", text, -1);
    g_autoptr(MoeSummary) summary = counts_import_one(path, &options, NULL);
    const MoeSummaryCell *cell = moe_summary_cell(summary, 0, MOE_DOMAIN_ALL);
    g_assert_cmpint(cell->units, ==, 0);
    g_assert_cmpfloat(cell->gate_sum[0], ==, 0.75);
}

static void
test_tables_refused(void)
{
    static const char *const texts[][2] = {
        {"layer,expert,count\n0,4,1\n", "found 4 experts, but the highest id is 4"},
        {"layer,expert,count\n0,1,-1\n", "line 2: count: found \"-1\", expected 0 …"},
        {"layer,expert,count\n0,1,1.5\n", "line 2: count: found \"1.5\", expected 0 …"},
        {"layer,expert,count\n0,1,9007199254740993\n", "expected 0 … 9007199254740992"},
        {"layer,expert,count\n0,1,4\n", "layer 0: found 4 picks of expert 1, but 4 picks by k = 2 "
                                        "are 2 tokens, expected one pick a token (--k)"},
        {"layer,expert,count\n0,1\n", "line 2: found 2 cells, expected 3"},
        {"layer,expert,count\n0,1,2,3\n", "line 2: found more than 3 cells"},
        {"layer,expert,count\n0,\"1,2\n", "a quotation mark isn't closed"},
        {"layer,expert,count\n", "found no row in the files"},
        {"layer,expert,count\n0,1,0\n", "found no pick in the files"},
        {"layer,expert,count\n,1,3\n", "line 2: expected layer and expert"},
        {"layer,expert,gate_sum\n0,1,x\n", "gate_sum: found \"x\", expected a number"},
        {"layer,expert,gate_sum\n0,1,-2\n", "gate_sum: found -2, expected 0 or more"},
        {"layer,expert,gate_sum\n0,1,inf\n", "gate_sum: found inf, expected 0 or more"},
        {"layer,expert,count,gate_sum\n0,1,2,\n0,1,,2\n", "found other columns filled"},
        {"layer,expert,count,first\n0,1,2,3\n", "found more first choices than picks"},
        {"{\"layer\": 0, \"expert\": 1, \"count\": 2}\n{\"layer\": 0, \"expert\": 1, \"count\": x}",
         "table: line 2, byte"},
        {"{\"layer\": 0, \"expert\": 1, \"count\": -2}\n", "count: found -2, expected 0 …"},
        {"{\"layer\": 0, \"expert\": 1, \"count\": 2", "table: "},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *path = import_file("table", texts[i][0], -1);
        expect_failure(path, &counted, texts[i][1]);
    }
    const MoeImportOptions nothing = {0};
    g_autofree char *path = import_file("table", texts[0][0], -1);
    expect_failure(path, &nothing, "give --experts N");
    expect_failure(path, &nothing, "give --k N");
}

/* --- Pairs ------------------------------------------------------------------------------------*/

static const char pairs[] = "domain,layer_a,layer_b,expert_a,expert_b,count\n"
                            "a,0,7,0,1,3\na,0,7,2,1,2\na,7,15,1,3,5\n"
                            "b,0,7,3,3,1\nb,7,15,3,0,1\n";

static void
test_pairs(void)
{
    MoeImportOptions options = counted;
    options.k = 1;
    g_autofree char *path = import_file("pairs.csv", pairs, -1);
    g_autoptr(MoeSummary) summary = counts_import_one(path, &options, NULL);
    expect_load(summary, 0, 0, "3 0 2 0");
    expect_load(summary, 1, 0, "0 5 0 0");
    expect_load(summary, 2, 0, "0 0 0 5");
    expect_load(summary, 2, MOE_DOMAIN_ALL, "1 0 0 5");
    const MoeFlowCell *flow = moe_summary_flow(summary, 1, 0);
    g_assert_cmpint(flow->units, ==, 5);
    g_assert_cmpint(flow->moves[0 * 4 + 1], ==, 3);
    g_assert_cmpint(flow->moves[2 * 4 + 1], ==, 2);
    g_assert_cmpint(moe_summary_flow(summary, 2, MOE_DOMAIN_ALL)->moves[3 * 4 + 0], ==, 1);
    g_assert_null(moe_summary_flow(summary, 0, 0));
}

static void
test_pairs_refused(void)
{
    static const char head[] = "layer_a,layer_b,expert_a,expert_b,count\n";
    static const char *const texts[][2] = {
        {"0,7,0,1,3\n7,15,1,3,4\n", "layer 7: expert 1 has 3 picks in pairs with the layer before, "
                                    "4 with the layer behind"},
        {"0,7,0,1,3\n0,15,1,3,4\n", "found a pair of layers with another one between them"},
        {"7,0,0,1,3\n", "expected layer and expert, or layer_a below layer_b"},
        {"0,7,0,,3\n", "expected layer and expert, or layer_a below layer_b"},
        {"0,7,0,1,\n", "found neither count nor gate_sum"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *text = g_strconcat(head, texts[i][0], NULL);
        g_autofree char *path = import_file("pairs.csv", text, -1);
        expect_failure(path, &counted, texts[i][1]);
    }
}

/* --- Megatron ---------------------------------------------------------------------------------*/

/* Groups of documents that have picks in the first layer. */
static int
groups_used(MoeSummary *summary)
{
    int used = 0;
    for (int group = 0; group < MOE_SUMMARY_GROUPS; group++) {
        const MoeSummaryCell *cell = moe_summary_fill_group(summary, 0, MOE_DOMAIN_UNKNOWN, group);
        int64_t picks = 0;
        for (int e = 0; e < cell->experts; e++)
            picks += cell->count[e];
        used += picks > 0;
    }
    return used;
}

static void
test_megatron(void)
{
    static const char first[] =
        "{\"iter\": 1, \"block\": \"decoder\", \"layer\": 3, \"tpe\": [[4, 2], [1, 1]]}\n"
        "{\"iter\": 1, \"block\": \"mtp\", \"mtp_idx\": 0, \"layer\": 3, \"tpe\": [[9, 9]]}\n"
        "{\"iter\": 2, \"layer\": \"3\", \"tpe\": [[1, 1]]}\n";
    static const char second[] =
        "{\"iter\": 1, \"block\": \"decoder\", \"layer\": 3, \"tpe\": [[0, 2], [0, 0]]}\n"
        "{\"iter\": 2, \"layer\": 3, \"tpe\": [[0, 0]]}\n";
    MoeImportReport report;
    g_autofree char *one = import_file("rank0.jsonl", first, -1);
    g_autofree char *two = import_file("rank1.jsonl", second, -1);
    g_autoptr(MoeSummary) summary = counts_import((const char *[]){one, two}, 2, &counted, &report);
    g_assert_cmpstr(report.importer, ==, "megatron-counts");
    g_assert_cmpint(report.tokens, ==, 6);
    expect_load(summary, 0, MOE_DOMAIN_ALL, "6 4 0 2");
    g_assert_cmpint(groups_used(summary), ==, 3); /* micro-batches of both iterations */
    expect_failure(one, &counted, "layer 3: found 2 experts in 1 files, expected 4 (--experts)");
    static const char *const texts[][2] = {
        {"{\"layer\": 3, \"tpe\": [[1, 2], [3]]}",
         "found a micro-batch with 1 experts, expected 2"},
        {"{\"layer\": 3, \"tpe\": [[1, -2]]}", "tpe: found -2"},
        {"{\"layer\": 3, \"tpe\": [[1, 2.5]]}", "tpe: "},
        {"{\"layer\": \"x\", \"tpe\": [[1, 2]]}", "layer: expected 0 … 65535"},
        {"{\"layer\": 3, \"tpe\": []}", "found no layer or no tpe"},
        {"{\"layer\": 3, \"tpe\": [[1, 2]]}\n{\"layer\": 3, \"tpe\": [[1, 2, 3]]}",
         "layer 3: found 3 experts, 2 before"},
        {"{\"layer\": 3, \"tpe\": [[1, 2", "rank: "},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *path = import_file("rank", texts[i][0], -1);
        expect_failure(path, &counted, texts[i][1]);
    }
}

/* --- GPT-OSS ----------------------------------------------------------------------------------*/

/* Ten tokens thought and four answered: whole counts; then a frequency that no whole number gives.
 */
static void
test_gpt_oss(void)
{
    static const char form[] =
        "{\"sample_count\": 2, \"num_think_tokens\": 5.0, \"num_answer_tokens\": 2.0,\n"
        "\"think_expert_analytics\": {\"layer_4\": {\"3\": {\"prob_density\": 0.5, "
        "\"count_frequency\": %s}, \"0\": {\"prob_density\": 0.25, \"count_frequency\": 0.8}, "
        "\"1\": {\"count_frequency\": 0.6, \"prob_density\": 0.25, \"more\": {}}}},\n"
        "\"answer_expert_analytics\": {\"layer_4\": {\"1\": {\"prob_density\": 0.5, "
        "\"count_frequency\": 0.75}, \"2\": {\"prob_density\": 0.5, \"count_frequency\": 0.75}}}}";
    MoeImportReport report;
    g_autofree char *whole = g_strdup_printf(form, "0.6"), *part = g_strdup_printf(form, "0.57");
    g_autofree char *path = import_gz("True_False.json.gz", whole);
    g_autoptr(MoeSummary) summary = counts_import_one(path, &counted, &report);
    g_assert_cmpstr(report.importer, ==, "gpt-oss-counts");
    g_assert_null(report.notes);
    g_assert_cmpint(moe_summary_router(summary, 0)->layer, ==, 4);
    g_assert_cmpstr(moe_summary_domain_name(summary, 0), ==, "think");
    g_assert_cmpstr(moe_summary_domain_name(summary, 1), ==, "answer");
    expect_load(summary, 0, 0, "8 6 0 6");
    expect_load(summary, 0, 1, "0 3 3 0");
    g_assert_cmpfloat_with_epsilon(moe_summary_cell(summary, 0, 0)->gate_sum[3], 5, 1e-12);
    g_autofree char *other = import_file("other.json", part, -1);
    g_autoptr(MoeSummary) rounded = counts_import_one(other, &counted, &report);
    expect_load(rounded, 0, 0, "8 6 0 6");
    g_assert_nonnull(strstr(report.notes, "a count may be off by one"));
    g_free(report.notes);
    g_autofree char *high = g_strdup_printf(form, "1.5"), *cut = g_strndup(whole, 150);
    static const char twice[] =
        "{\"sample_count\": 1, \"num_think_tokens\": 4, \"think_expert_analytics\": {\"layer_0\": {"
        "\"1\": {\"prob_density\": 0.5, \"count_frequency\": 0.5}, "
        "\"1\": {\"prob_density\": 0.5, \"count_frequency\": 0.5}}}}";
    g_autofree char *doubled = import_file("doubled.json", twice, -1);
    expect_failure(doubled, &counted, "doubled.json: layer_0: found expert 1 twice");
    g_autofree char *wrong = import_file("wrong.json", high, -1);
    expect_failure(wrong, &counted, "count_frequency: expected a number, 0 … 1");
    g_autofree char *short_one = import_file("short.json", cut, -1);
    expect_failure(short_one, &counted, "short.json: ");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import-counts/csv", test_csv);
    g_test_add_func("/import-counts/csv-first", test_csv_first);
    g_test_add_func("/import-counts/csv-units", test_csv_units);
    g_test_add_func("/import-counts/jsonl", test_jsonl);
    g_test_add_func("/import-counts/other-layouts", test_other_layouts);
    g_test_add_func("/import-counts/too-many", test_too_many);
    g_test_add_func("/import-counts/shares", test_shares);
    g_test_add_func("/import-counts/tables-refused", test_tables_refused);
    g_test_add_func("/import-counts/pairs", test_pairs);
    g_test_add_func("/import-counts/pairs-refused", test_pairs_refused);
    g_test_add_func("/import-counts/megatron", test_megatron);
    g_test_add_func("/import-counts/gpt-oss", test_gpt_oss);
    int failed = g_test_run();
    import_files_remove();
    return failed;
}
