/* SPDX-License-Identifier: MIT
 *
 * Importers of counts in files of Python, numpy, safetensors and GGUF, written as their tools do
 * (tests/fixtures/counts), whole, cut off and spoilt.
 */
#include "counts.h"
#include "import-pickle.h"

#include "import/numpy.h"

#include <math.h>
#include <moescope/safetensors.h>
#include <moescope/tokens.h>

static MoeImportOptions
with_layers(void)
{
    static const int layers[] = {0, 7, 15};
    MoeImportOptions options = counted;
    options.layers = layers;
    options.n_layers = 3;
    return options;
}

static MoeSummary *
import_counts(const char *name, const MoeImportOptions *options, MoeImportReport *report)
{
    g_autofree char *path = counts_fixture(name);
    return counts_import_one(path, options, report);
}

static void
refuse_fixture(const char *name, const MoeImportOptions *options, const char *part)
{
    g_autofree char *path = counts_fixture(name);
    expect_failure(path, options, part);
}

/* Every beginning of a file is refused with its name; the last `spare` bytes only fill it up. */
static void
refuse_cuts(const char *name, const char *importer, MoeImportOptions options, gsize spare)
{
    g_autofree char *path = counts_fixture(name), *text = NULL;
    gsize length;
    options.importer = importer;
    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    for (gsize cut = 0; cut < length - spare; cut += 1 + length / 61) {
        g_autofree char *part = import_file("part", text, (gssize)cut);
        expect_failure(part, &options, "part");
    }
}

/* --- OLMoE ------------------------------------------------------------------------------------*/

static void
test_olmoe(void)
{
    MoeImportReport report;
    const MoeImportOptions options = with_layers();
    g_autoptr(MoeSummary) summary = import_counts("olmoe-counts.pkl", &options, &report);
    g_assert_cmpstr(report.importer, ==, "olmoe-counts");
    g_assert_cmpint(report.tokens, ==, 10);
    g_assert_cmpint(moe_summary_router(summary, 2)->layer, ==, 15);
    expect_load(summary, 0, MOE_DOMAIN_ALL, "8 6 4 2");
    expect_load(summary, 1, MOE_DOMAIN_ALL, "3 7 6 4");
    expect_load(summary, 2, MOE_DOMAIN_ALL, "10 5 5 0");
    refuse_fixture("olmoe-counts.pkl", &counted,
                   "nothing in the files says which layers these 3 are: give --layers LIST");
    refuse_cuts("olmoe-counts.pkl", "olmoe-counts", options, 0);
}

/* Files are domains, which have to be told; {file} takes their names. */
static void
test_olmoe_domains(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = counts_fixture("olmoe-counts.pkl"), *text = NULL,
                    *out = import_target();
    gsize length;
    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    g_autofree char *law = import_file("law.pkl", text, (gssize)length);
    g_autofree char *code = import_file("code.pkl", text, (gssize)length);
    const char *const both[] = {law, code};
    MoeImportOptions options = with_layers();
    g_assert_false(moe_import(both, 2, out, &options, NULL, NULL, &error));
    g_assert_nonnull(strstr(error->message, "--domain '{file}' takes the names of the files"));
    options.domains = (const char *const[]){"{file}"};
    options.n_domains = 1;
    g_autoptr(MoeSummary) summary = counts_import(both, 2, &options, NULL);
    g_assert_cmpint(moe_summary_domains(summary), ==, 2);
    g_assert_cmpstr(moe_summary_domain_name(summary, 0), ==, "law");
    g_assert_cmpstr(moe_summary_domain_name(summary, 1), ==, "code");
    expect_load(summary, 0, 1, "8 6 4 2");
    expect_load(summary, 0, MOE_DOMAIN_ALL, "16 12 8 4");
}

static void
test_olmoe_pairs(void)
{
    MoeImportReport report;
    const MoeImportOptions options = with_layers();
    g_autoptr(MoeSummary) summary = import_counts("olmoe-pairs.pkl", &options, &report);
    g_assert_nonnull(strstr(report.notes, "transitions pair picks of equal slot"));
    g_free(report.notes);
    expect_load(summary, 0, MOE_DOMAIN_ALL, "8 6 4 2");
    expect_load(summary, 1, MOE_DOMAIN_ALL, "3 7 6 4");
    expect_load(summary, 2, MOE_DOMAIN_ALL, "10 5 5 0");
    const MoeFlowCell *flow = moe_summary_flow(summary, 2, MOE_DOMAIN_ALL);
    g_assert_cmpint(flow->units, ==, 20);
    g_assert_cmpint(flow->moves[1 * 4 + 0], ==, 4);
    g_assert_cmpint(flow->moves[3 * 4 + 2], ==, 1);
}

/* Dicts that somebody made of the lists: by layers, or by pairs of them. */
static void
test_olmoe_keys(void)
{
    static const int layers[] = {3, 7};
    MoeImportOptions options = {.importer = "olmoe-counts", .experts = 4, .k = 1};
    g_autofree char *pairs = import_pickle(
        "pairs.pkl", "{(3, 7): {(0, 1): 5, (2, 1): 3}, (0, 3): {(1, 0): 5, (1, 2): 3}}");
    g_autofree char *named = import_pickle("named.pkl", "{'7': {1: 8}, '3': {0: 8}}");
    g_autofree char *numbers = import_pickle("numbers.pkl", "{7: {1: 8}, 3: {0: 8}}");
    g_autofree char *apart =
        import_pickle("apart.pkl", "{(0, 1): {(0, 1): 5}, (3, 7): {(2, 1): 3}}");
    g_autoptr(MoeSummary) flow = counts_import_one(pairs, &options, NULL);
    g_assert_cmpint(moe_summary_routers(flow), ==, 3);
    g_assert_cmpint(moe_summary_router(flow, 1)->layer, ==, 3);
    expect_load(flow, 0, MOE_DOMAIN_ALL, "0 8 0 0");
    expect_load(flow, 2, MOE_DOMAIN_ALL, "0 8 0 0");
    g_autoptr(MoeSummary) load = counts_import_one(named, &options, NULL);
    g_assert_cmpint(moe_summary_router(load, 0)->layer, ==, 3);
    expect_load(load, 0, MOE_DOMAIN_ALL, "8 0 0 0");
    expect_failure(numbers, &options, "which may be layers or experts");
    expect_failure(apart, &options, "a table a pair of neighbouring layers, by their keys");
    options.layers = layers;
    options.n_layers = G_N_ELEMENTS(layers);
    g_autoptr(MoeSummary) told_load = counts_import_one(numbers, &options, NULL);
    expect_load(told_load, 1, MOE_DOMAIN_ALL, "0 8 0 0");
}

/* q of id 5, seen 6 times: 6 picks of expert 0; of id 9, seen 4 times: 3 of expert 1. */
static void
test_olmoe_tokens(void)
{
    static const int layer[] = {7};
    MoeImportOptions options = counted;
    options.layers = layer;
    options.n_layers = 1;
    g_autoptr(MoeSummary) summary = import_counts("olmoe-tokens.pkl", &options, NULL);
    expect_load(summary, 0, MOE_DOMAIN_ALL, "8 6 4 2");
    const MoeTokenTable *table = moe_summary_token_table(summary, 0);
    g_assert_cmpint(table->n, ==, 8);
    g_assert_cmpint(table->id[0], ==, 5);
    g_assert_cmpint(table->picks[0], ==, 6);
    const MoeTokenCell *cell = moe_summary_tokens(summary, 0);
    g_assert_cmpint(cell->ids, ==, 2);
    g_assert_cmpfloat_with_epsilon(cell->mean[1], (6.0 / 6 + 3.0 / 4) / 2, 1e-12);
}

/* --- Arrays -----------------------------------------------------------------------------------*/

static void
test_sglang(void)
{
    MoeImportReport report;
    g_autoptr(MoeSummary) summary = import_counts("sglang-stat.pt", &counted, &report);
    g_assert_cmpstr(report.importer, ==, "sglang-counts");
    g_assert_cmpint(moe_summary_routers(summary), ==, 3); /* layer 0 has no experts */
    g_assert_cmpint(moe_summary_router(summary, 0)->layer, ==, 1);
    expect_load(summary, 0, MOE_DOMAIN_ALL, "16 12 8 4");
    MoeImportOptions options = with_layers();
    refuse_fixture("sglang-stat.pt", &options, "the files have 4 layers, --layers names 3");
    options = counted;
    options.experts = 8;
    refuse_fixture("sglang-stat.pt", &options, "the number of experts is 4, --experts says 8");
    refuse_cuts("sglang-stat.pt", "sglang-counts", counted, 0);
}

/* Units of a pass of layer 1, whose number is `pass`. */
static int64_t
units_of_pass(MoeSummary *summary, int pass)
{
    return moe_summary_fill_group(summary, 0, MOE_DOMAIN_UNKNOWN, pass)->units;
}

/* Passes of 10, 20 and no tokens; a second rank's of 10 and 10. */
static void
test_sglang_passes(void)
{
    MoeImportReport report;
    g_autofree char *first = counts_fixture("sglang-passes-0.pkl");
    g_autofree char *second = counts_fixture("sglang-passes-1.pkl");
    const char *const ranks[] = {first, second};
    g_autoptr(MoeSummary) one = counts_import_one(first, &counted, &report);
    g_autofree char *notes = report.notes;
    g_assert_cmpstr(report.importer, ==, "sglang-passes");
    g_assert_nonnull(strstr(notes, "last map of copies"));
    g_assert_cmpint(moe_summary_routers(one), ==, 3); /* layer 0 has no experts */
    g_assert_cmpint(moe_summary_router(one, 0)->layer, ==, 1);
    expect_load(one, 0, MOE_DOMAIN_ALL, "24 18 12 6");
    expect_load(one, 1, MOE_DOMAIN_ALL, "9 21 18 12");
    expect_load(one, 2, MOE_DOMAIN_ALL, "30 15 15 0");
    g_assert_cmpint(units_of_pass(one, 70), ==, 10);
    g_assert_cmpint(units_of_pass(one, 71), ==, 20);
    g_assert_cmpint(units_of_pass(one, 72), ==, 0);
    g_autoptr(MoeSummary) both = counts_import(ranks, 2, &counted, NULL);
    expect_load(both, 1, MOE_DOMAIN_ALL, "15 35 30 20");
    g_assert_cmpint(units_of_pass(both, 70), ==, 20);
    g_assert_cmpint(units_of_pass(both, 71), ==, 30);
    refuse_cuts("sglang-passes-0.pkl", "sglang-passes", counted, 0);
}

/* As torch.save() writes it: every copy was picked once, in layers 0 … 3. */
static void
test_sglang_archive(void)
{
    MoeImportReport report;
    g_autofree char *path = import_fixture("sglang-per-pass.pt");
    g_autoptr(MoeSummary) summary = counts_import_one(path, &counted, &report);
    g_free(report.notes);
    g_assert_cmpstr(report.importer, ==, "sglang-passes");
    g_assert_cmpint(moe_summary_routers(summary), ==, 4);
    expect_load(summary, 0, MOE_DOMAIN_ALL, "2 2 1 1");
    expect_load(summary, 1, MOE_DOMAIN_ALL, "1 1 2 2");
}

/* The dump with its last `from` (of `n` bytes) replaced. */
static void
refuse_spoilt(const char *from, const char *to, gsize n, const char *part)
{
    g_autofree char *path = counts_fixture("sglang-passes-0.pkl"), *text = NULL;
    MoeImportOptions options = counted;
    gsize length, at;
    options.importer = "sglang-passes";
    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    for (at = length - n; memcmp(text + at, from, n) != 0; at--)
        g_assert_cmpint(at, >, 0);
    memcpy(text + at, to, n);
    g_autofree char *spoilt = import_file("spoilt.pkl", text, (gssize)length);
    expect_failure(spoilt, &options, part);
}

static void
test_sglang_passes_refused(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = counts_fixture("sglang-passes-0.pkl"), *out = import_target();
    const char *const twice[] = {path, path};
    g_assert_false(moe_import(twice, 2, out, &counted, NULL, NULL, &error));
    g_assert_nonnull(strstr(error->message, "found the same counts as in "));
    g_assert_nonnull(strstr(error->message, "of ranks that share tokens, one"));
    refuse_spoilt("global_physical_count", "global_physical_cover", 21,
                  "record 0: found no global_physical_count");
    refuse_spoilt("records", "recordz", 7, "found no list \"records\"");
    refuse_spoilt("K\x04K\x06", "K\x06K\x04", 4,
                  "record 0: found counts of 4 layers and 6 copies, last_physical_to_logical_map "
                  "has 6 and 4");
    refuse_spoilt("\3\0\0", "\7\0\0", 3, "found expert 7 among 6 copies");
    refuse_spoilt("i4", "f4", 2, "layer 1, copy 0: found ");
}

static void
test_infinity(void)
{
    /* A dict of 64 bytes. */
    static const char head[] = "\x93NUMPY\x01\x00\x40\x00{'descr': '<f4', 'fortran_order': False, "
                               "'shape': (1, 1, 4), } \n";
    static const float counts[][4] = {{1, 2, 3, -1}, {1, 2, 3, 1.5f}, {1, 2, 3, NAN}};
    MoeImportReport report;
    MoeImportOptions options = with_layers();
    g_autoptr(MoeSummary) summary = import_counts("moe-infinity.npy", &options, &report);
    g_assert_cmpstr(report.importer, ==, "moe-infinity");
    g_assert_cmpint(moe_summary_router(summary, 1)->layer, ==, 7);
    expect_load(summary, 2, MOE_DOMAIN_ALL, "30 15 15 0");
    g_assert_cmpint(moe_summary_cell(summary, 0, MOE_DOMAIN_ALL)->units, ==, 30);
    refuse_cuts("moe-infinity.npy", "moe-infinity", options, 0);
    options = counted;
    options.importer = "moe-infinity";
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_byte_array_append(bytes, (const guint8 *)head, sizeof head - 1);
        g_byte_array_append(bytes, (const guint8 *)counts[i], sizeof counts[i]);
        g_autofree char *path = import_file("odd.npy", (char *)bytes->data, (gssize)bytes->len);
        expect_failure(path, &options, "odd.npy: block 0, layer 0, expert 3: found ");
    }
}

/* --- TensorRT-LLM -----------------------------------------------------------------------------*/

static void
test_trtllm(void)
{
    MoeImportReport report;
    g_autofree char *folder = counts_fixture("trtllm");
    const MoeImportOptions nothing = {0};
    g_autoptr(MoeSummary) summary = counts_import_one(folder, &nothing, &report);
    g_assert_cmpstr(report.importer, ==, "trtllm");
    g_assert_cmpint(report.k, ==, 2); /* of meta_info.json */
    expect_load(summary, 1, MOE_DOMAIN_ALL, "18 42 36 24");
    g_autofree char *rank = g_build_filename(folder, "rank0.safetensors", NULL);
    expect_failure(rank, &nothing, "give --k N");
    g_autoptr(GError) error = NULL;
    g_autofree char *out = import_target();
    const char *const twice[] = {rank, rank};
    g_assert_false(moe_import(twice, 2, out, &counted, NULL, NULL, &error));
    g_assert_nonnull(strstr(error->message, "found the same counts as in another rank"));
    refuse_cuts("trtllm/rank0.safetensors", "trtllm", counted, 0);
}

static void
test_trtllm_refused(void)
{
    static const int64_t two = 2;
    static const int32_t less[] = {1, -1};
    static const float more[] = {1, 0.5f};
    const struct {
        const char *name;
        MoeStoredType type;
        const void *values;
        const char *part;
    } arrays[] = {
        {"3_x", MOE_STORED_I32, less, "found 3_x, expected arrays ITER_LAYER"},
        {"3_1", MOE_STORED_I32, less, "found 3_1, expected counts, whole and not below 0"},
        {"3_1", MOE_STORED_F32, more, "found 3_1, expected counts, whole and not below 0"},
    };
    const MoeImportOptions options = {.importer = "trtllm", .k = 1};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++) {
        g_autofree char *path = import_file("rank.safetensors", "", 0);
        g_autoptr(MoeSafetensorsWriter) writer = moe_safetensors_writer_new();
        moe_safetensors_writer_add(writer, arrays[i].name, arrays[i].type, 1, &two,
                                   arrays[i].values);
        g_assert_true(moe_safetensors_writer_save(writer, path, NULL));
        expect_failure(path, &options, arrays[i].part);
    }
}

/* --- Others -----------------------------------------------------------------------------------*/

static void
test_ddmoe(void)
{
    static const char *const names[] = {"load_balancing.pth", "routing_entropy.pth",
                                        "sparsity.pth"};
    const char *paths[G_N_ELEMENTS(names)];
    MoeImportReport report;
    MoeImportOptions options = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        paths[i] = counts_fixture(names[i]);
    expect_failure(paths[0], &options,
                   "found 2 models, one summary is of one: give --model NAME "
                   "(one, two)");
    options.model = "three";
    expect_failure(paths[0], &options, "found no model three (--model), expected one of one, two");
    options.model = "one";
    expect_failure(paths[1], &options, "expected shares of the load in one of the files");
    g_autoptr(MoeSummary) summary =
        counts_import(paths, (int)G_N_ELEMENTS(names), &options, &report);
    g_assert_cmpstr(report.importer, ==, "ddmoe");
    g_free(report.notes);
    g_assert_cmpint(moe_summary_routers(summary), ==, 3);
    const MoeSummaryCell *cell = moe_summary_cell(summary, 0, MOE_DOMAIN_ALL);
    g_assert_cmpint(cell->picks, ==, 0);
    g_assert_cmpfloat_with_epsilon(cell->gate_sum[0], 0.4, 1e-7);
    const char *meta = moe_summary_meta_json(summary);
    g_assert_nonnull(strstr(meta, "\"routing_entropy\""));
    g_assert_nonnull(strstr(meta, "\"inf\""));
    g_assert_nonnull(strstr(meta, "\"model\""));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        g_free((char *)paths[i]);
    refuse_cuts("load_balancing.pth", "ddmoe", options, 0);
    options.model = NULL; /* of one there is no choice */
    options.k = 8;
    g_autoptr(MoeSummary) lists = import_counts("load_lists.pth", &options, &report);
    g_assert_cmpstr(report.importer, ==, "ddmoe");
    g_assert_cmpint(moe_summary_routers(lists), ==, 3);
    g_assert_cmpint(moe_summary_router(lists, 0)->experts, ==, 2500);
    cell = moe_summary_cell(lists, 1, MOE_DOMAIN_ALL);
    g_assert_cmpfloat_with_epsilon(cell->gate_sum[0], 2 / 5000.0, 1e-12);
    g_free(report.notes);
}

static void
test_imatrix(void)
{
    MoeImportReport report;
    g_autoptr(MoeSummary) summary = import_counts("imatrix.gguf", &counted, &report);
    g_assert_cmpstr(report.importer, ==, "imatrix");
    g_assert_null(report.notes);
    g_assert_cmpint(moe_summary_router(summary, 0)->layer, ==, 1);
    expect_load(summary, 0, MOE_DOMAIN_ALL, "8 6 4 2");
    g_autoptr(MoeSummary) spoilt = import_counts("imatrix-spoilt.gguf", &counted, &report);
    g_assert_nonnull(strstr(report.notes,
                            "layer 1: blk.1.ffn_gate_exps.weight.counts counts 8 tokens of expert "
                            "0, blk.1.ffn_down_exps.weight.counts 9"));
    g_free(report.notes);
    expect_load(spoilt, 0, MOE_DOMAIN_ALL, "8 6 4 2");
    refuse_fixture("imatrix.dat", &counted, "the older binary form has no counts of experts");
    refuse_cuts("imatrix.gguf", "imatrix", counted, 16);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import-counts-files/olmoe", test_olmoe);
    g_test_add_func("/import-counts-files/olmoe-domains", test_olmoe_domains);
    g_test_add_func("/import-counts-files/olmoe-pairs", test_olmoe_pairs);
    g_test_add_func("/import-counts-files/olmoe-keys", test_olmoe_keys);
    g_test_add_func("/import-counts-files/olmoe-tokens", test_olmoe_tokens);
    g_test_add_func("/import-counts-files/sglang", test_sglang);
    g_test_add_func("/import-counts-files/sglang-passes", test_sglang_passes);
    g_test_add_func("/import-counts-files/sglang-archive", test_sglang_archive);
    g_test_add_func("/import-counts-files/sglang-passes-refused", test_sglang_passes_refused);
    g_test_add_func("/import-counts-files/infinity", test_infinity);
    g_test_add_func("/import-counts-files/trtllm", test_trtllm);
    g_test_add_func("/import-counts-files/trtllm-refused", test_trtllm_refused);
    g_test_add_func("/import-counts-files/ddmoe", test_ddmoe);
    g_test_add_func("/import-counts-files/imatrix", test_imatrix);
    int failed = g_test_run();
    import_files_remove();
    return failed;
}
