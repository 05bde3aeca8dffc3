/* SPDX-License-Identifier: MIT
 *
 * Learning a byte-level BPE: Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words
 * with Subword Units", ACL 2016, algorithm 1, over bytes.
 *
 * Each different word is kept once, as a linked list of tokens. Every pair of neighbours knows how
 * often it occurs and where; merging a pair touches those places alone. A heap holds the pairs by
 * count; since a count only falls once its pair is in the heap, an entry whose count is too high is
 * put back with the right one when it comes up.
 */
#include "text/bpe-words.h"
#include "text/heap.h"
#include "text/pair-map.h"
#include "text/tokenizer.h"

enum { SMALLEST = 256, LARGEST = 1 << 20 }; /* vocabulary */
enum { REPORT_EVERY = 64 };                 /* merges */

/* A token of some word. Words stand one after the other in one array of nodes. */
typedef struct Node {
    int32_t token;          /* -1: merged into the node before */
    int32_t previous, next; /* within the word, -1: none */
    int32_t word;
} Node;

typedef struct Pair {
    int32_t left, right;
    int64_t count;   /* over the corpus, not over the different words */
    int32_t *places; /* nodes of the left token, ascending; some may be out of date */
    int32_t n_places;
} Pair;

typedef struct Trainer {
    GArray *words; /* of MoeWord */
    Node *nodes;
    GArray *pairs;    /* of Pair */
    MoePairMap index; /* (left, right) -> pair */
    MoeHeap heap;
    GArray *merges;    /* of MoeMerge, and */
    GPtrArray *tokens; /* of GBytes, by id: the result */
} Trainer;

static int64_t
count_of(const Trainer *trainer, int32_t place)
{
    return g_array_index(trainer->words, MoeWord, trainer->nodes[place].word).count;
}

/* The pair of a node and the one behind it, made if it is new. */
static Pair *
pair_at(Trainer *trainer, int32_t place)
{
    const Node *node = &trainer->nodes[place];
    int32_t left = node->token, right = trainer->nodes[node->next].token;
    int32_t *index = moe__pair_map_at(&trainer->index, left, right);
    if (*index < 0) {
        *index = (int32_t)trainer->pairs->len;
        Pair pair = {.left = left, .right = right};
        g_array_append_val(trainer->pairs, pair);
    }
    return &g_array_index(trainer->pairs, Pair, *index);
}

/* Places come in ascending order: a pair's places all arise in the sweep over the text, or over an
 * older pair's places, that makes the newer of its two tokens. */
static void
add_place(Trainer *trainer, int32_t place)
{
    Pair *pair = pair_at(trainer, place);
    pair->count += count_of(trainer, place);
    int32_t n = pair->n_places++;
    if ((n & (n - 1)) == 0) /* full at every power of two */
        pair->places = g_renew(int32_t, pair->places, MAX(2 * (size_t)n, 1));
    pair->places[n] = place;
}

static void
drop_place(Trainer *trainer, int32_t place)
{
    pair_at(trainer, place)->count -= count_of(trainer, place);
}

/* Most frequent first, then the lower left token, then the lower right one. */
static void
push_pair(Trainer *trainer, int32_t index)
{
    const Pair *pair = &g_array_index(trainer->pairs, Pair, index);
    if (pair->count > 1)
        moe__heap_push(
            &trainer->heap,
            (MoeHeapEntry){-pair->count, (int64_t)pair->left << 32 | pair->right, index});
}

/* The most frequent pair, -1 if none occurs twice. */
static int32_t
pop_pair(Trainer *trainer)
{
    for (MoeHeapEntry top; moe__heap_pop(&trainer->heap, &top);) {
        if (g_array_index(trainer->pairs, Pair, top.value).count == -top.first)
            return top.value;
        push_pair(trainer, top.value);
    }
    return -1;
}

static void
merge_place(Trainer *trainer, int32_t place, int32_t token)
{
    Node *nodes = trainer->nodes, *node = &nodes[place];
    int32_t taken = node->next;
    if (node->previous >= 0)
        drop_place(trainer, node->previous);
    if (nodes[taken].next >= 0)
        drop_place(trainer, taken);
    node->token = token;
    node->next = nodes[taken].next;
    nodes[taken].token = -1;
    if (node->next >= 0)
        nodes[node->next].previous = place;
    if (node->previous >= 0)
        add_place(trainer, node->previous);
    if (node->next >= 0)
        add_place(trainer, place);
}

/* The bytes of a pair. They are no token yet: merges happen everywhere at once, so whatever ends up
 * as one token was put together from the same parts at every place. */
static GBytes *
join_pair(const Trainer *trainer, const Pair *pair)
{
    GByteArray *joined = g_byte_array_new();
    const int32_t parts[] = {pair->left, pair->right};
    for (int i = 0; i < 2; i++) {
        size_t size;
        const void *data = g_bytes_get_data(trainer->tokens->pdata[parts[i]], &size);
        g_byte_array_append(joined, data, (guint)size);
    }
    return g_byte_array_free_to_bytes(joined);
}

/* Makes a new token of a pair, wherever it stands. */
static void
merge_pair(Trainer *trainer, int32_t index)
{
    /* taken out of the array, which moves as pairs are added */
    Pair *entry = &g_array_index(trainer->pairs, Pair, index), pair = *entry;
    entry->places = NULL;
    entry->n_places = 0;
    int32_t token = (int32_t)trainer->tokens->len;
    guint first_new = trainer->pairs->len;
    for (int32_t i = 0; i < pair.n_places; i++) {
        const Node *node = &trainer->nodes[pair.places[i]];
        if (node->token == pair.left && node->next >= 0 &&
            trainer->nodes[node->next].token == pair.right)
            merge_place(trainer, pair.places[i], token);
    }
    g_free(pair.places);
    for (guint i = first_new; i < trainer->pairs->len; i++)
        push_pair(trainer, (int32_t)i);
    MoeMerge merge = {pair.left, pair.right, token};
    g_array_append_val(trainer->merges, merge);
    g_ptr_array_add(trainer->tokens, join_pair(trainer, &pair));
}

/* Lays the words out as nodes and counts their pairs. False if there are too many bytes. */
static bool
lay_out(Trainer *trainer, GError **error)
{
    size_t total = 0;
    for (guint i = 0; i < trainer->words->len; i++)
        total += g_array_index(trainer->words, MoeWord, i).length;
    trainer->nodes = total <= INT32_MAX ? g_try_new(Node, MAX(total, 1)) : NULL;
    if (!trainer->nodes) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "training the tokenizer on %zu bytes of different words takes more memory than "
                    "there is, expected at most %d bytes: limit the corpus per domain",
                    total, INT32_MAX);
        return false;
    }
    int32_t at = 0;
    for (guint i = 0; i < trainer->words->len; i++) {
        const MoeWord *word = &g_array_index(trainer->words, MoeWord, i);
        int32_t first = at, end = at + (int32_t)word->length;
        for (; at < end; at++)
            trainer->nodes[at] =
                (Node){(unsigned char)word->text[at - first], at > first ? at - 1 : -1,
                       at + 1 < end ? at + 1 : -1, (int32_t)i};
    }
    for (int32_t place = 0; place < at; place++) {
        if (trainer->nodes[place].next >= 0)
            add_place(trainer, place);
    }
    for (guint i = 0; i < trainer->pairs->len; i++)
        push_pair(trainer, (int32_t)i);
    return true;
}

static bool
learn(Trainer *trainer, int vocabulary, const MoeProgress *progress, GError **error)
{
    int wanted = vocabulary - SMALLEST;
    for (int done = 0; done < wanted; done++) {
        if (done % REPORT_EVERY == 0 && !moe_progress(progress, done, wanted, "learning tokens")) {
            moe__bpe_cancelled(error);
            return false;
        }
        int32_t best = pop_pair(trainer);
        if (best < 0)
            break;
        merge_pair(trainer, best);
    }
    moe_progress(progress, wanted, wanted, "learning tokens");
    return true;
}

/* Takes `words`. */
static void
trainer_init(Trainer *trainer, GArray *words)
{
    *trainer = (Trainer){.words = words};
    trainer->pairs = g_array_new(FALSE, FALSE, sizeof(Pair));
    trainer->merges = g_array_new(FALSE, FALSE, sizeof(MoeMerge));
    trainer->tokens = moe__byte_tokens();
    moe__pair_map_init(&trainer->index, 1 << 16);
}

static void
trainer_clear(Trainer *trainer)
{
    for (guint i = 0; i < trainer->pairs->len; i++)
        g_free(g_array_index(trainer->pairs, Pair, i).places);
    g_array_unref(trainer->pairs);
    g_array_unref(trainer->words);
    moe__pair_map_clear(&trainer->index);
    g_free(trainer->heap.entries);
    g_free(trainer->nodes);
    g_clear_pointer(&trainer->merges, g_array_unref);
    g_clear_pointer(&trainer->tokens, g_ptr_array_unref);
}

MoeTokenizer *
moe_tokenizer_train_bpe(const MoeCorpus *corpus, int vocabulary, const MoeProgress *progress,
                        GError **error)
{
    g_return_val_if_fail(corpus, NULL);
    if (vocabulary < SMALLEST || vocabulary > LARGEST) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "a BPE vocabulary of %d tokens was asked for, expected %d … %d", vocabulary,
                    SMALLEST, LARGEST);
        return NULL;
    }
    GArray *words = moe__words_count(corpus, vocabulary - SMALLEST, progress, error);
    if (!words)
        return NULL;
    Trainer trainer;
    trainer_init(&trainer, words);
    MoeTokenizer *tokenizer = NULL;
    if (lay_out(&trainer, error) && learn(&trainer, vocabulary, progress, error))
        tokenizer = moe__tokenizer_from_tokens(g_steal_pointer(&trainer.tokens),
                                               g_steal_pointer(&trainer.merges));
    trainer_clear(&trainer);
    return tokenizer;
}
