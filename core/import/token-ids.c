/* SPDX-License-Identifier: MIT */
#include "import/token-ids.h"

#include <string.h>

/* Tokens of the prompt; -1: can't be told, or it is said in two ways. */
static int64_t
count_prompt(const MoeTokenIds *sent, int64_t head, int64_t end)
{
    const GArray *ids = sent->prompt, *last = ids ? NULL : sent->last;
    int64_t n = sent->prompt_tokens, generated = sent->output ? (int64_t)sent->output->len : -2;
    if (ids && n >= 0 && n != ids->len)
        return -1;
    if (ids)
        n = ids->len;
    if (n < 0)
        n = head;
    if (n < 0 && last)
        n = last->len;
    if (n < 0 && (end == generated || end + 1 == generated))
        n = 0;
    return (head >= 0 && head != n) || (last && last->len > n) ? -1 : n;
}

GArray *
moe__token_ids(const MoeTokenIds *sent, int64_t head, int64_t end, bool *odd)
{
    const GArray *output = sent->output, *prompt = sent->prompt ? sent->prompt : sent->last;
    *odd = false;
    if (!prompt && !output)
        return NULL;
    int64_t n = count_prompt(sent, head, end), rest = output ? output->len : end - n;
    *odd = n < 0 || end < n || (end > n && end != n + rest && end != n + rest - 1);
    if (*odd)
        return NULL;
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
    g_array_set_size(ids, (guint)end);
    memset(ids->data, 0xff, sizeof(int32_t) * (gsize)end); /* -1 */
    int32_t *out = (int32_t *)(void *)ids->data;
    if (prompt)
        memcpy(out + n - prompt->len, prompt->data, sizeof *out * prompt->len);
    if (output)
        memcpy(out + n, output->data, sizeof *out * (gsize)(end - n));
    return ids;
}
