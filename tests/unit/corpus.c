/* SPDX-License-Identifier: MIT
 *
 * Loading corpora: which files make which domain, gzip, documents, splits, errors.
 */
#include "text-folder.h"

#include "text/fields.h"
#include "text/utf8.h"

static const MoeCorpusOptions whole = {.block = 0};
static const MoeCorpusOptions cut = {.block = 200, .validation = 0.2, .probe = 0.1, .seed = 5};

static void
assert_same(const MoeCorpus *a, const MoeCorpus *b)
{
    g_assert_cmpint(moe_corpus_domains(a), ==, moe_corpus_domains(b));
    for (int i = 0; i < moe_corpus_domains(a); i++)
        g_assert_cmpstr(moe_corpus_domain_name(a, i), ==, moe_corpus_domain_name(b, i));
    g_assert_cmpint(moe_corpus_documents(a), ==, moe_corpus_documents(b));
    for (int64_t i = 0; i < moe_corpus_documents(a); i++) {
        MoeDocument x = moe_corpus_document(a, i), y = moe_corpus_document(b, i);
        g_assert_cmpmem(x.text, x.length, y.text, y.length);
        g_assert_cmpint(x.domain, ==, y.domain);
        g_assert_cmpint(x.split, ==, y.split);
    }
}

static void
assert_domains(const MoeCorpus *corpus, const char *expected)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (int i = 0; i < moe_corpus_domains(corpus); i++)
        g_string_append_printf(names, "%s%s", i > 0 ? " " : "", moe_corpus_domain_name(corpus, i));
    g_assert_cmpstr(names->str, ==, expected);
}

static void
assert_fails(const char *const *paths, int n, const MoeCorpusOptions *options, GQuark domain,
             int code, const char *mentions)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(moe_corpus_load(paths, n, options, &error));
    g_assert_error(error, domain, code);
    g_assert_nonnull(strstr(error->message, mentions));
}

/* Larger than the reader's pieces, in three members, the last one empty. */
static void
test_gzip(Folder *folder, gconstpointer data)
{
    g_autofree char *text = numbered_lines(20000, "gzip");
    size_t n = strlen(text), half = n / 2;
    g_autofree char *plain = folder_write(folder, "plain/some.txt", text, n);
    g_autofree char *packed = folder_write_gz(folder, "some.txt.gz", text, half);
    g_free(folder_write_gz(folder, "some.txt.gz", text + half, n - half));
    g_free(folder_write_gz(folder, "some.txt.gz", "", 0));
    g_autoptr(MoeCorpus) a = load_one(plain, &cut), b = load_one(packed, &cut);
    assert_domains(b, "some");
    assert_same(a, b);

    /* by content, whatever the name */
    g_autofree char *renamed = g_build_filename(folder->path, "some.log", NULL);
    g_assert_cmpint(g_rename(packed, renamed), ==, 0);
    g_autoptr(MoeCorpus) c = load_one(renamed, &cut);
    assert_same(a, c);
}

/* Zeros deflate a thousandfold: one piece of input holds many pieces of output. */
static void
test_gzip_dense(Folder *folder, gconstpointer data)
{
    size_t n = 3000000;
    g_autofree char *zeros = g_malloc0(n);
    g_autofree char *path = folder_write_gz(folder, "zeros.gz", zeros, n);
    g_autoptr(MoeCorpus) corpus = load_one(path, &whole);
    MoeDocument document = moe_corpus_document(corpus, 0);
    g_assert_cmpmem(document.text, document.length, zeros, n);
}

static void
test_gzip_errors(Folder *folder, gconstpointer data)
{
    g_autofree char *text = numbered_lines(3000, "damage");
    g_autofree char *packed = folder_write_gz(folder, "good.gz", text, strlen(text));
    g_autofree char *bytes = NULL;
    size_t n;
    g_assert_true(g_file_get_contents(packed, &bytes, &n, NULL));

    for (size_t keep = 3; keep < n; keep += n / 7) {
        g_autofree char *path = folder_write(folder, "short.gz", bytes, keep);
        const char *paths[] = {path};
        assert_fails(paths, 1, &whole, MOE_ERROR, MOE_ERROR_TRUNCATED, "short.gz");
    }
    bytes[n / 2] ^= 0x55;
    bytes[n - 6] ^= 1; /* the CRC, should the data still decode */
    g_autofree char *damaged = folder_write(folder, "damaged.gz", bytes, n);
    const char *paths[] = {damaged};
    assert_fails(paths, 1, &whole, MOE_ERROR, MOE_ERROR_FORMAT, "damaged.gz");
}

/* Files are made in another order than they are read in. */
static void
test_folder(Folder *folder, gconstpointer data)
{
    const char *const names[] = {"zebra.txt",   "code/b/two.c", "code/one.c",  "code/b/.hidden",
                                 "apple.txt",   "notes.md",     ".secret.txt", "mid.v2.txt.gz",
                                 "empty/.keep", "code/a.h"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        g_free(folder_write(folder, names[i], names[i], strlen(names[i])));
    g_autoptr(MoeCorpus) corpus = load_one(folder->path, &whole);
    assert_domains(corpus, "apple code mid.v2 zebra");
    const char *const expected[] = {"apple.txt",  "code/a.h",      "code/b/two.c",
                                    "code/one.c", "mid.v2.txt.gz", "zebra.txt"};
    g_assert_cmpint(moe_corpus_documents(corpus), ==, G_N_ELEMENTS(expected));
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        MoeDocument document = moe_corpus_document(corpus, (int64_t)i);
        g_assert_cmpmem(document.text, document.length, expected[i], strlen(expected[i]));
    }
}

static void
test_folder_without_txt(Folder *folder, gconstpointer data)
{
    g_free(folder_write(folder, "b.md", "b", 1));
    g_free(folder_write(folder, "a.2024", "a", 1));
    g_autoptr(MoeCorpus) corpus = load_one(folder->path, &whole);
    assert_domains(corpus, "a.2024 b");
}

static void
test_order_of_paths(Folder *folder, gconstpointer data)
{
    g_autofree char *text = numbered_lines(100, "order");
    g_autofree char *a = folder_write(folder, "1/alpha.txt", text, strlen(text));
    g_autofree char *b = folder_write(folder, "2/beta.txt", text + 40, strlen(text) - 40);
    const char *forth[] = {a, b}, *back[] = {b, a};
    g_autoptr(MoeCorpus) x = moe_corpus_load(forth, 2, &cut, NULL);
    g_autoptr(MoeCorpus) y = moe_corpus_load(back, 2, &cut, NULL);
    assert_domains(x, "alpha beta");
    assert_same(x, y);
}

static void
test_errors(Folder *folder, gconstpointer data)
{
    g_autofree char *missing = g_build_filename(folder->path, "missing.txt", NULL);
    g_autofree char *empty = folder_write(folder, "e/empty.txt", "", 0);
    g_autofree char *one = folder_write(folder, "one/same.txt", "1", 1);
    g_autofree char *two = folder_write(folder, "two/same.md", "2", 1);
    g_autofree char *bare = g_build_filename(folder->path, "bare", NULL);
    g_assert_cmpint(g_mkdir(bare, 0755), ==, 0);

    const char *paths[] = {missing};
    assert_fails(paths, 1, &whole, G_FILE_ERROR, G_FILE_ERROR_NOENT, "missing.txt");
    paths[0] = empty;
    assert_fails(paths, 1, &whole, MOE_ERROR, MOE_ERROR_DATA, "empty.txt");
    paths[0] = bare;
    assert_fails(paths, 1, &whole, MOE_ERROR, MOE_ERROR_DATA, "bare");
    assert_fails(paths, 0, &whole, MOE_ERROR, MOE_ERROR_DATA, "no path");
    const char *both[] = {one, two};
    assert_fails(both, 2, &whole, MOE_ERROR, MOE_ERROR_DATA, "\"same\"");
    paths[0] = one;
    assert_fails(paths, 1, &cut, MOE_ERROR, MOE_ERROR_DATA, "at least 3");
    const MoeCorpusOptions greedy = {.validation = 0.7, .probe = 0.7};
    assert_fails(paths, 1, &greedy, MOE_ERROR, MOE_ERROR_DATA, "0.7");
    const MoeCorpusOptions negative = {.block = -1};
    assert_fails(paths, 1, &negative, MOE_ERROR, MOE_ERROR_DATA, "-1");
}

static void
test_folder_loop(Folder *folder, gconstpointer data)
{
    g_free(folder_write(folder, "sub/deep/text.txt", "t", 1));
    g_autofree char *link = g_build_filename(folder->path, "sub", "deep", "loop", NULL);
    if (symlink("..", link) != 0) {
        g_test_skip("no symbolic links here");
        return;
    }
    const char *paths[] = {folder->path};
    assert_fails(paths, 1, &whole, MOE_ERROR, MOE_ERROR_DATA, "nested");
}

/* Documents cover the text, in order, are near the block's size, and end at line ends. */
static void
test_documents(Folder *folder, gconstpointer data)
{
    g_autofree char *text = numbered_lines(500, "blocks");
    g_autofree char *path = folder_write(folder, "text.txt", text, strlen(text));
    g_autoptr(MoeCorpus) corpus = load_one(path, &cut);
    size_t at = 0;
    for (int64_t i = 0; i < moe_corpus_documents(corpus); i++) {
        MoeDocument document = moe_corpus_document(corpus, i);
        g_assert_cmpmem(document.text, document.length, text + at, document.length);
        g_assert_cmpuint(document.length, >=, 100);
        g_assert_cmpuint(document.length, <=, 300);
        g_assert_cmpint(document.text[document.length - 1], ==, '\n');
        at += document.length;
    }
    g_assert_cmpuint(at, ==, strlen(text));
}

/* Without line ends, cuts fall between characters. */
static void
test_documents_utf8(Folder *folder, gconstpointer data)
{
    g_autoptr(GString) text = g_string_new("x");
    for (int i = 0; i < 1000; i++)
        g_string_append(text, "語€é𝔐");
    g_autofree char *path = folder_write(folder, "text.txt", text->str, text->len);
    for (int64_t limit = 990; limit < 1000; limit++) {
        const MoeCorpusOptions options = {.block = 101, .max_bytes = limit};
        g_autoptr(MoeCorpus) corpus = load_one(path, &options);
        int64_t total = 0;
        for (int64_t i = 0; i < moe_corpus_documents(corpus); i++) {
            MoeDocument document = moe_corpus_document(corpus, i);
            g_assert_true(g_utf8_validate(document.text, (gssize)document.length, NULL));
            total += (int64_t)document.length;
        }
        g_assert_cmpint(total, <=, limit);
        g_assert_cmpint(total, >, limit - 4);
    }
}

static void
count_splits(const MoeCorpus *corpus, int count[MOE_N_SPLITS])
{
    memset(count, 0, MOE_N_SPLITS * sizeof(int));
    for (int64_t i = 0; i < moe_corpus_documents(corpus); i++)
        count[moe_corpus_document(corpus, i).split]++;
}

static void
test_split_shares(Folder *folder, gconstpointer data)
{
    g_autofree char *text = numbered_lines(1000, "shares");
    g_autofree char *path = folder_write(folder, "text.txt", text, strlen(text));
    g_autoptr(MoeCorpus) corpus = load_one(path, &cut);
    int64_t n = moe_corpus_documents(corpus);
    int count[MOE_N_SPLITS];
    count_splits(corpus, count);
    g_assert_cmpint(count[MOE_SPLIT_VALIDATION], ==, n / 5);
    g_assert_cmpint(count[MOE_SPLIT_PROBE], ==, n / 10);

    const MoeCorpusOptions tiny = {.block = 200, .validation = 1e-6, .probe = 0};
    g_autoptr(MoeCorpus) b = load_one(path, &tiny);
    count_splits(b, count);
    g_assert_cmpint(count[MOE_SPLIT_VALIDATION], ==, 1);
    g_assert_cmpint(count[MOE_SPLIT_PROBE], ==, 0);

    const MoeCorpusOptions all = {.block = 200, .probe = 1};
    g_autoptr(MoeCorpus) c = load_one(path, &all);
    count_splits(c, count);
    g_assert_cmpint(count[MOE_SPLIT_PROBE], ==, n);
}

/* The split of a domain changes with the seed, and with nothing else beside it. */
static void
test_split_stability(Folder *folder, gconstpointer data)
{
    g_autofree char *text = numbered_lines(1000, "stability");
    g_autofree char *a = folder_write(folder, "beta.txt", text, strlen(text));
    g_autofree char *b = folder_write(folder, "alpha.txt", text, strlen(text));
    const char *paths[] = {a, b};
    g_autoptr(MoeCorpus) alone = load_one(a, &cut);
    g_autoptr(MoeCorpus) both = moe_corpus_load(paths, 2, &cut, NULL);
    MoeCorpusOptions reseeded = cut;
    reseeded.seed++;
    g_autoptr(MoeCorpus) other = load_one(a, &reseeded);
    int64_t n = moe_corpus_documents(alone), moved = 0, unlike = 0;
    for (int64_t i = 0; i < n; i++) {
        MoeSplit split = moe_corpus_document(alone, i).split;
        g_assert_cmpint(split, ==, moe_corpus_document(both, n + i).split);
        moved += split != moe_corpus_document(other, i).split;
        unlike += split != moe_corpus_document(both, i).split;
    }
    g_assert_cmpint(moved, >, n / 10);
    g_assert_cmpint(unlike, >, n / 10);
}

static void
test_utf8_floor(void)
{
    const char text[] = "a€\x80\x80 𝔐\xf0\x9d"; /* 1, 3, 1, 1, 1, 4, 1, 1 bytes */
    const size_t floor[] = {0, 1, 1, 1, 4, 5, 6, 7, 7, 7, 7, 11, 12, 13};
    for (size_t i = 0; i < G_N_ELEMENTS(floor); i++)
        g_assert_cmpuint(moe__utf8_floor(text, 13, i), ==, floor[i]);
}

static void
test_sample(void)
{
    const char *root = g_getenv("MOESCOPE_SOURCE_ROOT");
    if (!root) {
        g_test_skip("MOESCOPE_SOURCE_ROOT isn't set");
        return;
    }
    g_autofree char *path = g_build_filename(root, "samples", "corpus", NULL);
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    MoeCorpusOptions options = moe_corpus_options(recipe);
    g_autoptr(MoeCorpus) corpus = load_one(path, &options);
    assert_domains(corpus, "arithmetic c-code dialogue german prose");
}

static void
test_recipe(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe =
        moe_recipe_parse("[data]\nblock = 77\nvalidation = 0.25\nprobe = 0.5\nmax_bytes = 5\n"
                         "seed = 9\n",
                         "test", &error);
    g_assert_no_error(error);
    MoeCorpusOptions options = moe_corpus_options(recipe);
    g_assert_cmpint(options.block, ==, 77);
    g_assert_cmpfloat(options.validation, ==, 0.25);
    g_assert_cmpfloat(options.probe, ==, 0.5);
    g_assert_cmpint(options.max_bytes, ==, 5);
    g_assert_cmpuint(options.seed, ==, 9);
    g_assert_true(moe_recipe_check(recipe, &error));
    g_assert_no_error(error);
    g_assert_true(moe_recipe_set(recipe, "data.validation=0.75", &error));
    g_assert_false(moe_recipe_check(recipe, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_RECIPE);
    g_assert_nonnull(strstr(error->message, "data.validation"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe__text_register();
#define ADD(name, function) g_test_add(name, Folder, NULL, folder_make, function, folder_remove)
    ADD("/corpus/gzip", test_gzip);
    ADD("/corpus/gzip-dense", test_gzip_dense);
    ADD("/corpus/gzip-errors", test_gzip_errors);
    ADD("/corpus/folder", test_folder);
    ADD("/corpus/folder-without-txt", test_folder_without_txt);
    ADD("/corpus/order-of-paths", test_order_of_paths);
    ADD("/corpus/errors", test_errors);
    ADD("/corpus/folder-loop", test_folder_loop);
    ADD("/corpus/documents", test_documents);
    ADD("/corpus/documents-utf8", test_documents_utf8);
    ADD("/corpus/split-shares", test_split_shares);
    ADD("/corpus/split-stability", test_split_stability);
    g_test_add_func("/corpus/utf8-floor", test_utf8_floor);
    g_test_add_func("/corpus/sample", test_sample);
    g_test_add_func("/corpus/recipe", test_recipe);
    return g_test_run();
}
