/* SPDX-License-Identifier: MIT
 *
 * Tokenizers: words, learning, encoding, files, what a person gets to read.
 */
#include "text-folder.h"

#include "text/pretoken.h"
#include "text/tokenizer.h"

static const char multi_script[] =
    "The cat's 3 hats, they've said: it's 1,234.5!\r\n\tStraße  ÄÖÜ — naïve\n\n"
    "Привет, мир! Ελληνικά ١٢٣ ५६ ⅷ 中文字符，かな 한국어 العربية עברית हिन्दी\n"
    "😀👩‍👩‍👧 e\xcc\x81 \xe2\x80\x83wide\xe3\x80\x80space\xc2\x85next";

static MoeCorpus *
corpus_of(const Folder *folder, const char *text, size_t length)
{
    g_autofree char *path = folder_write(folder, "train.txt", text, length);
    const MoeCorpusOptions options = {.block = 0};
    return load_one(path, &options);
}

/* (transfer full) */
static MoeTokenizer *
train(const Folder *folder, const char *text, size_t length, int vocabulary)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeCorpus) corpus = corpus_of(folder, text, length);
    MoeTokenizer *tokenizer = moe_tokenizer_train_bpe(corpus, vocabulary, NULL, &error);
    g_assert_no_error(error);
    return tokenizer;
}

static GArray *
encode(const MoeTokenizer *tokenizer, const char *text, size_t length)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
    moe_tokenizer_encode(tokenizer, text, length, ids);
    return ids;
}

static void
assert_ids(const MoeTokenizer *tokenizer, const char *text, const int32_t *expected, guint n)
{
    g_autoptr(GArray) ids = encode(tokenizer, text, strlen(text));
    g_assert_cmpmem(ids->data, ids->len * sizeof(int32_t), expected, n * sizeof(int32_t));
}

static void
assert_round_trip(const MoeTokenizer *tokenizer, const char *text, size_t length)
{
    g_autoptr(GArray) ids = encode(tokenizer, text, length);
    g_autoptr(GString) decoded = g_string_new(NULL);
    for (guint i = 0; i < ids->len; i++) {
        size_t n;
        const char *token = moe_tokenizer_token(tokenizer, g_array_index(ids, int32_t, i), &n);
        g_string_append_len(decoded, token, (gssize)n);
    }
    g_assert_cmpmem(decoded->str, decoded->len, text, length);
}

static char *
random_bytes(size_t n, unsigned choices)
{
    MoeRng rng = moe_rng(11, choices);
    char *bytes = g_malloc(n);
    for (size_t i = 0; i < n; i++)
        bytes[i] =
            (char)(choices < 256 ? 'a' + moe_rng_below(&rng, choices) : moe_rng_below(&rng, 256));
    return bytes;
}

/* What GPT-2's pattern gives, worked out by hand; | separates words. */
static void
test_words(void)
{
    static const char *const cuts[] = {
        "Hello| world|!",
        "it|'s|'| S|'|S| we|'ve|'ll|'|lx",
        "  | two|    | three",
        "a|\n|\n|b|\n ",
        "x|  \n",
        "tab|\t|y|\t| z",
        "v|2|.|0| -|3½ⅷ|x|٣",
        " ?!|Ü|…",
        "中文|、|かな",
        "\xc2\xa0|\xe2\x80\x83|nbsp|\xc2\x85|\v|x",
        " \xff\xfe|x|\xe4\xb8|y",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cuts); i++) {
        g_auto(GStrv) words = g_strsplit(cuts[i], "|", -1);
        g_autofree char *text = g_strjoinv("", words);
        g_autoptr(GString) found = g_string_new(NULL);
        for (size_t at = 0, n; at < strlen(text); at += n) {
            n = moe__word_length(text + at, strlen(text) - at);
            g_string_append_printf(found, "%s%.*s", at > 0 ? "|" : "", (int)n, text + at);
        }
        g_assert_cmpstr(found->str, ==, cuts[i]);
    }
}

/* aaabdaaabac: aa occurs 4 times; then, of ab and (aa)a, ab has the lower ids; then (aa)(ab). */
static void
test_learn_by_hand(Folder *folder, gconstpointer data)
{
    g_autoptr(MoeTokenizer) tokenizer = train(folder, "aaabdaaabac", 11, 300);
    g_assert_cmpint(moe_tokenizer_size(tokenizer), ==, 259);
    const MoeMerge expected[] = {{'a', 'a', 256}, {'a', 'b', 257}, {256, 257, 258}};
    g_assert_cmpmem(tokenizer->merges, 3 * sizeof(MoeMerge), expected, sizeof expected);
    assert_ids(tokenizer, "aaabdaaabac", (const int32_t[]){258, 'd', 258, 'a', 'c'}, 5);
    assert_ids(tokenizer, "aab", (const int32_t[]){256, 'b'}, 2);
    assert_ids(tokenizer, "aaaab", (const int32_t[]){256, 256, 'b'}, 3);
    assert_ids(tokenizer, "aaaaaab", (const int32_t[]){256, 256, 256, 'b'}, 4);
    /* merges stay inside words */
    assert_ids(tokenizer, "a a", (const int32_t[]){'a', ' ', 'a'}, 3);
}

/* The straightforward algorithm on one word: count all neighbours, merge the best, again. */
static GArray *
learn_naively(const char *text, size_t n, int vocabulary)
{
    GArray *merges = g_array_new(FALSE, FALSE, sizeof(MoeMerge));
    g_autofree int32_t *word = g_new(int32_t, n);
    for (size_t i = 0; i < n; i++)
        word[i] = (unsigned char)text[i];
    for (int32_t id = 256; id < vocabulary; id++) {
        g_autofree int *count = g_new0(int, vocabulary *vocabulary);
        int best = 0;
        for (size_t i = 0; i + 1 < n; i++)
            count[word[i] * vocabulary + word[i + 1]]++;
        for (int i = 1; i < vocabulary * vocabulary; i++)
            best = count[i] > count[best] ? i : best;
        MoeMerge merge = {best / vocabulary, best % vocabulary, id};
        g_array_append_val(merges, merge);
        size_t out = 0;
        for (size_t i = 0; i < n; i++) {
            bool pair = i + 1 < n && word[i] == merge.left && word[i + 1] == merge.right;
            word[out++] = pair ? id : word[i];
            i += pair ? 1 : 0;
        }
        n = out;
    }
    return merges;
}

static void
test_learn_naively(Folder *folder, gconstpointer data)
{
    for (unsigned letters = 1; letters <= 5; letters += 2) {
        g_autofree char *text = random_bytes(4000, letters);
        int vocabulary = letters == 1 ? 262 : 276;
        g_autoptr(GArray) expected = learn_naively(text, 4000, vocabulary);
        g_autoptr(MoeTokenizer) tokenizer = train(folder, text, 4000, vocabulary);
        g_assert_cmpmem(tokenizer->merges, (size_t)tokenizer->n_merges * sizeof(MoeMerge),
                        expected->data, expected->len * sizeof(MoeMerge));
    }
}

/* Two letters could make the same string in many ways; a vocabulary names each string once. */
static void
test_learn_no_duplicates(Folder *folder, gconstpointer data)
{
    g_autofree char *text = random_bytes(30000, 2);
    g_autoptr(MoeTokenizer) tokenizer = train(folder, text, 30000, 700);
    g_assert_cmpint(moe_tokenizer_size(tokenizer), ==, 700);
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    for (int32_t id = 0; id < 700; id++) {
        size_t n;
        const char *token = moe_tokenizer_token(tokenizer, id, &n);
        g_assert_true(g_hash_table_add(seen, g_bytes_new(token, n)));
    }
    assert_round_trip(tokenizer, text, 30000);
}

static bool
stop_at(int64_t done, int64_t total, const char *what, void *user)
{
    int *calls = user;
    g_assert_cmpint(done, <=, total);
    g_assert_nonnull(what);
    return (*calls)-- > 0;
}

static void
test_learn_cancel(Folder *folder, gconstpointer data)
{
    g_autofree char *text = random_bytes(20000, 20);
    g_autoptr(MoeCorpus) corpus = corpus_of(folder, text, 20000);
    for (int allowed = 0; allowed < 3; allowed++) {
        g_autoptr(GError) error = NULL;
        int calls = allowed;
        const MoeProgress progress = {stop_at, &calls};
        g_assert_null(moe_tokenizer_train_bpe(corpus, 600, &progress, &error));
        g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
        g_assert_cmpint(calls, ==, -1);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(moe_tokenizer_train_bpe(corpus, 255, NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
}

static void
test_round_trips(Folder *folder, gconstpointer data)
{
    g_autoptr(MoeTokenizer) bytes = moe_tokenizer_bytes();
    g_autofree char *lines = numbered_lines(300, multi_script);
    g_autoptr(MoeTokenizer) bpe = train(folder, lines, strlen(lines), 600);
    g_autofree char *noise = random_bytes(20000, 256), *letters = random_bytes(20000, 3);
    const MoeTokenizer *const both[] = {bytes, bpe};
    for (int i = 0; i < 2; i++) {
        assert_round_trip(both[i], noise, 20000);
        assert_round_trip(both[i], letters, 20000); /* one long word */
        assert_round_trip(both[i], multi_script, strlen(multi_script));
        assert_round_trip(both[i], "", 0);
        for (size_t n = 1; n < strlen(multi_script); n++) /* cut inside characters */
            assert_round_trip(both[i], multi_script, n);
    }
    g_assert_cmpstr(moe_tokenizer_kind(bytes), ==, "bytes");
    g_assert_cmpint(moe_tokenizer_size(bytes), ==, 256);
    g_assert_cmpstr(moe_tokenizer_kind(bpe), ==, "bpe");
    g_autoptr(GArray) ids = encode(bpe, lines, strlen(lines));
    g_assert_cmpuint(ids->len, <, strlen(lines) / 4);
}

/* What an encoder keeps of the words it has seen doesn't show. */
static void
test_encoder_cache(Folder *folder, gconstpointer data)
{
    g_autofree char *lines = numbered_lines(2000, "caches and long-winded-words");
    g_autoptr(MoeTokenizer) tokenizer = train(folder, lines, strlen(lines), 400);
    g_autoptr(GArray) together = encode(tokenizer, lines, strlen(lines));
    g_autoptr(GArray) apart = g_array_new(FALSE, FALSE, sizeof(int32_t));
    for (size_t at = 0, n; at < strlen(lines) && at < 20000; at += n) {
        n = moe__word_length(lines + at, strlen(lines) - at);
        moe_tokenizer_encode(tokenizer, lines + at, n, apart);
    }
    g_assert_cmpuint(apart->len, <=, together->len);
    g_assert_cmpmem(apart->data, apart->len * sizeof(int32_t), together->data,
                    apart->len * sizeof(int32_t));
}

static void
assert_same_tokenizer(const MoeTokenizer *a, const MoeTokenizer *b)
{
    g_assert_cmpint(a->size, ==, b->size);
    g_assert_cmpmem(a->bytes, a->start[a->size], b->bytes, b->start[b->size]);
    g_assert_cmpmem(a->start, sizeof(size_t) * ((size_t)a->size + 1), b->start,
                    sizeof(size_t) * ((size_t)b->size + 1));
    g_assert_cmpmem(a->merges, (size_t)a->n_merges * sizeof(MoeMerge), b->merges,
                    (size_t)b->n_merges * sizeof(MoeMerge));
    g_assert_cmpstr(moe_tokenizer_kind(a), ==, moe_tokenizer_kind(b));
}

static void
test_save_load(Folder *folder, gconstpointer data)
{
    g_autofree char *lines = numbered_lines(300, multi_script);
    g_autoptr(MoeTokenizer) bytes = moe_tokenizer_bytes();
    g_autoptr(MoeTokenizer) bpe = train(folder, lines, strlen(lines), 700);
    g_autofree char *path = g_build_filename(folder->path, "tokenizer.json", NULL);
    MoeTokenizer *const both[] = {bytes, bpe};
    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        g_assert_true(moe_tokenizer_save(both[i], path, &error));
        g_autofree char *first = NULL, *second = NULL;
        g_assert_true(g_file_get_contents(path, &first, NULL, NULL));
        g_autoptr(MoeTokenizer) loaded = moe_tokenizer_load(path, &error);
        g_assert_no_error(error);
        assert_same_tokenizer(both[i], loaded);
        g_assert_true(moe_tokenizer_save(loaded, path, NULL));
        g_assert_true(g_file_get_contents(path, &second, NULL, NULL));
        g_assert_cmpstr(first, ==, second);
    }
    g_autoptr(GError) error = NULL;
    g_assert_false(moe_tokenizer_save(bytes, "/nonexistent/tokenizer.json", &error));
    g_assert_nonnull(error);
}

/* Changes a good file in one place and expects it to be refused. */
static void
assert_refused(const Folder *folder, const char *good, const char *old, const char *new, int code)
{
    const char *found = strstr(good, old);
    g_assert_nonnull(found);
    g_autoptr(GString) text = g_string_new_len(good, found - good);
    g_string_append(text, new);
    g_string_append(text, found + strlen(old));
    g_autofree char *path = folder_write(folder, "bad.json", text->str, text->len);
    g_autoptr(GError) error = NULL;
    g_assert_null(moe_tokenizer_load(path, &error));
    g_assert_error(error, MOE_ERROR, code);
    g_assert_nonnull(strstr(error->message, "bad.json"));
}

static void
test_load_errors(Folder *folder, gconstpointer data)
{
    g_autoptr(MoeTokenizer) tokenizer = train(folder, "aaabdaaabac", 11, 300);
    g_autofree char *path = g_build_filename(folder->path, "good.json", NULL);
    g_autofree char *good = NULL;
    g_assert_true(moe_tokenizer_save(tokenizer, path, NULL));
    g_assert_true(g_file_get_contents(path, &good, NULL, NULL));
    static const char *const format[][2] = {
        {"{", "["},
        {"\"model\": {", "\"model\": 3, \"other\": {"},
        {"\"vocab\": {", "\"vocab\": [], \"other\": {"},
        {"\"merges\": [", "\"merges\": \"\", \"other\": ["},
        {"\"a\": 97", "\"a\": 98"},
        {"\"a\": 97", "\"a\": 97.5"},
        {"\"a\": 97", "\"a\": -1"},
        {"\"a\": 97", "\"a\": 12345678901"},
        {"\"a\": 97", "\"a \": 97"},
        {"\"a\": 97", "\"\": 97"},
        {"\"aa\": 256", "\"ax\": 256"},
        {"\"a a\"", "\"a\""},
        {"\"a a\"", "\"a a a\""},
        {"\"a a\"", "{}"},
        {"\"a a\"", "[\"a\", 1]"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(format); i++)
        assert_refused(folder, good, format[i][0], format[i][1], MOE_ERROR_FORMAT);
    static const char *const unsupported[][2] = {
        {"\"added_tokens\": []", "\"added_tokens\": [{}]"},
        {"\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}"},
        {"\"add_prefix_space\": false", "\"add_prefix_space\": true"},
        {"\"type\": \"BPE\"", "\"type\": \"Unigram\""},
        {"\"ignore_merges\": false", "\"ignore_merges\": true"},
        {"\"post_processor\": null", "\"post_processor\": {\"type\": \"TemplateProcessing\"}"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(unsupported); i++)
        assert_refused(folder, good, unsupported[i][0], unsupported[i][1], MOE_ERROR_UNSUPPORTED);
    g_autofree char *deep = g_strnfill(200000, '[');
    assert_refused(folder, good, "null", deep, MOE_ERROR_FORMAT);
}

/* Newer versions of `tokenizers` write a merge as an array. */
static void
test_load_pairs(Folder *folder, gconstpointer data)
{
    g_autoptr(MoeTokenizer) tokenizer = train(folder, "aaabdaaabac", 11, 300);
    g_autofree char *path = g_build_filename(folder->path, "good.json", NULL);
    g_autofree char *text = NULL;
    g_assert_true(moe_tokenizer_save(tokenizer, path, NULL));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_autoptr(GString) pairs = g_string_new(text);
    g_assert_cmpint(g_string_replace(pairs, "\"aa ab\"", "[\"aa\", \"ab\"]", 0), ==, 1);
    g_autofree char *other = folder_write(folder, "pairs.json", pairs->str, pairs->len);
    g_autoptr(MoeTokenizer) loaded = moe_tokenizer_load(other, NULL);
    assert_same_tokenizer(tokenizer, loaded);
}

static void
test_display(Folder *folder, gconstpointer data)
{
    g_autoptr(MoeTokenizer) bytes = moe_tokenizer_bytes();
    static const char *const expected[][2] = {
        {"a", "a"},      {" ", " "},        {"\n", "\\n"},     {"\t", "\\t"},
        {"\r", "\\x0D"}, {"\xc3", "\\xC3"}, {"\x7f", "\\x7F"}, {"\x01", "\\x01"}};
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *shown = moe_tokenizer_display(bytes, (unsigned char)expected[i][0][0]);
        g_assert_cmpstr(shown, ==, expected[i][1]);
    }
    /* the only pair that occurs twice is the first two bytes of two characters: 中 and 丮 */
    g_autoptr(MoeTokenizer) bpe = train(folder, "\xe4\xb8\xad\xe4\xb8\xae", 6, 257);
    g_autofree char *part = moe_tokenizer_display(bpe, 256);
    g_assert_cmpstr(part, ==, "\\xE4\\xB8");
    g_autoptr(MoeTokenizer) whole = train(folder, "é é é é", 11, 258);
    g_autofree char *letter = moe_tokenizer_display(whole, 256);
    g_assert_cmpstr(letter, ==, "é");
    g_autofree char *word = moe_tokenizer_display(whole, 257);
    g_assert_cmpstr(word, ==, " é");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add(name, Folder, NULL, folder_make, function, folder_remove)
    g_test_add_func("/tokenizer/words", test_words);
    ADD("/tokenizer/learn-by-hand", test_learn_by_hand);
    ADD("/tokenizer/learn-naively", test_learn_naively);
    ADD("/tokenizer/learn-no-duplicates", test_learn_no_duplicates);
    ADD("/tokenizer/learn-cancel", test_learn_cancel);
    ADD("/tokenizer/round-trips", test_round_trips);
    ADD("/tokenizer/encoder-cache", test_encoder_cache);
    ADD("/tokenizer/save-load", test_save_load);
    ADD("/tokenizer/load-errors", test_load_errors);
    ADD("/tokenizer/load-pairs", test_load_pairs);
    ADD("/tokenizer/display", test_display);
    return g_test_run();
}
