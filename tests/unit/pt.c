/* SPDX-License-Identifier: MIT
 *
 * Files of torch.save(), new and legacy, and files that others measured.
 */
#include "import/pt.h"
#include "python-tree.h"

#include <glib/gstdio.h>
#include <math.h>

static MoePyDoc *
open_path(const char *path)
{
    g_autoptr(GError) error = NULL;
    MoePyDoc *doc = moe__pt_open(path, &error);
    g_assert_no_error(error);
    return doc;
}

static MoePyDoc *
open_fixture(const char *name)
{
    g_autofree char *path = fixture_path(name);
    return open_path(path);
}

static void
check_tensors(const MoePyDoc *doc)
{
    check_array(doc, "f32", MOE_STORED_F32, "[2, 3]", (double[]){0, 0.5, 1, 1.5, 2, 2.5});
    check_array(doc, "bf16", MOE_STORED_BF16, "[4]", (double[]){0, 0.5, 1, 1.5});
    check_array(doc, "f16", MOE_STORED_F16, "[4]", (double[]){0, 0.5, 1, 1.5});
    check_array(doc, "f64", MOE_STORED_F64, "[2]", (double[]){0, 0.5});
    check_array(doc, "bool", MOE_STORED_BOOL, "[2]", (double[]){0, 1});
    check_array(doc, "u8", MOE_STORED_U8, "[3]", (double[]){0, 1, 2});
    check_array(doc, "i8", MOE_STORED_I8, "[3]", (double[]){-1, 0, 1});
    check_array(doc, "i16", MOE_STORED_I16, "[3]", (double[]){0, 1, 2});
    check_array(doc, "i32", MOE_STORED_I32, "[3]", (double[]){0, 1, 2});
    check_array(doc, "base", MOE_STORED_I64, "[3, 4]",
                (double[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    check_array(doc, "turned", MOE_STORED_I64, "[4, 3]",
                (double[]){0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11});
    check_array(doc, "corner", MOE_STORED_I64, "[2, 2]", (double[]){5, 6, 9, 10});
    check_array(doc, "spread", MOE_STORED_I64, "[2, 2]", (double[]){3, 3, 3, 3});
    check_array(doc, "scalar", MOE_STORED_F32, "[]", (double[]){2.5});
    check_array(doc, "empty", MOE_STORED_F32, "[0, 3]", NULL);
    check_array(doc, "parameter", MOE_STORED_F32, "[2]", (double[]){1, 1});
    const MoePy *root = moe__py_root(doc), *size = moe__py_get(root, "size");
    g_assert_cmpint(size->count, ==, 2);
    g_assert_cmpint(integer(size->items[1]), ==, 3);
    g_assert_cmpint(moe__py_get(root, "list")->items[1]->kind, ==, MOE_PY_ARRAY);
    g_assert_true(moe__py_is(moe__py_get(root, "note"), "text"));
}

static void
test_archive(void)
{
    g_autoptr(MoePyDoc) doc = open_fixture("tensors.pt");
    check_tensors(doc);
    g_autoptr(MoePyDoc) typed = open_fixture("tensors-typed.pt");
    check_tensors(typed);
    check_array(typed, "u16", MOE_STORED_U16, "[3]", (double[]){0, 1, 2});
}

static void
test_legacy(void)
{
    g_autoptr(MoePyDoc) doc = open_fixture("tensors-legacy.pt");
    check_tensors(doc);
}

/* pickle.dump() of a tensor holds a whole legacy stream. */
static void
test_nested(void)
{
    g_autoptr(MoePyDoc) doc = open_fixture("tensor-pickled.pkl");
    check_array(doc, "t", MOE_STORED_F32, "[2, 3]", (double[]){0, 0.5, 1, 1.5, 2, 2.5});
}

/* --- Damage -----------------------------------------------------------------------------------*/

static void
read_bytes(const uint8_t *bytes, gsize length, bool refused)
{
    g_autoptr(GError) error = NULL;
    g_autofree uint8_t *copy = g_memdup2(bytes, length);
    g_autoptr(GBytes) piece = g_bytes_new_static(copy, length);
    g_autoptr(MoePyDoc) doc = moe__pt_read(piece, "damaged", &error);
    g_assert_true((doc == NULL) == (error != NULL));
    g_assert_false(refused && doc);
    if (doc)
        read_all_arrays(doc, moe__py_root(doc));
}

static void
test_damaged_stream(void)
{
    g_autoptr(GBytes) whole = fixture("tensors-legacy.pt");
    gsize length;
    const uint8_t *data = g_bytes_get_data(whole, &length);
    g_autofree uint8_t *copy = g_memdup2(data, length);
    MoeRng rng = moe_rng(4, 2);
    for (gsize n = 0; n < length; n++)
        read_bytes(data, n, true);
    for (int n = 0; n < 3000; n++) {
        gsize at = moe_rng_below(&rng, length);
        copy[at] ^= (uint8_t)(1 << moe_rng_below(&rng, 8));
        read_bytes(copy, length, false);
        copy[at] = data[at];
    }
}

static void
test_damaged_archive(void)
{
    g_autofree char *folder = g_dir_make_tmp("moescope-pt-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "damaged.pt", NULL);
    g_autoptr(GBytes) whole = fixture("tensors.pt");
    gsize length;
    const uint8_t *data = g_bytes_get_data(whole, &length);
    g_autofree uint8_t *copy = g_memdup2(data, length);
    MoeRng rng = moe_rng(4, 3);
    for (int n = 0; n < 600; n++) {
        gsize at = moe_rng_below(&rng, length), cut = n % 2 ? length : at;
        copy[at] ^= (uint8_t)(1 << moe_rng_below(&rng, 8));
        g_assert_true(g_file_set_contents_full(path, (const char *)copy, (gssize)cut,
                                               G_FILE_SET_CONTENTS_NONE, 0644, NULL));
        g_autoptr(GError) error = NULL;
        g_autoptr(MoePyDoc) doc = moe__pt_open(path, &error);
        g_assert_true((doc == NULL) == (error != NULL));
        if (doc)
            read_all_arrays(doc, moe__py_root(doc));
        copy[at] = data[at];
    }
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

/* --- Measured files ---------------------------------------------------------------------------*/

/* The counts of a text table whose lines are keys and a count, by their keys. */
static GHashTable *
read_table(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 1; lines[i] && *lines[i]; i++) {
        char *comma = strrchr(lines[i], ',');
        g_hash_table_insert(table, g_strndup(lines[i], (gsize)(comma - lines[i])),
                            g_strdup(comma + 1));
    }
    return table;
}

/* OLMoE: a list of three Counters expert -> count, of layers 0, 7 and 15. */
static void
test_olmoe_counts(void)
{
    static const char *const domains[] = {"arxiv", "book", "c4", "github", "wikipedia"};
    static const int layers[] = {0, 7, 15};
    g_autofree char *csv = data_path("olmoe/olmoe-1b-7b-0924-load.csv");
    if (!csv)
        return;
    g_autoptr(GHashTable) table = read_table(csv);
    for (gsize d = 0; d < G_N_ELEMENTS(domains); d++) {
        g_autofree char *name = g_strdup_printf("olmoe/expert_counts/%s.pkl", domains[d]);
        g_autofree char *path = data_path(name);
        g_autoptr(MoePyDoc) doc = open_path(path);
        const MoePy *list = moe__py_root(doc);
        g_assert_cmpint(list->count, ==, 3);
        for (int l = 0; l < 3; l++) {
            const MoePy *counter = list->items[l];
            g_assert_cmpint(counter->count, ==, 64);
            for (int64_t i = 0; i < counter->count; i++) {
                g_autofree char *key = g_strdup_printf("%s,%d,%" G_GINT64_FORMAT, domains[d],
                                                       layers[l], integer(counter->items[2 * i]));
                const char *count = g_hash_table_lookup(table, key);
                g_assert_nonnull(count);
                g_assert_cmpint(integer(counter->items[2 * i + 1]), ==,
                                g_ascii_strtoll(count, NULL, 10));
            }
        }
    }
}

/* OLMoE: expert -> token id -> count in defaultdicts; the sums are the layer's load. */
static void
test_olmoe_tokens(void)
{
    g_autofree char *path = data_path("olmoe/eid2token/arxiv.pkl");
    g_autofree char *load = path ? data_path("olmoe/expert_counts/arxiv.pkl") : NULL;
    if (!path || !load)
        return;
    g_autoptr(MoePyDoc) doc = open_path(path), loads = open_path(load);
    for (int l = 0; l < 3; l++) {
        const MoePy *experts = moe__py_root(doc)->items[l],
                    *counter = moe__py_root(loads)->items[l];
        g_assert_cmpint(experts->count, ==, 64);
        int64_t tokens = 0, picks = 0;
        for (int64_t e = 0; e < experts->count; e++)
            for (int64_t i = 0; i < experts->items[2 * e + 1]->count; i++)
                tokens += integer(experts->items[2 * e + 1]->items[2 * i + 1]);
        for (int64_t e = 0; e < counter->count; e++)
            picks += integer(counter->items[2 * e + 1]);
        g_assert_cmpint(tokens, ==, picks);
    }
}

/* torch.save() of dicts: numpy arrays in the pickle, and lists of floats. */
static void
test_torch_files(void)
{
    static const char model[] = "Moonlight-16B-A3B-Instruct";
    g_autofree char *path = data_path("torch-pth/load_balancing_comparison.pth");
    g_autofree char *other = path ? data_path("torch-pth/routing_entropy_comparison.pth") : NULL;
    if (!path || !other)
        return;
    g_autoptr(MoePyDoc) doc = open_path(path), entropies = open_path(other);
    const MoePy *layers = moe__py_get(moe__py_root(doc), model);
    const MoePy *entropy = moe__py_get(moe__py_root(entropies), model);
    g_auto(MoeValues) first = {0}, second = {0};
    g_assert_true(moe__py_values(doc, layers->items[0], &first, NULL));
    g_assert_true(moe__py_values(doc, layers->items[1], &second, NULL));
    g_assert_cmpint(first.count, ==, 64);
    for (int64_t e = 0; e < 64; e++)
        g_assert_cmpfloat(moe__values_number(&first, e), ==, e >= 40 && e < 48 ? 0.125 : 0);
    g_assert_cmpfloat(moe__values_number(&second, 6), ==, 0.11225891f);
    g_assert_cmpfloat(number(entropy->items[0]), ==, 4.1588826179504395);
    g_assert_cmpfloat(number(entropy->items[1]), ==, 2.2381069660186768);
    read_all_arrays(doc, moe__py_root(doc));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pt/archive", test_archive);
    g_test_add_func("/pt/legacy", test_legacy);
    g_test_add_func("/pt/nested", test_nested);
    g_test_add_func("/pt/damaged-stream", test_damaged_stream);
    g_test_add_func("/pt/damaged-archive", test_damaged_archive);
    g_test_add_func("/pt/olmoe-counts", test_olmoe_counts);
    g_test_add_func("/pt/olmoe-tokens", test_olmoe_tokens);
    g_test_add_func("/pt/torch-files", test_torch_files);
    return g_test_run();
}
