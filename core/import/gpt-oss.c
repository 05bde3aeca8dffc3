/* SPDX-License-Identifier: MIT
 *
 * GPT-OSS fingerprints: an object a generation, with the strings of all tokens ("full_text") and,
 * for the generated ones, each layer's experts and their softmax over these. There are no token
 * ids: strings are numbered as they first occur, and the trace's "tokens" lists them. The first
 * pass learns strings, layers and datasets, the second brings the tokens.
 */
#include "import/importers.h"
#include "import/json-pull.h"

#include <string.h>

enum { LAYERS_MAX = 4096 };

typedef struct Prints {
    MoeImport *import;
    int file;
    bool bringing; /* the second pass */
    int n_layers, k, max_expert;
    GPtrArray *strings; /* each once */
    GHashTable *string_ids;
    GPtrArray *domains; /* datasets, each once */
    GPtrArray *texts;   /* a GArray of int32_t an example: full_text as ids */
    GArray *in_domain;  /* int: each example's dataset */
    int example;
    GArray *experts, *gates; /* of one layer */
    int32_t *expert;         /* [n_layers × k] */
    double *gate;
    bool *present; /* [n_layers] */
} Prints;

static void
unref_array(void *array)
{
    g_array_unref(array);
}

static void
prints_clear(Prints *prints)
{
    g_hash_table_unref(prints->string_ids);
    g_ptr_array_unref(prints->strings);
    g_ptr_array_unref(prints->domains);
    g_ptr_array_unref(prints->texts);
    g_array_unref(prints->in_domain);
    g_array_unref(prints->experts);
    g_array_unref(prints->gates);
    g_free(prints->expert);
    g_free(prints->gate);
    g_free(prints->present);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Prints, prints_clear)

/* --- Looking ----------------------------------------------------------------------------------*/

static int32_t
string_id(Prints *prints, const char *text)
{
    int32_t id = GPOINTER_TO_INT(g_hash_table_lookup(prints->string_ids, text));
    if (id == 0) {
        char *copy = g_strdup(text);
        g_ptr_array_add(prints->strings, copy);
        id = (int32_t)prints->strings->len;
        g_hash_table_insert(prints->string_ids, copy, GINT_TO_POINTER(id));
    }
    return id - 1;
}

static bool
learn_text(Prints *prints, MoeJson *json)
{
    GArray *ids = prints->texts->pdata[prints->example];
    g_array_set_size(ids, 0);
    if (!moe__json_expect(json, MOE_JSON_ARRAY, "full_text"))
        return false;
    while (moe__json_next(json) == MOE_JSON_STRING) {
        const char *text = moe__json_text(json);
        if (!text)
            return false;
        int32_t id = string_id(prints, text);
        g_array_append_val(ids, id);
    }
    return json->event == MOE_JSON_ARRAY_END ||
           moe__json_fail(json, "full_text: expected a list of strings");
}

static bool
learn_domain(Prints *prints, MoeJson *json)
{
    const char *name = moe__json_take_text(json, "dataset");
    guint at = 0;
    if (!name)
        return false;
    while (at < prints->domains->len && !g_str_equal(prints->domains->pdata[at], name))
        at++;
    if (at == prints->domains->len)
        g_ptr_array_add(prints->domains, g_strdup(name));
    g_array_index(prints->in_domain, int, prints->example) = (int)at;
    return true;
}

static bool
learn_layer(Prints *prints, MoeJson *json, int layer)
{
    int k = (int)prints->experts->len;
    prints->n_layers = MAX(prints->n_layers, layer + 1);
    if (prints->k > 0 && k != prints->k)
        return moe__json_fail(json, "found %d experts, %d before", k, prints->k);
    prints->k = k;
    for (int i = 0; i < k; i++)
        prints->max_expert = MAX(prints->max_expert, g_array_index(prints->experts, int32_t, i));
    return true;
}

/* --- One token --------------------------------------------------------------------------------*/

/* The number behind `prefix` in a key; -1 if it isn't one. */
static int
key_number(const MoeJson *json, const char *prefix, int limit)
{
    size_t length = strlen(prefix);
    int number = -1;
    if (json->raw_length <= length || memcmp(json->raw, prefix, length) != 0)
        return -1;
    for (size_t i = length; i < json->raw_length; i++) {
        if (!g_ascii_isdigit(json->raw[i]))
            return -1;
        number = MAX(number, 0) * 10 + (json->raw[i] - '0');
        if (number >= limit)
            return -1;
    }
    return number;
}

/* {"selected_experts": […], "selected_probs": […]} */
static bool
read_picks(Prints *prints, MoeJson *json)
{
    g_array_set_size(prints->experts, 0);
    g_array_set_size(prints->gates, 0);
    if (!moe__json_expect(json, MOE_JSON_OBJECT, "layer"))
        return false;
    while (moe__json_next(json) == MOE_JSON_KEY) {
        bool experts = moe__json_is(json, "selected_experts");
        bool good = experts ? moe__json_take_ints(json, "selected_experts", prints->experts)
                    : moe__json_is(json, "selected_probs")
                        ? moe__json_take_reals(json, "selected_probs", prints->gates)
                        : moe__json_skip(json);
        if (!good)
            return false;
    }
    if (prints->experts->len > 0 && prints->experts->len == prints->gates->len)
        return true;
    return moe__json_fail(json, "found %u selected_experts and %u selected_probs",
                          prints->experts->len, prints->gates->len);
}

static bool
read_layers(Prints *prints, MoeJson *json)
{
    if (!moe__json_expect(json, MOE_JSON_OBJECT, "token"))
        return false;
    while (moe__json_next(json) == MOE_JSON_KEY) {
        int layer = key_number(json, "layer_", LAYERS_MAX);
        if (layer < 0)
            return moe__json_fail(json, "expected a key like \"layer_0\"");
        if (!read_picks(prints, json))
            return false;
        if (!prints->bringing) {
            if (!learn_layer(prints, json, layer))
                return false;
            continue;
        }
        if (layer >= prints->n_layers || (int)prints->experts->len != prints->k)
            return moe__json_fail(json, "the file changed while it was read");
        size_t k = (size_t)prints->k, at = (size_t)layer * k;
        memcpy(prints->expert + at, prints->experts->data, sizeof(int32_t) * k);
        memcpy(prints->gate + at, prints->gates->data, sizeof(double) * k);
        prints->present[layer] = true;
    }
    return !json->error;
}

static bool
bring_token(Prints *prints, MoeJson *json, int pos, GError **error)
{
    const GArray *text = prints->texts->pdata[prints->example];
    for (int i = 0; i < prints->n_layers; i++)
        if (!prints->present[i]) {
            moe__json_fail(json, "token_%d: found no layer_%d", pos, i);
            return moe__json_give_up(json, error);
        }
    if (text->len > 0 && (guint)pos >= text->len) {
        moe__json_fail(json, "found token_%d, but full_text has %u tokens", pos, text->len);
        return moe__json_give_up(json, error);
    }
    int domain = moe_import_domain(prints->import, prints->file);
    const MoeImportToken token = {
        .id = text->len > 0 ? g_array_index(text, int32_t, pos) : -1,
        .doc = prints->example,
        .pos = pos,
        .domain = domain >= 0 ? domain : g_array_index(prints->in_domain, int, prints->example),
        .expert = prints->expert,
        .gate = prints->gate,
    };
    if (moe_import_token(prints->import, &token, error))
        return true;
    g_prefix_error(error, "%s: line %" G_GUINT64_FORMAT ": ", json->stream->path, json->line);
    return false;
}

/* {"token_17": {"layer_0": {…}, …}} */
static bool
read_token(Prints *prints, MoeJson *json, GError **error)
{
    while (moe__json_next(json) == MOE_JSON_KEY) {
        int pos = key_number(json, "token_", INT32_MAX / 10);
        if (pos < 0) {
            moe__json_fail(json, "expected a key like \"token_0\"");
            break;
        }
        if (prints->bringing)
            memset(prints->present, 0, sizeof(bool) * (size_t)prints->n_layers);
        if (!read_layers(prints, json))
            break;
        if (prints->bringing && !bring_token(prints, json, pos, error))
            return false;
    }
    return json->error ? moe__json_give_up(json, error) : true;
}

static bool
read_router_data(Prints *prints, MoeJson *json, GError **error)
{
    if (!moe__json_expect(json, MOE_JSON_ARRAY, "router_data"))
        return moe__json_give_up(json, error);
    while (moe__json_next(json) == MOE_JSON_OBJECT)
        if (!read_token(prints, json, error) ||
            !moe_import_progress(prints->import, prints->file, moe__stream_done(json->stream),
                                 error))
            return false;
    if (json->event == MOE_JSON_ARRAY_END)
        return true;
    moe__json_fail(json, "router_data: expected a list of objects");
    return moe__json_give_up(json, error);
}

/* --- Files ------------------------------------------------------------------------------------*/

static bool
read_example(Prints *prints, MoeJson *json, GError **error)
{
    if (!prints->bringing) {
        const int unknown = -1;
        g_ptr_array_add(prints->texts, g_array_new(FALSE, FALSE, sizeof(int32_t)));
        g_array_append_val(prints->in_domain, unknown);
    } else if ((guint)prints->example >= prints->texts->len) {
        moe__json_fail(json, "the file changed while it was read");
        return moe__json_give_up(json, error);
    }
    while (moe__json_next(json) == MOE_JSON_KEY) {
        if (moe__json_is(json, "router_data")) {
            if (!read_router_data(prints, json, error))
                return false;
            continue;
        }
        bool text = !prints->bringing && moe__json_is(json, "full_text");
        bool dataset = !prints->bringing && moe__json_is(json, "dataset");
        if (!(text      ? learn_text(prints, json)
              : dataset ? learn_domain(prints, json)
                        : moe__json_skip(json)))
            break;
    }
    prints->example++;
    return json->error ? moe__json_give_up(json, error) : true;
}

/* An object, or a list of them. */
static bool
read_file(Prints *prints, const char *path, GError **error)
{
    g_autoptr(MoeStream) stream = moe__stream_open(path, error);
    if (!stream)
        return false;
    g_autoptr(MoeJson) json = moe__json_new(stream);
    MoeJsonEvent event;
    while ((event = moe__json_next(json)) != MOE_JSON_END) {
        if (event == MOE_JSON_OBJECT) {
            if (!read_example(prints, json, error))
                return false;
        } else if (event != MOE_JSON_ARRAY && event != MOE_JSON_ARRAY_END) {
            moe__json_fail(json, "expected an object, or a list of objects");
            return moe__json_give_up(json, error);
        }
    }
    return true;
}

static bool
read_all(Prints *prints, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(prints->import, &n);
    prints->example = 0;
    for (prints->file = 0; prints->file < n; prints->file++)
        if (!read_file(prints, files[prints->file].path, error))
            return false;
    return true;
}

static bool
begin(Prints *prints, GError **error)
{
    g_autofree int *layers = g_new(int, (gsize)MAX(prints->n_layers, 1));
    for (int i = 0; i < prints->n_layers; i++)
        layers[i] = i;
    const MoeImportShape shape = {
        .layers = layers,
        .n_layers = prints->n_layers,
        .k = prints->k,
        .max_expert = prints->max_expert,
        .score = "softmax",
        .select = "top-k",
        .has_gates = true,
        .gates = MOE_IMPORT_GATES_SUM_TO_ONE,
        .domains = (const char *const *)prints->domains->pdata,
        .n_domains = (int)prints->domains->len,
        .tokens = (const char *const *)prints->strings->pdata,
        .n_tokens = (int)prints->strings->len,
    };
    if (!moe_import_begin(prints->import, &shape, error))
        return false;
    gsize cells = (gsize)prints->n_layers * (gsize)prints->k;
    prints->expert = g_new(int32_t, cells);
    prints->gate = g_new(double, cells);
    prints->present = g_new(bool, (gsize)prints->n_layers);
    prints->bringing = true;
    return true;
}

static bool
read_prints(MoeImport *import, GError **error)
{
    g_auto(Prints) prints = {
        .import = import,
        .strings = g_ptr_array_new_with_free_func(g_free),
        .string_ids = g_hash_table_new(g_str_hash, g_str_equal),
        .domains = g_ptr_array_new_with_free_func(g_free),
        .texts = g_ptr_array_new_with_free_func(unref_array),
        .in_domain = g_array_new(FALSE, FALSE, sizeof(int)),
        .experts = g_array_new(FALSE, FALSE, sizeof(int32_t)),
        .gates = g_array_new(FALSE, FALSE, sizeof(double)),
    };
    if (!read_all(&prints, error))
        return false;
    if (prints.n_layers == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found no routed token: the router_data of all %u texts are empty",
                    prints.texts->len);
        return false;
    }
    return begin(&prints, error) && read_all(&prints, error);
}

static int
score_prints(const MoeImportHead *head)
{
    if (strstr(head->text, "\"router_data\"") && strstr(head->text, "\"token_"))
        return 90;
    bool text = strstr(head->text, "\"full_text\"") != NULL;
    return text && (strstr(head->text, "\"dataset\"") || strstr(head->text, "\"router_data\"")) ? 70
                                                                                                : 0;
}

const MoeImporter moe__import_gpt_oss = {
    .struct_size = sizeof(MoeImporter),
    .name = "gpt-oss",
    .help = "JSON of one generation of gpt-oss: token strings, selected_experts, selected_probs",
    .cite = "github.com/AmanPriyanshu/GPT-OSS-MoE-ExpertFingerprinting",
    .score = score_prints,
    .read = read_prints,
};
