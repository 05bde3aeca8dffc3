/* SPDX-License-Identifier: MIT
 *
 * llama.cpp's importance matrices as GGUF: beside the sums of squares of each tensor stand
 * "blk.N.ffn_{gate,up,down}_exps.weight.counts", F32 [1, experts]: the tokens that each expert of
 * the layer multiplied, the same for its tensors. The older binary form (.dat) divides the sums by
 * these counts and doesn't keep them. Tensors that every token passes count the tokens, from which
 * k follows.
 */
#include "import/counts.h"
#include "import/gguf.h"
#include "import/importers.h"
#include "import/layer-set.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define I64 G_GINT64_FORMAT

typedef struct Matrix {
    MoeImport *import;
    MoeSummary *summary; /* NULL in the first pass */
    int file;
    const char *path;
    int experts; /* 0: not yet known */
    GArray *layers;
    int *layer; /* [tensors] of the file at hand, -1: counts of no experts */
    int k;      /* of all layers, by their tokens; 0: none tells */
    bool no_k;  /* some tell no whole number, or another one */
} Matrix;

static bool fail(const Matrix *matrix, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool
fail(const Matrix *matrix, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *name = g_filename_display_basename(matrix->path);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: %s", name, message);
    return false;
}

/* The layer of "blk.N.ffn_…_exps.weight.counts"; -1: another tensor. */
static int
layer_of(const char *name)
{
    char kind[16];
    int layer, length = 0;
    if (sscanf(name, "blk.%5d.ffn_%15[a-z_].weight.counts%n", &layer, kind, &length) != 2 ||
        length == 0 || name[length] != 0 || layer < 0 || layer > UINT16_MAX)
        return -1;
    return g_str_has_suffix(kind, "_exps") ? layer : -1;
}

/* --- One tensor -------------------------------------------------------------------------------*/

static bool
read_counts(Matrix *matrix, const MoeGguf *gguf, int tensor, int64_t *count, GError **error)
{
    g_auto(MoeValues) values = {0};
    const char *name = moe__gguf_name(gguf, tensor);
    if (!moe__gguf_values(gguf, tensor, &values, error))
        return false;
    if (values.count < 1 || values.count > UINT16_MAX)
        return fail(matrix, error, "%s: found %" I64 " values, expected one an expert", name,
                    values.count);
    if (values.count == 1)
        return fail(matrix, error,
                    "%s: found one count for all experts: the matrix was converted from the older "
                    "binary form (.dat), which has no counts of experts; expected what "
                    "llama-imatrix --output-format gguf counts itself",
                    name);
    matrix->experts = matrix->experts ? matrix->experts : (int)values.count;
    if (values.count != matrix->experts)
        return fail(matrix, error, "%s: found %" I64 " experts, %d before", name, values.count,
                    matrix->experts);
    for (int e = 0; count && e < matrix->experts; e++)
        if (!moe__count_value(&values, e, &count[e]))
            return fail(matrix, error, "%s: expert %d: found %g, expected a count", name, e,
                        moe__values_number(&values, e));
    return true;
}

/* --- One layer --------------------------------------------------------------------------------*/

/* All tensors of a layer; those that count otherwise than the first are told of. */
static bool
bring_layer(Matrix *matrix, const MoeGguf *gguf, int layer, GError **error)
{
    g_autofree int64_t *count = g_new0(int64_t, (gsize)matrix->experts);
    g_autofree int64_t *other = g_new0(int64_t, (gsize)matrix->experts);
    const char *first = NULL;
    for (int i = 0; i < moe__gguf_count(gguf); i++) {
        const char *name = moe__gguf_name(gguf, i);
        if (matrix->layer[i] != layer)
            continue;
        if (!read_counts(matrix, gguf, i, first ? other : count, error))
            return false;
        int e = 0;
        while (first && e < matrix->experts && other[e] == count[e])
            e++;
        if (first && e < matrix->experts)
            moe_import_note(matrix->import,
                            "layer %d: %s counts %" I64 " tokens of expert %d, %s %" I64
                            ", expected the same: the first was taken",
                            layer, first, count[e], e, name, other[e]);
        first = first ? first : name;
    }
    int router = moe__layer_set_find(matrix->layers, layer);
    int domain = moe_import_domain(matrix->import, matrix->file);
    for (int e = 0; first && e < matrix->experts; e++)
        if (!moe_import_picks(matrix->import, router, domain, 0, e, count[e], error))
            return false;
    return true;
}

/* --- Tokens -----------------------------------------------------------------------------------*/

/* The one count of a tensor; -1: it isn't there, or has other values. */
static int64_t
single_count(const MoeGguf *gguf, int layer, const char *tensor)
{
    g_auto(MoeValues) values = {0};
    g_autofree char *name = g_strdup_printf("blk.%d.%s.weight.counts", layer, tensor);
    int index = moe__gguf_find(gguf, name);
    int64_t count;
    return index >= 0 && moe__gguf_values(gguf, index, &values, NULL) && values.count == 1 &&
                   moe__count_value(&values, 0, &count) && count > 0
               ? count
               : -1;
}

/* Tokens that a layer's experts were chosen for; -1: nothing tells. llama.cpp may compute the
 * experts of the last layer for fewer tokens than its attention. */
static int64_t
count_tokens(const MoeGguf *gguf, int layer, bool last)
{
    static const char *const beside[] = {"ffn_gate_inp", "ffn_up_shexp", "ffn_gate_shexp"};
    static const char *const before[] = {"attn_q", "attn_output", "attn_qkv", "attn_q_a"};
    int64_t tokens = -1;
    for (size_t i = 0; i < G_N_ELEMENTS(beside) && tokens < 0; i++)
        tokens = single_count(gguf, layer, beside[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(before) && tokens < 0 && !last; i++)
        tokens = single_count(gguf, layer, before[i]);
    return tokens;
}

/* What a layer says of k. Counts above 2^24 are rounded, being F32. */
static bool
learn_k(Matrix *matrix, const MoeGguf *gguf, int tensor, int layer, bool last, GError **error)
{
    int64_t tokens = count_tokens(gguf, layer, last), picks = 0;
    g_autofree int64_t *count = g_new0(int64_t, (gsize)matrix->experts);
    if (!read_counts(matrix, gguf, tensor, count, error))
        return false;
    for (int e = 0; e < matrix->experts; e++)
        picks += MIN(count[e], MOE_COUNT_MAX / matrix->experts);
    if (tokens < 0 || picks == 0)
        return true;
    double exact = (double)picks / (double)tokens, k = floor(exact + 0.5);
    bool whole = k >= 1 && k <= matrix->experts && fabs(exact - k) <= 1e-6;
    if (whole && (matrix->k == 0 || matrix->k == (int)k)) {
        matrix->k = (int)k;
        return true;
    }
    if (!matrix->no_k)
        moe_import_note(matrix->import,
                        "layer %d: experts counted %" I64 " picks of %" I64
                        " tokens, %.6g each%s: k was taken as told, not from the files",
                        layer, picks, tokens, exact, whole ? ", unlike layers before" : "");
    matrix->no_k = true;
    return true;
}

/* The highest layer that any tensor names. */
static int
find_last(const MoeGguf *gguf)
{
    int last = -1, layer;
    for (int i = 0; i < moe__gguf_count(gguf); i++)
        if (sscanf(moe__gguf_name(gguf, i), "blk.%5d.", &layer) == 1)
            last = MAX(last, layer);
    return last;
}

/* --- Files ------------------------------------------------------------------------------------*/

static bool
see_file(Matrix *matrix, GError **error)
{
    g_autoptr(MoeGguf) gguf = moe__gguf_open(matrix->path, error);
    int before = -1; /* tensors of a layer stand together, and say the same */
    if (!gguf)
        return false;
    int last = find_last(gguf);
    for (int i = 0; i < moe__gguf_count(gguf); i++) {
        int layer = layer_of(moe__gguf_name(gguf, i));
        if (layer < 0)
            continue;
        if (!read_counts(matrix, gguf, i, NULL, error) ||
            (layer != before && !learn_k(matrix, gguf, i, layer, layer == last, error)))
            return false;
        moe__layer_set_add(matrix->layers, layer);
        before = layer;
    }
    return before >= 0 ||
           fail(matrix, error,
                "found no counts of experts (blk.N.ffn_…_exps.weight.counts): the model "
                "has none, or the matrix is of an older version");
}

static bool
bring_file(Matrix *matrix, GError **error)
{
    g_autoptr(MoeGguf) gguf = moe__gguf_open(matrix->path, error);
    if (!gguf)
        return false;
    g_autofree int *layer = g_new(int, (gsize)moe__gguf_count(gguf) + 1);
    matrix->layer = layer;
    for (int i = 0; i < moe__gguf_count(gguf); i++)
        layer[i] = layer_of(moe__gguf_name(gguf, i));
    for (guint l = 0; l < matrix->layers->len; l++)
        if (!bring_layer(matrix, gguf, moe__layer_set_numbers(matrix->layers)[l], error))
            return false;
    return moe__count_progress(matrix->import, matrix->file, error);
}

static bool
is_gguf(const char *path)
{
    char magic[4] = "";
    FILE *file = fopen(path, "rbe");
    bool read = file && fread(magic, 1, sizeof magic, file) == sizeof magic;
    if (file)
        fclose(file);
    return read && memcmp(magic, "GGUF", 4) == 0;
}

static bool
read_all(Matrix *matrix, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(matrix->import, &n);
    for (matrix->file = 0; matrix->file < n; matrix->file++) {
        matrix->path = files[matrix->file].path;
        if (!is_gguf(matrix->path))
            return fail(matrix, error,
                        "found no GGUF file; the older binary form has no counts of experts, "
                        "expected what llama-imatrix --output-format gguf writes");
        if (!(matrix->summary ? bring_file : see_file)(matrix, error))
            return false;
    }
    return true;
}

static bool
read_layers(Matrix *matrix, GError **error)
{
    if (!moe__count_domains(matrix->import, error) || !read_all(matrix, error))
        return false;
    const MoeImportShape shape = {
        .layers = moe__layer_set_numbers(matrix->layers),
        .n_layers = (int)matrix->layers->len,
        .experts = matrix->experts,
        .k = matrix->no_k ? 0 : matrix->k,
    };
    matrix->summary = moe_import_begin_summary(matrix->import, &shape, 0, error);
    return matrix->summary && read_all(matrix, error);
}

static bool
read_matrix(MoeImport *import, GError **error)
{
    g_autoptr(GArray) layers = moe__layer_set_new();
    Matrix matrix = {.import = import, .layers = layers};
    return read_layers(&matrix, error);
}

/* The older form: a number of entries, then the length of a name, and the name. */
static bool
is_old(const MoeImportHead *head)
{
    int32_t entries, length;
    if (head->length < 16)
        return false;
    memcpy(&entries, head->text, sizeof entries);
    memcpy(&length, head->text + 4, sizeof length);
    return entries > 0 && entries < 1 << 20 && length > 4 && length < 256 &&
           (size_t)length + 8 < head->length &&
           memmem(head->text + 8, (size_t)length, ".weight", 7) != NULL;
}

static int
score_matrix(const MoeImportHead *head)
{
    static const char type[] = "imatrix";
    if (head->length > 4 && memcmp(head->text, "GGUF", 4) == 0)
        return memmem(head->text, head->length, type, strlen(type)) ? 90 : 0;
    return is_old(head) ? 60 : 0;
}

const MoeImporter moe__import_imatrix = {
    .struct_size = sizeof(MoeImporter),
    .name = "imatrix",
    .help = "llama.cpp's importance matrix as GGUF: counts of each expert's tokens",
    .cite = "github.com/ggml-org/llama.cpp, tools/imatrix",
    .score = score_matrix,
    .read = read_matrix,
};
