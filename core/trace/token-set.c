/* SPDX-License-Identifier: MIT
 *
 * token-set.c: the tokens of a trace that a filter chooses: every condition takes bits away.
 */
#include "trace/reader.h"

#include <moescope/token-filter.h>
#include <moescope/token-texts.h>
#include <string.h>

struct MoeTokenSet {
    GPtrArray *chunks; /* of uint64_t *, a bit a token */
    int64_t count;
};

/* A filter made ready for a trace. */
typedef struct Choice {
    const MoeTokenFilter *filter;
    const MoeTrace *trace;
    bool *domains;    /* [domains]: chosen */
    GHashTable *ids;  /* those listed; NULL: any */
    GHashTable *said; /* those with the text; NULL: any */
} Choice;

/* Whether a value of a column is chosen. */
typedef bool (*Takes)(const Choice *choice, int32_t value);

void
moe_token_set_free(MoeTokenSet *set)
{
    if (!set)
        return;
    g_ptr_array_unref(set->chunks);
    g_free(set);
}

int64_t
moe_token_set_count(const MoeTokenSet *set)
{
    return set->count;
}

const uint64_t *
moe_token_set_bits(const MoeTokenSet *set, int chunk)
{
    return chunk < (int)set->chunks->len ? g_ptr_array_index(set->chunks, (guint)chunk) : NULL;
}

/* --- Conditions -------------------------------------------------------------------------------*/

static bool
takes_domain(const Choice *choice, int32_t value)
{
    return value >= 0 && value < choice->trace->meta.n_domains && choice->domains[value];
}

static bool
takes_document(const Choice *choice, int32_t value)
{
    return value >= choice->filter->first_document && value <= choice->filter->last_document;
}

static bool
takes_position(const Choice *choice, int32_t value)
{
    return value >= choice->filter->first_position && value <= choice->filter->last_position;
}

static bool
takes_id(const Choice *choice, int32_t value)
{
    const MoeTokenFilter *filter = choice->filter;
    return (!choice->ids || g_hash_table_contains(choice->ids, GINT_TO_POINTER(value))) &&
           (!choice->said || g_hash_table_contains(choice->said, GINT_TO_POINTER(value))) &&
           (!filter->takes || filter->takes(value, filter->takes_data));
}

/* Takes away the tokens of a chunk whose value of a column isn't chosen. */
static bool
narrow(const Choice *choice, int chunk, const char *column, Takes takes, uint64_t *bits,
       GError **error)
{
    g_autofree char *name = g_strdup_printf("tokens/%05d.%s", chunk, column);
    int64_t tokens = moe_trace_tokens(choice->trace, chunk);
    MoeArray array;
    if (tokens > 0 && !moe_trace_has(choice->trace, name)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: its tokens have no column %s to choose by", choice->trace->zip->path,
                    column);
        return false;
    }
    if (tokens == 0)
        return true;
    if (!moe_trace_read(choice->trace, name, &array, error))
        return false;
    g_autofree const int32_t *values = array.data;
    if (array.type != MOE_I32 || moe_array_count(&array) != tokens) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_FORMAT,
                    "%s: another type or shape was found, i4 [%" G_GINT64_FORMAT "] was expected",
                    name, tokens);
        return false;
    }
    for (int64_t t = 0; t < tokens; t++)
        if (!takes(choice, values[t]))
            bits[t / 64] &= ~((uint64_t)1 << t % 64);
    return true;
}

static bool
choose_chunk(const Choice *choice, int chunk, uint64_t *bits, GError **error)
{
    const MoeTokenFilter *filter = choice->filter;
    if (filter->domains && !narrow(choice, chunk, "domain", takes_domain, bits, error))
        return false;
    if (filter->by_document && !narrow(choice, chunk, "doc", takes_document, bits, error))
        return false;
    if (filter->by_position && !narrow(choice, chunk, "pos", takes_position, bits, error))
        return false;
    bool by_id = choice->ids || choice->said || filter->takes;
    return !by_id || narrow(choice, chunk, "id", takes_id, bits, error);
}

/* --- Making ready -----------------------------------------------------------------------------*/

static bool
find_domains(Choice *choice, GError **error)
{
    const MoeTrace *trace = choice->trace;
    choice->domains = g_new0(bool, (gsize)trace->meta.n_domains + 1);
    for (char **name = choice->filter->domains; name && *name; name++) {
        bool found = false;
        for (int d = 0; d < trace->meta.n_domains; d++)
            if (g_str_equal(trace->meta.domains[d], *name))
                choice->domains[d] = found = true;
        if (found)
            continue;
        g_autofree char *all = g_strjoinv(", ", trace->meta.domains);
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: there is no domain \"%s\" to choose; there %s%s", trace->zip->path, *name,
                    *all ? "are: " : "is none", all);
        return false;
    }
    return true;
}

static void
list_ids(Choice *choice)
{
    if (choice->filter->n_ids == 0)
        return;
    choice->ids = g_hash_table_new(NULL, NULL);
    for (int i = 0; i < choice->filter->n_ids; i++)
        g_hash_table_add(choice->ids, GINT_TO_POINTER(choice->filter->ids[i]));
}

/* The ids whose text has the filter's in it. */
static bool
find_texts(Choice *choice, GError **error)
{
    const MoeTokenFilter *filter = choice->filter;
    if (!filter->text)
        return true;
    g_autoptr(GHashTable) texts = moe_token_texts_new();
    g_autofree char *folded = g_utf8_casefold(filter->text, -1);
    GHashTableIter iterator;
    gpointer id, text;
    moe_token_texts_add(texts, moe_trace_meta_json(choice->trace));
    choice->said = g_hash_table_new(NULL, NULL);
    g_hash_table_iter_init(&iterator, texts);
    while (g_hash_table_iter_next(&iterator, &id, &text)) {
        g_autofree char *lower = filter->ignore_case ? g_utf8_casefold(text, -1) : NULL;
        if (lower ? strstr(lower, folded) : strstr(text, filter->text))
            g_hash_table_add(choice->said, id);
    }
    if (g_hash_table_size(texts) > 0)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "%s: it doesn't say what its tokens' texts are (\"tokens\" in meta.json); choose "
                "them by id",
                choice->trace->zip->path);
    return false;
}

static void
choice_clear(Choice *choice)
{
    g_free(choice->domains);
    g_clear_pointer(&choice->ids, g_hash_table_unref);
    g_clear_pointer(&choice->said, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Choice, choice_clear)

/* --- A set ------------------------------------------------------------------------------------*/

/* All tokens of a chunk. (transfer full) */
static uint64_t *
all_of(int64_t tokens)
{
    uint64_t *bits = g_new0(uint64_t, (gsize)(tokens / 64 + 1));
    memset(bits, 0xff, (gsize)(tokens / 64) * sizeof *bits);
    bits[tokens / 64] = ((uint64_t)1 << tokens % 64) - 1;
    return bits;
}

MoeTokenSet *
moe_token_set_new(const MoeTrace *trace, const MoeTokenFilter *filter, GError **error)
{
    g_auto(Choice) choice = {.filter = filter, .trace = trace};
    if (!find_domains(&choice, error) || !find_texts(&choice, error))
        return NULL;
    list_ids(&choice);
    g_autoptr(MoeTokenSet) set = g_new0(MoeTokenSet, 1);
    set->chunks = g_ptr_array_new_with_free_func(g_free);
    for (int chunk = 0; chunk < moe_trace_chunks(trace); chunk++) {
        int64_t tokens = moe_trace_tokens(trace, chunk);
        if (!moe__trace_check_tokens(trace, chunk, error))
            return NULL;
        uint64_t *bits = all_of(tokens);
        g_ptr_array_add(set->chunks, bits);
        if (!choose_chunk(&choice, chunk, bits, error))
            return NULL;
        for (int64_t w = 0; w <= tokens / 64; w++)
            set->count += __builtin_popcountll(bits[w]);
    }
    return g_steal_pointer(&set);
}
