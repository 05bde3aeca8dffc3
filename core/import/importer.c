/* SPDX-License-Identifier: MIT
 *
 * The list of importers, and which of them knows a file.
 */
#include "import/importers.h"

#include "base/offers.h"
#include "import/arrays.h"
#include "import/stream.h"

#include <string.h>

enum { HEAD = 65536 };

static GPtrArray *
list(void)
{
    static GPtrArray *importers;
    if (!importers)
        importers = g_ptr_array_new();
    return importers;
}

const MoeImporter *const *
moe_importers(int *n)
{
    *n = (int)list()->len;
    return (const MoeImporter *const *)list()->pdata;
}

const MoeImporter *
moe_importer_find(const char *name)
{
    return moe__offer_find(list(), name);
}

bool
moe_importer_register(const MoeImporter *importer, GError **error)
{
    /* Of a struct of another size nothing else can be read. */
    bool ours = importer->struct_size == sizeof *importer;
    bool lacks =
        ours && (!importer->help || !importer->cite || !importer->score || !importer->read);
    return moe__offer_add(list(), "importer", (const MoeOffer *)importer, sizeof *importer,
                          lacks ? "help, cite, score or read" : NULL, error);
}

static const MoeImporter *
surest(const MoeImportHead *head)
{
    const MoeImporter *best = NULL;
    int high = 0;
    for (guint i = 0; i < list()->len; i++) {
        const MoeImporter *importer = list()->pdata[i];
        int score = importer->score(head);
        if (score > high) {
            high = score;
            best = importer;
        }
    }
    return best;
}

/* Traces and summaries are archives that begin with this member, as nobody else's do. */
static bool
is_ours(const MoeImportHead *head)
{
    enum { NAME_LENGTH = 26, NAME = 30 }; /* of a zip archive's first entry */
    static const char name[] = "meta.json";
    return head->length >= NAME + sizeof name && memcmp(head->text, "PK\3\4", 4) == 0 &&
           head->text[NAME_LENGTH] == sizeof name - 1 && head->text[NAME_LENGTH + 1] == 0 &&
           memcmp(head->text + NAME, name, sizeof name - 1) == 0;
}

static bool
is_utf16(const MoeImportHead *head)
{
    return head->length >= 2 &&
           (memcmp(head->text, "\xff\xfe", 2) == 0 || memcmp(head->text, "\xfe\xff", 2) == 0);
}

/* What a file is that nobody here reads, and what makes one of it that is read. */
typedef struct {
    size_t at, length; /* of the bytes that tell it */
    const char *magic, *what, *remedy;
} Stranger;

static const Stranger strangers[] = {
    {0, 4, "PAR1", "Parquet", "pandas.read_parquet(…).to_json(…, orient='records', lines=True)"},
    {0, 6, "ARROW1", "Arrow",
     "pyarrow's to_pandas() and .to_json(…, orient='records', lines=True)"},
    {0, 4, "\x89HDF", "HDF5", "numpy.savez() of its arrays"},
    {0, 4, "\x28\xb5\x2f\xfd", "packed by zstd", "zstd -d"},
    {0, 6, "\xfd\x37zXZ\0", "packed by xz", "xz -d"},
    {0, 3, "BZh", "packed by bzip2", "bzip2 -d"},
    {257, 5, "ustar", "a tar archive", "tar -x"},
    {0, 15, "SQLite format 3", "a database of SQLite", "sqlite3 -csv -header FILE 'select …'"},
    {0, 4, "GGML", "of llama.cpp before GGUF", "a recent llama.cpp"},
};

static const Stranger *
find_stranger(const MoeImportHead *head)
{
    for (size_t i = 0; i < G_N_ELEMENTS(strangers); i++) {
        const Stranger *stranger = &strangers[i];
        if (head->length >= stranger->at + stranger->length &&
            memcmp(head->text + stranger->at, stranger->magic, stranger->length) == 0)
            return stranger;
    }
    return NULL;
}

static const MoeItem *
first_of(const MoeArrays *arrays, MoeItemKind kind)
{
    for (int i = 0; i < moe__arrays_count(arrays); i++)
        if (moe__arrays_item(arrays, i)->kind == kind)
            return moe__arrays_item(arrays, i);
    return NULL;
}

/* Of a file of arrays: why it can't be read, or what it has. Returns false where it is none. */
static bool
tell_arrays(const char *path, const MoeImportHead *head, GError **error)
{
    if (!moe__arrays_may_be((const uint8_t *)head->text, head->length))
        return false;
    g_autoptr(MoeArrays) arrays = moe__arrays_open(head->path, error);
    if (!arrays)
        return true;
    const MoeItem *first = first_of(arrays, MOE_ITEM_ARRAY);
    const MoeItem *unread = first ? NULL : first_of(arrays, MOE_ITEM_UNREAD);
    g_auto(MoeValues) unused = {0};
    if (unread && !moe__arrays_values(arrays, unread, &unused, error))
        return true;
    g_autofree char *shape = first ? moe__item_shape(first) : NULL;
    if (first)
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: no importer knows these arrays (the first is \"%s%s%s\" %s), expected ids "
                    "[tokens, layers, k], or router logits [tokens, experts] a layer "
                    "(core/import/README.md has all layouts, --as NAME insists on one)",
                    path, first->parent, *first->parent && *first->name ? "/" : "", first->name,
                    shape);
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: found no array in it, expected some of ids or router logits", path);
    return true;
}

/* Says why nobody reads this. */
static void
set_unknown(const char *path, const MoeImportHead *head, GError **error)
{
    const Stranger *stranger = find_stranger(head);
    if (head->length == 0)
        g_set_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED, "%s: is empty", path);
    else if (is_ours(head))
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: is a trace or summary already, which needs no import", path);
    else if (is_utf16(head))
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: is text in UTF-16, expected UTF-8", path);
    else if (stranger)
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: is %s, which no importer reads: convert it first (%s)", path,
                    stranger->what, stranger->remedy);
    else if (!tell_arrays(path, head, error))
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: no importer knows this content (\"moescope import --list\" lists what "
                    "they read, --as NAME insists on one)",
                    path);
}

const MoeImporter *
moe_importer_detect(const char *path, GError **error)
{
    g_autoptr(MoeStream) stream = moe__stream_open(path, error);
    if (!stream)
        return NULL;
    while (stream->end < HEAD && moe__stream_more(stream))
        ;
    if (stream->error) {
        g_propagate_error(error, g_error_copy(stream->error));
        return NULL;
    }
    size_t length = MIN(stream->end, HEAD);
    stream->bytes[length] = 0;
    /* Text that begins with a byte order mark is what stands behind it. */
    size_t mark = length >= 3 && memcmp(stream->bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    const MoeImportHead head = {path, (const char *)stream->bytes + mark, length - mark};
    const MoeImporter *best = is_ours(&head) ? NULL : surest(&head);
    if (!best)
        set_unknown(stream->path, &head, error);
    return best;
}

void
moe__import_register(void)
{
    static const MoeImporter *const built_in[] = {
        &moe__import_vllm_jsonl,     &moe__import_jsonl,         &moe__import_csv,
        &moe__import_llama_csv,      &moe__import_esft,          &moe__import_esft_scores,
        &moe__import_gpt_oss,        &moe__import_olmoe,         &moe__import_megatron,
        &moe__import_routed_experts, &moe__import_sglang,        &moe__import_id_arrays,
        &moe__import_id_layers,      &moe__import_router_logits, &moe__import_counts_csv,
        &moe__import_counts_jsonl,   &moe__import_olmoe_counts,  &moe__import_ddmoe,
        &moe__import_gpt_oss_counts, &moe__import_imatrix,       &moe__import_megatron_counts,
        &moe__import_moe_infinity,   &moe__import_sglang_counts, &moe__import_sglang_passes,
        &moe__import_trtllm,         &moe__import_safetensors,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(built_in); i++) {
        g_autoptr(GError) error = NULL;
        if (!moe_importer_register(built_in[i], &error))
            g_error("%s", error->message);
    }
}
