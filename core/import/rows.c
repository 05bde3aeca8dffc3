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

struct MoeRows {
    MoeImport *import;
    int n_layers, k;
    bool gates;
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
    g_free(rows);
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

static bool
check(const MoeRows *rows, const Waiting *waiting, int index, GError **error)
{
    gsize bytes = sizeof *waiting + (gsize)rows->n_layers * (gsize)rows->k * 12;
    if (g_hash_table_size(rows->waiting) > WAITING_MAX / bytes) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "found %u tokens that lack a layer, expected the layers of a token nearer to "
                    "each other (sort the file by token)",
                    g_hash_table_size(rows->waiting));
        return false;
    }
    if (waiting->expert[index * rows->k] == ABSENT)
        return true;
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
    g_hash_table_steal(rows->waiting, &waiting->key);
    waiting->next = rows->free;
    rows->free = waiting;
    return good;
}

bool
moe__rows_add(MoeRows *rows, int index, const MoeImportToken *token, GError **error)
{
    if (rows->n_layers == 1)
        return moe_import_token(rows->import, token, error);
    gint64 key = (gint64)token->doc << 32 | (guint32)token->pos;
    Waiting *waiting = g_hash_table_lookup(rows->waiting, &key);
    if (!waiting)
        waiting = begin_token(rows, key, token);
    if (!check(rows, waiting, index, error))
        return false;
    gsize at = (gsize)index * (gsize)rows->k, n = (gsize)rows->k;
    for (gsize i = 0; i < n; i++)
        waiting->expert[at + i] = MAX(token->expert[i], -1);
    if (rows->gates)
        memcpy(waiting->gate + at, token->gate, sizeof(double) * n);
    return ++waiting->layers < rows->n_layers || finish_token(rows, waiting, error);
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
}
