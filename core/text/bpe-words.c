/* SPDX-License-Identifier: MIT */
#include "text/bpe-words.h"

#include "text/pretoken.h"

#include <string.h>

enum { REPORT_EVERY = 64 }; /* documents */

/* Open addressing; a slot holds the index of a word, -1: free. */
typedef struct WordMap {
    GArray *words;
    int64_t *slots;
    int bits;
} WordMap;

static uint64_t
hash_word(const char *text, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a, then mixed so that the high bits serve */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    return (hash ^ hash >> 32) * 0x9E3779B97F4A7C15u;
}

static int64_t *
find(const WordMap *map, const char *text, size_t length)
{
    size_t mask = ((size_t)1 << map->bits) - 1;
    size_t i = (size_t)(hash_word(text, length) >> (64 - map->bits));
    for (; map->slots[i] >= 0; i = (i + 1) & mask) {
        const MoeWord *word = &g_array_index(map->words, MoeWord, map->slots[i]);
        if (word->length == length && memcmp(word->text, text, length) == 0)
            break;
    }
    return &map->slots[i];
}

static void
allocate(WordMap *map, int bits)
{
    g_free(map->slots);
    map->bits = bits;
    map->slots = g_new(int64_t, (size_t)1 << bits);
    memset(map->slots, 0xff, sizeof(int64_t) << bits);
    for (guint i = 0; i < map->words->len; i++) {
        const MoeWord *word = &g_array_index(map->words, MoeWord, i);
        *find(map, word->text, word->length) = i;
    }
}

static void
count_word(WordMap *map, const char *text, size_t length)
{
    int64_t *slot = find(map, text, length);
    if (*slot >= 0) {
        g_array_index(map->words, MoeWord, *slot).count++;
        return;
    }
    MoeWord word = {text, length, 1};
    *slot = map->words->len;
    g_array_append_val(map->words, word);
    if (2 * (size_t)map->words->len > (size_t)1 << map->bits)
        allocate(map, map->bits + 1);
}

void
moe__bpe_cancelled(GError **error)
{
    g_set_error(error, MOE_ERROR, MOE_ERROR_CANCELLED, "training the tokenizer was cancelled");
}

GArray *
moe__words_count(const MoeCorpus *corpus, int64_t total, const MoeProgress *progress,
                 GError **error)
{
    WordMap map = {.words = g_array_new(FALSE, FALSE, sizeof(MoeWord))};
    allocate(&map, 12);
    bool stopped = false;
    for (int64_t i = 0; i < moe_corpus_documents(corpus) && !stopped; i++) {
        MoeDocument document = moe_corpus_document(corpus, i);
        if (document.split != MOE_SPLIT_TRAIN)
            continue;
        for (size_t at = 0, n; at < document.length; at += n) {
            n = moe__word_length(document.text + at, document.length - at);
            count_word(&map, document.text + at, n);
        }
        if (i % REPORT_EVERY == 0)
            stopped = !moe_progress(progress, 0, total, "counting words");
    }
    g_free(map.slots);
    if (!stopped)
        return map.words;
    g_array_unref(map.words);
    moe__bpe_cancelled(error);
    return NULL;
}
