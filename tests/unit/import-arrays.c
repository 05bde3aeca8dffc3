/* SPDX-License-Identifier: MIT
 *
 * Arrays that people saved with numpy and torch (fixtures/import/make.py): ids of experts.
 */
#include "import-npz.h"
#include "import-pickle.h"
#include "import-trace.h"

#include "import/arrays.h"
#include "import/numpy.h"

/* A .npy file of version 1. (transfer full) */
static char *
write_npy(const char *name, const char *type, const char *shape, const void *data, gsize length)
{
    g_autoptr(GString) text = g_string_new("\x93NUMPY\x01");
    g_string_append_c(text, 0);
    g_string_append_len(text, "\x76", 2); /* 118 and 0: the header's length */
    g_string_append_printf(text, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type,
                           shape);
    while (text->len < 127)
        g_string_append_c(text, ' ');
    g_string_append_c(text, '\n');
    g_string_append_len(text, data, (gssize)length);
    return import_file(name, text->str, (gssize)text->len);
}

/* --- Ids --------------------------------------------------------------------------------------*/

static void
test_prompt(void)
{
    MoeImportReport report;
    g_autofree char *path = import_fixture("routed.npz");
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, &report);
    g_assert_cmpstr(report.importer, ==, "id-arrays");
    g_assert_cmpint(report.documents, ==, 1);
    g_assert_cmpint(report.routers, ==, 2);
    g_assert_cmpint(moe_trace_router(trace, 0)->layer, ==, 1);
    expect_picks(trace, 0, "0 1, 1 2, 2 3, 3 4, 4 5");
    expect_picks(trace, 1, "1 2, 2 3, 3 4, 4 5, 5 6");
    expect_column(trace, "tokens/pos", "0 1 2 3 4");
}

/* Ids of the tokens beside the ids of experts: those of the prompt, then what was generated. */
static void
test_token_ids(void)
{
    static const int32_t head[] = {1, 2, 3, 4}, rest[] = {5, 6}, prompt[] = {11, 12},
                         output[] = {13, 14};
    const ImportArray arrays[] = {
        {"prompt_routed_experts", "<i4", "(2, 1, 2)", head, sizeof head},
        {"routed_experts", "<i4", "(1, 1, 2)", rest, sizeof rest},
        {"prompt_token_ids", "<i4", "(2,)", prompt, sizeof prompt},
        {"token_ids", "<i4", "(2,)", output, sizeof output},
    };
    MoeImportReport report;
    g_autofree char *path = import_npz("ids.npz", arrays, G_N_ELEMENTS(arrays));
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, &report);
    g_free(report.notes);
    expect_picks(trace, 0, "1 2, 3 4, 5 6");
    expect_column(trace, "tokens/id", "11 12 13");
    g_autofree char *fewer = import_npz("ids.npz", arrays, 3); /* of what was generated none */
    g_autoptr(MoeTrace) begun = import_all((const char *[]){fewer}, 1, &told, &report);
    g_free(report.notes);
    expect_column(begun, "tokens/id", "11 12 -1");
}

/* As vLLM's RequestOutput: a prompt above the list of what was generated, once each. */
static void
test_outputs(void)
{
    MoeImportReport report;
    g_autofree char *path = import_pickle(
        "outputs.pkl", "[{'prompt_routed_experts': @2x1x2:1 2 3 4;, 'prompt_token_ids': [11, 12], "
                       "'outputs': [{'routed_experts': @1x1x2:5 6;, 'token_ids': [13, 14]}, "
                       "{'routed_experts': @2x1x2:5 7 1 0;, 'token_ids': [15, 16]}]}, "
                       "{'prompt_routed_experts': @1x1x2:2 3;, 'outputs': []}]");
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, &report);
    g_free(report.notes);
    expect_picks(trace, 0, "1 2, 3 4, 5 6, 5 7, 1 0, 2 3");
    expect_column(trace, "tokens/doc", "0 0 0 1 1 2");
    expect_column(trace, "tokens/pos", "0 1 2 2 3 0");
    expect_column(trace, "tokens/id", "11 12 13 15 16 -1");
}

/* Floats of the shape of the ids, beside them, are their gates. */
static void
test_weights(void)
{
    MoeImportReport report;
    g_autofree char *path = import_fixture("routed-weights.npz");
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, &report);
    g_assert_cmpstr(report.importer, ==, "id-arrays");
    expect_picks(trace, 0, "1:0.125 0:0.0625, 2:0.1875 1:0.125, 3:0.25 2:0.1875");
    MoeImportOptions untold = told;
    untold.gates = MOE_IMPORT_GATES_UNTOLD;
    expect_failure(path, &untold, "give --gates sum-to-one or --gates as-scored");
}

/* An array [tokens, k] a layer, as hooks gather them. */
static void
test_id_layers(void)
{
    static const char *const names[] = {"id-layers.pt", "id-layers-pairs.pt", "id-layers.npz"};
    MoeImportReport report;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_test_message("%s", names[i]);
        g_autofree char *path = import_fixture(names[i]);
        g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, &report);
        g_assert_cmpstr(report.importer, ==, "id-layers");
        g_assert_null(report.notes);
        g_assert_cmpint(moe_trace_router(trace, 0)->layer, ==, 1);
        g_assert_cmpint(moe_trace_router(trace, 1)->layer, ==, 4);
        expect_picks(trace, 0, "2:0.1875 1:0.125, 3:0.25 2:0.1875, 4:0.3125 3:0.25");
        expect_picks(trace, 1, "5:0.375 4:0.3125, 6:0.4375 5:0.375, 7:0.5 6:0.4375");
    }
    g_autofree char *list = import_fixture("id-layers-list.pt");
    g_autoptr(MoeTrace) alone = import_all((const char *[]){list}, 1, &told, &report);
    g_assert_nonnull(strstr(report.notes, "places were taken"));
    g_free(report.notes);
    expect_picks(alone, 1, "4 5, 5 6, 6 7");
}

/* Where k is 1 zeros may be picks: what is meant is asked, and --layers says it. */
static void
test_zero_layers(void)
{
    static const int16_t ids[] = {0, 3, 0, 2, 0, 1, 0, 0, 0, 3, 0, 1};
    static const int layers[] = {1, 3}, wrong[] = {0, 3};
    MoeImportReport report;
    MoeImportOptions options = told;
    g_autofree char *path = write_npy("top1.npy", "<i2", "(3, 4, 1)", ids, sizeof ids);
    g_autoptr(MoeTrace) all G_GNUC_UNUSED =
        import_all((const char *[]){path}, 1, &options, &report);
    g_assert_nonnull(strstr(report.notes, "2 of 4 layers (0, 2) pick expert 0 alone: if they are "
                                          "layers without experts, --layers names"));
    g_free(report.notes);
    g_assert_cmpint(report.routers, ==, 4);
    options.layers = layers;
    options.n_layers = 2;
    g_autoptr(MoeTrace) some = import_all((const char *[]){path}, 1, &options, &report);
    g_assert_null(report.notes);
    g_assert_cmpint(moe_trace_router(some, 1)->layer, ==, 3);
    expect_picks(some, 0, "3, 1, 3");
    expect_picks(some, 1, "2, 0, 1");
    options.layers = wrong;
    expect_failure(path, &options, "the files have 4 layers, --layers names 2");
}

static void
test_lone(void)
{
    MoeImportReport report;
    g_autofree char *path = import_fixture("routed.npy");
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path, path}, 2, &told, &report);
    g_assert_cmpstr(report.importer, ==, "id-arrays");
    expect_picks(trace, 1, "1 2, 2 3, 3 4, 4 5, 1 2, 2 3, 3 4, 4 5");
    expect_column(trace, "tokens/doc", "0 0 0 0 1 1 1 1");
}

static void
test_batch(void)
{
    MoeImportReport report;
    g_autofree char *path = import_fixture("routed-batch.pt");
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &told, &report);
    g_assert_cmpint(report.incomplete, ==, 1);
    expect_column(trace, "tokens/doc", "0 0 0 1 1 2");
    expect_column(trace, "tokens/pos", "0 1 2 0 1 0");
    expect_picks(trace, 0, "0 1, 1 2, 2 3, 4 5, 5 6, 7 0");
}

/* Places are layers unless told; what was assumed is told. */
static void
test_places(void)
{
    static const int16_t ids[] = {1, 2, 3, 4, 5, 6, 7, 0};
    static const int two[] = {3, 7}, three[] = {1, 2, 3};
    MoeImportReport report;
    MoeImportOptions options = told;
    g_autofree char *path = write_npy("p.npy", "<i2", "(2, 2, 2)", ids, sizeof ids);
    g_autoptr(MoeTrace) untold = import_all((const char *[]){path}, 1, &options, &report);
    g_assert_cmpint(moe_trace_router(untold, 1)->layer, ==, 1);
    g_assert_nonnull(strstr(report.notes, "places were taken, 0 … 1; if layers without experts"));
    g_free(report.notes);
    options.layers = two;
    options.n_layers = 2;
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, &report);
    g_assert_cmpint(moe_trace_router(trace, 0)->layer, ==, 3);
    g_assert_cmpint(moe_trace_router(trace, 1)->layer, ==, 7);
    g_assert_null(report.notes);
    expect_picks(trace, 1, "3 4, 7 0");
    options.layers = three;
    options.n_layers = 3;
    expect_failure(path, &options, "the files have 2 layers, --layers names 3");
    /* Rows of zeros show that places are layers. */
    g_autofree char *dense = import_fixture("routed.npy");
    g_autoptr(MoeTrace) shown = import_all((const char *[]){dense}, 1, &told, &report);
    g_assert_cmpint(moe_trace_router(shown, 0)->layer, ==, 1);
    g_assert_null(report.notes);
}

/* The highest number of an unsigned type in all slots is no pick; by itself it is. */
static void
test_missing(void)
{
    static const uint8_t ids[] = {1, 2, 3, 4, 255, 255, 255, 255, 5, 255, 6, 7};
    MoeImportReport report;
    MoeImportOptions options = told;
    g_autofree char *path = write_npy("u.npy", "|u1", "(3, 2, 2)", ids, sizeof ids);
    expect_failure(path, &options, "found 8 experts, but the highest id is 255");
    options.experts = 256;
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, &report);
    g_free(report.notes);
    g_assert_cmpint(report.incomplete, ==, 1);
    expect_picks(trace, 0, "1 2, 5 255");
    static const uint16_t wide[] = {1, 2, 65535, 65535, 5, 6};
    options.experts = 8;
    g_autofree char *other = write_npy("v.npy", "<u2", "(3, 1, 2)", wide, sizeof wide);
    g_autoptr(MoeTrace) rest = import_all((const char *[]){other}, 1, &options, &report);
    g_assert_cmpint(report.incomplete, ==, 1);
    expect_picks(rest, 0, "1 2, 5 6");
}

/* The other order of bytes, as old machines and network formats have it; in archives too. */
static void
test_big_endian(void)
{
    static const uint8_t shorts[] = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0};
    uint8_t longs[64] = {0};
    for (int i = 0; i < 8; i++)
        longs[8 * i + 7] = (uint8_t)((i + 1) % 8);
    g_autofree char *narrow = write_npy("b.npy", ">i2", "(2, 2, 2)", shorts, sizeof shorts);
    g_autofree char *wide = write_npy("l.npy", ">i8", "(2, 2, 2)", longs, sizeof longs);
    const char *const paths[] = {narrow, wide};
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        MoeImportReport report;
        g_autoptr(MoeTrace) trace = import_all(&paths[i], 1, &told, &report);
        g_free(report.notes);
        expect_picks(trace, 0, "1 2, 5 6");
        expect_picks(trace, 1, "3 4, 7 0");
    }
    static const uint8_t reals[] = {0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0};
    static const uint8_t halves[] = {0x3c, 0, 0xc1, 0};
    static const uint8_t doubles[] = {0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 4, 0, 0, 0, 0, 0, 0};
    char *files[] = {write_npy("f.npy", ">f4", "(2,)", reals, sizeof reals),
                     write_npy("h.npy", ">f2", "(2,)", halves, sizeof halves),
                     write_npy("d.npy", ">f8", "(2,)", doubles, sizeof doubles)};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(MoeValues) values = {0};
        g_autoptr(MoeNumpy) numpy = moe__numpy_open(files[i], &error);
        g_assert_true(moe__numpy_values(numpy, 0, &values, &error));
        g_assert_cmpfloat(moe__values_number(&values, 0), ==, 1);
        g_assert_cmpfloat(moe__values_number(&values, 1), ==, -2.5);
        g_free(files[i]);
    }
}

static void
test_refused(void)
{
    static const int16_t ids[] = {1, 2, 3, 9, 5, 6, 7, -2};
    g_autofree char *flat = write_npy("x.npy", "<i2", "(4, 2)", ids, sizeof ids);
    g_autofree char *wide = write_npy("w.npy", "<i2", "(2, 2, 2)", ids, sizeof ids);
    MoeImportOptions options = told;
    expect_failure(flat, &options,
                   "x.npy: no importer knows these arrays (the first is \"\" [4, 2])");
    expect_failure(wide, &options, "w.npy: array \"\" [2, 2, 2]: found expert -2, expected -1 …");
    options.importer = "id-arrays";
    expect_failure(flat, &options, "x.npy: found no array of integers [tokens, layers, k]");
    g_autofree char *high = write_npy("h.npy", "<i2", "(1, 3, 2)", ids, 12);
    expect_failure(high, &options, "found 8 experts, but the highest id is 9");
    static const int8_t many[65];
    g_autofree char *axes = write_npy("a.npy", "|i1", "(1, 1, 65)", many, 65);
    expect_failure(axes, &options,
                   "a.npy: array \"\" [1, 1, 65]: expected [tokens, layers, k] with");
    g_autofree char *cut = write_npy("c.npy", "<i2", "(2, 2, 2)", ids, 15);
    expect_failure(cut, &options, "c.npy: 15 bytes of data found");
    g_autofree char *complex = write_npy("z.npy", "<c8", "(1, 1, 2)", ids, 16);
    options.importer = "id-arrays";
    expect_failure(complex, &options, "element type '<c8' found; b1, i1 … i8,");
    g_autofree char *text = import_file("t.npy", "not an array at all", -1);
    expect_failure(text, &options, "t.npy: neither .npy, .npz, safetensors nor what torch.save()");
    g_autofree char *path = import_fixture("routed.npz");
    options.k = 4;
    expect_failure(path, &options, "the files say k is 2, --k says 4");
}

/* What nobody reads is told by name, and what to do about it. */
static void
test_unknown(void)
{
    static const char thing[] = "\x80\x02"
                                "c__main__\nThing\n(tR.";
    static const char place[] = "\x80\x02](cpathlib\nPosixPath\n(X\x01\0\0\0atRctorch\ndevice\n"
                                "(X\x03\0\0\0cputRe.";
    g_autofree char *unknown = import_file("unknown.pkl", thing, sizeof thing - 1);
    expect_failure(unknown, &told, "the pickle asks for \"__main__.Thing\"");
    g_autofree char *bare = import_file("bare.pkl", place, sizeof place - 1);
    expect_failure(bare, &told, "bare.pkl: found no array in it");
    g_autofree char *parquet = import_file("x.parquet", "PAR1....PAR1", -1);
    expect_failure(parquet, &told, "is Parquet, which no importer reads: convert it first (pandas");
    g_autofree char *packed = import_file("x.zst", "\x28\xb5\x2f\xfd.....", -1);
    expect_failure(packed, &told, "is packed by zstd, which no importer reads: convert it first");
}

/* --- Names ------------------------------------------------------------------------------------*/

static void
test_number(void)
{
    g_assert_cmpint(moe__item_number("model.layers.13.mlp.gate"), ==, 13);
    g_assert_cmpint(moe__item_number("layer_2"), ==, 2);
    g_assert_cmpint(moe__item_number("7"), ==, 7);
    g_assert_cmpint(moe__item_number("gate"), ==, -1);
    g_assert_cmpint(moe__item_number(""), ==, -1);
    g_assert_cmpint(moe__item_number("12345678901234567890"), ==, -1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_test_add_func("/import-arrays/prompt", test_prompt);
    g_test_add_func("/import-arrays/outputs", test_outputs);
    g_test_add_func("/import-arrays/token-ids", test_token_ids);
    g_test_add_func("/import-arrays/weights", test_weights);
    g_test_add_func("/import-arrays/id-layers", test_id_layers);
    g_test_add_func("/import-arrays/zero-layers", test_zero_layers);
    g_test_add_func("/import-arrays/lone", test_lone);
    g_test_add_func("/import-arrays/batch", test_batch);
    g_test_add_func("/import-arrays/places", test_places);
    g_test_add_func("/import-arrays/missing", test_missing);
    g_test_add_func("/import-arrays/big-endian", test_big_endian);
    g_test_add_func("/import-arrays/refused", test_refused);
    g_test_add_func("/import-arrays/unknown", test_unknown);
    g_test_add_func("/import-arrays/number", test_number);
    int status = g_test_run();
    import_files_remove();
    return status;
}
