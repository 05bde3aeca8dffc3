/* SPDX-License-Identifier: MIT
 *
 * How fast a language model trains and runs: tokens a second of training steps (forward, backward,
 * AdamW), of inference, and of inference with every pick recorded to a trace.
 *
 *   bench-lm [--set key=value]… [--steps N] [--rounds N] [--threads N]
 *
 * Prints `name value unit`, tab-separated. The text is 1 MiB of bytes drawn with weights 1/rank, so
 * that routing depends on the token and is skewed.
 */
#include <moescope/model.h>

#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/resource.h>

static char **settings;
static int steps = 12, rounds = 5, threads = 0;

static const GOptionEntry entries[] = {
    {"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &settings, "a key of the recipe", "KEY=VALUE"},
    {"steps", 0, 0, G_OPTION_ARG_INT, &steps, "training steps measured", "N"},
    {"rounds", 0, 0, G_OPTION_ARG_INT, &rounds, "rounds of inference", "N"},
    {"threads", 0, 0, G_OPTION_ARG_INT, &threads, "threads, 0: all", "N"},
    {NULL},
};

static double
now(void)
{
    return (double)g_get_monotonic_time() * 1e-6;
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double
median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, ascending);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void
print(const char *name, double value, const char *unit)
{
    printf("%s\t%.6g\t%s\n", name, value, unit);
    fflush(stdout);
}

/* One file of 1 MiB in a new temporary folder. */
static char *
make_text(void)
{
    char *folder = g_dir_make_tmp("moescope-bench-XXXXXX", NULL);
    double total = 0, up_to[256];
    for (int i = 0; i < 256; i++)
        up_to[i] = total += 1.0 / (i + 1);
    GString *text = g_string_new(NULL);
    MoeRng rng = moe_rng(1, 0);
    while (text->len < 1 << 20) {
        double u = (double)moe_rng_uniform(&rng) * total;
        int byte = 0;
        while (byte < 255 && up_to[byte] < u)
            byte++;
        g_string_append_c(text, (char)byte);
    }
    g_autofree char *path = g_build_filename(folder, "text.txt", NULL);
    g_file_set_contents(path, text->str, (gssize)text->len, NULL);
    g_string_free(text, TRUE);
    return folder;
}

typedef struct {
    MoeCheckpoint checkpoint;
    MoeCorpus *corpus;
    MoeTokens *train, *validation;
    int batch, length;
} Bench;

static void
check(bool fine, GError *error)
{
    if (fine)
        return;
    fprintf(stderr, "bench-lm: %s\n", error ? error->message : "failed");
    exit(1);
}

static Bench
setup(const char *folder)
{
    g_autoptr(GError) error = NULL;
    Bench b = {0};
    g_autoptr(MoeRecipe) recipe = moe_recipe_new();
    for (char **s = settings; s && *s; s++)
        check(moe_recipe_set(recipe, *s, &error), error);
    check(moe_recipe_set(recipe, "data.validation=0.03", &error), error);
    MoeCorpusOptions options = moe_corpus_options(recipe);
    b.corpus = moe_corpus_load(&folder, 1, &options, &error);
    check(b.corpus != NULL, error);
    b.checkpoint.tokenizer = moe_tokenizer_bytes();
    b.train = moe_tokens_new(b.corpus, b.checkpoint.tokenizer, MOE_SPLIT_TRAIN);
    b.validation = moe_tokens_new(b.corpus, b.checkpoint.tokenizer, MOE_SPLIT_VALIDATION);
    b.checkpoint.model = moe_model_new(recipe, 256, &error);
    check(b.checkpoint.model != NULL, error);
    b.checkpoint.path = (char *)folder;
    b.batch = (int)moe_recipe_int(recipe, "train.batch");
    b.length = (int)moe_recipe_int(recipe, "train.length");
    return b;
}

typedef struct {
    double forward, backward, optimiser, total;
} StepTime;

static StepTime
train_step(Bench *b, MoeAdamW *adamw, MoeTape *tape, MoeArena *keep, MoeBatch *batch,
           MoeRouting *routings, int number)
{
    check(moe_tokens_draw(b->train, 1, (uint64_t)number, NULL, batch, NULL), NULL);
    double start = now();
    moe_tape_reset(tape);
    moe_arena_reset(keep);
    moe_params_drop_grads(moe_model_params(b->checkpoint.model));
    MoeContext context = {.tape = tape, .keep = keep, .train = true, .seed = (uint64_t)number};
    MoeLoss loss = moe_model_loss(b->checkpoint.model, &context, batch, routings, NULL, NULL, NULL);
    double forward = now();
    moe_tape_backward(tape, loss.total, 1);
    double backward = now();
    moe_adamw_step(adamw, 3e-4, 1, NULL);
    double end = now();
    return (StepTime){forward - start, backward - forward, end - backward, end - start};
}

static void
bench_training(Bench *b)
{
    MoeModel *model = b->checkpoint.model;
    MoeAdamWOptions options = moe_adamw_options(moe_model_recipe(model));
    g_autoptr(MoeAdamW) adamw = moe_adamw_new(moe_model_params(model), &options);
    g_autoptr(MoeTape) tape = moe_tape_new(true);
    g_autoptr(MoeArena) keep = moe_arena_new();
    g_autoptr(MoeBatch) batch = moe_batch_new(b->batch, b->length);
    g_autofree MoeRouting *routings = g_new0(MoeRouting, MAX(1, moe_model_routers(model)));
    g_autofree double *times = g_new(double, 4 * (gsize)steps);
    for (int i = -3; i < steps; i++) {
        StepTime t = train_step(b, adamw, tape, keep, batch, routings, i + 3);
        if (i < 0)
            continue;
        times[i] = t.forward;
        times[steps + i] = t.backward;
        times[2 * steps + i] = t.optimiser;
        times[3 * steps + i] = t.total;
    }
    double tokens = (double)b->batch * b->length, flops = 3 * moe_model_flops(model, b->length);
    double seconds = median(times + 3 * steps, steps);
    print("train.forward", 1e3 * median(times, steps), "ms");
    print("train.backward", 1e3 * median(times + steps, steps), "ms");
    print("train.optimiser", 1e3 * median(times + 2 * steps, steps), "ms");
    print("train.tokens", tokens / seconds, "tokens/s");
    /* median() has sorted them: the quietest step. */
    print("train.tokens_best", tokens / times[3 * steps], "tokens/s");
    print("train.flops", flops * tokens / seconds * 1e-9, "GFLOP/s");
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    print("train.peak_rss", (double)usage.ru_maxrss / 1024, "MiB");
}

/* One batch run and appended to a trace; adds what each took. */
static void
record_batch(Bench *b, MoeContext *context, MoeBatch *batch, MoeRouting *routings, float *loss,
             MoeTraceWriter *writer, double *running, double *recording)
{
    MoeModel *model = b->checkpoint.model;
    int n = moe_model_routers(model);
    g_autofree MoeTracePicks *picks = g_new0(MoeTracePicks, MAX(n, 1));
    double start = now();
    moe_tape_reset(context->tape);
    moe_arena_reset(context->keep);
    moe_model_loss(model, context, batch, routings, NULL, NULL, loss);
    double middle = now();
    for (int i = 0; i < n; i++)
        picks[i] = (MoeTracePicks){.expert = routings[i].picks.expert,
                                   .gate = routings[i].picks.gate,
                                   .dropped = routings[i].picks.dropped};
    MoeTraceTokens tokens = {.n = (int64_t)batch->rows * batch->length,
                             .id = batch->id,
                             .doc = batch->doc,
                             .pos = batch->pos,
                             .domain = batch->domain,
                             .loss = loss};
    check(moe_trace_writer_append(writer, &tokens, picks, NULL), NULL);
    *running += middle - start;
    *recording += now() - middle;
}

/* What recording adds to inference, timed by itself: a percent is below the noise of whole passes.
 * Chunks are compressed within append and close. */
static void
bench_recording(Bench *b, const char *path)
{
    MoeModel *model = b->checkpoint.model;
    int n = moe_model_routers(model);
    g_autofree MoeRouterInfo *infos = g_new0(MoeRouterInfo, MAX(n, 1));
    g_autofree MoeRouting *routings = g_new0(MoeRouting, MAX(n, 1));
    g_autofree float *loss = g_new(float, (gsize)b->batch *(gsize)b->length);
    g_autoptr(MoeTape) tape = moe_tape_new(false);
    g_autoptr(MoeArena) keep = moe_arena_new();
    g_autoptr(MoeBatch) batch = moe_batch_new(b->batch, b->length);
    for (int i = 0; i < n; i++)
        infos[i] = (MoeRouterInfo){.layer = i,
                                   .experts = moe_layer_experts(moe_model_router(model, i)),
                                   .k = moe_layer_k(moe_model_router(model, i)),
                                   .units_per_token = 1,
                                   .score = (char *)"linear",
                                   .select = (char *)"topk",
                                   .gate = (char *)"softmax-selected"};
    g_autofree char *meta = moe_trace_meta(infos, n, (const char *[]){"text"}, 1, NULL);
    MoeTraceOptions options = {.compression = 1, .gates = true};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, infos, n, &options, NULL);
    check(writer != NULL, NULL);
    MoeContext context = {.tape = tape, .keep = keep};
    double running = 0, recording = 0;
    for (int i = 0; i < 64; i++) {
        check(moe_tokens_draw(b->train, 2, (uint64_t)i, NULL, batch, NULL), NULL);
        record_batch(b, &context, batch, routings, loss, writer, &running, &recording);
    }
    double start = now();
    check(moe_trace_writer_close(writer, NULL), NULL);
    print("infer.recording_cost", 100 * (recording + now() - start) / running, "%");
}

static void
bench_inference(Bench *b, const char *folder)
{
    g_autoptr(GError) error = NULL;
    MoeEvaluation evaluation;
    MoeRecordOptions options = {.trace = {.compression = 1, .gates = true}};
    g_autofree char *path = g_build_filename(folder, "trace.npz", NULL);
    g_autofree double *plain = g_new(double, rounds), *recorded = g_new(double, rounds);
    for (int i = -1; i < rounds; i++) {
        double start = now();
        check(moe_evaluate(b->checkpoint.model, b->checkpoint.tokenizer, b->validation, 0,
                           &evaluation, NULL, NULL, &error),
              error);
        double middle = now();
        check(moe_record(&b->checkpoint, b->corpus, b->validation, path, "", &options, &evaluation,
                         NULL, &error),
              error);
        double end = now();
        if (i < 0)
            continue;
        plain[i] = middle - start;
        recorded[i] = end - middle;
    }
    double tokens = (double)moe_tokens_count(b->validation, -1);
    print("infer.tokens", tokens / median(plain, rounds), "tokens/s");
    print("infer.recorded_tokens", tokens / median(recorded, rounds), "tokens/s");
    bench_recording(b, path);
    g_unlink(path);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    check(g_option_context_parse(context, &argc, &argv, &error), error);
    moe_init();
    moe_set_threads(threads);
    g_autofree char *folder = make_text();
    Bench b = setup(folder);
    bench_training(&b);
    if (rounds > 0)
        bench_inference(&b, folder);
    g_autofree char *text = g_build_filename(folder, "text.txt", NULL);
    g_unlink(text);
    g_rmdir(folder);
    return 0;
}
