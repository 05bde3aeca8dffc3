/* SPDX-License-Identifier: MIT
 *
 * text-match.c: text across tokens.
 */
#include "stats/text-match.h"

#include <moescope/token-texts.h>
#include <string.h>

struct MoeTextMatch {
    char *text; /* in lower case */
    gsize length;
    GHashTable *plain; /* of GINT_TO_POINTER(id) to char *, in lower case */
    GArray *near;      /* of uint8_t: MoeMatchKind by id, as a vocabulary's are */
    GHashTable *far;   /* of GINT_TO_POINTER(id) to MoeMatchKind: others; NO isn't in it */
};

#define NEAR (1 << 20)

/* Whether `text` from `from` on is the beginning of what is looked for, cut off by its end. */
static bool
begins_at(const MoeTextMatch *match, const char *text, gsize from)
{
    gsize n = strlen(text + from);
    return n < match->length && memcmp(text + from, match->text, n) == 0;
}

static MoeMatchKind
kind_of(const MoeTextMatch *match, const char *text)
{
    if (strstr(text, match->text))
        return MOE_MATCH_YES;
    for (gsize from = 0; text[from]; from++)
        if (begins_at(match, text, from))
            return MOE_MATCH_PART;
    return MOE_MATCH_NO;
}

static void
set_kind(MoeTextMatch *match, int32_t id, MoeMatchKind kind)
{
    if (id >= NEAR) {
        g_hash_table_insert(match->far, GINT_TO_POINTER(id), GINT_TO_POINTER(kind));
        return;
    }
    if ((guint)id >= match->near->len)
        g_array_set_size(match->near, (guint)id + 1);
    g_array_index(match->near, uint8_t, id) = (uint8_t)kind;
}

MoeTextMatch *
moe__text_match_new(const char *text, GHashTable *texts)
{
    MoeTextMatch *match = g_new(MoeTextMatch, 1);
    *match = (MoeTextMatch){
        g_ascii_strdown(text, -1), strlen(text), g_hash_table_new_full(NULL, NULL, NULL, g_free),
        g_array_new(FALSE, TRUE, sizeof(uint8_t)), g_hash_table_new(NULL, NULL)};
    GHashTableIter iterator;
    gpointer id, own;
    g_hash_table_iter_init(&iterator, texts);
    while (g_hash_table_iter_next(&iterator, &id, &own)) {
        g_autofree char *plain = moe_token_text_plain(own);
        char *lower = g_ascii_strdown(plain, -1);
        g_hash_table_insert(match->plain, id, lower);
        MoeMatchKind kind = kind_of(match, lower);
        if (kind != MOE_MATCH_NO)
            set_kind(match, GPOINTER_TO_INT(id), kind);
    }
    return match;
}

void
moe__text_match_free(MoeTextMatch *match)
{
    if (!match)
        return;
    g_free(match->text);
    g_hash_table_unref(match->plain);
    g_array_unref(match->near);
    g_hash_table_unref(match->far);
    g_free(match);
}

MoeMatchKind
moe__text_match_kind(const MoeTextMatch *match, int32_t id)
{
    if (id < 0)
        return MOE_MATCH_NO;
    if (id >= NEAR)
        return GPOINTER_TO_INT(g_hash_table_lookup(match->far, GINT_TO_POINTER(id)));
    return (guint)id < match->near->len ? g_array_index(match->near, uint8_t, id) : MOE_MATCH_NO;
}

GArray *
moe__text_match_begin(const MoeTextMatch *match, int32_t id)
{
    GArray *reached = g_array_new(FALSE, FALSE, sizeof(gsize));
    const char *text = g_hash_table_lookup(match->plain, GINT_TO_POINTER(id));
    for (gsize from = 0; text[from]; from++)
        if (begins_at(match, text, from)) {
            gsize n = strlen(text + from);
            g_array_append_val(reached, n);
        }
    return reached;
}

bool
moe__text_match_go_on(const MoeTextMatch *match, int32_t id, GArray *reached)
{
    const char *text = id < 0 ? NULL : g_hash_table_lookup(match->plain, GINT_TO_POINTER(id));
    for (guint i = reached->len; i-- > 0;) {
        gsize *at = &g_array_index(reached, gsize, i);
        gsize has = text ? strlen(text) : 0, left = match->length - *at, n = MIN(has, left);
        if (!text || memcmp(text, match->text + *at, n) != 0) {
            g_array_remove_index_fast(reached, i);
            continue;
        }
        *at += n;
        if (*at == match->length)
            return true;
    }
    return false;
}
