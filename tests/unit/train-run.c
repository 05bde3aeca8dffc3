/* SPDX-License-Identifier: MIT */
#include "train-run.h"

void
run_folder_make(Folder *folder, gconstpointer data)
{
    folder_make(folder, data);
    static const char *const words[] = {"ants", "boats"};
    for (int i = 0; i < 2; i++) {
        g_autofree char *text = numbered_lines(200, words[i]);
        g_autofree char *name = g_strdup_printf("text/%s.txt", words[i]);
        g_free(folder_write(folder, name, text, strlen(text)));
    }
}

MoeRecipe *
run_recipe(const Folder *folder, const char *const *settings)
{
    static const char text[] =
        "[data]\ntokenizer = bytes\nblock = 256\nvalidation = 0.2\nprobe = 0.1\n"
        "[model]\nlayers = 2\nd_model = 16\nheads = 2\ndropout = 0.1\n"
        "[moe]\nvariant = gshard\nexperts = 4\nhidden = 16\ncapacity_fill = random\n"
        "capacity_factor = 1\n"
        "[optim]\nlr = 0.01\nwarmup = 2\n"
        "[train]\nsteps = 12\nbatch = 2\nlength = 16\naccumulate = 2\neval_every = 4\n"
        "eval_tokens = 100\ncheckpoint_every = 5\nkeep = 0\nsnapshots = 0,3,7\n"
        "snapshot_tokens = 100\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = moe_recipe_parse(text, "test", &error);
    g_assert_no_error(error);
    g_autofree char *corpus = g_strdup_printf("data.corpus=%s/text", folder->path);
    g_assert_true(moe_recipe_set(recipe, corpus, NULL));
    for (; settings && *settings; settings++)
        if (!moe_recipe_set(recipe, *settings, &error))
            g_error("%s", error->message);
    return g_steal_pointer(&recipe);
}

static bool
stop_at(const MoeTrainStatus *status, void *user)
{
    const int64_t *stop = user;
    return *stop == 0 || status->step < *stop;
}

bool
run_train(const Folder *folder, const char *name, const MoeRecipe *recipe, int64_t stop,
          GError **error)
{
    MoeTrainHooks hooks = {.step = stop_at, .user = &stop};
    g_autofree char *dir = run_path(folder, name, "");
    return moe_train(recipe, dir, &hooks, error);
}

bool
run_resume(const Folder *folder, const char *name, int64_t stop, GError **error)
{
    MoeTrainHooks hooks = {.step = stop_at, .user = &stop};
    g_autofree char *dir = run_path(folder, name, "");
    return moe_train_resume(dir, &hooks, error);
}

void
run_whole(const Folder *folder, const char *name, const char *const *settings)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeRecipe) recipe = run_recipe(folder, settings);
    run_train(folder, name, recipe, 0, &error);
    g_assert_no_error(error);
}

void
run_go_on(const Folder *folder, const char *name)
{
    g_autoptr(GError) error = NULL;
    run_resume(folder, name, 0, &error);
    g_assert_no_error(error);
}

char *
run_path(const Folder *folder, const char *name, const char *file)
{
    return g_build_filename(folder->path, name, file, NULL);
}

char *
run_bytes(const Folder *folder, const char *name, const char *file, size_t *length)
{
    g_autofree char *path = run_path(folder, name, file);
    g_autoptr(GError) error = NULL;
    char *bytes;
    g_file_get_contents(path, &bytes, length, &error);
    g_assert_no_error(error);
    if (!g_str_equal(file, "metrics.jsonl"))
        return bytes;
    g_autofree char *all = bytes;
    g_autoptr(GRegex) speed = g_regex_new(", \"tokens_per_s\": [^,}]*", 0, 0, NULL);
    char *rest = g_regex_replace_literal(speed, all, -1, 0, "", 0, NULL);
    *length = strlen(rest);
    return rest;
}

void
run_remove_checkpoint(const Folder *folder, const char *name, int64_t step)
{
    g_autofree char *file = g_strdup_printf("checkpoints/%08" G_GINT64_FORMAT, step);
    g_autofree char *path = run_path(folder, name, file);
    remove_below(path);
    g_assert_cmpint(g_rmdir(path), ==, 0);
}

void
run_expect_same(const Folder *folder, const char *a, const char *b, const char *file)
{
    size_t n, m;
    g_autofree char *x = run_bytes(folder, a, file, &n), *y = run_bytes(folder, b, file, &m);
    if (n != m || memcmp(x, y, n) != 0)
        g_error("%s differs between the runs %s (%zu bytes) and %s (%zu bytes)", file, a, n, b, m);
}

void
run_expect_same_end(const Folder *folder, const char *a, const char *b)
{
    static const char *const files[] = {"recipe.ini", "tokenizer.json", "model.safetensors",
                                        "optimizer.safetensors", "state.json"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *file = g_strdup_printf("checkpoints/%08d/%s", RUN_STEPS, files[i]);
        run_expect_same(folder, a, b, file);
    }
    run_expect_same(folder, a, b, "metrics.jsonl");
}

MoeTrace *
run_trace(const Folder *folder, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = run_path(folder, name, "trace.npz");
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    g_assert_true(moe_trace_complete(trace));
    return trace;
}
