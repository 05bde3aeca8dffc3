/* SPDX-License-Identifier: MIT
 *
 * Expert ids that somebody saved as numpy, torch or safetensors arrays: vLLM's routed_experts of a
 * completion, which follow its prompt_routed_experts where both are there, or those of a batch of
 * reinforcement learning [sequences, tokens, layers, k]. Each sequence is a document.
 */
#include "import/arrays.h"
#include "import/door.h"
#include "import/importers.h"
#include "import/routed.h"
#include "import/token-ids.h"

#include <string.h>

enum { K_MAX = 64 }; /* a longer last axis isn't one of picks */

enum { LEVELS = 2 }; /* above an array that its prompt may be */

static const char prompt_name[] = "prompt_";

typedef struct Reading {
    MoeRouted routed;
    int file;
    bool bringing;
    int32_t doc;
    const MoeItem *prompt; /* the last one that was brought, with what was generated first */
} Reading;

static void
reading_clear(Reading *reading)
{
    moe__routed_clear(&reading->routed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

/* --- Which arrays -----------------------------------------------------------------------------*/

static bool
may_be_ids(const MoeItem *item)
{
    return moe__item_is_integer(item) && item->type != MOE_STORED_BOOL &&
           (item->ndim == 3 || item->ndim == 4);
}

static bool
is_named(const MoeItem *item)
{
    static const char *const names[] = {"routed_experts", "topk_ids", "topk_indices",
                                        "selected_experts", "expert_ids"};
    for (size_t i = 0; i < G_N_ELEMENTS(names) && may_be_ids(item); i++)
        if (strstr(item->name, names[i]))
            return true;
    return false;
}

/* The weights of ids: floats of the same shape beside them. */
static const MoeItem *
find_weights(const MoeArrays *arrays, const MoeItem *item)
{
    bool of_prompt = g_str_has_prefix(item->name, prompt_name);
    for (int i = 0; i < moe__arrays_count(arrays); i++) {
        const MoeItem *other = moe__arrays_item(arrays, i);
        if (moe__item_is_float(other) && other->ndim == item->ndim &&
            memcmp(other->shape, item->shape, sizeof item->shape) == 0 &&
            g_str_equal(other->parent, item->parent) &&
            g_str_has_prefix(other->name, prompt_name) == of_prompt)
            return other;
    }
    return NULL;
}

/* Those that are named so; where none is, all that have the axes. (transfer container) */
static GPtrArray *
find_arrays(const MoeArrays *arrays)
{
    GPtrArray *named = g_ptr_array_new();
    GPtrArray *any = g_ptr_array_new();
    for (int i = 0; i < moe__arrays_count(arrays); i++) {
        const MoeItem *item = moe__arrays_item(arrays, i);
        if (is_named(item))
            g_ptr_array_add(named, (void *)item);
        if (may_be_ids(item))
            g_ptr_array_add(any, (void *)item);
    }
    GPtrArray *unused = named->len ? any : named;
    GPtrArray *found = named->len ? named : any;
    g_ptr_array_unref(unused);
    return found;
}

/* What is named so beside an array, or beside the lists and dicts that hold it: vLLM has the prompt
 * above the list of its outputs. */
static const MoeItem *
find_above(const MoeArrays *arrays, const MoeItem *item, const char *name)
{
    g_autofree char *path = g_strdup(item->parent);
    for (int level = 0; level <= LEVELS; level++) {
        const MoeItem *found = moe__arrays_find(arrays, path, name);
        char *slash = strrchr(path, '/');
        if (found && found->kind == MOE_ITEM_ARRAY)
            return found;
        if (!*path)
            break;
        *(slash ? slash : path) = 0;
    }
    return NULL;
}

/* The array of the prompt that goes before one of a completion. */
static const MoeItem *
find_prompt(const MoeArrays *arrays, const MoeItem *item)
{
    g_autofree char *name = g_strconcat(prompt_name, item->name, NULL);
    const MoeItem *prompt = find_above(arrays, item, name);
    return prompt && may_be_ids(prompt) ? prompt : NULL;
}

/* Prompts that other arrays follow. (transfer full) */
static GHashTable *
find_prompts(const MoeArrays *arrays, const GPtrArray *found)
{
    GHashTable *prompts = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < found->len; i++) {
        const MoeItem *prompt = find_prompt(arrays, found->pdata[i]);
        if (prompt)
            g_hash_table_add(prompts, (void *)prompt);
    }
    return prompts;
}

/* --- Taking them in ---------------------------------------------------------------------------*/

static bool fail(const MoeArrays *arrays, const MoeItem *item, GError **error, const char *format,
                 ...) G_GNUC_PRINTF(4, 5);

/* "PATH: NAME [SHAPE]: MESSAGE" */
static bool
fail(const MoeArrays *arrays, const MoeItem *item, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *shape = moe__item_shape(item);
    g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT, "%s: array \"%s\" %s: %s",
                moe__arrays_path(arrays), item->name, shape, message);
    return false;
}

static int64_t
value_at(const void *values, int64_t i)
{
    int64_t id = INT64_MIN; /* of a number beyond int64_t */
    moe__values_integer(values, i, &id);
    return id;
}

static double
weight_at(const void *values, int64_t i)
{
    return moe__values_number(values, i);
}

/* An array's ids and weights. */
typedef struct Loaded {
    MoeValues ids, weights;
    MoeRoutedArray array;
} Loaded;

static void
loaded_clear(Loaded *loaded)
{
    moe__values_clear(&loaded->ids);
    moe__values_clear(&loaded->weights);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Loaded, loaded_clear)

static int64_t
sequences_of(const MoeItem *item)
{
    return item->ndim == 4 ? item->shape[0] : 1;
}

static bool
check_shape(const MoeArrays *arrays, const MoeItem *item, GError **error)
{
    const int64_t *shape = item->shape + item->ndim - 3;
    if (shape[2] < 1 || shape[2] > K_MAX)
        return fail(arrays, item, error, "expected [tokens, layers, k] with 1 … %d experts a token",
                    K_MAX);
    if (shape[1] < 1 || shape[1] > UINT16_MAX || moe__item_count(item, 2) > INT32_MAX)
        return fail(arrays, item, error, "expected [tokens, layers, k]");
    return true;
}

static bool
load(const MoeArrays *arrays, const MoeItem *item, Loaded *loaded, GError **error)
{
    const int64_t *shape = item->shape + item->ndim - 3;
    const MoeItem *weights = find_weights(arrays, item);
    if (!check_shape(arrays, item, error) ||
        !moe__arrays_values(arrays, item, &loaded->ids, error) ||
        (weights && !moe__arrays_values(arrays, weights, &loaded->weights, error)))
        return false;
    loaded->array = (MoeRoutedArray){
        .tokens = sequences_of(item) * shape[0],
        .layers = shape[1],
        .k = shape[2],
        .none = item->type == MOE_STORED_U8    ? UINT8_MAX
                : item->type == MOE_STORED_U16 ? UINT16_MAX
                                               : 0,
        .of = &loaded->ids,
        .at = value_at,
        .weights = weights ? &loaded->weights : NULL,
        .weight_at = weight_at,
        .narrow = weights && weights->type != MOE_STORED_F64,
    };
    return true;
}

static bool
learn(Reading *reading, const MoeArrays *arrays, const MoeItem *item, GError **error)
{
    g_auto(Loaded) loaded = {0};
    if (!load(arrays, item, &loaded, error))
        return false;
    g_autofree char *problem = moe__routed_learn(&reading->routed, &loaded.array);
    return !problem || fail(arrays, item, error, "%s", problem);
}

/* A list of ids beside an array of one sequence. (transfer full) */
static GArray *
find_ids(const MoeArrays *arrays, const MoeItem *of, const char *const *names)
{
    g_auto(MoeValues) values = {0};
    const MoeItem *item = NULL;
    for (int i = 0; names[i] && !item; i++)
        item = find_above(arrays, of, names[i]);
    if (!item || !moe__item_is_integer(item) || item->ndim != 1 || item->type == MOE_STORED_BOOL ||
        item->shape[0] < 1 || item->shape[0] > INT32_MAX ||
        !moe__arrays_values(arrays, item, &values, NULL))
        return NULL;
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
    for (int64_t i = 0; i < values.count; i++) {
        int32_t id = (int32_t)CLAMP(value_at(&values, i), -1, INT32_MAX);
        g_array_append_val(ids, id);
    }
    return ids;
}

/* The ids of the tokens of a sequence, as vLLM and SGLang name them; NULL: there are none that fit.
 * (transfer full) */
static GArray *
token_ids(const MoeArrays *arrays, const MoeItem *item, int64_t head, int64_t end)
{
    static const char *const prompts[] = {"prompt_token_ids", NULL};
    static const char *const outputs[] = {"token_ids", "output_ids", NULL};
    bool odd;
    g_autoptr(GArray) prompt = find_ids(arrays, item, prompts);
    g_autoptr(GArray) output = find_ids(arrays, item, outputs);
    const MoeTokenIds sent = {.prompt = prompt, .output = output, .prompt_tokens = -1};
    return item->ndim == 3 ? moe__token_ids(&sent, head, end, &odd) : NULL;
}

/* One sequence after another, each prompt before what was generated; `prompt` may be NULL. */
static bool
bring(Reading *reading, const MoeArrays *arrays, const MoeItem *prompt, const MoeItem *item,
      GError **error)
{
    MoeRouted *routed = &reading->routed;
    g_auto(Loaded) first = {0}, rest = {0};
    int64_t n = sequences_of(item), domain = moe_import_domain(routed->import, reading->file);
    if (prompt && sequences_of(prompt) != n)
        return fail(arrays, item, error,
                    "found %" G_GINT64_FORMAT " sequences, %" G_GINT64_FORMAT " prompts", n,
                    sequences_of(prompt));
    if ((prompt && !load(arrays, prompt, &first, error)) || !load(arrays, item, &rest, error))
        return false;
    int64_t head = n ? first.array.tokens / n : 0, tail = n ? rest.array.tokens / n : 0;
    g_autoptr(GArray) ids = token_ids(arrays, item, prompt ? head : -1, head + tail);
    if (ids) {
        first.array.ids = (const int32_t *)(const void *)ids->data;
        rest.array.ids = first.array.ids + head;
    }
    for (int64_t i = 0; i < n; i++, reading->doc++)
        if ((prompt && prompt != reading->prompt &&
             !moe__routed_bring(routed, &first.array, i * head, head, reading->doc, 0,
                                (int32_t)domain, error)) ||
            !moe__routed_bring(routed, &rest.array, i * tail, tail, reading->doc, (int32_t)head,
                               (int32_t)domain, error)) {
            g_prefix_error(error, "%s: array \"%s\": ", moe__arrays_path(arrays), item->name);
            return false;
        }
    reading->prompt = prompt;
    return true;
}

static bool
read_file(Reading *reading, const char *path, GError **error)
{
    g_autoptr(MoeArrays) arrays = moe__arrays_open(path, error);
    if (!arrays)
        return false;
    g_autoptr(GPtrArray) found = find_arrays(arrays);
    reading->prompt = NULL;
    if (found->len == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_UNSUPPORTED,
                    "%s: found no array of integers [tokens, layers, k]", moe__arrays_path(arrays));
        return false;
    }
    g_autoptr(GHashTable) prompts = find_prompts(arrays, found);
    for (guint i = 0; i < found->len; i++) {
        const MoeItem *item = found->pdata[i];
        bool good = reading->bringing
                        ? g_hash_table_contains(prompts, item) ||
                              bring(reading, arrays, find_prompt(arrays, item), item, error)
                        : learn(reading, arrays, item, error);
        if (!good || !moe__import_part(reading->routed.import, reading->file, i, found->len, error))
            return false;
    }
    return true;
}

static bool
read_all(Reading *reading, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(reading->routed.import, &n);
    for (reading->file = 0; reading->file < n; reading->file++)
        if (!read_file(reading, files[reading->file].path, error))
            return false;
    return true;
}

static bool
read_id_arrays(MoeImport *import, GError **error)
{
    g_auto(Reading) reading = {0};
    moe__routed_init(&reading.routed, import);
    if (!read_all(&reading, error) || !moe__routed_begin(&reading.routed, error))
        return false;
    reading.bringing = true;
    return read_all(&reading, error);
}

/* By names, else by there being such arrays and no others that look like routing. */
static int
score_id_arrays(const MoeImportHead *head)
{
    g_autoptr(MoeArrays) arrays = NULL;
    int found = 0, floats = 0, weights = 0;
    if (moe__arrays_may_be((const uint8_t *)head->text, head->length))
        arrays = moe__arrays_open(head->path, NULL);
    for (int i = 0; arrays && i < moe__arrays_count(arrays); i++) {
        const MoeItem *item = moe__arrays_item(arrays, i);
        if (is_named(item))
            return 92;
        floats += item->kind == MOE_ITEM_ARRAY && moe__item_is_float(item) && item->ndim > 1;
        weights += may_be_ids(item) && find_weights(arrays, item);
        found += may_be_ids(item) && item->shape[item->ndim - 1] <= K_MAX;
    }
    return found > 0 && floats == weights ? 40 : 0;
}

const MoeImporter moe__import_id_arrays = {
    .struct_size = sizeof(MoeImporter),
    .name = "id-arrays",
    .help =
        "expert ids [tokens, layers, k] in .npy, .npz, .pt or safetensors, as vLLM returns them",
    .cite = "github.com/vllm-project/vllm/pull/28284, github.com/NVIDIA-NeMo/RL",
    .score = score_id_arrays,
    .read = read_id_arrays,
};
