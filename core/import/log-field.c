/* SPDX-License-Identifier: MIT
 *
 * What the keys and columns of logs mean, under the names that loggers give them.
 */
#include "import/log-row.h"

#include <string.h>

typedef struct {
    const char *name;
    size_t length;
    MoeLogField field;
} Field;

#define FIELD(name, field)           \
    {                                \
        name, sizeof name - 1, field \
    }

static const Field fields[] = {
    FIELD("type", MOE_LOG_TYPE),
    FIELD("req_id", MOE_LOG_DOC),
    FIELD("request_id", MOE_LOG_DOC),
    FIELD("request", MOE_LOG_DOC),
    FIELD("rid", MOE_LOG_DOC),
    FIELD("doc", MOE_LOG_DOC),
    FIELD("doc_id", MOE_LOG_DOC),
    FIELD("document", MOE_LOG_DOC),
    FIELD("seq", MOE_LOG_DOC),
    FIELD("seq_id", MOE_LOG_DOC),
    FIELD("sequence", MOE_LOG_DOC),
    FIELD("sequence_id", MOE_LOG_DOC),
    FIELD("prompt_id", MOE_LOG_DOC),
    FIELD("sample_id", MOE_LOG_DOC),
    FIELD("token_idx", MOE_LOG_POS),
    FIELD("token_index", MOE_LOG_POS),
    FIELD("token_pos", MOE_LOG_POS),
    FIELD("token_position", MOE_LOG_POS),
    FIELD("pos", MOE_LOG_POS),
    FIELD("position", MOE_LOG_POS),
    FIELD("positions", MOE_LOG_POS),
    FIELD("token", MOE_LOG_TOKEN),
    FIELD("token_id", MOE_LOG_ID),
    FIELD("token_ids", MOE_LOG_ID),
    FIELD("id", MOE_LOG_ID),
    FIELD("layer", MOE_LOG_LAYER),
    FIELD("layer_id", MOE_LOG_LAYER),
    FIELD("layer_idx", MOE_LOG_LAYER),
    FIELD("layer_index", MOE_LOG_LAYER),
    FIELD("layer_name", MOE_LOG_LAYER),
    FIELD("topk_ids", MOE_LOG_EXPERTS),
    FIELD("topk_idx", MOE_LOG_EXPERTS),
    FIELD("topk_indices", MOE_LOG_EXPERTS),
    FIELD("topk_experts", MOE_LOG_EXPERTS),
    FIELD("top_k_ids", MOE_LOG_EXPERTS),
    FIELD("top_k_indices", MOE_LOG_EXPERTS),
    FIELD("top_indices", MOE_LOG_EXPERTS),
    FIELD("top_expert", MOE_LOG_EXPERTS),
    FIELD("experts", MOE_LOG_EXPERTS),
    FIELD("expert", MOE_LOG_EXPERTS),
    FIELD("expert_id", MOE_LOG_EXPERTS),
    FIELD("expert_ids", MOE_LOG_EXPERTS),
    FIELD("expert_idx", MOE_LOG_EXPERTS),
    FIELD("expert_index", MOE_LOG_EXPERTS),
    FIELD("expert_indices", MOE_LOG_EXPERTS),
    FIELD("selected_expert", MOE_LOG_EXPERTS),
    FIELD("selected_experts", MOE_LOG_EXPERTS),
    FIELD("routed_experts", MOE_LOG_EXPERTS),
    FIELD("topk_weights", MOE_LOG_GATES),
    FIELD("topk_weight", MOE_LOG_GATES),
    FIELD("topk_probs", MOE_LOG_GATES),
    FIELD("topk_scores", MOE_LOG_GATES),
    FIELD("top_k_weights", MOE_LOG_GATES),
    FIELD("top_weight", MOE_LOG_GATES),
    FIELD("gate", MOE_LOG_GATES),
    FIELD("gates", MOE_LOG_GATES),
    FIELD("gate_weight", MOE_LOG_GATES),
    FIELD("gate_weights", MOE_LOG_GATES),
    FIELD("weight", MOE_LOG_GATES),
    FIELD("weights", MOE_LOG_GATES),
    FIELD("expert_weight", MOE_LOG_GATES),
    FIELD("expert_weights", MOE_LOG_GATES),
    FIELD("expert_probs", MOE_LOG_GATES),
    FIELD("routing_weights", MOE_LOG_GATES),
    FIELD("selected_probs", MOE_LOG_GATES),
    FIELD("prob", MOE_LOG_GATES),
    FIELD("probs", MOE_LOG_GATES),
    FIELD("domain", MOE_LOG_DOMAIN),
    FIELD("model_id", MOE_LOG_MODEL),
    FIELD("model", MOE_LOG_MODEL),
    FIELD("num_experts", MOE_LOG_META_EXPERTS),
    FIELD("n_experts", MOE_LOG_META_EXPERTS),
    FIELD("n_routed_experts", MOE_LOG_META_EXPERTS),
    FIELD("num_local_experts", MOE_LOG_META_EXPERTS),
    FIELD("top_k", MOE_LOG_META_K),
    FIELD("num_experts_per_tok", MOE_LOG_META_K),
    FIELD("norm_topk_prob", MOE_LOG_META_NORM),
    FIELD("renormalize", MOE_LOG_META_NORM),
};

MoeLogField
moe__log_field(const char *name, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].length == length && memcmp(fields[i].name, name, length) == 0)
            return fields[i].field;
    return MOE_LOG_UNKNOWN;
}

MoeLogField
moe__log_column(const char *name, bool *numbered)
{
    MoeLogField field = moe__log_field(name, strlen(name));
    *numbered = false;
    if (field != MOE_LOG_UNKNOWN)
        return field;
    g_autoptr(GString) plain = g_string_new(NULL);
    for (const char *c = name; *c; c++)
        if (!g_ascii_isdigit(*c))
            g_string_append_c(plain, *c);
    while (plain->len > 0 && strchr("_.[]", plain->str[plain->len - 1]))
        g_string_truncate(plain, plain->len - 1);
    field = moe__log_field(plain->str, plain->len);
    *numbered = plain->len < strlen(name) && (field == MOE_LOG_EXPERTS || field == MOE_LOG_GATES);
    return *numbered ? field : MOE_LOG_UNKNOWN;
}

bool
moe__log_is_told(const char *text)
{
    bool layer = false, experts = false;
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        bool *found = fields[i].field == MOE_LOG_LAYER     ? &layer
                      : fields[i].field == MOE_LOG_EXPERTS ? &experts
                                                           : NULL;
        g_autofree char *key = g_strconcat("\"", fields[i].name, "\"", NULL);
        if (found && !*found)
            *found = strstr(text, key) != NULL;
    }
    return layer && experts;
}

/* The digits behind "layer", "layers.", "blk." …; NULL: there are none. */
static const char *
behind_word(const char *name)
{
    static const char *const words[] = {"layer", "block", "blk"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        const char *at = strstr(name, words[i]);
        at = at ? at + strlen(words[i]) : "";
        at += *at == 's';
        at += *at && strchr("._-[ ", *at);
        if (g_ascii_isdigit(*at))
            return at;
    }
    return NULL;
}

int
moe__log_layer(const char *name)
{
    const char *digits = behind_word(name);
    if (!digits) {
        digits = name + strcspn(name, G_CSET_DIGITS);
        const char *after = digits + strspn(digits, G_CSET_DIGITS);
        if (after[strcspn(after, G_CSET_DIGITS)]) /* two numbers */
            return -1;
    }
    size_t length = strspn(digits, G_CSET_DIGITS);
    return length > 0 && length <= 5 ? (int)g_ascii_strtoll(digits, NULL, 10) : -1;
}
