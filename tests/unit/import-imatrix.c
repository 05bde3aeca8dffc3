/* SPDX-License-Identifier: MIT
 *
 * llama.cpp's importance matrices: what the counts of tensors that every token passes say of k, and
 * those that were converted from the older form. The files are written as llama-imatrix writes
 * them: F32 [1, matrices] of each tensor, in blocks of 32 bytes.
 */
#include "import-file.h"

#include <moescope/import.h>
#include <moescope/summary.h>

enum { EXPERTS = 4, ALIGNMENT = 32 };

typedef struct Gguf {
    GByteArray *infos, *data;
    uint64_t tensors;
} Gguf;

static void
put(GByteArray *out, const void *bytes, gsize length)
{
    g_byte_array_append(out, bytes, (guint)length);
}

static void
put_text(GByteArray *out, const char *text)
{
    uint64_t length = strlen(text);
    put(out, &length, 8);
    put(out, text, length);
}

static void
pad(GByteArray *out)
{
    static const uint8_t zeros[ALIGNMENT] = {0};
    put(out, zeros, (ALIGNMENT - out->len % ALIGNMENT) % ALIGNMENT);
}

/* A tensor's counts, `n` of them. */
static void
add(Gguf *gguf, int layer, const char *tensor, const float *counts, uint64_t n)
{
    g_autofree char *name = g_strdup_printf("blk.%d.%s.weight.counts", layer, tensor);
    uint32_t axes = 2, f32 = 0;
    uint64_t extents[] = {1, n}, offset = gguf->data->len;
    put_text(gguf->infos, name);
    put(gguf->infos, &axes, 4);
    put(gguf->infos, extents, sizeof extents);
    put(gguf->infos, &f32, 4);
    put(gguf->infos, &offset, 8);
    put(gguf->data, counts, sizeof(float) * n);
    pad(gguf->data);
    gguf->tensors++;
}

/* The file. (transfer full): its path */
static char *
finish(Gguf *gguf)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    uint32_t version = 3, text = 8;
    uint64_t pairs = 1;
    put(out, "GGUF", 4);
    put(out, &version, 4);
    put(out, &gguf->tensors, 8);
    put(out, &pairs, 8);
    put_text(out, "general.type");
    put(out, &text, 4);
    put_text(out, "imatrix");
    put(out, gguf->infos->data, gguf->infos->len);
    pad(out);
    put(out, gguf->data->data, gguf->data->len);
    g_byte_array_unref(gguf->infos);
    g_byte_array_unref(gguf->data);
    return import_file("x.gguf", (const char *)out->data, (gssize)out->len);
}

static Gguf
begin(void)
{
    return (Gguf){.infos = g_byte_array_new(), .data = g_byte_array_new()};
}

static void
add_layer(Gguf *gguf, int layer, const char *dense, float tokens, const float *counts)
{
    add(gguf, layer, dense, &tokens, 1);
    add(gguf, layer, "ffn_gate_exps", counts, EXPERTS);
    add(gguf, layer, "ffn_up_exps", counts, EXPERTS);
}

/* Imports it. Returns k, 0 where that failed. */
static int
import_k(const char *path, int told, char **notes, GError **error)
{
    MoeImportReport report = {0};
    const MoeImportOptions options = {.k = told};
    g_autofree char *out = import_file("out.npz", "", 0);
    *notes = NULL;
    if (!moe_import(&path, 1, out, &options, NULL, &report, error))
        return 0;
    *notes = report.notes;
    return report.k;
}

static void
expect_error(GError **error, const char *part)
{
    g_assert_nonnull(*error);
    if (!strstr((*error)->message, part))
        g_error("found \"%s\", expected \"%s\"", (*error)->message, part);
    g_clear_error(error);
}

static const float load[2][EXPERTS] = {{8, 6, 4, 2}, {10, 0, 3, 7}}; /* 10 tokens, k 2 */

static void
test_k(void)
{
    static const char *const dense[] = {"ffn_gate_inp", "ffn_up_shexp", "attn_q"};
    for (gsize i = 0; i < G_N_ELEMENTS(dense); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *notes = NULL;
        Gguf gguf = begin();
        add_layer(&gguf, 1, dense[i], 10, load[0]);
        add_layer(&gguf, 2, dense[i], 10, load[1]);
        g_autofree char *path = finish(&gguf);
        g_assert_cmpint(import_k(path, 0, &notes, &error), ==, 2);
        g_assert_null(notes);
        g_assert_cmpint(import_k(path, 2, &notes, &error), ==, 2);
        g_assert_cmpint(import_k(path, 4, &notes, &error), ==, 0);
        expect_error(&error, "the files say k is 2, --k says 4");
    }
}

/* The attention of the last layer sees tokens whose experts aren't computed. */
static void
test_last(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *notes = NULL;
    Gguf gguf = begin();
    static const float less[EXPERTS] = {1, 1, 2, 0}; /* of 2 tokens */
    add_layer(&gguf, 1, "attn_q", 10, load[0]);
    add_layer(&gguf, 2, "attn_q", 10, less);
    g_autofree char *path = finish(&gguf);
    g_assert_cmpint(import_k(path, 0, &notes, &error), ==, 2);
    g_assert_null(notes);
}

/* Where counts make no sense k has to be told. */
static void
test_no_k(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *notes = NULL;
    Gguf gguf = begin();
    add_layer(&gguf, 1, "ffn_gate_inp", 10, load[0]);
    add_layer(&gguf, 2, "ffn_gate_inp", 9, load[1]);
    g_autofree char *path = finish(&gguf);
    g_assert_cmpint(import_k(path, 0, &notes, &error), ==, 0);
    expect_error(&error, "give --k N");
    g_assert_cmpint(import_k(path, 2, &notes, &error), ==, 2);
    g_assert_nonnull(strstr(notes, "layer 2: experts counted 20 picks of 9 tokens, 2.22222 each"));
}

static void
test_converted(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *notes = NULL;
    static const float all[] = {512};
    Gguf gguf = begin();
    add(&gguf, 1, "attn_q", all, 1);
    add(&gguf, 1, "ffn_gate_exps", all, 1);
    g_autofree char *path = finish(&gguf);
    g_assert_cmpint(import_k(path, 2, &notes, &error), ==, 0);
    expect_error(&error, "found one count for all experts: the matrix was converted from the older "
                         "binary form (.dat)");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import-imatrix/k", test_k);
    g_test_add_func("/import-imatrix/last", test_last);
    g_test_add_func("/import-imatrix/no-k", test_no_k);
    g_test_add_func("/import-imatrix/converted", test_converted);
    int status = g_test_run();
    import_files_remove();
    return status;
}
