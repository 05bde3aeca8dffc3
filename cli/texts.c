/* SPDX-License-Identifier: MIT */
#include "texts.h"

#include "json.h"

#include <moescope/token-texts.h>
#include <moescope/tokens.h>

GHashTable *
cmd_texts_of(const CmdSource *source)
{
    GHashTable *texts = moe_token_texts_new();
    if (source->trace)
        moe_token_texts_add(texts, moe_trace_meta_json(source->trace));
    moe_token_texts_add(texts, moe_summary_meta_json(source->summary));
    return texts;
}

/* --- Writing ----------------------------------------------------------------------------------*/

static gint
ascending(gconstpointer a, gconstpointer b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static void
add_named(GArray *ids, const MoeTokenCell *cell)
{
    for (int i = 0; i < cell->experts * MOE_TOKENS_TOP; i++) {
        int id = (int)cell->top_id[i];
        if (cell->top_picks[i] > 0)
            g_array_append_val(ids, id);
    }
}

void
cmd_texts_json(GString *json, const MoeSummary *summary, GHashTable *texts)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int));
    for (int r = 0; r < moe_summary_routers(summary); r++)
        if (moe_summary_tokens(summary, r))
            add_named(ids, moe_summary_tokens(summary, r));
    g_array_sort(ids, ascending);
    bool open = false;
    for (guint i = 0; i < ids->len; i++) {
        int id = g_array_index(ids, int, i);
        const char *text = g_hash_table_lookup(texts, GINT_TO_POINTER(id));
        bool again = i > 0 && g_array_index(ids, int, i - 1) == id;
        if (!text || again)
            continue;
        if (!open)
            json_open(json, "token_texts", '{');
        open = true;
        g_autofree char *key = g_strdup_printf("%d", id);
        json_text(json, key, text);
    }
    if (open)
        json_close(json, '}');
}
