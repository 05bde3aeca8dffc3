/* SPDX-License-Identifier: MIT
 *
 * A run that was interrupted, however, ends in the same bits as one that wasn't.
 */
#include "train-run.h"

#include <unistd.h>

static void
expect_message(const GError *error, const char *part)
{
    if (!strstr(error->message, part))
        g_error("expected \"%s\" in \"%s\"", part, error->message);
}

/* Two runs are the same in every byte; another seed isn't. */
static void
test_deterministic(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", NULL);
    run_whole(folder, "b", NULL);
    run_expect_same_end(folder, "a", "b");
    run_expect_same(folder, "a", "b", "trace.npz");
    run_expect_same(folder, "a", "b", "checkpoints/00000000/model.safetensors");
    run_whole(folder, "c", (const char *[]){"train.seed=2", NULL});
    size_t n, m;
    g_autofree char *x = run_bytes(folder, "a", "metrics.jsonl", &n);
    g_autofree char *y = run_bytes(folder, "c", "metrics.jsonl", &m);
    g_assert_cmpstr(x, !=, y);
}

/* Killed after any of its checkpoints: what was written behind them is cut off and written again.
 * A half-written checkpoint goes. */
static void
test_killed(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", NULL);
    run_whole(folder, "b", NULL);
    static const int64_t last[] = {12, 10, 5};
    for (size_t i = 0; i < G_N_ELEMENTS(last); i++) {
        for (size_t j = 0; j <= i; j++)
            run_remove_checkpoint(folder, "b", last[j]);
        g_autofree char *part =
            folder_write(folder, "b/checkpoints/00000011.part/state.json", "", 0);
        run_go_on(folder, "b");
        run_expect_same_end(folder, "a", "b");
        run_expect_same(folder, "a", "b", "trace.npz");
        g_assert_false(g_file_test(part, G_FILE_TEST_EXISTS));
    }
}

/* Killed between the last checkpoint and the trace's closing directory. */
static void
test_killed_at_the_end(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", NULL);
    run_whole(folder, "b", NULL);
    g_autofree char *path = run_path(folder, "b", "trace.npz");
    GStatBuf now;
    g_assert_cmpint(g_stat(path, &now), ==, 0);
    g_assert_cmpint(truncate(path, now.st_size - 10), ==, 0);
    run_go_on(folder, "b");
    run_expect_same_end(folder, "a", "b");
    run_expect_same(folder, "a", "b", "trace.npz");
}

/* Killed before the folder was claimed: there is nothing to resume, and it can be trained into. */
static void
test_killed_at_the_start(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", NULL);
    run_whole(folder, "b", NULL);
    g_autofree char *recipe = run_path(folder, "b", "recipe.ini");
    g_assert_cmpint(g_unlink(recipe), ==, 0);
    for (int step = 5; step <= RUN_STEPS; step += step == 10 ? 2 : 5)
        run_remove_checkpoint(folder, "b", step);
    run_whole(folder, "b", NULL);
    run_expect_same_end(folder, "a", "b");
    run_expect_same(folder, "a", "b", "trace.npz");
}

/* A column of a trace as bytes. (transfer full) */
static char *
column(const MoeTrace *trace, const char *name, size_t *length)
{
    MoeArray array;
    g_autoptr(GError) error = NULL;
    moe_trace_join(trace, name, &array, &error);
    g_assert_no_error(error);
    *length = (size_t)moe_array_count(&array) * moe_type_size(array.type);
    return (char *)array.data;
}

/* Snapshots of a router, of all chunks, as bytes. (transfer full) */
static GByteArray *
picks(const MoeTrace *trace, int router)
{
    g_autoptr(MoeTraceView) view = moe_trace_view_new();
    GByteArray *all = g_byte_array_new();
    for (int c = 0; c < moe_trace_chunks(trace); c++) {
        if (moe_trace_tokens(trace, c) == 0)
            continue;
        g_assert_true(moe_trace_view(trace, c, router, view, NULL));
        for (int64_t u = 0; u < view->units; u++)
            for (int j = 0; j < view->k; j++) {
                int64_t at = j * view->units + u;
                g_byte_array_append(all, (guint8 *)&view->expert[at], sizeof(int32_t));
                g_byte_array_append(all, (guint8 *)&view->gate[at], sizeof(float));
            }
    }
    return all;
}

/* The same rows; the chunks that they stand in may begin elsewhere. */
static void
expect_same_trace(const Folder *folder, const char *a, const char *b)
{
    g_autoptr(MoeTrace) x = run_trace(folder, a), y = run_trace(folder, b);
    static const char *const columns[] = {"tokens/id",
                                          "tokens/doc",
                                          "tokens/pos",
                                          "tokens/domain",
                                          "tokens/step",
                                          "tokens/loss",
                                          "state/step",
                                          "state/r000.load",
                                          "state/r001.dropped",
                                          "state/r001.prob",
                                          "series/loss",
                                          "series/grad_norm",
                                          "series/validation_bits_per_byte",
                                          "measures/r000.train.logit_std",
                                          "measures/r001.logit_std",
                                          "measures/r001.logit_std.step",
                                          "measures/r001.expert_output_cka",
                                          "measures/r000.router_task_grad"};
    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
        size_t n, m;
        g_autofree char *u = column(x, columns[i], &n), *v = column(y, columns[i], &m);
        g_assert_cmpmem(u, n, v, m);
    }
    for (int r = 0; r < 2; r++) {
        g_autoptr(GByteArray) u = picks(x, r), v = picks(y, r);
        g_assert_cmpmem(u->data, u->len, v->data, v->len);
        g_assert_cmpint(u->len, >, 0);
    }
}

/* Stopped after steps that are no checkpoint's, twice, and after one that is. */
static void
test_stopped(Folder *folder, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = run_recipe(folder, NULL);
    run_whole(folder, "a", NULL);
    g_assert_false(run_train(folder, "b", recipe, 3, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
    g_assert_cmpstr(error->message, ==, "stopped after step 3 of 12, which is saved");
    g_clear_error(&error);
    g_assert_false(run_resume(folder, "b", 5, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
    g_clear_error(&error);
    g_assert_false(run_resume(folder, "b", 7, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
    run_go_on(folder, "b");
    run_expect_same_end(folder, "a", "b");
    expect_same_trace(folder, "a", "b");
}

/* Stopped only where a checkpoint is due, the trace too is the same in every byte. */
static void
test_stopped_on_schedule(Folder *folder, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = run_recipe(folder, NULL);
    run_whole(folder, "a", NULL);
    g_assert_false(run_train(folder, "b", recipe, 10, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_CANCELLED);
    run_go_on(folder, "b");
    run_expect_same_end(folder, "a", "b");
    run_expect_same(folder, "a", "b", "trace.npz");
}

/* Nothing of a finished run is written again. */
static void
test_finished(Folder *folder, gconstpointer data)
{
    run_whole(folder, "a", NULL);
    size_t n, m;
    g_autofree char *before = run_bytes(folder, "a", "sessions.jsonl", &n);
    run_go_on(folder, "a");
    g_autofree char *after = run_bytes(folder, "a", "sessions.jsonl", &m);
    g_assert_cmpstr(before, ==, after);
}

static void
test_other_text(Folder *folder, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = run_recipe(folder, NULL);
    g_assert_false(run_train(folder, "a", recipe, 3, NULL));
    g_autofree char *path = run_path(folder, "text", "boats.txt");
    g_autofree char *moved = run_path(folder, "text", "ships.txt");
    g_assert_cmpint(g_rename(path, moved), ==, 0);
    g_assert_false(run_resume(folder, "a", 0, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    expect_message(error, "was trained on the domains ants, boats, but ");
    expect_message(error, "now holds ants, ships");
    g_clear_error(&error);
    g_assert_cmpint(g_rename(moved, path), ==, 0);
    g_autofree char *text = NULL;
    size_t length;
    g_assert_true(g_file_get_contents(path, &text, &length, NULL));
    text[length / 2] ^= 1;
    g_assert_true(g_file_set_contents(path, text, (gssize)length, NULL));
    g_assert_false(run_resume(folder, "a", 0, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_DATA);
    expect_message(error, "bytes of text with CRC-32 ");
}

/* Each file that a run leans on, missing or spoilt. */
static void
test_damaged(Folder *folder, gconstpointer data)
{
    static const struct {
        const char *file, *text;
    } damage[] = {
        {"checkpoints/00000003/state.json", "{\"schema\": 1}"},
        {"checkpoints/00000003/state.json",
         "{\"schema\": \"moescope.checkpoint/1\", \"step\": -1}"},
        {"checkpoints/00000003/state.json", "[]"},
        {"checkpoints/00000003/state.json", NULL},
        {"checkpoints/00000003/model.safetensors", "short"},
        {"checkpoints/00000003/optimizer.safetensors", NULL},
        {"positions.ini", "[3]\ntrace = 100\n"},
        {"positions.ini", NULL},
        {"metrics.jsonl", ""},
        {"trace.npz", "PK"},
        {"recipe.ini", "[train]\nstepps = 3\n"},
        {"tokenizer.json", "{}"},
    };
    g_autoptr(MoeRecipe) recipe = run_recipe(folder, NULL);
    g_assert_false(run_train(folder, "a", recipe, 3, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(damage); i++) {
        g_autoptr(GError) error = NULL;
        size_t length;
        g_autofree char *whole = NULL;
        g_autofree char *path = run_path(folder, "a", damage[i].file);
        g_assert_true(g_file_get_contents(path, &whole, &length, NULL));
        if (damage[i].text)
            g_assert_true(g_file_set_contents(path, damage[i].text, -1, NULL));
        else
            g_assert_cmpint(g_unlink(path), ==, 0);
        g_assert_false(run_resume(folder, "a", 0, &error));
        expect_message(error, damage[i].file);
        g_assert_true(g_file_set_contents(path, whole, (gssize)length, NULL));
    }
    run_go_on(folder, "a");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    moe_init();
#define ADD(name, function) \
    g_test_add("/train/" name, Folder, NULL, run_folder_make, function, folder_remove)
    ADD("deterministic", test_deterministic);
    ADD("resume/killed", test_killed);
    ADD("resume/killed-at-the-start", test_killed_at_the_start);
    ADD("resume/killed-at-the-end", test_killed_at_the_end);
    ADD("resume/stopped", test_stopped);
    ADD("resume/stopped-on-schedule", test_stopped_on_schedule);
    ADD("resume/finished", test_finished);
    ADD("resume/other-text", test_other_text);
    ADD("resume/damaged", test_damaged);
#undef ADD
    return g_test_run();
}
