/* SPDX-License-Identifier: MIT
 *
 * What both kinds of tokenizer share: the table of tokens and how they read.
 */
#include "text/tokenizer.h"

#include "text/utf8.h"

#include <string.h>

static void
index_tokens(MoeTokenizer *tokenizer)
{
    for (int32_t id = 0; id < tokenizer->size; id++) {
        size_t length;
        const char *token = moe_tokenizer_token(tokenizer, id, &length);
        if (length == 1)
            tokenizer->byte_id[(unsigned char)token[0]] = id;
    }
    moe__pair_map_init(&tokenizer->ranks, (size_t)tokenizer->n_merges);
    for (int32_t rank = 0; rank < tokenizer->n_merges; rank++) {
        const MoeMerge *merge = &tokenizer->merges[rank];
        *moe__pair_map_at(&tokenizer->ranks, merge->left, merge->right) = rank;
    }
}

MoeTokenizer *
moe__tokenizer_from_tokens(GPtrArray *tokens, GArray *merges)
{
    MoeTokenizer *tokenizer = g_new0(MoeTokenizer, 1);
    tokenizer->size = (int)tokens->len;
    tokenizer->start = g_new(size_t, tokens->len + 1);
    size_t total = 0;
    for (guint i = 0; i < tokens->len; i++) {
        tokenizer->start[i] = total;
        total += g_bytes_get_size(tokens->pdata[i]);
    }
    tokenizer->start[tokens->len] = total;
    tokenizer->bytes = g_malloc(total);
    for (guint i = 0; i < tokens->len; i++) {
        size_t size;
        const void *data = g_bytes_get_data(tokens->pdata[i], &size);
        memcpy(tokenizer->bytes + tokenizer->start[i], data, size);
    }
    tokenizer->n_merges = (int)merges->len;
    tokenizer->merges = (MoeMerge *)(void *)g_array_free(merges, FALSE);
    g_ptr_array_unref(tokens);
    index_tokens(tokenizer);
    return tokenizer;
}

GPtrArray *
moe__byte_tokens(void)
{
    GPtrArray *tokens = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (int i = 0; i < 256; i++) {
        unsigned char byte = (unsigned char)i;
        g_ptr_array_add(tokens, g_bytes_new(&byte, 1));
    }
    return tokens;
}

MoeTokenizer *
moe_tokenizer_bytes(void)
{
    return moe__tokenizer_from_tokens(moe__byte_tokens(),
                                      g_array_new(FALSE, FALSE, sizeof(MoeMerge)));
}

void
moe_tokenizer_free(MoeTokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    moe__pair_map_clear(&tokenizer->ranks);
    g_free(tokenizer->merges);
    g_free(tokenizer->start);
    g_free(tokenizer->bytes);
    g_free(tokenizer);
}

int
moe_tokenizer_size(const MoeTokenizer *tokenizer)
{
    return tokenizer->size;
}

const char *
moe_tokenizer_kind(const MoeTokenizer *tokenizer)
{
    return tokenizer->n_merges > 0 ? "bpe" : "bytes";
}

void
moe_tokenizer_encode(const MoeTokenizer *tokenizer, const char *text, size_t length, GArray *ids)
{
    g_return_if_fail(ids && g_array_get_element_size(ids) == sizeof(int32_t));
    g_autoptr(MoeEncoder) encoder = moe__encoder_new(tokenizer);
    moe__encoder_run(encoder, text, length, ids);
}

const char *
moe_tokenizer_token(const MoeTokenizer *tokenizer, int32_t id, size_t *length)
{
    g_return_val_if_fail(id >= 0 && id < tokenizer->size, NULL);
    *length = tokenizer->start[id + 1] - tokenizer->start[id];
    return tokenizer->bytes + tokenizer->start[id];
}

static void
append_escaped(GString *line, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n')
            g_string_append(line, "\\n");
        else if (bytes[i] == '\t')
            g_string_append(line, "\\t");
        else
            g_string_append_printf(line, "\\x%02X", (unsigned char)bytes[i]);
    }
}

char *
moe_tokenizer_display(const MoeTokenizer *tokenizer, int32_t id)
{
    size_t length;
    const char *token = moe_tokenizer_token(tokenizer, id, &length);
    if (!token)
        return NULL;
    GString *line = g_string_new(NULL);
    for (size_t at = 0, size; at < length; at += size) {
        gunichar c = moe__utf8_next(token + at, length - at, &size);
        if (c == MOE_STRAY_BYTE || g_unichar_iscntrl(c))
            append_escaped(line, token + at, size);
        else
            g_string_append_len(line, token + at, (gssize)size);
    }
    return g_string_free(line, FALSE);
}
