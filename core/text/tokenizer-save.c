/* SPDX-License-Identifier: MIT
 *
 * Writing tokenizer.json as Hugging Face's `tokenizers` does: a BPE over bytes in GPT-2's
 * alphabet. The bytes tokenizer is one without merges.
 */
#include "base/json-out.h"
#include "text/alphabet.h"
#include "text/tokenizer.h"

static const char head[] =
    "{\n"
    "  \"version\": \"1.0\",\n"
    "  \"truncation\": null,\n"
    "  \"padding\": null,\n"
    "  \"added_tokens\": [],\n"
    "  \"normalizer\": null,\n"
    "  \"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false,"
    " \"trim_offsets\": true, \"use_regex\": true},\n"
    "  \"post_processor\": null,\n"
    "  \"decoder\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false,"
    " \"trim_offsets\": true, \"use_regex\": true},\n"
    "  \"model\": {\n"
    "    \"type\": \"BPE\",\n"
    "    \"dropout\": null,\n"
    "    \"unk_token\": null,\n"
    "    \"continuing_subword_prefix\": null,\n"
    "    \"end_of_word_suffix\": null,\n"
    "    \"fuse_unk\": false,\n"
    "    \"byte_fallback\": false,\n"
    "    \"ignore_merges\": false,\n";

static char *
token_text(const MoeTokenizer *tokenizer, int32_t id)
{
    size_t length;
    const char *token = moe_tokenizer_token(tokenizer, id, &length);
    return moe__alphabet_write(token, length);
}

static void
append_vocabulary(GString *json, const MoeTokenizer *tokenizer)
{
    g_string_append(json, "    \"vocab\": {");
    for (int32_t id = 0; id < tokenizer->size; id++) {
        g_autofree char *token = token_text(tokenizer, id);
        g_string_append(json, id > 0 ? ",\n      " : "\n      ");
        moe__json_append_string(json, token);
        g_string_append_printf(json, ": %d", id);
    }
    g_string_append(json, "\n    },\n");
}

/* As one string a merge, which older versions of `tokenizers` read too; no token has a blank. */
static void
append_merges(GString *json, const MoeTokenizer *tokenizer)
{
    g_string_append(json, "    \"merges\": [");
    for (int rank = 0; rank < tokenizer->n_merges; rank++) {
        g_autofree char *left = token_text(tokenizer, tokenizer->merges[rank].left);
        g_autofree char *right = token_text(tokenizer, tokenizer->merges[rank].right);
        g_autofree char *both = g_strconcat(left, " ", right, NULL);
        g_string_append(json, rank > 0 ? ",\n      " : "\n      ");
        moe__json_append_string(json, both);
    }
    g_string_append(json, tokenizer->n_merges > 0 ? "\n    ]\n" : "]\n");
}

bool
moe_tokenizer_save(const MoeTokenizer *tokenizer, const char *path, GError **error)
{
    g_autoptr(GString) json = g_string_new(head);
    append_vocabulary(json, tokenizer);
    append_merges(json, tokenizer);
    g_string_append(json, "  }\n}\n");
    return moe_file_replace(path, json->str, json->len, error);
}
