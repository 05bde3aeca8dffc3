/* SPDX-License-Identifier: MIT
 *
 * Passes over a text: which windows, which loss, and what a recording keeps of the routing.
 */
#include "model/windows.h"
#include "train-run.h"

#include <math.h>

/* A trained model and the text that it is recorded over. */
typedef struct {
    MoeCheckpoint *checkpoint;
    MoeCorpus *corpus;
    MoeTokens *tokens;
    char *path; /* of the trace */
} Recording;

static Recording
recording_new(const Folder *folder, const char *const *settings, MoeSplit split)
{
    g_autoptr(GError) error = NULL;
    run_whole(folder, "run", settings);
    g_autofree char *dir = run_path(folder, "run", "");
    Recording r = {.checkpoint = moe_checkpoint_open(dir, &error)};
    g_assert_no_error(error);
    MoeCorpusOptions options = moe_corpus_options(moe_model_recipe(r.checkpoint->model));
    g_autofree char *text = run_path(folder, "text", "");
    r.corpus = load_one(text, &options);
    r.tokens = moe_tokens_new(r.corpus, r.checkpoint->tokenizer, split);
    r.path = run_path(folder, "trace.npz", NULL);
    return r;
}

static void
recording_clear(Recording *r)
{
    moe_checkpoint_free(r->checkpoint);
    moe_tokens_free(r->tokens);
    moe_corpus_free(r->corpus);
    g_free(r->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Recording, recording_clear)

static MoeTrace *
record(Recording *r, const MoeRecordOptions *options, MoeEvaluation *evaluation)
{
    g_autoptr(GError) error = NULL;
    moe_record(r->checkpoint, r->corpus, r->tokens, r->path, "test", options, evaluation, NULL,
               &error);
    g_assert_no_error(error);
    MoeTrace *trace = moe_trace_open(r->path, &error);
    g_assert_no_error(error);
    g_assert_true(moe_trace_complete(trace));
    return trace;
}

static double *
read_column(const MoeTrace *trace, const char *name, int64_t n)
{
    MoeArray array;
    g_autoptr(GError) error = NULL;
    moe_trace_read(trace, name, &array, &error);
    g_assert_no_error(error);
    g_assert_cmpint(moe_array_count(&array), ==, n);
    double *values = g_new(double, n);
    for (int64_t i = 0; i < n; i++)
        values[i] = moe_array_value(&array, i);
    g_free((gpointer)array.data);
    return values;
}

/* Every token of the split, once, in order; bits per byte are the tokens' losses, counted by hand.
 * 37 positions a window: none of the documents ends with one. */
static void
test_tokens(Folder *folder, gconstpointer data)
{
    g_auto(Recording) r =
        recording_new(folder,
                      (const char *[]){"moe.variant=smoe", "moe.capacity_factor=0",
                                       "moe.capacity_fill=position", NULL},
                      MOE_SPLIT_VALIDATION);
    MoeRecordOptions options = {.rows = 3, .length = 37, .trace = {.gates = true}};
    MoeEvaluation evaluation;
    g_autoptr(MoeTrace) trace = record(&r, &options, &evaluation);
    int64_t n = moe_tokens_count(r.tokens, -1), next = 0, bytes = 0;
    g_assert_cmpint(moe_trace_tokens(trace, -1), ==, n);
    g_assert_cmpint(moe_trace_chunks(trace), ==, 1);
    g_autofree double *id = read_column(trace, "tokens/00000.id", n);
    g_autofree double *pos = read_column(trace, "tokens/00000.pos", n);
    g_autofree double *doc = read_column(trace, "tokens/00000.doc", n);
    g_autofree double *domain = read_column(trace, "tokens/00000.domain", n);
    g_autofree double *loss = read_column(trace, "tokens/00000.loss", n);
    double nats = 0;
    for (int64_t i = 0; i < moe_corpus_documents(r.corpus); i++) {
        MoeDocument document = moe_corpus_document(r.corpus, i);
        for (size_t j = 0; document.split == MOE_SPLIT_VALIDATION && j < document.length; j++) {
            g_assert_cmpfloat(id[next], ==, (unsigned char)document.text[j]);
            g_assert_cmpfloat(pos[next], ==, (double)j);
            g_assert_cmpfloat(doc[next], ==, (double)i);
            g_assert_cmpfloat(domain[next], ==, document.domain);
            /* The last byte of a document predicts nothing. */
            g_assert_cmpint(loss[next] == 0, ==, j + 1 == document.length);
            bytes += j + 1 < document.length;
            nats += loss[next++];
        }
    }
    g_assert_cmpint(next, ==, n);
    g_assert_cmpint(evaluation.tokens, ==, bytes);
    g_assert_cmpint(evaluation.bytes, ==, bytes);
    g_assert_cmpfloat_with_epsilon(evaluation.nats, nats, 1e-6 * nats);
    g_assert_cmpfloat_with_epsilon(moe_evaluation_bits_per_byte(&evaluation),
                                   nats / log(2) / (double)bytes, 1e-6);
}

static int
falling(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Entropy and margin of one unit from its logits z [E]. */
static void
check_scores(const double *z, int E, int k, double entropy, double margin)
{
    g_autofree double *sorted = g_memdup2(z, sizeof(double) * (gsize)E);
    double sum = 0, expected = 0;
    qsort(sorted, (size_t)E, sizeof(double), falling);
    for (int e = 0; e < E; e++)
        sum += exp(z[e]);
    for (int e = 0; e < E; e++)
        expected -= exp(z[e]) / sum * log(exp(z[e]) / sum);
    g_assert_cmpfloat_with_epsilon(entropy, expected, 2e-3);
    g_assert_cmpfloat_with_epsilon(margin, sorted[k - 1] - sorted[k], 2e-3);
}

/* Columns are half floats. */
static void
test_scores(Folder *folder, gconstpointer data)
{
    g_auto(Recording) r =
        recording_new(folder,
                      (const char *[]){"moe.variant=smoe", "init.std=0.5", "moe.capacity_factor=0",
                                       "moe.capacity_fill=position", NULL},
                      MOE_SPLIT_PROBE);
    MoeRecordOptions options = {.trace = {.gates = true, .score_stats = true, .logits = true}};
    g_autoptr(MoeTrace) trace = record(&r, &options, NULL);
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    g_assert_true(moe_trace_view(trace, 0, 1, view, NULL));
    int64_t n = view->units;
    g_assert_cmpint(n, >, 100);
    g_autofree double *z = read_column(trace, "picks/00000.r001.logits", n * 4);
    g_autofree double *entropy = read_column(trace, "picks/00000.r001.entropy", n);
    g_autofree double *margin = read_column(trace, "picks/00000.r001.margin", n);
    for (int64_t u = 0; u < n; u++) {
        int a = view->expert[u], b = view->expert[n + u];
        const double *here = z + 4 * u;
        check_scores(here, 4, 2, entropy[u], margin[u]);
        for (int e = 0; e < 4; e++)
            g_assert_true(here[e] <= (e == a ? here[a] : here[b]));
        double gate = 1 / (1 + exp(here[b] - here[a]));
        g_assert_cmpfloat_with_epsilon((double)view->gate[u], gate, 2e-3);
        g_assert_cmpfloat_with_epsilon((double)view->gate[n + u], 1 - gate, 2e-3);
    }
}

/* Sub-tokens are units of their own: four rows of logits and of picks a token, at the token's place
 * whatever batch it stood in (three windows at a time, or one). */
static void
test_sub_tokens(Folder *folder, gconstpointer data)
{
    g_auto(Recording) r =
        recording_new(folder,
                      (const char *[]){"moe.variant=mhmoe", "init.std=0.5", "moe.capacity_factor=0",
                                       "moe.capacity_fill=position", NULL},
                      MOE_SPLIT_VALIDATION);
    double *logits[2];
    for (int i = 0; i < 2; i++) {
        MoeRecordOptions options = {
            .rows = i == 0 ? 3 : 1, .length = 37, .trace = {.gates = true, .logits = true}};
        g_autoptr(MoeTrace) trace = record(&r, &options, NULL);
        g_autoptr(MoeTraceView) view = moe_trace_view_new();
        g_assert_true(moe_trace_view(trace, 0, 1, view, NULL));
        int64_t n = view->units;
        g_assert_cmpint(moe_trace_router(trace, 1)->units_per_token, ==, 4);
        g_assert_cmpint(view->tokens, ==, moe_tokens_count(r.tokens, -1));
        g_assert_cmpint(n, ==, 4 * view->tokens);
        double *z = logits[i] = read_column(trace, "picks/00000.r001.logits", n * 4);
        for (int64_t u = 0; u < n; u++, z += 4) {
            double all = exp(z[0]) + exp(z[1]) + exp(z[2]) + exp(z[3]);
            for (int j = 0; j < 2; j++) {
                double p = exp(z[view->expert[j * n + u]]) / all;
                g_assert_cmpfloat_with_epsilon((double)view->gate[j * n + u], p, 2e-3);
            }
        }
    }
    for (int64_t i = 0; i < 16 * moe_tokens_count(r.tokens, -1); i++)
        g_assert_cmpfloat_with_epsilon(logits[0][i], logits[1][i], 5e-3);
    g_free(logits[0]);
    g_free(logits[1]);
}

/* A router's gates sum to one unless some of them may be dropped without the rest making up. */
static void
test_routers(Folder *folder, gconstpointer data)
{
    static const struct {
        const char *settings[4];
        bool sum_to_one;
    } cases[] = {
        {{"moe.variant=gshard", NULL}, true},
        {{"moe.variant=gshard", "moe.renormalise=picked", NULL}, false},
        {{"moe.variant=smoe", NULL}, false},
        {{"moe.variant=smoe", "moe.capacity_factor=0", "moe.capacity_fill=position", NULL}, true},
        {{"moe.variant=switch", NULL}, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        run_whole(folder, "run", cases[i].settings);
        g_autoptr(MoeTrace) trace = run_trace(folder, "run");
        const MoeRouterInfo *info = moe_trace_router(trace, 1);
        g_assert_cmpint(info->gates_sum_to_one, ==, cases[i].sum_to_one);
        g_assert_cmpint(info->layer, ==, 1);
        g_assert_cmpint(info->experts, ==, 4);
        g_assert_cmpstr(info->score, ==, "linear");
        g_autofree char *dir = run_path(folder, "run", "");
        remove_below(dir);
    }
}

/* At least as many tokens as a pass takes; none twice; from the first on to near the last. */
static void
test_windows(Folder *folder, gconstpointer data)
{
    static const struct {
        int64_t max_tokens;
        bool all;
    } cases[] = {{0, true}, {1 << 20, true}, {200, false}, {70, false}, {5, false}};
    MoeCorpusOptions corpus_options = {.block = 256, .validation = 0.3, .seed = 1};
    g_autofree char *text = run_path(folder, "text", "");
    g_autoptr(MoeCorpus) corpus = load_one(text, &corpus_options);
    g_autoptr(MoeTokenizer) tokenizer = moe_tokenizer_bytes();
    g_autoptr(MoeTokens) tokens = moe_tokens_new(corpus, tokenizer, MOE_SPLIT_VALIDATION);
    int64_t total = moe_tokens_count(tokens, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MoeBatch) batch = moe_batch_new(3, 16);
        g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
        MoeWindows windows = moe__windows(tokens, 16, cases[i].max_tokens);
        int64_t rows = 0, last_domain = -1, filled;
        while ((filled = moe__windows_next(&windows, batch)) > 0) {
            rows += filled;
            for (int t = 0; t < 3 * 16; t++) {
                gsize name = (gsize)batch->doc[t] << 20 | (gsize)batch->pos[t];
                if (batch->doc[t] >= 0)
                    g_assert_true(g_hash_table_add(seen, GSIZE_TO_POINTER(name)));
                last_domain = MAX(last_domain, batch->domain[t]);
            }
        }
        g_assert_cmpint(moe__windows_done(&windows), ==, total);
        int64_t count = g_hash_table_size(seen);
        if (cases[i].all)
            g_assert_cmpint(count, ==, total);
        else
            g_assert_cmpint(rows, ==, MAX(1, cases[i].max_tokens / 16));
        g_assert_cmpint(count, <=, rows * 16);
        g_assert_cmpint(last_domain, ==, rows > 1 ? 1 : 0);
    }
}

/* The loss of the whole is the sum over domains. */
static void
test_domains(Folder *folder, gconstpointer data)
{
    g_auto(Recording) r = recording_new(folder, NULL, MOE_SPLIT_VALIDATION);
    MoeEvaluation total, domain[2] = {{0}, {0}};
    g_assert_true(moe_evaluate(r.checkpoint->model, r.checkpoint->tokenizer, r.tokens, 0, &total,
                               domain, NULL, NULL));
    g_assert_cmpint(domain[0].tokens, >, 0);
    g_assert_cmpint(domain[0].tokens + domain[1].tokens, ==, total.tokens);
    g_assert_cmpint(domain[0].bytes + domain[1].bytes, ==, total.bytes);
    g_assert_cmpfloat_with_epsilon(domain[0].nats + domain[1].nats, total.nats, 1e-9 * total.nats);
    MoeEvaluation empty = {0};
    g_assert_true(isnan(moe_evaluation_bits_per_byte(&empty)));
}

static bool
stop_soon(int64_t done, int64_t total, const char *what, void *user)
{
    int *calls = user;
    g_assert_cmpint(done, <=, total);
    return ++*calls < 3;
}

/* A cancelled recording is a whole trace of what was recorded, whether the caller takes the error
 * or not. */
static void
test_cancelled(Folder *folder, gconstpointer data)
{
    g_auto(Recording) r = recording_new(folder, NULL, MOE_SPLIT_VALIDATION);
    MoeRecordOptions options = {.trace = {.gates = true}};
    for (int ask = 0; ask < 2; ask++) {
        g_autoptr(GError) error = NULL;
        int calls = 0;
        MoeProgress progress = {stop_soon, &calls};
        g_assert_false(moe_record(r.checkpoint, r.corpus, r.tokens, r.path, NULL, &options, NULL,
                                  &progress, ask ? &error : NULL));
        if (ask)
            g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
        g_autoptr(MoeTrace) trace = moe_trace_open(r.path, NULL);
        g_assert_true(moe_trace_complete(trace));
        g_assert_cmpint(moe_trace_tokens(trace, -1), ==, 3 * 2 * 16); /* passes, rows, positions */
    }
}

static void
expect_refused(Recording *r, const char *part)
{
    MoeRecordOptions options = {.trace = {.gates = true}};
    g_autoptr(GError) error = NULL;
    g_assert_false(moe_record(r->checkpoint, r->corpus, r->tokens, r->path, NULL, &options, NULL,
                              NULL, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    if (!strstr(error->message, part))
        g_error("expected \"%s\" in \"%s\"", part, error->message);
    g_assert_false(g_file_test(r->path, G_FILE_TEST_EXISTS));
}

static void
test_dense(Folder *folder, gconstpointer data)
{
    g_auto(Recording) r =
        recording_new(folder, (const char *[]){"moe.variant=dense", NULL}, MOE_SPLIT_VALIDATION);
    expect_refused(&r, "the model has no router");
}

static void
test_no_text(Folder *folder, gconstpointer data)
{
    g_auto(Recording) r =
        recording_new(folder, (const char *[]){"data.probe=0", NULL}, MOE_SPLIT_PROBE);
    expect_refused(&r, "the split has no text");
}

/* Chunks are as long as the recipe says, of the run's trace too, or as the caller says. */
static void
test_chunks(Folder *folder, gconstpointer data)
{
    g_auto(Recording) r = recording_new(
        folder,
        (const char *[]){"moe.variant=smoe", "train.snapshots=0", "trace.chunk_tokens=256", NULL},
        MOE_SPLIT_TRAIN);
    MoeRecordOptions options = {.rows = 1, .length = 32};
    g_autoptr(MoeTrace) by_recipe = record(&r, &options, NULL);
    int64_t n = moe_tokens_count(r.tokens, -1);
    g_assert_cmpint(n, >, 1024);
    g_assert_cmpint(moe_trace_tokens(by_recipe, 0), >=, 256);
    g_assert_cmpint(moe_trace_tokens(by_recipe, 0), <, 256 + 32);
    options.trace.chunk_tokens = 512;
    g_autoptr(MoeTrace) by_caller = record(&r, &options, NULL);
    g_assert_cmpint(moe_trace_tokens(by_caller, 0), >=, 512);
    g_assert_cmpint(moe_trace_tokens(by_caller, -1), ==, n);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
#define ADD(name, function) \
    g_test_add("/record/" name, Folder, NULL, run_folder_make, function, folder_remove)
    ADD("tokens", test_tokens);
    ADD("scores", test_scores);
    ADD("sub-tokens", test_sub_tokens);
    ADD("routers", test_routers);
    ADD("windows", test_windows);
    ADD("domains", test_domains);
    ADD("cancelled", test_cancelled);
    ADD("dense", test_dense);
    ADD("no-text", test_no_text);
    ADD("chunks", test_chunks);
#undef ADD
    return g_test_run();
}
