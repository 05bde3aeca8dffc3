/* SPDX-License-Identifier: MIT */
#include "import/sequences.h"

/* Texts that end at a position: how many, and the sum of their documents, which of one is it. */
typedef struct Ends {
    int64_t texts, sum;
} Ends;

struct MoeSequences {
    GHashTable *by_name; /* name → document + 1 */
    GHashTable *ends;    /* position → Ends */
    GArray *next;        /* int32_t, by document since `base`: the position that goes on with it */
    GArray *last;        /* int32_t: documents of the pass before */
    int32_t base, docs;
    int64_t lost;
};

MoeSequences *
moe__sequences_new(void)
{
    MoeSequences *sequences = g_new0(MoeSequences, 1);
    sequences->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    sequences->ends = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    sequences->next = g_array_new(FALSE, FALSE, sizeof(int32_t));
    sequences->last = g_array_new(FALSE, FALSE, sizeof(int32_t));
    return sequences;
}

void
moe__sequences_free(MoeSequences *sequences)
{
    if (!sequences)
        return;
    g_hash_table_unref(sequences->by_name);
    g_hash_table_unref(sequences->ends);
    g_array_unref(sequences->next);
    g_array_unref(sequences->last);
    g_free(sequences);
}

static int32_t *
next_of(const MoeSequences *sequences, int32_t doc)
{
    return &g_array_index(sequences->next, int32_t, doc - sequences->base);
}

static void
count_end(MoeSequences *sequences, int32_t doc, int by)
{
    gpointer key = GINT_TO_POINTER(*next_of(sequences, doc));
    Ends *ends = g_hash_table_lookup(sequences->ends, key);
    if (!ends) {
        ends = g_new0(Ends, 1);
        g_hash_table_insert(sequences->ends, key, ends);
    }
    ends->texts += by;
    ends->sum += by * (int64_t)doc;
    if (ends->texts == 0)
        g_hash_table_remove(sequences->ends, key);
}

static int32_t
new_doc(MoeSequences *sequences)
{
    const int32_t nowhere = -1;
    g_array_append_val(sequences->next, nowhere);
    return sequences->docs++;
}

/* Whether each piece goes on with that of the pass before. */
static bool
in_step(const MoeSequences *sequences, const MoePiece *pieces, int n)
{
    bool same = n == (int)sequences->last->len;
    for (int i = 0; same && i < n; i++)
        same = !pieces[i].name &&
               *next_of(sequences, g_array_index(sequences->last, int32_t, i)) == pieces[i].first;
    return same;
}

static int32_t
find_by_name(MoeSequences *sequences, const char *name)
{
    int32_t doc = GPOINTER_TO_INT(g_hash_table_lookup(sequences->by_name, name)) - 1;
    if (doc >= 0)
        return doc;
    doc = new_doc(sequences);
    g_hash_table_insert(sequences->by_name, g_strdup(name), GINT_TO_POINTER(doc + 1));
    return doc;
}

/* `alone`: no other piece of the pass begins there. */
static int32_t
find_by_place(MoeSequences *sequences, int32_t first, bool alone)
{
    const Ends *ends = g_hash_table_lookup(sequences->ends, GINT_TO_POINTER(first));
    if (first > 0 && alone && ends && ends->texts == 1)
        return (int32_t)ends->sum;
    sequences->lost += first > 0;
    return new_doc(sequences);
}

/* Position → how many pieces begin there. */
static GHashTable *
count_beginnings(const MoePiece *pieces, int n)
{
    GHashTable *counts = g_hash_table_new(NULL, NULL);
    for (int i = 0; i < n; i++) {
        gpointer key = GINT_TO_POINTER(pieces[i].first);
        int count = GPOINTER_TO_INT(g_hash_table_lookup(counts, key));
        g_hash_table_insert(counts, key, GINT_TO_POINTER(count + 1));
    }
    return counts;
}

static void
find_docs(MoeSequences *sequences, MoePiece *pieces, int n)
{
    g_autoptr(GHashTable) counts = count_beginnings(pieces, n);
    for (int i = 0; i < n; i++) {
        gpointer first = GINT_TO_POINTER(pieces[i].first);
        bool alone = GPOINTER_TO_INT(g_hash_table_lookup(counts, first)) == 1;
        pieces[i].doc = pieces[i].name ? find_by_name(sequences, pieces[i].name)
                                       : find_by_place(sequences, pieces[i].first, alone);
    }
}

void
moe__sequences_join(MoeSequences *sequences, MoePiece *pieces, int n)
{
    bool same = in_step(sequences, pieces, n);
    if (!same)
        find_docs(sequences, pieces, n);
    for (int i = 0; same && i < n; i++)
        pieces[i].doc = g_array_index(sequences->last, int32_t, i);
    g_array_set_size(sequences->last, 0);
    for (int i = 0; i < n; i++) {
        int32_t *next = next_of(sequences, pieces[i].doc);
        if (*next >= 0)
            count_end(sequences, pieces[i].doc, -1);
        *next = pieces[i].first + pieces[i].n;
        count_end(sequences, pieces[i].doc, 1);
        g_array_append_val(sequences->last, pieces[i].doc);
    }
}

void
moe__sequences_end(MoeSequences *sequences)
{
    g_hash_table_remove_all(sequences->by_name);
    g_hash_table_remove_all(sequences->ends);
    g_array_set_size(sequences->next, 0);
    g_array_set_size(sequences->last, 0);
    sequences->base = sequences->docs;
}

int64_t
moe__sequences_lost(const MoeSequences *sequences)
{
    return sequences->lost;
}
