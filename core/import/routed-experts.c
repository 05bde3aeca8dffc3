/* SPDX-License-Identifier: MIT
 *
 * Responses of SGLang and vLLM that were asked to return routed experts, as JSON: one, a list of
 * them, or a line each. Wherever in a response "routed_experts" stands, it is a document; vLLM's
 * "prompt_routed_experts" come before it. SGLang sends bare int32 (forks what routed_experts_dtype
 * says), whose shape follows from the counts of tokens and k. The last token has no row.
 */
#include "import/importers.h"
#include "import/response.h"
#include "import/routed.h"
#include "import/token-ids.h"

#include <string.h>

#define I64 G_GINT64_FORMAT

typedef struct Responses {
    MoeRouted routed;
    int file;
    bool bringing;
    MoeResponse response;
    int64_t bare;      /* layers of bare arrays, which their length tells; 0: there are none */
    int64_t unmatched; /* documents whose ids of tokens aren't as many as the rows say */
    int64_t found;     /* arrays */
    int32_t doc;
} Responses;

static void
responses_clear(Responses *responses)
{
    moe__response_clear(&responses->response);
    moe__routed_clear(&responses->routed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Responses, responses_clear)

/* --- Shapes -----------------------------------------------------------------------------------*/

/* The shape of a bare array: rows from where they start up to the last token but one. */
static bool
give_shape(Responses *responses, MoeJson *json, const MoeResponseArray *found)
{
    const MoeResponse *response = &responses->response;
    MoeIdArray *array = found->array;
    int k = moe_import_options(responses->routed.import)->k;
    const char *said = moe__response_type(response, found->scope);
    const char *told = moe_import_options(responses->routed.import)->id_type;
    const char *type = said ? said : told;
    int64_t prompt = moe__response_number(response, found->scope, MOE_RESPONSE_PROMPT_TOKENS);
    int64_t rest = moe__response_number(response, found->scope, MOE_RESPONSE_COMPLETION_TOKENS);
    int64_t start = moe__response_number(response, found->scope, MOE_RESPONSE_START);
    if (array->shaped)
        return true;
    if (said && told && !g_str_equal(said, told))
        return moe__json_fail(json, "routed_experts_dtype says %s, --id-type %s", said, told);
    array->bare = true;
    if (!moe__id_array_type(json, array, type))
        return false;
    if (k <= 0)
        return moe__json_fail(json, "a bare array doesn't say how many experts a token gets: give "
                                    "--k N");
    if (prompt < 0 || rest < 0)
        return moe__json_fail(json, "a bare array needs prompt_tokens and completion_tokens beside "
                                    "it");
    int64_t tokens = prompt + rest - 1 - MAX(start, 0);
    if (!moe__id_array_shape(array, tokens, k))
        return moe__json_fail(json,
                              "found %zu bytes of %s, which %" I64
                              " tokens and k = %d (--k) don't divide (--id-type says what ids are)",
                              array->length, type ? type : "int32", tokens, k);
    responses->bare = array->layers;
    return true;
}

/* What is sent of ids beside the arrays of a scope. */
static MoeTokenIds
sent_ids(const MoeResponse *response, int scope)
{
    MoeTokenIds sent = {
        .prompt = moe__response_ids(response, scope, MOE_RESPONSE_PROMPT_IDS),
        .output = moe__response_ids(response, scope, MOE_RESPONSE_OUTPUT_IDS),
        .last = moe__response_ids(response, scope, MOE_RESPONSE_PROMPT_LOGPROBS),
        .prompt_tokens = moe__response_number(response, scope, MOE_RESPONSE_PROMPT_TOKENS),
    };
    if (!sent.output)
        sent.output = moe__response_ids(response, scope, MOE_RESPONSE_OUTPUT_LOGPROBS);
    return sent;
}

/* --- Taking it in -----------------------------------------------------------------------------*/

static int64_t
id_at(const void *array, int64_t i)
{
    return moe__id_array_at(array, i);
}

/* An array whose first row is the token at `pos`; `ids` from the document's first token on. */
static bool
take_array(Responses *responses, MoeJson *json, const MoeIdArray *array, const GArray *ids,
           int64_t pos, GError **error)
{
    MoeRouted *routed = &responses->routed;
    const MoeRoutedArray rows = {
        .tokens = array->tokens,
        .layers = array->layers,
        .k = array->k,
        .none = array->kind == 'u' && array->width <= 2 ? (1 << (8 * array->width)) - 1 : 0,
        .of = array,
        .at = id_at,
        .ids = ids ? (const int32_t *)(const void *)ids->data + pos : NULL,
    };
    if (!responses->bringing) {
        g_autofree char *problem = moe__routed_learn(routed, &rows);
        const char *hint = array->bare ? " (--id-type says what ids are)" : "";
        return !problem || moe__json_fail(json, "%s%s", problem, hint) ||
               moe__json_give_up(json, error);
    }
    int32_t domain = moe_import_domain(routed->import, responses->file);
    if (moe__routed_bring(routed, &rows, 0, rows.tokens, responses->doc, (int32_t)pos, domain,
                          error))
        return true;
    g_prefix_error(error, "%s: line %" G_GUINT64_FORMAT ": ", json->stream->path, json->line);
    return false;
}

/* The array of a prompt and of what was generated; either may be NULL. `again`: the prompt was
 * taken with what was generated first. */
static bool
take_document(Responses *responses, MoeJson *json, const MoeResponseArray *prompt,
              const MoeResponseArray *rest, bool again, GError **error)
{
    int scope = rest ? rest->scope : prompt->scope;
    int64_t start = moe__response_number(&responses->response, scope, MOE_RESPONSE_START);
    int64_t head = prompt ? prompt->array->tokens : -1;
    int64_t pos = prompt ? head : CLAMP(start, 0, INT32_MAX / 2);
    if (rest && rest->array->start >= 0)
        pos = rest->array->start;
    int64_t end = pos + (rest ? rest->array->tokens : 0);
    bool odd;
    const MoeTokenIds sent = sent_ids(&responses->response, scope);
    g_autoptr(GArray) ids = moe__token_ids(&sent, head, end, &odd);
    responses->unmatched += odd;
    if ((prompt && !again && !take_array(responses, json, prompt->array, ids, 0, error)) ||
        (rest && !take_array(responses, json, rest->array, ids, pos, error)))
        return false;
    responses->doc++;
    return true;
}

/* What was generated, each with its prompt before it; then prompts by themselves. */
static bool
take_response(Responses *responses, MoeJson *json, GError **error)
{
    const MoeResponse *response = &responses->response;
    const MoeResponseArray *arrays = (const MoeResponseArray *)(void *)response->arrays->data;
    guint n = response->arrays->len;
    g_autofree bool *taken = g_new0(bool, n + 1);
    responses->found += n;
    for (guint i = 0; i < n; i++)
        if (!give_shape(responses, json, &arrays[i]))
            return moe__json_give_up(json, error);
    for (guint i = 0; i < n; i++) {
        int prompt = arrays[i].prompt ? -1 : moe__response_prompt(response, arrays[i].scope);
        if (arrays[i].prompt)
            continue;
        if (!take_document(responses, json, prompt < 0 ? NULL : &arrays[prompt], &arrays[i],
                           prompt >= 0 && taken[prompt], error))
            return false;
        if (prompt >= 0)
            taken[prompt] = true;
    }
    for (guint i = 0; i < n; i++)
        if (arrays[i].prompt && !taken[i] &&
            !take_document(responses, json, &arrays[i], NULL, false, error))
            return false;
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
        if (json->error || !moe__response_read(&responses->response, json))
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

/* What follows from lengths alone has to be what the caller says. */
static bool
check_layers(const Responses *responses, GError **error)
{
    const MoeImportOptions *options = moe_import_options(responses->routed.import);
    if (responses->bare == 0 || options->n_layers <= responses->bare)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "by the counts of tokens and k = %d bare arrays have %" I64
                " layers, --layers names %d: rows may begin amid the text, which "
                "routed_experts_start_len beside the counts would say",
                options->k, responses->bare, options->n_layers);
    return false;
}

static void
tell(const Responses *responses)
{
    const MoeImportOptions *options = moe_import_options(responses->routed.import);
    if (responses->bare > 0 && options->n_layers == 0)
        moe_import_note(responses->routed.import,
                        "bare arrays don't say their shape: by the counts of tokens and k = %d "
                        "they have %" I64 " layers (--layers holds them against the model's)",
                        options->k, responses->bare);
    if (responses->unmatched > 0)
        moe_import_note(responses->routed.import,
                        "%" I64 " documents have ids of tokens in another number than their rows "
                        "say: they were left out",
                        responses->unmatched);
}

static bool
read_responses(MoeImport *import, GError **error)
{
    g_auto(Responses) responses = {0};
    moe__response_init(&responses.response);
    moe__routed_init(&responses.routed, import);
    if (!read_all(&responses, error) || !check_layers(&responses, error))
        return false;
    if (responses.found == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "the responses carry no routed experts (null in all places): the server has to "
                    "be asked to return them");
        return false;
    }
    tell(&responses);
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
