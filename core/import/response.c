/* SPDX-License-Identifier: MIT */
#include "import/response.h"

static void
scope_clear(void *data)
{
    MoeResponseScope *scope = data;
    for (int i = 0; i < MOE_RESPONSE_LISTS; i++)
        if (scope->ids[i])
            g_array_unref(scope->ids[i]);
    g_free(scope->type);
}

static void
array_clear(void *data)
{
    moe__id_array_free(((MoeResponseArray *)data)->array);
}

void
moe__response_init(MoeResponse *response)
{
    response->scopes = g_array_new(FALSE, FALSE, sizeof(MoeResponseScope));
    g_array_set_clear_func(response->scopes, scope_clear);
    response->arrays = g_array_new(FALSE, FALSE, sizeof(MoeResponseArray));
    g_array_set_clear_func(response->arrays, array_clear);
}

void
moe__response_clear(MoeResponse *response)
{
    g_array_unref(response->scopes);
    g_array_unref(response->arrays);
}

/* --- Values -----------------------------------------------------------------------------------*/

static bool
read_number(MoeJson *json, int64_t *number)
{
    if (moe__json_next(json) == MOE_JSON_NULL)
        return true;
    *number = json->integer;
    return moe__json_check_int(json, "count of tokens", 0, INT32_MAX);
}

static bool
read_type(MoeJson *json, char **type)
{
    const char *text = moe__json_take_text(json, "routed_experts_dtype");
    g_free(*type);
    *type = g_strdup(text);
    return text != NULL;
}

/* Passes over what is left of the lists and objects deeper than this. */
static bool
leave(MoeJson *json, int depth)
{
    while (json->depth > depth)
        if (moe__json_next(json) == MOE_JSON_ERROR)
            return false;
    return !json->error;
}

/* The id of an element: a number; of log probabilities the second of [logprob, id, text]. */
static bool
take_id(MoeJson *json, bool logprobs, GArray *ids)
{
    if (logprobs && json->event == MOE_JSON_ARRAY) {
        int outside = json->depth - 1;
        MoeJsonEvent first = moe__json_next(json);
        bool plain = first == MOE_JSON_NULL || first == MOE_JSON_INT || first == MOE_JSON_REAL;
        if (!plain || moe__json_next(json) != MOE_JSON_INT)
            return false;
        int32_t id = (int32_t)CLAMP(json->integer, -1, INT32_MAX);
        g_array_append_val(ids, id);
        return leave(json, outside);
    }
    int32_t id = (int32_t)CLAMP(json->integer, -1, INT32_MAX);
    if (logprobs || json->event != MOE_JSON_INT)
        return false;
    g_array_append_val(ids, id);
    return true;
}

/* A list of ids; one that holds anything else is passed over, as is what isn't a list. */
static bool
read_ids(MoeJson *json, bool logprobs, GArray **out)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
    int outside = json->depth;
    bool good = moe__json_next(json) == MOE_JSON_ARRAY;
    while (good && moe__json_next(json) != MOE_JSON_ARRAY_END)
        good = take_id(json, logprobs, ids);
    if (!leave(json, outside))
        return false;
    if (good && ids->len > 0 && !*out)
        *out = g_steal_pointer(&ids);
    return true;
}

static bool
read_array(MoeResponse *response, MoeJson *json, int scope, bool prompt)
{
    const MoeResponseArray array = {moe__id_array_read(json), scope, prompt};
    MoeResponseScope *holder = &g_array_index(response->scopes, MoeResponseScope, scope);
    if (!array.array)
        return !json->error;
    if (prompt && holder->prompt < 0)
        holder->prompt = (int)response->arrays->len;
    g_array_append_val(response->arrays, array);
    return true;
}

/* What a key brings, if it is one of those that count. */
static bool
read_member(MoeResponse *response, MoeJson *json, int at)
{
    static const struct {
        const char *key;
        MoeResponseNumber number;
    } numbers[] = {{"prompt_tokens", MOE_RESPONSE_PROMPT_TOKENS},
                   {"completion_tokens", MOE_RESPONSE_COMPLETION_TOKENS},
                   {"routed_experts_start_len", MOE_RESPONSE_START}};
    static const struct {
        const char *key;
        MoeResponseIds ids;
    } lists[] = {{"prompt_token_ids", MOE_RESPONSE_PROMPT_IDS},
                 {"input_token_logprobs", MOE_RESPONSE_PROMPT_LOGPROBS},
                 {"output_ids", MOE_RESPONSE_OUTPUT_IDS},
                 {"token_ids", MOE_RESPONSE_OUTPUT_IDS},
                 {"output_token_logprobs", MOE_RESPONSE_OUTPUT_LOGPROBS}};
    MoeResponseScope *scope = &g_array_index(response->scopes, MoeResponseScope, at);
    if (moe__json_is(json, "routed_experts"))
        return read_array(response, json, at, false);
    if (moe__json_is(json, "prompt_routed_experts"))
        return read_array(response, json, at, true);
    if (moe__json_is(json, "routed_experts_dtype"))
        return read_type(json, &scope->type);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (moe__json_is(json, numbers[i].key))
            return read_number(json, &scope->number[numbers[i].number]);
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        if (moe__json_is(json, lists[i].key))
            return read_ids(json,
                            lists[i].ids == MOE_RESPONSE_PROMPT_LOGPROBS ||
                                lists[i].ids == MOE_RESPONSE_OUTPUT_LOGPROBS,
                            &scope->ids[lists[i].ids]);
    return true;
}

static int
open_scope(MoeResponse *response, int parent)
{
    MoeResponseScope scope = {.parent = parent, .prompt = -1};
    for (int i = 0; i < MOE_RESPONSE_NUMBERS; i++)
        scope.number[i] = -1;
    g_array_append_val(response->scopes, scope);
    return (int)response->scopes->len - 1;
}

bool
moe__response_read(MoeResponse *response, MoeJson *json)
{
    int outside = json->depth, at;
    g_array_set_size(response->scopes, 0);
    g_array_set_size(response->arrays, 0);
    at = open_scope(response, -1);
    while (json->depth >= outside) {
        MoeJsonEvent event = moe__json_next(json);
        if (event == MOE_JSON_ERROR || (event == MOE_JSON_KEY && !read_member(response, json, at)))
            return false;
        if (event == MOE_JSON_OBJECT) {
            at = open_scope(response, at);
        } else if (event == MOE_JSON_OBJECT_END) {
            MoeResponseScope *scope = &g_array_index(response->scopes, MoeResponseScope, at);
            scope->end = (int)response->scopes->len;
            at = scope->parent;
        }
    }
    return true;
}

/* --- What is nearest --------------------------------------------------------------------------*/

/* Whether a scope holds what is looked for. */
typedef bool (*Holds)(const MoeResponse *response, int scope, int what);

/* The scope that is nearest to one and holds something, -1: none, or several as near. */
static int
nearest(const MoeResponse *response, int from, Holds holds, int what)
{
    while (from >= 0) {
        const MoeResponseScope *scope = &g_array_index(response->scopes, MoeResponseScope, from);
        int found = holds(response, from, what) ? from : -1;
        for (int i = from + 1; i < scope->end && found != from; i++) {
            if (!holds(response, i, what))
                continue;
            if (found >= 0)
                return -1;
            found = i;
        }
        if (found >= 0)
            return found;
        from = scope->parent;
    }
    return -1;
}

static const MoeResponseScope *
scope_at(const MoeResponse *response, int scope)
{
    return scope < 0 ? NULL : &g_array_index(response->scopes, MoeResponseScope, scope);
}

static bool
holds_number(const MoeResponse *response, int scope, int number)
{
    return scope_at(response, scope)->number[number] >= 0;
}

int64_t
moe__response_number(const MoeResponse *response, int scope, MoeResponseNumber number)
{
    int found = nearest(response, scope, holds_number, number);
    return found < 0 ? -1 : scope_at(response, found)->number[number];
}

static bool
holds_ids(const MoeResponse *response, int scope, int ids)
{
    return scope_at(response, scope)->ids[ids] != NULL;
}

const GArray *
moe__response_ids(const MoeResponse *response, int scope, MoeResponseIds ids)
{
    int found = nearest(response, scope, holds_ids, ids);
    return found < 0 ? NULL : scope_at(response, found)->ids[ids];
}

static bool
holds_type(const MoeResponse *response, int scope, int unused)
{
    return scope_at(response, scope)->type != NULL;
}

const char *
moe__response_type(const MoeResponse *response, int scope)
{
    int found = nearest(response, scope, holds_type, 0);
    return found < 0 ? NULL : scope_at(response, found)->type;
}

static bool
holds_prompt(const MoeResponse *response, int scope, int unused)
{
    return scope_at(response, scope)->prompt >= 0;
}

int
moe__response_prompt(const MoeResponse *response, int scope)
{
    int found = nearest(response, scope, holds_prompt, 0);
    return found < 0 ? -1 : scope_at(response, found)->prompt;
}
