/* SPDX-License-Identifier: MIT
 *
 * What a run and a recording measure of their routers, read back from the trace.
 */
#include "train-run.h"

#include <math.h>

enum { ROUTERS = 2, E = 4 };

/* Room to drop nobody, whatever the variant says of capacity. */
#define NO_CAPACITY "moe.capacity_factor=0", "moe.capacity_fill=position"

/* A measure with its steps. */
typedef struct {
    MoeArray value, step;
} Measure;

static void
measure_clear(Measure *measure)
{
    g_free((gpointer)measure->value.data);
    g_free((gpointer)measure->step.data);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Measure, measure_clear)

static Measure
read_measure(const MoeTrace *trace, int router, const char *name)
{
    Measure measure;
    g_autoptr(GError) error = NULL;
    g_autofree char *value = g_strdup_printf("measures/r%03d.%s", router, name);
    g_autofree char *step = g_strconcat(value, ".step", NULL);
    moe_trace_join(trace, value, &measure.value, &error);
    g_assert_no_error(error);
    moe_trace_join(trace, step, &measure.step, &error);
    g_assert_no_error(error);
    return measure;
}

static bool
has_measure(const MoeTrace *trace, int router, const char *name)
{
    int n;
    const char *const *names = moe_trace_measure_names(trace, router, &n);
    for (int i = 0; i < n; i++)
        if (g_str_equal(names[i], name))
            return true;
    return false;
}

/* Where all units of the batch have one first choice. */
static bool
can_be_nan(const char *name)
{
    return g_str_equal(name, "representation_collapse");
}

/* Finite values of `axes` axes of as many as there are experts, at the given steps. */
static void
expect_measure(const MoeTrace *trace, int router, const char *name, int axes, int n,
               const int *steps)
{
    g_auto(Measure) m = read_measure(trace, router, name);
    g_assert_cmpint(m.value.type, ==, MOE_F32);
    g_assert_cmpint(m.value.ndim, ==, 1 + axes);
    g_assert_cmpint(m.value.shape[0], ==, n);
    for (int i = 0; i < axes; i++)
        g_assert_cmpint(m.value.shape[1 + i], ==, moe_trace_router(trace, router)->experts);
    for (int i = 0; i < n; i++)
        g_assert_cmpfloat(moe_array_value(&m.step, i), ==, steps[i]);
    for (int64_t i = 0; i < moe_array_count(&m.value); i++)
        g_assert_true(isfinite(moe_array_value(&m.value, i)) || can_be_nan(name));
}

/* Before training, at every snapshot and at the end; the scalars of every step under a name of
 * their own, and nothing else of steps. */
static void
expect_measures(const MoeTrace *trace)
{
    static const int snapshots[] = {0, 3, 7, 12}, all[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    for (int r = 0; r < ROUTERS; r++) {
        expect_measure(trace, r, "train.logit_std", 0, RUN_STEPS, all);
        expect_measure(trace, r, "logit_std", 0, 4, snapshots);
        expect_measure(trace, r, "representation_collapse", 0, 4, snapshots);
        expect_measure(trace, r, "expert_cosine", 2, 4, snapshots);
        expect_measure(trace, r, "expert_output_cka", 2, 4, snapshots);
        expect_measure(trace, r, "router_task_grad_logits", 0, 4, snapshots);
        g_assert_false(has_measure(trace, r, "train.expert_cosine"));
        g_assert_false(has_measure(trace, r, "train.representation_collapse"));
    }
}

/* A run of any variant, with experts enough for those that pick 16 of them. */
static void
run_variant(const Folder *folder, const char *variant)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        g_strdup_printf("[data]\ncorpus = %s/text\ntokenizer = bytes\nblock = 256\nprobe = 0.1\n"
                        "[model]\nlayers = 2\nd_model = 16\nheads = 2\n"
                        "[moe]\nvariant = %s\nexperts = 16\nhidden = 16\n"
                        "[train]\nsteps = %d\nbatch = 2\nlength = 16\nsnapshots = 0,3,7\n",
                        folder->path, variant, RUN_STEPS);
    g_autoptr(MoeRecipe) recipe = moe_recipe_parse(text, variant, &error);
    g_assert_no_error(error);
    run_train(folder, variant, recipe, 0, &error);
    g_assert_no_error(error);
}

/* Every variant that is registered, so that new ones are covered. */
static void
test_variants(Folder *folder, gconstpointer data)
{
    int n, seen = 0;
    const MoePreset *const *presets = moe_presets_list(&n);
    for (int i = 0; i < n; i++) {
        if (!g_str_equal(presets[i]->key, "moe.variant") || g_str_equal(presets[i]->name, "dense"))
            continue;
        run_variant(folder, presets[i]->name);
        g_autoptr(MoeTrace) trace = run_trace(folder, presets[i]->name);
        g_test_message("%s", presets[i]->name);
        expect_measures(trace);
        seen++;
    }
    g_assert_cmpint(seen, >=, 7);
}

static void
test_dense(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", (const char *[]){"moe.variant=dense", NULL});
    g_autofree char *path = run_path(folder, "a", "trace.npz");
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* Without a probe text there is nothing to take snapshots of, but steps are measured. */
static void
test_no_probe(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", (const char *[]){"data.probe=0", NULL});
    g_autoptr(MoeTrace) trace = run_trace(folder, "a");
    g_assert_true(has_measure(trace, 1, "train.logit_std"));
    g_assert_false(has_measure(trace, 1, "logit_std"));
    g_assert_false(has_measure(trace, 1, "router_task_grad_logits"));
}

/* Snapshots change nothing of the run: neither do their gradients reach a step, nor their random
 * numbers a batch. */
static void
test_undisturbed(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", NULL);
    run_whole(folder, "b", (const char *[]){"train.snapshots=1,2,4,5,8,11", NULL});
    run_whole(folder, "c", (const char *[]){"train.snapshots=none", NULL});
    static const char model[] = "checkpoints/00000012/model.safetensors";
    run_expect_same(folder, "a", "b", model);
    run_expect_same(folder, "a", "c", model);
    run_expect_same(folder, "a", "b", "checkpoints/00000012/optimizer.safetensors");
    run_expect_same(folder, "a", "b", "metrics.jsonl");
}

/* --- The task's gradient at the router --------------------------------------------------------*/

/* The smallest and largest of a measure over routers and snapshots. */
static void
extremes(const MoeTrace *trace, const char *name, double *least, double *most)
{
    *least = INFINITY;
    *most = 0;
    for (int r = 0; r < ROUTERS; r++) {
        g_auto(Measure) m = read_measure(trace, r, name);
        g_assert_cmpint(m.value.shape[0], ==, 4);
        for (int i = 0; i < 4; i++) {
            *least = MIN(*least, moe_array_value(&m.value, i));
            *most = MAX(*most, moe_array_value(&m.value, i));
        }
    }
}

/* One pick with gates that sum to one always has gate one: the task can't teach the router. */
static void
test_zero_gradient(Folder *folder, gconstpointer data)
{
    static const char *const measures[] = {"router_task_grad_logits", "router_task_grad"};
    static const struct {
        const char *gate, *k;
        bool zero;
    } cases[] = {
        {"moe.gate=softmax-selected", "moe.k=1", true},
        {"moe.gate=softmax-selected", "moe.k=2", false},
        {"moe.gate=softmax-all", "moe.k=1", false},
        {"moe.gate=sigmoid", "moe.k=1", false},
        {"moe.gate=one", "moe.k=1", true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *const settings[] = {"moe.variant=smoe", cases[i].gate, cases[i].k,
                                        "moe.balance=none", NO_CAPACITY,   NULL};
        g_autofree char *name = g_strdup_printf("%zu", i);
        run_whole(folder, name, settings);
        g_autoptr(MoeTrace) trace = run_trace(folder, name);
        for (size_t j = 0; j < G_N_ELEMENTS(measures); j++) {
            double least, most;
            extremes(trace, measures[j], &least, &most);
            if (cases[i].zero)
                g_assert_cmpfloat(most, ==, 0);
            else
                g_assert_cmpfloat(least, >, 1e-7);
            g_assert_cmpfloat(most, <, 10);
        }
    }
}

/* Balance losses are no part of it: their coefficient doesn't show in the untrained model. */
static void
test_task_alone(Folder *folder, gconstpointer data)
{
    double first[2];
    static const char *const coefficients[] = {"balance.gshard=0", "balance.gshard=100"};
    for (int i = 0; i < 2; i++) {
        run_whole(folder, coefficients[i], (const char *[]){coefficients[i], NULL});
        g_autoptr(MoeTrace) trace = run_trace(folder, coefficients[i]);
        g_auto(Measure) m = read_measure(trace, 1, "router_task_grad");
        first[i] = moe_array_value(&m.value, 0);
    }
    g_assert_cmpfloat(first[0], >, 0);
    g_assert_cmpfloat(first[0], ==, first[1]);
}

/* A router without trained parameters has no norm of their gradient, yet passes one on. */
static void
test_frozen_router(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", (const char *[]){"moe.score=frozen", "moe.balance=none", NULL});
    g_autoptr(MoeTrace) trace = run_trace(folder, "a");
    g_assert_false(has_measure(trace, 0, "router_task_grad"));
    g_auto(Measure) m = read_measure(trace, 0, "router_task_grad_logits");
    g_assert_cmpfloat(moe_array_value(&m.value, 0), >, 0);
}

/* The first snapshot's two norms, from a pass by hand: logits are a linear map of the units, so
 * that at the weights the gradient is dL/dz' x. */
static void
test_against_weights(Folder *folder, gconstpointer data)
{
    g_autoptr(MoeRecipe) recipe = run_recipe(
        folder, (const char *[]){"moe.variant=smoe", NO_CAPACITY, "model.dropout=0", NULL});
    g_autoptr(GError) error = NULL;
    run_train(folder, "a", recipe, 1, NULL);
    g_autofree char *path = run_path(folder, "a", "trace.npz");
    g_autoptr(MoeTrace) trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_auto(Measure) at_logits = read_measure(trace, 1, "router_task_grad_logits");
    g_auto(Measure) at_router = read_measure(trace, 1, "router_task_grad");

    g_autofree char *checkpoint_path = run_path(folder, "a", "checkpoints/00000000");
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(checkpoint_path, &error);
    g_assert_no_error(error);
    MoeCorpusOptions options = moe_corpus_options(recipe);
    g_autofree char *text = run_path(folder, "text", "");
    g_autoptr(MoeCorpus) corpus = load_one(text, &options);
    g_autoptr(MoeTokens) probe = moe_tokens_new(corpus, checkpoint->tokenizer, MOE_SPLIT_PROBE);
    g_autoptr(MoeBatch) batch = moe_batch_new(2, 16);
    int64_t total = moe_tokens_count(probe, -1), cursor = 0;
    /* Two windows, at the beginning and in the middle. */
    g_autoptr(MoeBatch) row = moe_batch_new(1, 16);
    for (int i = 0; i < 2; i++) {
        cursor = total * i / 2;
        g_assert_cmpint(moe_tokens_walk(probe, &cursor, row), ==, 1);
        memcpy(batch->id + i * 16, row->id, 16 * sizeof *row->id);
        memcpy(batch->target + i * 16, row->target, 16 * sizeof *row->target);
        memcpy(batch->doc + i * 16, row->doc, 16 * sizeof *row->doc);
    }
    g_autoptr(MoeTape) tape = moe_tape_new(true);
    g_autoptr(MoeArena) keep = moe_arena_new();
    MoeContext context = {.tape = tape, .keep = keep, .train = true};
    MoeRouting routings[ROUTERS];
    MoeTensor *logits = moe_model_logits(checkpoint->model, &context, batch, routings, NULL, NULL);
    MoeTensor *z = routings[1].logits, *x = routings[1].units;
    moe_tensor_keep_grad(z);
    moe_tape_backward(tape, moe_cross_entropy(tape, logits, batch->target, NULL), 1);
    double logit_squares = 0, weight_squares = 0;
    for (int e = 0; e < E; e++)
        for (int i = 0; i < 16; i++) {
            double sum = 0;
            for (int u = 0; u < 32; u++) {
                sum += (double)z->grad[u * E + e] * (double)x->data[u * 16 + i];
                logit_squares += i == 0 ? pow((double)z->grad[u * E + e], 2) : 0;
            }
            weight_squares += sum * sum;
        }
    double expected = sqrt(logit_squares);
    g_assert_cmpfloat_with_epsilon(moe_array_value(&at_logits.value, 0), expected, 1e-5 * expected);
    expected = sqrt(weight_squares);
    g_assert_cmpfloat_with_epsilon(moe_array_value(&at_router.value, 0), expected, 1e-4 * expected);
}

/* --- Recordings -------------------------------------------------------------------------------*/

/* A recording of a checkpoint over the probe text measures what the run's snapshot did. */
static void
test_record(Folder *folder, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    run_whole(folder, "a", NULL);
    g_autofree char *dir = run_path(folder, "a", ""), *text = run_path(folder, "text", "");
    g_autofree char *path = run_path(folder, "recorded.npz", NULL);
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(dir, &error);
    g_assert_no_error(error);
    MoeCorpusOptions options = moe_corpus_options(moe_model_recipe(checkpoint->model));
    g_autoptr(MoeCorpus) corpus = load_one(text, &options);
    g_autoptr(MoeTokens) probe = moe_tokens_new(corpus, checkpoint->tokenizer, MOE_SPLIT_PROBE);
    MoeRecordOptions wanted = {.trace = {.slots = true}};
    moe_record(checkpoint, corpus, probe, path, NULL, &wanted, NULL, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(MoeTrace) run = run_trace(folder, "a"), recorded = moe_trace_open(path, &error);
    g_assert_no_error(error);
    static const char *const names[] = {"logit_std", "expert_output_cka", "router_cosine"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_auto(Measure) a = read_measure(run, 1, names[i]), b = read_measure(recorded, 1, names[i]);
        int64_t n = moe_array_count(&b.value), all = moe_array_count(&a.value);
        g_assert_cmpint(b.value.shape[0], ==, 1);
        g_assert_cmpfloat(moe_array_value(&b.step, 0), ==, RUN_STEPS);
        for (int64_t j = 0; j < n; j++)
            g_assert_cmpfloat(moe_array_value(&b.value, j), ==,
                              moe_array_value(&a.value, all - n + j));
    }
    g_assert_false(has_measure(recorded, 1, "train.logit_std"));
}

/* Places in the queue: of those that got one, each expert's are all different within a pass, and
 * those behind the buffer are the dropped ones. */
static void
test_slots(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", (const char *[]){"moe.capacity_eval_factor=0.5", NULL});
    g_autoptr(MoeTrace) trace = run_trace(folder, "a");
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    int64_t capacity = 2 * 32 / (E * 2), dropped = 0;
    g_assert_true(moe_trace_view(trace, 0, 1, view, NULL));
    g_assert_nonnull(view->slot);
    for (int64_t i = 0; i < view->k * view->units; i++) {
        g_assert_cmpint(view->slot[i] >= capacity, ==, view->dropped && view->dropped[i]);
        dropped += view->slot[i] >= capacity;
        for (int64_t j = 0; i % view->units < 32 && j < i; j++)
            if (j % view->units < 32 && view->expert[j] == view->expert[i])
                g_assert_cmpint(view->slot[j], !=, view->slot[i]);
    }
    g_assert_cmpint(dropped, >, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
#define ADD(name, function) \
    g_test_add("/measures/" name, Folder, NULL, run_folder_make, function, folder_remove)
    ADD("variants", test_variants);
    ADD("dense", test_dense);
    ADD("no-probe", test_no_probe);
    ADD("undisturbed", test_undisturbed);
    ADD("zero-gradient", test_zero_gradient);
    ADD("task-alone", test_task_alone);
    ADD("frozen-router", test_frozen_router);
    ADD("against-weights", test_against_weights);
    ADD("record", test_record);
    ADD("slots", test_slots);
#undef ADD
    return g_test_run();
}
