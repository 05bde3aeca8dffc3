/* SPDX-License-Identifier: MIT
 *
 * A training run: what it learns, what it leaves behind, what it refuses. How it resumes:
 * train-resume.c.
 */
#include "train-run.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <moescope/safetensors.h>

/* Member `name` of each line of a run's metrics that has it. */
static GArray *
metric(const Folder *folder, const char *run, const char *name)
{
    size_t length;
    g_autofree char *text = run_bytes(folder, run, "metrics.jsonl", &length);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GArray *values = g_array_new(FALSE, FALSE, sizeof(double));
    for (char **line = lines; **line; line++) {
        g_autoptr(JsonParser) parser = json_parser_new();
        g_assert_true(json_parser_load_from_data(parser, *line, -1, NULL));
        JsonObject *object = json_node_get_object(json_parser_get_root(parser));
        if (!json_object_has_member(object, name))
            continue;
        double value = json_object_get_double_member(object, name);
        g_array_append_val(values, value);
    }
    return values;
}

static double
value(const GArray *values, guint i)
{
    g_assert_cmpint(i, <, values->len);
    return g_array_index(values, double, i);
}

/* Asserts that a call failed, and clears its error. */
static void
expect_failure(bool done, GError **error, int code, const char *part)
{
    g_assert_false(done);
    g_assert_error(*error, MOE_ERROR, code);
    if (!strstr((*error)->message, part))
        g_error("expected \"%s\" in \"%s\"", part, (*error)->message);
    g_clear_error(error);
}

/* The texts are numbered lines: after some steps the model knows a good part of them. */
static void
test_learns(Folder *folder, gconstpointer data)
{
    static const char *const variants[] = {"smoe", "dense", "switch"};
    for (size_t i = 0; i < G_N_ELEMENTS(variants); i++) {
        g_autofree char *variant = g_strconcat("moe.variant=", variants[i], NULL);
        run_whole(folder, variants[i], (const char *[]){variant, "train.steps=60", NULL});
        g_autoptr(GArray) loss = metric(folder, variants[i], "loss");
        g_autoptr(GArray) bits = metric(folder, variants[i], "validation_bits_per_byte");
        g_assert_cmpint(loss->len, ==, 60);
        g_assert_cmpint(bits->len, ==, 15);
        g_assert_cmpfloat_with_epsilon(value(loss, 0), log(256), 0.1);
        g_assert_cmpfloat(value(loss, 59), <, 3.5);
        g_assert_cmpfloat(value(bits, 14), <, 3.5 / G_LN2);
        g_assert_cmpfloat(value(bits, 14), <, value(bits, 0));
    }
}

/* What a trace says of each step is what metrics.jsonl says, and every token was routed. */
static void
test_trace(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", NULL);
    g_autoptr(MoeTrace) trace = run_trace(folder, "a");
    g_autoptr(GArray) loss = metric(folder, "a", "loss");
    MoeArray series, load, dropped, prob;
    g_assert_true(moe_trace_join(trace, "series/loss", &series, NULL));
    g_assert_true(moe_trace_join(trace, "state/r001.load", &load, NULL));
    g_assert_true(moe_trace_join(trace, "state/r001.dropped", &dropped, NULL));
    g_assert_true(moe_trace_join(trace, "state/r001.prob", &prob, NULL));
    g_assert_cmpint(load.shape[0], ==, RUN_STEPS);
    double total_dropped = 0;
    for (int s = 0; s < RUN_STEPS; s++) {
        g_assert_cmpfloat(moe_array_value(&series, 2 * s), ==, s + 1);
        g_assert_cmpfloat(moe_array_value(&series, 2 * s + 1), ==, value(loss, (guint)s));
        double picks = 0, sum = 0;
        for (int e = 0; e < 4; e++) {
            picks += moe_array_value(&load, s * 4 + e);
            total_dropped += moe_array_value(&dropped, s * 4 + e);
            sum += moe_array_value(&prob, s * 4 + e);
        }
        g_assert_cmpfloat(picks, ==, 2 * 2 * 2 * 16); /* micro-batches, rows, picks, tokens */
        g_assert_cmpfloat_with_epsilon(sum, 1, 1e-5);
    }
    g_assert_cmpfloat(total_dropped, >, 0);
    g_free((gpointer)series.data);
    g_free((gpointer)load.data);
    g_free((gpointer)dropped.data);
    g_free((gpointer)prob.data);
}

/* The probe text stands in the trace once for each chosen step and the last, in this order, and
 * the model that routed it knew more each time. */
static void
test_snapshots(Folder *folder, gconstpointer data)
{
    static const int chosen[] = {0, 3, 7, RUN_STEPS};
    run_whole(folder, "a", NULL);
    g_autoptr(MoeTrace) trace = run_trace(folder, "a");
    MoeArray step, loss, id;
    g_assert_true(moe_trace_join(trace, "tokens/step", &step, NULL));
    g_assert_true(moe_trace_join(trace, "tokens/loss", &loss, NULL));
    g_assert_true(moe_trace_join(trace, "tokens/id", &id, NULL));
    int64_t n = step.shape[0] / 4;
    double sum[4] = {0};
    g_assert_cmpint(4 * n, ==, step.shape[0]);
    g_assert_cmpint(n, >, 50); /* six windows of up to 16 tokens */
    g_assert_cmpint(n, <=, 96);
    for (int64_t i = 0; i < 4 * n; i++) {
        g_assert_cmpfloat(moe_array_value(&step, i), ==, chosen[i / n]);
        g_assert_cmpfloat(moe_array_value(&id, i), ==, moe_array_value(&id, i % n));
        sum[i / n] += moe_array_value(&loss, i) / (double)n;
    }
    g_assert_cmpfloat_with_epsilon(sum[0], log(256), 0.2);
    g_assert_cmpfloat(sum[3], <, sum[1]);
    g_free((gpointer)step.data);
    g_free((gpointer)loss.data);
    g_free((gpointer)id.data);
}

/* Latest checkpoints only; recipe and tokenizer with them, so that they stand for themselves. */
static void
test_checkpoints(Folder *folder, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    run_whole(folder, "a", (const char *[]){"train.keep=2", NULL});
    static const int kept[] = {0, 0, 1, 1}, step[] = {0, 5, 10, 12};
    for (int i = 0; i < 4; i++) {
        g_autofree char *file = g_strdup_printf("checkpoints/%08d/state.json", step[i]);
        g_autofree char *path = run_path(folder, "a", file);
        g_assert_cmpint(g_file_test(path, G_FILE_TEST_EXISTS), ==, kept[i]);
    }
    g_autofree char *dir = run_path(folder, "a", "");
    g_autoptr(MoeCheckpoint) latest = moe_checkpoint_open(dir, &error);
    g_assert_no_error(error);
    g_assert_cmpint(latest->step, ==, RUN_STEPS);
    g_assert_cmpstr(latest->domains[0], ==, "ants");
    g_assert_cmpstr(latest->domains[1], ==, "boats");
    g_assert_null(latest->domains[2]);
    g_assert_cmpint(moe_model_vocabulary(latest->model), ==, 256);
    g_autofree char *one = run_path(folder, "a", "checkpoints/00000010");
    g_autoptr(MoeCheckpoint) earlier = moe_checkpoint_open(one, &error);
    g_assert_no_error(error);
    g_assert_cmpint(earlier->step, ==, 10);
    g_autofree char *none = run_path(folder, "text", "");
    g_assert_null(moe_checkpoint_open(none, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
}

/* Decay 10 at rate 10 multiplies matrices by -99 a step. Checkpoints of every step: the last is of
 * weights that give no finite loss, so it isn't called good. */
static void
test_non_finite(Folder *folder, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = run_recipe(
        folder, (const char *[]){"optim.lr=10", "optim.decay=10", "optim.warmup=0",
                                 "optim.schedule=constant", "train.steps=60",
                                 "train.checkpoint_every=1", "train.eval_every=0", NULL});
    g_assert_false(run_train(folder, "a", recipe, 0, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_NUMERIC);
    int at = 0;
    g_assert_cmpint(sscanf(error->message, "the %*s became non-finite at step %d", &at), ==, 1);
    g_assert_cmpint(at, >, 2);
    g_autofree char *again = g_strdup_printf("became non-finite at step %d; the last good "
                                             "checkpoint is %s/a/checkpoints/%08d",
                                             at, folder->path, at - 2);
    g_clear_error(&error);
    /* The weights of the last step are there too; they fail again. */
    expect_failure(run_resume(folder, "a", 0, &error), &error, MOE_ERROR_NUMERIC, again);
}

static void
test_refused(Folder *folder, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = run_recipe(folder, NULL);
    g_assert_false(run_train(folder, "a", recipe, 1, NULL));
    expect_failure(run_train(folder, "a", recipe, 0, &error), &error, MOE_ERROR_DATA,
                   "holds a run already");
    expect_failure(run_resume(folder, "text", 0, &error), &error, MOE_ERROR_DATA,
                   "no checkpoint to go on from");
    static const struct {
        const char *setting, *part;
    } wrong[] = {
        {"data.corpus=", "data.corpus: found \"\", expected files or folders"},
        {"data.corpus=a,,b", "data.corpus: found \"a,,b\", expected files or folders"},
        {"train.length=20000", "tokens in this split, expected at least 20001"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(MoeRecipe) bad = run_recipe(folder, (const char *[]){wrong[i].setting, NULL});
        g_autofree char *dir = run_path(folder, "b", "");
        expect_failure(run_train(folder, "b", bad, 0, &error), &error, MOE_ERROR_DATA,
                       wrong[i].part);
        /* Nothing was made that would stand in the way of another try. */
        g_assert_false(g_file_test(dir, G_FILE_TEST_EXISTS));
    }
}

/* Without text to validate on or to probe, a run goes on without. */
static void
test_no_validation(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", (const char *[]){"data.validation=0", "data.probe=0", NULL});
    g_autoptr(GArray) bits = metric(folder, "a", "validation_bits_per_byte");
    g_assert_cmpint(bits->len, ==, 0);
    g_autoptr(MoeTrace) trace = run_trace(folder, "a");
    g_assert_cmpint(moe_trace_tokens(trace, -1), ==, 0);
}

/* --- Gradients over several passes ------------------------------------------------------------*/

/* Adds the gradient of the mean loss over rows first … first + rows - 1 of a batch. */
static void
accumulate(MoeModel *model, const MoeBatch *whole, int first, int rows)
{
    g_autoptr(MoeTape) tape = moe_tape_new(true);
    g_autoptr(MoeArena) keep = moe_arena_new();
    MoeRouting routings[2];
    MoeContext context = {.tape = tape, .keep = keep, .train = true, .seed = 1};
    size_t at = (size_t)first * (size_t)whole->length;
    MoeBatch part = {rows,
                     whole->length,
                     whole->id + at,
                     whole->target + at,
                     whole->doc + at,
                     whole->pos + at,
                     whole->domain + at};
    MoeLoss loss = moe_model_loss(model, &context, &part, routings, NULL, NULL, NULL);
    moe_tape_backward(tape, loss.total, 1);
}

/* Without anything that couples the rows of a batch, two passes over half of it give the gradient
 * of one over all. */
static void
test_accumulation(Folder *folder, gconstpointer data)
{
    g_autoptr(MoeRecipe) recipe =
        run_recipe(folder, (const char *[]){"moe.variant=smoe", "moe.capacity_factor=0",
                                            "moe.capacity_fill=position", "moe.balance=z-loss",
                                            "model.dropout=0", "init.std=0.3", NULL});
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeModel) model = moe_model_new(recipe, 256, &error);
    g_assert_no_error(error);
    MoeParams *params = moe_model_params(model);
    g_autoptr(MoeBatch) batch = moe_batch_new(8, 16);
    MoeRng rng = moe_rng(1, 1);
    for (int i = 0; i < 8 * 16; i++) {
        batch->id[i] = (int32_t)moe_rng_below(&rng, 256);
        batch->target[i] = (int32_t)moe_rng_below(&rng, 256);
    }
    accumulate(model, batch, 0, 8);
    g_autoptr(GArray) whole = g_array_new(FALSE, FALSE, sizeof(float));
    for (int p = 0; p < moe_params_count(params); p++) {
        MoeTensor *x = moe_params_get(params, p)->tensor;
        g_array_append_vals(whole, x->grad, (guint)moe_tensor_count(x));
    }
    moe_params_drop_grads(params);
    accumulate(model, batch, 0, 4);
    accumulate(model, batch, 4, 4);
    guint at = 0;
    double square = 0;
    for (int p = 0; p < moe_params_count(params); p++) {
        MoeTensor *x = moe_params_get(params, p)->tensor;
        for (int64_t i = 0; i < moe_tensor_count(x); i++) {
            double one = (double)g_array_index(whole, float, at++);
            g_assert_cmpfloat_with_epsilon(0.5 * (double)x->grad[i], one, 2e-6);
            square += one * one;
        }
    }
    g_assert_cmpfloat(sqrt(square), >, 0.1);
}

/* --- Frozen parameters ------------------------------------------------------------------------*/

typedef struct {
    MoeTensor *weight;
} FrozenRouter;

static void
frozen_init(MoeLayer *layer, void *state)
{
    int64_t shape[] = {moe_layer_experts(layer), moe_layer_width(layer)};
    ((FrozenRouter *)state)->weight =
        moe_layer_param(layer, "router.weight", 2, shape, MOE_PARAM_FROZEN, shape[1]);
}

static MoeTensor *
frozen_score(MoeRouting *routing, void *state)
{
    return moe_linear(routing->context->tape, routing->units, ((FrozenRouter *)state)->weight,
                      NULL);
}

static const MoePart frozen_part = {
    .struct_size = sizeof(MoePart),
    .place = MOE_PLACE_SCORE,
    .name = "test-frozen",
    .help = "a router that isn't trained",
    .state_size = sizeof(FrozenRouter),
    .init = frozen_init,
    .score = frozen_score,
};

/* A router of the tests' own, registered as a plugin's would be: its weights stay, all others
 * move, and the optimiser has no state for them. */
static void
test_frozen(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", (const char *[]){"moe.score=test-frozen", "train.steps=3", NULL});
    g_autofree char *first = run_path(folder, "a", "checkpoints/00000000/model.safetensors");
    g_autofree char *last = run_path(folder, "a", "checkpoints/00000003/model.safetensors");
    g_autofree char *adamw = run_path(folder, "a", "checkpoints/00000003/optimizer.safetensors");
    g_autoptr(MoeSafetensors) x = moe_safetensors_open(first, NULL);
    g_autoptr(MoeSafetensors) y = moe_safetensors_open(last, NULL);
    g_autoptr(MoeSafetensors) state = moe_safetensors_open(adamw, NULL);
    int frozen = 0;
    for (int i = 0; i < moe_safetensors_count(x); i++) {
        const MoeStored *before = moe_safetensors_get(x, i);
        const MoeStored *after = moe_safetensors_find(y, before->name);
        bool same = memcmp(before->data, after->data, (size_t)before->count * sizeof(float)) == 0;
        bool is_router = strstr(before->name, "router") != NULL;
        g_assert_cmpint(same, ==, is_router);
        frozen += is_router;
    }
    g_assert_cmpint(frozen, ==, 2);
    for (int i = 0; i < moe_safetensors_count(state); i++)
        g_assert_null(strstr(moe_safetensors_get(state, i)->name, "router"));
    g_assert_cmpint(moe_safetensors_count(state), >=, 2 * (moe_safetensors_count(x) - 2));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
    g_assert_true(moe_part_add(&frozen_part, NULL));
#define ADD(name, function) \
    g_test_add("/train/" name, Folder, NULL, run_folder_make, function, folder_remove)
    ADD("learns", test_learns);
    ADD("trace", test_trace);
    ADD("snapshots", test_snapshots);
    ADD("checkpoints", test_checkpoints);
    ADD("non-finite", test_non_finite);
    ADD("refused", test_refused);
    ADD("no-validation", test_no_validation);
    ADD("accumulation", test_accumulation);
    ADD("frozen", test_frozen);
#undef ADD
    return g_test_run();
}
