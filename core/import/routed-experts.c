/* SPDX-License-Identifier: MIT
 *
 * Responses of SGLang and vLLM that were asked to return routed experts, as JSON: one, a list of
 * them, or a line each. Wherever in a response "routed_experts" stands, it is a document; vLLM's
 * "prompt_routed_experts" come before it. SGLang sends bare int32 (forks what routed_experts_dtype
 * says), whose shape follows from the counts of tokens and k. The last token has no row.
 */
#include "import/id-array.h"
#include "import/importers.h"
#include "import/routed.h"

#include <string.h>

typedef struct Responses {
    MoeRouted routed;
    int file;
    bool bringing;
    GPtrArray *arrays;                        /* of the response */
    int64_t prompt_tokens, completion_tokens; /* of the response; -1: not said */
    char *type;                               /* of its bare arrays; NULL: not said */
    int64_t nulls, found;                     /* places of arrays: that have none, that have one */
    int32_t doc;
} Responses;

static void
array_free(void *array)
{
    moe__id_array_free(array);
}

static void
responses_clear(Responses *responses)
{
    g_ptr_array_unref(responses->arrays);
    g_free(responses->type);
    moe__routed_clear(&responses->routed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Responses, responses_clear)

/* --- A response -------------------------------------------------------------------------------*/

static bool
read_count(MoeJson *json, int64_t *count)
{
    return moe__json_take_int(json, "count of tokens", 0, INT32_MAX, count);
}

static bool
read_array(Responses *responses, MoeJson *json, bool prompt)
{
    MoeIdArray *array = moe__id_array_read(json);
    responses->nulls += !array;
    responses->found += array != NULL;
    if (!array)
        return !json->error;
    array->prompt = prompt;
    /* A prompt goes before what was generated. */
    g_ptr_array_insert(responses->arrays, prompt ? 0 : -1, array);
    return true;
}

static bool
read_type(MoeJson *json, char **type)
{
    const char *text = moe__json_take_text(json, "routed_experts_dtype");
    g_free(*type);
    *type = g_strdup(text);
    return text != NULL;
}

/* What a key of a response brings, if it is one of those that count. */
static bool
read_member(Responses *responses, MoeJson *json)
{
    if (moe__json_is(json, "routed_experts"))
        return read_array(responses, json, false);
    if (moe__json_is(json, "prompt_routed_experts"))
        return read_array(responses, json, true);
    if (moe__json_is(json, "routed_experts_dtype"))
        return read_type(json, &responses->type);
    if (moe__json_is(json, "prompt_tokens"))
        return read_count(json, &responses->prompt_tokens);
    return !moe__json_is(json, "completion_tokens") ||
           read_count(json, &responses->completion_tokens);
}

/* All of a response, whatever else it holds. */
static bool
read_response(Responses *responses, MoeJson *json)
{
    int outside = json->depth;
    g_ptr_array_set_size(responses->arrays, 0);
    g_clear_pointer(&responses->type, g_free);
    responses->prompt_tokens = responses->completion_tokens = -1;
    while (json->depth >= outside) {
        MoeJsonEvent event = moe__json_next(json);
        if (event == MOE_JSON_ERROR || (event == MOE_JSON_KEY && !read_member(responses, json)))
            return false;
    }
    return true;
}

static bool
give_shape(const Responses *responses, MoeJson *json, MoeIdArray *array)
{
    int k = moe_import_options(responses->routed.import)->k;
    if (array->shaped)
        return true;
    array->bare = true;
    const char *told = moe_import_options(responses->routed.import)->id_type;
    if (told && responses->type && !g_str_equal(told, responses->type))
        return moe__json_fail(json, "routed_experts_dtype says %s, --id-type %s", responses->type,
                              told);
    const char *type = responses->type ? responses->type : told;
    if (!moe__id_array_type(json, array, type))
        return false;
    if (k <= 0)
        return moe__json_fail(json, "a bare array doesn't say how many experts a token gets: give "
                                    "--k N");
    if (responses->prompt_tokens < 0 || responses->completion_tokens < 0)
        return moe__json_fail(json, "a bare array needs prompt_tokens and completion_tokens beside "
                                    "it");
    int64_t tokens = responses->prompt_tokens + responses->completion_tokens - 1;
    return moe__id_array_shape(array, tokens, k) ||
           moe__json_fail(json,
                          "found %zu bytes of %s, which %" G_GINT64_FORMAT
                          " tokens and k = %d (--k) don't divide (--id-type says what ids are)",
                          array->length, type ? type : "int32", tokens, k);
}

/* --- Taking it in -----------------------------------------------------------------------------*/

static int64_t
id_at(const void *array, int64_t i)
{
    return moe__id_array_at(array, i);
}

static bool
take_array(Responses *responses, MoeJson *json, MoeIdArray *array, int32_t pos, GError **error)
{
    MoeRouted *routed = &responses->routed;
    const MoeRoutedArray ids = {
        .tokens = array->tokens,
        .layers = array->layers,
        .k = array->k,
        .none = array->kind == 'u' && array->width <= 2 ? (1 << (8 * array->width)) - 1 : 0,
        .of = array,
        .at = id_at,
    };
    if (!responses->bringing) {
        g_autofree char *problem = moe__routed_learn(routed, &ids);
        const char *hint = array->bare ? " (--id-type says what ids are)" : "";
        return !problem || moe__json_fail(json, "%s%s", problem, hint) ||
               moe__json_give_up(json, error);
    }
    int32_t domain = moe_import_domain(routed->import, responses->file);
    if (moe__routed_bring(routed, &ids, 0, ids.tokens, responses->doc, pos, domain, error))
        return true;
    g_prefix_error(error, "%s: line %" G_GUINT64_FORMAT ": ", json->stream->path, json->line);
    return false;
}

static bool
take_response(Responses *responses, MoeJson *json, GError **error)
{
    int32_t prompt = 0;
    for (guint i = 0; i < responses->arrays->len; i++) {
        MoeIdArray *array = responses->arrays->pdata[i];
        if (!give_shape(responses, json, array))
            return moe__json_give_up(json, error);
        int32_t pos = array->start >= 0 ? (int32_t)array->start : array->prompt ? 0 : prompt;
        if (!take_array(responses, json, array, pos, error))
            return false;
        prompt = array->prompt ? (int32_t)array->tokens : prompt;
        bool more = array->prompt && i + 1 < responses->arrays->len;
        responses->doc += !more;
    }
    return true;
}

/* --- Files ------------------------------------------------------------------------------------*/

static bool
read_file(Responses *responses, const char *path, GError **error)
{
    g_autoptr(MoeStream) stream = moe__stream_open(path, error);
    if (!stream)
        return false;
    g_autoptr(MoeJson) json = moe__json_new(stream);
    while (moe__json_next(json) != MOE_JSON_END) {
        if (json->event == MOE_JSON_ARRAY || json->event == MOE_JSON_ARRAY_END)
            continue;
        if (json->event != MOE_JSON_OBJECT)
            moe__json_fail(json, "expected an object, or a list of objects");
        if (json->error || !read_response(responses, json))
            return moe__json_give_up(json, error);
        if (!take_response(responses, json, error) ||
            !moe_import_progress(responses->routed.import, responses->file,
                                 moe__stream_done(stream), error))
            return false;
    }
    return true;
}

static bool
read_all(Responses *responses, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(responses->routed.import, &n);
    for (responses->file = 0; responses->file < n; responses->file++)
        if (!read_file(responses, files[responses->file].path, error))
            return false;
    return true;
}

static bool
read_responses(MoeImport *import, GError **error)
{
    g_auto(Responses) responses = {
        .arrays = g_ptr_array_new_with_free_func(array_free),
    };
    moe__routed_init(&responses.routed, import);
    if (!read_all(&responses, error))
        return false;
    if (responses.found == 0 && responses.nulls > 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "the responses carry no routed experts (null in all of the %" G_GINT64_FORMAT
                    " places): the server has to be asked to return them",
                    responses.nulls);
        return false;
    }
    if (!moe__routed_begin(&responses.routed, error))
        return false;
    responses.bringing = true;
    responses.doc = 0;
    return read_all(&responses, error);
}

static int
score_responses(const MoeImportHead *head)
{
    return strstr(head->text, "routed_experts\"") ? 90 : 0;
}

const MoeImporter moe__import_routed_experts = {
    .struct_size = sizeof(MoeImporter),
    .name = "routed-experts",
    .help = "JSON responses of SGLang and vLLM with base64 routed_experts",
    .cite = "github.com/sgl-project/sglang, github.com/vllm-project/vllm/pull/28284",
    .score = score_responses,
    .read = read_responses,
};
