/* SPDX-License-Identifier: MIT
 *
 * Streams of tokens and the batches drawn from them or walked through.
 */
#include "text-folder.h"

#include <math.h>

typedef struct Fixture {
    Folder folder;
    MoeCorpus *corpus;
    MoeTokenizer *tokenizer;
    MoeTokens *tokens;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    folder_make(&fixture->folder, NULL);
    const char *const names[] = {"a.txt", "b.txt", "c.txt"};
    for (int i = 0; i < 3; i++) {
        g_autofree char *text = numbered_lines(40 * (i + 1), names[i]);
        g_free(folder_write(&fixture->folder, names[i], text, strlen(text)));
    }
    const MoeCorpusOptions options = {.block = 300, .validation = 0.1, .probe = 0.1, .seed = 3};
    fixture->corpus = load_one(fixture->folder.path, &options);
    fixture->tokenizer = moe_tokenizer_train_bpe(fixture->corpus, 300, NULL, NULL);
    fixture->tokens = moe_tokens_new(fixture->corpus, fixture->tokenizer, MOE_SPLIT_TRAIN);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    moe_tokens_free(fixture->tokens);
    moe_tokenizer_free(fixture->tokenizer);
    moe_corpus_free(fixture->corpus);
    folder_remove(&fixture->folder, NULL);
}

/* The ids of a document by itself. */
static GArray *
encode_document(const Fixture *fixture, int64_t i)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
    MoeDocument document = moe_corpus_document(fixture->corpus, i);
    moe_tokenizer_encode(fixture->tokenizer, document.text, document.length, ids);
    return ids;
}

static void
test_counts(Fixture *fixture, gconstpointer data)
{
    int64_t tokens[3] = {0}, bytes[3] = {0};
    for (int64_t i = 0; i < moe_corpus_documents(fixture->corpus); i++) {
        MoeDocument document = moe_corpus_document(fixture->corpus, i);
        g_autoptr(GArray) ids = encode_document(fixture, i);
        if (document.split == MOE_SPLIT_TRAIN) {
            tokens[document.domain] += ids->len;
            bytes[document.domain] += (int64_t)document.length;
        }
    }
    for (int domain = 0; domain < 3; domain++) {
        g_assert_cmpint(moe_tokens_count(fixture->tokens, domain), ==, tokens[domain]);
        g_assert_cmpint(moe_tokens_bytes(fixture->tokens, domain), ==, bytes[domain]);
    }
    g_assert_cmpint(moe_tokens_count(fixture->tokens, -1), ==, tokens[0] + tokens[1] + tokens[2]);
    g_assert_cmpint(moe_tokens_bytes(fixture->tokens, -1), ==, bytes[0] + bytes[1] + bytes[2]);
}

/* Checks one column of a batch against its document, encoded alone. */
static void
check_column(const Fixture *fixture, const MoeBatch *batch, size_t at)
{
    MoeDocument document = moe_corpus_document(fixture->corpus, batch->doc[at]);
    g_autoptr(GArray) ids = encode_document(fixture, batch->doc[at]);
    int32_t pos = batch->pos[at];
    g_assert_cmpint(document.split, ==, MOE_SPLIT_TRAIN);
    g_assert_cmpint(document.domain, ==, batch->domain[at]);
    g_assert_cmpint(g_array_index(ids, int32_t, pos), ==, batch->id[at]);
    int32_t target = pos + 1 < (int32_t)ids->len ? g_array_index(ids, int32_t, pos + 1) : -1;
    g_assert_cmpint(target, ==, batch->target[at]);
}

static void
check_padding(const MoeBatch *batch, size_t at)
{
    g_assert_cmpint(batch->id[at], ==, 0);
    g_assert_cmpint(batch->target[at], ==, -1);
    g_assert_cmpint(batch->pos[at], ==, 0);
    g_assert_cmpint(batch->domain[at], ==, -1);
}

/* Every token of every document comes once, in order; windows never span documents. */
static void
test_walk(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MoeBatch) batch = moe_batch_new(5, 37);
    int64_t cursor = 0, windows = 0, seen = 0;
    int32_t last_doc = -1, last_pos = -1;
    for (int rows; (rows = moe_tokens_walk(fixture->tokens, &cursor, batch)) > 0;) {
        windows += rows;
        for (int at = 0; at < 5 * 37; at++) {
            int32_t doc = batch->doc[at];
            if (doc < 0) {
                check_padding(batch, (size_t)at);
                continue;
            }
            g_assert_cmpint(at / 37, <, rows);
            check_column(fixture, batch, (size_t)at);
            g_assert_true(doc == last_doc ? batch->pos[at] == last_pos + 1
                                          : doc > last_doc && batch->pos[at] == 0);
            g_assert_true(at % 37 == 0 || doc == last_doc);
            last_doc = doc;
            last_pos = batch->pos[at];
            seen++;
        }
        g_assert_cmpint(seen, ==, cursor);
    }
    g_assert_cmpint(seen, ==, moe_tokens_count(fixture->tokens, -1));
    g_assert_cmpint(windows, ==, moe_tokens_windows(fixture->tokens, 37));
    for (size_t at = 0; at < 5 * 37; at++)
        check_padding(batch, at);
}

static void
test_draw(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MoeBatch) batch = moe_batch_new(6, 50);
    for (uint64_t number = 0; number < 20; number++) {
        g_assert_true(moe_tokens_draw(fixture->tokens, 9, number, NULL, batch, NULL));
        for (size_t at = 0; at < 6 * 50; at++)
            check_column(fixture, batch, at);
    }
}

static void
assert_same_batch(const MoeBatch *a, const MoeBatch *b, bool same)
{
    size_t n = (size_t)a->rows * (size_t)a->length * sizeof(int32_t);
    bool equal = memcmp(a->id, b->id, n) == 0 && memcmp(a->doc, b->doc, n) == 0 &&
                 memcmp(a->pos, b->pos, n) == 0;
    g_assert_true(equal == same);
}

static void
test_draw_depends_on(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MoeBatch) a = moe_batch_new(4, 32), b = moe_batch_new(4, 32);
    g_assert_true(moe_tokens_draw(fixture->tokens, 1, 7, NULL, a, NULL));
    for (uint64_t other = 8; other < 12; other++) {
        g_assert_true(moe_tokens_draw(fixture->tokens, 1, other, NULL, b, NULL));
        assert_same_batch(a, b, false);
    }
    g_assert_true(moe_tokens_draw(fixture->tokens, 2, 7, NULL, b, NULL));
    assert_same_batch(a, b, false);
    g_assert_true(moe_tokens_draw(fixture->tokens, 1, 7, NULL, b, NULL));
    assert_same_batch(a, b, true);
}

static void
test_draw_weights(Fixture *fixture, gconstpointer data)
{
    const double weight[] = {1, 0, 3};
    int count[3] = {0}, rows = 8, batches = 500;
    g_autoptr(MoeBatch) batch = moe_batch_new(rows, 16);
    for (int number = 0; number < batches; number++) {
        g_assert_true(moe_tokens_draw(fixture->tokens, 4, (uint64_t)number, weight, batch, NULL));
        for (int row = 0; row < rows; row++)
            count[batch->domain[row * 16]]++;
    }
    int n = rows * batches;
    g_assert_cmpint(count[1], ==, 0);
    /* five standard deviations of a binomial of p = 1/4 */
    g_assert_cmpfloat(ABS(count[0] - n / 4.0), <, 5 * 0.433 * 63.3);
}

static void
test_draw_errors(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MoeBatch) batch = moe_batch_new(1, 8), wide = moe_batch_new(1, 100000);
    const double bad[][3] = {{0, 0, 0}, {1, -1, 1}, {1, 1, NAN}};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(moe_tokens_draw(fixture->tokens, 1, 1, bad[i], batch, &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    }
    g_autoptr(GError) error = NULL;
    g_assert_false(moe_tokens_draw(fixture->tokens, 1, 1, NULL, wide, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "100001"));
}

/* A window of exactly length + 1 tokens has one place. */
static void
test_draw_exact(Fixture *fixture, gconstpointer data)
{
    int64_t count = moe_tokens_count(fixture->tokens, 0);
    const double weight[] = {1, 0, 0};
    g_autoptr(MoeBatch) fits = moe_batch_new(1, (int)count - 1);
    g_autoptr(MoeBatch) over = moe_batch_new(1, (int)count);
    g_assert_true(moe_tokens_draw(fixture->tokens, 1, 1, weight, fits, NULL));
    g_assert_cmpint(fits->pos[0], ==, 0);
    g_assert_false(moe_tokens_draw(fixture->tokens, 1, 1, weight, over, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add(name, Fixture, NULL, set_up, function, tear_down)
    ADD("/tokens/counts", test_counts);
    ADD("/tokens/walk", test_walk);
    ADD("/tokens/draw", test_draw);
    ADD("/tokens/draw-depends-on", test_draw_depends_on);
    ADD("/tokens/draw-weights", test_draw_weights);
    ADD("/tokens/draw-errors", test_draw_errors);
    ADD("/tokens/draw-exact", test_draw_exact);
    return g_test_run();
}
