/* SPDX-License-Identifier: MIT */
#include "import/rows.h"

#include "import/door.h"

#include <string.h>

/* Bytes of waiting tokens. */
#define WAITING_MAX ((gsize)1 << 28)
#define ABSENT      INT32_MIN

/* A token some of whose layers are there. */
typedef struct Waiting {
    gint64 key; /* doc and pos */
    MoeImportToken token;
    int layers;           /* that are there */
    struct Waiting *next; /* of those that are free */
    int32_t *expert;
    double *gate;
} Waiting;

/* Which of 64 tokens were whole. */
typedef struct Whole {
    gint64 key; /* doc and pos / 64 */
    guint64 bits;
} Whole;

struct MoeRows {
    MoeImport *import;
    int n_layers, k;
    bool gates, gather;
    GHashTable *whole;   /* of Whole; NULL: tokens may come again */
    GHashTable *waiting; /* by key */
    Waiting *free;
};

static void
waiting_free(void *waiting)
{
    g_free(((Waiting *)waiting)->expert);
    g_free(((Waiting *)waiting)->gate);
    g_free(waiting);
}

MoeRows *
moe__rows_new(MoeImport *import, int n_layers, bool gates)
{
    MoeRows *rows = g_new0(MoeRows, 1);
    rows->import = import;
    rows->n_layers = n_layers;
    rows->k = moe_import_k(import);
    rows->gates = gates;
    rows->waiting = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, waiting_free);
    return rows;
}

void
moe__rows_free(MoeRows *rows)
{
    if (!rows)
        return;
    while (rows->free) {
        Waiting *next = rows->free->next;
        waiting_free(rows->free);
        rows->free = next;
    }
    g_hash_table_unref(rows->waiting);
    if (rows->whole)
        g_hash_table_unref(rows->whole);
    g_free(rows);
}

void
moe__rows_apart(MoeRows *rows, bool gather, bool once)
{
    rows->gather = gather;
    if (gather || once)
        rows->whole = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
}

/* The 64 tokens that a token is one of; NULL: none of them was whole yet. */
static Whole *
find_whole(const MoeRows *rows, const MoeImportToken *token)
{
    gint64 key = (gint64)token->doc << 32 | token->pos >> 6;
    return g_hash_table_lookup(rows->whole, &key);
}

static bool
was_whole(const MoeRows *rows, const MoeImportToken *token)
{
    const Whole *whole = rows->whole ? find_whole(rows, token) : NULL;
    return whole && whole->bits >> (token->pos & 63) & 1;
}

static void
mark_whole(MoeRows *rows, const MoeImportToken *token)
{
    Whole *whole = find_whole(rows, token);
    if (!whole) {
        whole = g_new(Whole, 1);
        *whole = (Whole){.key = (gint64)token->doc << 32 | token->pos >> 6};
        g_hash_table_insert(rows->whole, &whole->key, whole);
    }
    whole->bits |= (guint64)1 << (token->pos & 63);
}

static bool
fail_again(const MoeRows *rows, const MoeImportToken *token, GError **error)
{
    if (rows->gather)
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "document %d, token %d: found more experts than %d (--k)", token->doc,
                    token->pos, rows->k);
    else
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "document %d, token %d: found it again, with an expert a line: if a token's "
                    "lines stand apart, --k N says how many they are; other texts need a \"doc\"",
                    token->doc, token->pos);
    return false;
}

static Waiting *
begin_token(MoeRows *rows, gint64 key, const MoeImportToken *token)
{
    gsize cells = (gsize)rows->n_layers * (gsize)rows->k;
    Waiting *waiting = rows->free;
    if (waiting) {
        rows->free = waiting->next;
    } else {
        waiting = g_new0(Waiting, 1);
        waiting->expert = g_new(int32_t, cells);
        waiting->gate = rows->gates ? g_new(double, cells) : NULL;
    }
    waiting->key = key;
    waiting->layers = 0;
    waiting->token = *token;
    waiting->token.expert = waiting->expert;
    waiting->token.gate = waiting->gate;
    for (gsize i = 0; i < cells; i++)
        waiting->expert[i] = ABSENT;
    g_hash_table_insert(rows->waiting, &waiting->key, waiting);
    return waiting;
}

/* How many picks of a layer are there. */
static int
count_there(const MoeRows *rows, const Waiting *waiting, int index)
{
    int n = 0;
    while (n < rows->k && waiting->expert[index * rows->k + n] != ABSENT)
        n++;
    return n;
}

static bool
check(const MoeRows *rows, const Waiting *waiting, int index, int n, GError **error)
{
    gsize bytes = sizeof *waiting + (gsize)rows->n_layers * (gsize)rows->k * 12;
    if (g_hash_table_size(rows->waiting) > WAITING_MAX / bytes) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found %u tokens that lack a layer, expected the layers of a token nearer to "
                    "each other (sort the file by token)",
                    g_hash_table_size(rows->waiting));
        return false;
    }
    int there = count_there(rows, waiting, index);
    if (there == 0 || (rows->gather && there + n <= rows->k))
        return true;
    if (rows->gather)
        return fail_again(rows, &waiting->token, error);
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "document %d, token %d: found the same layer twice while %d of %d layers are "
                "missing",
                waiting->token.doc, waiting->token.pos, rows->n_layers - waiting->layers,
                rows->n_layers);
    return false;
}

static bool
finish_token(MoeRows *rows, Waiting *waiting, GError **error)
{
    bool good = moe_import_token(rows->import, &waiting->token, error);
    if (rows->whole)
        mark_whole(rows, &waiting->token);
    g_hash_table_steal(rows->waiting, &waiting->key);
    waiting->next = rows->free;
    rows->free = waiting;
    return good;
}

/* Puts n picks behind those that are there. */
static void
put(MoeRows *rows, Waiting *waiting, int index, const MoeImportToken *token, int n)
{
    int there = count_there(rows, waiting, index), end = rows->gather ? there + n : rows->k;
    gsize at = (gsize)index * (gsize)rows->k;
    for (int i = there; i < end; i++) {
        bool given = i - there < n;
        waiting->expert[at + (gsize)i] = given ? MAX(token->expert[i - there], -1) : -1;
        if (rows->gates)
            waiting->gate[at + (gsize)i] = given ? token->gate[i - there] : 0;
    }
    waiting->layers += end == rows->k;
}

bool
moe__rows_add(MoeRows *rows, int index, const MoeImportToken *token, int n, GError **error)
{
    if (rows->n_layers == 1 && n == rows->k && !rows->whole)
        return moe_import_token(rows->import, token, error);
    gint64 key = (gint64)token->doc << 32 | (guint32)token->pos;
    Waiting *waiting = g_hash_table_lookup(rows->waiting, &key);
    if (!waiting && was_whole(rows, token))
        return fail_again(rows, token, error);
    if (!waiting)
        waiting = begin_token(rows, key, token);
    if (!check(rows, waiting, index, n, error))
        return false;
    put(rows, waiting, index, token, n);
    return waiting->layers < rows->n_layers || finish_token(rows, waiting, error);
}

static void
count_lacking(const MoeRows *rows, const Waiting *waiting)
{
    for (int i = 0; i < rows->n_layers; i++)
        if (waiting->expert[i * rows->k] == ABSENT)
            moe__import_lacked(rows->import, i, 1);
}

void
moe__rows_end(MoeRows *rows)
{
    GHashTableIter iterator;
    gpointer waiting;
    g_hash_table_iter_init(&iterator, rows->waiting);
    while (g_hash_table_iter_next(&iterator, NULL, &waiting))
        count_lacking(rows, waiting);
    moe_import_left_out(rows->import, g_hash_table_size(rows->waiting));
    g_hash_table_remove_all(rows->waiting);
    if (rows->whole)
        g_hash_table_remove_all(rows->whole);
}
