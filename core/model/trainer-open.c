/* SPDX-License-Identifier: MIT
 *
 * Setting up a run: data, tokenizer, model, optimiser, files.
 */
#include "model/trainer.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <zlib.h>

/* data.corpus as absolute paths, so that a run can be resumed from anywhere. */
static bool
make_paths_absolute(MoeRecipe *recipe, GError **error)
{
    const char *corpus = moe_recipe_text(recipe, "data.corpus");
    g_auto(GStrv) paths = g_strsplit(*corpus ? corpus : " ", ",", -1);
    for (char **path = paths; *path; path++) {
        /* An empty path would mean the working directory. */
        if (!*g_strstrip(*path)) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "data.corpus: found \"%s\", expected files or folders of text, separated "
                        "by commas",
                        corpus);
            return false;
        }
        char *absolute = g_canonicalize_filename(*path, NULL);
        g_free(*path);
        *path = absolute;
    }
    g_autofree char *joined = g_strjoinv(",", paths);
    g_autofree char *assignment = g_strconcat("data.corpus=", joined, NULL);
    return moe_recipe_set(recipe, assignment, error);
}

static bool
load_corpus(MoeTrainer *t, GError **error)
{
    g_auto(GStrv) paths = g_strsplit(moe_recipe_text(t->recipe, "data.corpus"), ",", -1);
    MoeCorpusOptions options = moe_corpus_options(t->recipe);
    t->corpus =
        moe_corpus_load((const char *const *)paths, (int)g_strv_length(paths), &options, error);
    if (!t->corpus)
        return false;
    uLong crc = crc32(0, NULL, 0);
    for (int64_t i = 0; i < moe_corpus_documents(t->corpus); i++) {
        MoeDocument document = moe_corpus_document(t->corpus, i);
        crc = crc32_z(crc, (const Bytef *)document.text, document.length);
        t->state.corpus_bytes += (int64_t)document.length;
    }
    t->state.corpus_crc = (uint32_t)crc;
    int n = moe_corpus_domains(t->corpus);
    t->state.domains = g_new0(char *, n + 1);
    for (int i = 0; i < n; i++)
        t->state.domains[i] = g_strdup(moe_corpus_domain_name(t->corpus, i));
    return true;
}

static bool
make_tokenizer(MoeTrainer *t, GError **error)
{
    if (moe_recipe_has(t->recipe, "data.tokenizer", "bytes"))
        t->tokenizer = moe_tokenizer_bytes();
    else
        t->tokenizer = moe_tokenizer_train_bpe(
            t->corpus, (int)moe_recipe_int(t->recipe, "data.vocabulary"), NULL, error);
    return t->tokenizer != NULL;
}

static void
tokenize(MoeTrainer *t)
{
    t->train = moe_tokens_new(t->corpus, t->tokenizer, MOE_SPLIT_TRAIN);
    t->validation = moe_tokens_new(t->corpus, t->tokenizer, MOE_SPLIT_VALIDATION);
    t->probe = moe_tokens_new(t->corpus, t->tokenizer, MOE_SPLIT_PROBE);
    int n = moe_corpus_domains(t->corpus);
    if (moe_recipe_has(t->recipe, "train.mix", "equal")) {
        t->weight = g_new(double, n);
        for (int i = 0; i < n; i++)
            t->weight[i] = 1;
    }
    moe__trainer_note(t,
                      "%d domains, %" G_GINT64_FORMAT " training tokens, %" G_GINT64_FORMAT
                      " validation, %" G_GINT64_FORMAT " probe (%s, vocabulary %d)",
                      n, moe_tokens_count(t->train, -1), moe_tokens_count(t->validation, -1),
                      moe_tokens_count(t->probe, -1), moe_tokenizer_kind(t->tokenizer),
                      moe_tokenizer_size(t->tokenizer));
}

static void
make_workspace(MoeTrainer *t)
{
    t->tape = moe_tape_new(true);
    t->keep = moe_arena_new();
    t->batch = moe_batch_new((int)moe_recipe_int(t->recipe, "train.batch"),
                             (int)moe_recipe_int(t->recipe, "train.length"));
    int n = moe_model_routers(t->model);
    t->routings = g_new0(MoeRouting, MAX(n, 1));
    t->loads = g_new0(MoeTraceState, MAX(n, 1));
    for (int i = 0; i < n; i++) {
        int E = moe_layer_experts(moe_model_router(t->model, i));
        t->loads[i].load = g_new0(int64_t, E);
        t->loads[i].dropped = g_new0(int64_t, E);
        t->loads[i].prob = g_new0(double, E);
    }
    t->durations = g_array_new(FALSE, FALSE, sizeof(double));
}

static bool
make_model(MoeTrainer *t, GError **error)
{
    t->model = moe_model_new(t->recipe, moe_tokenizer_size(t->tokenizer), error);
    if (!t->model)
        return false;
    MoeAdamWOptions options = moe_adamw_options(t->recipe);
    t->adamw = moe_adamw_new(moe_model_params(t->model), &options);
    t->schedule = moe_schedule_from_recipe(t->recipe);
    t->status.steps = moe_recipe_int(t->recipe, "train.steps");
    t->status.bits_per_byte = NAN;
    make_workspace(t);
    return true;
}

static bool
refuse_run(const char *dir, GError **error)
{
    g_autofree char *recipe = moe__run_file(dir, "recipe.ini");
    if (!g_file_test(recipe, G_FILE_TEST_EXISTS))
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "%s: holds a run already; resume it, or choose another folder", dir);
    return false;
}

/* Whether there is enough text to train on: better said before a folder is made than after. */
static bool
try_batch(MoeTrainer *t, GError **error)
{
    return moe_tokens_draw(t->train, t->state.seed, 0, t->weight, t->batch, error);
}

static bool
make_folder(const char *dir, GError **error)
{
    if (g_mkdir_with_parents(dir, 0777) == 0)
        return true;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
                "%s: can't make the folder: %s", dir, g_strerror(errno));
    return false;
}

static MoeTrainer *
trainer_alloc(const MoeRecipe *recipe, const char *dir, const MoeTrainHooks *hooks)
{
    MoeTrainer *t = g_new0(MoeTrainer, 1);
    t->recipe = moe_recipe_copy(recipe);
    t->dir = g_strdup(dir);
    t->hooks = hooks;
    t->state.seed = (uint64_t)moe_recipe_int(recipe, "train.seed");
    return t;
}

MoeTrainer *
moe__trainer_new(const MoeRecipe *recipe, const char *dir, const MoeTrainHooks *hooks,
                 GError **error)
{
    if (!moe_recipe_check(recipe, error) || !refuse_run(dir, error))
        return NULL;
    g_autoptr(MoeTrainer) t = trainer_alloc(recipe, dir, hooks);
    if (!make_paths_absolute(t->recipe, error) || !load_corpus(t, error) ||
        !make_tokenizer(t, error) || !make_model(t, error))
        return NULL;
    tokenize(t);
    g_autofree char *tokens = moe__run_file(dir, "tokenizer.json");
    if (!try_batch(t, error) || !make_folder(dir, error) ||
        !moe_tokenizer_save(t->tokenizer, tokens, error) ||
        !moe__trainer_open_outputs(t, NULL, error))
        return NULL;
    return g_steal_pointer(&t);
}

bool
moe__trainer_claim(MoeTrainer *t, GError **error)
{
    g_autofree char *path = moe__run_file(t->dir, "recipe.ini");
    g_autofree char *text = moe_recipe_to_text(t->recipe);
    return moe_file_replace(path, text, strlen(text), error);
}

static bool
same_corpus(const MoeTrainer *t, const MoeCheckpointState *saved, const char *folder,
            GError **error)
{
    g_autofree char *before = g_strjoinv(", ", saved->domains);
    g_autofree char *now = g_strjoinv(", ", t->state.domains);
    if (!g_str_equal(before, now)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: was trained on the domains %s, but %s now holds %s", folder, before,
                    moe_recipe_text(t->recipe, "data.corpus"), now);
        return false;
    }
    if (t->state.corpus_bytes == saved->corpus_bytes && t->state.corpus_crc == saved->corpus_crc)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "%s: was trained on %" G_GINT64_FORMAT " bytes of text with CRC-32 %08x, but %s "
                "now holds %" G_GINT64_FORMAT " bytes with CRC-32 %08x",
                folder, saved->corpus_bytes, saved->corpus_crc,
                moe_recipe_text(t->recipe, "data.corpus"), t->state.corpus_bytes,
                t->state.corpus_crc);
    return false;
}

static bool
load_checkpoint(MoeTrainer *t, const char *folder, MoeRunPosition *position, GError **error)
{
    MoeCheckpointState saved = {0};
    if (!moe__checkpoint_state_load(folder, &saved, error))
        return false;
    bool same = same_corpus(t, &saved, folder, error);
    t->state.step = saved.step;
    t->state.next_batch = saved.next_batch;
    moe__checkpoint_state_clear(&saved);
    g_autofree char *weights = moe__run_file(folder, "model.safetensors");
    g_autofree char *optimizer = moe__run_file(folder, "optimizer.safetensors");
    t->status.step = t->state.step;
    return same && moe_params_load(moe_model_params(t->model), weights, error) &&
           moe_adamw_load(t->adamw, optimizer, error) &&
           moe__run_position_load(t->dir, t->state.step, position, error);
}

/* The folder of the latest checkpoint, or NULL with an error. */
static char *
latest_checkpoint(const char *dir, GError **error)
{
    g_autoptr(GArray) steps = moe__run_checkpoints(dir);
    if (steps->len > 0)
        return moe__run_checkpoint(dir, g_array_index(steps, int64_t, steps->len - 1));
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: there is no checkpoint to go on from", dir);
    return NULL;
}

/* Whether there is nothing left to do, not even to close the trace. */
static bool
is_finished(const MoeTrainer *t)
{
    if (t->state.step < t->status.steps)
        return false;
    g_autofree char *path = moe__run_file(t->dir, "trace.npz");
    g_autoptr(MoeTrace) trace = moe_trace_open(path, NULL);
    return !trace || moe_trace_complete(trace);
}

MoeTrainer *
moe__trainer_resume(const char *dir, const MoeTrainHooks *hooks, GError **error)
{
    g_autofree char *folder = latest_checkpoint(dir, error);
    if (!folder)
        return NULL;
    g_autofree char *recipe_path = moe__run_file(dir, "recipe.ini");
    g_autofree char *tokens = moe__run_file(dir, "tokenizer.json");
    g_autoptr(MoeRecipe) recipe = moe_recipe_load(recipe_path, error);
    if (!recipe)
        return NULL;
    moe_recipe_set_recorded(recipe);
    g_autoptr(MoeTrainer) t = trainer_alloc(recipe, dir, hooks);
    MoeRunPosition position;
    if (!load_corpus(t, error) || !(t->tokenizer = moe_tokenizer_load(tokens, error)) ||
        !make_model(t, error) || !load_checkpoint(t, folder, &position, error))
        return NULL;
    tokenize(t);
    if (!is_finished(t) && !moe__trainer_open_outputs(t, &position, error))
        return NULL;
    moe__trainer_note(t, "resumed from %s", folder);
    return g_steal_pointer(&t);
}

void
moe__trainer_free(MoeTrainer *t)
{
    if (!t)
        return;
    for (int i = 0; t->loads && i < moe_model_routers(t->model); i++) {
        g_free((gpointer)t->loads[i].load);
        g_free((gpointer)t->loads[i].dropped);
        g_free((gpointer)t->loads[i].prob);
    }
    g_free(t->loads);
    g_free(t->routings);
    if (t->trace)
        moe_trace_writer_abandon(t->trace);
    if (t->metrics)
        fclose(t->metrics);
    g_clear_pointer(&t->durations, g_array_unref);
    moe_batch_free(t->batch);
    moe_arena_free(t->keep);
    moe_tape_free(t->tape);
    moe_adamw_free(t->adamw);
    moe_model_free(t->model);
    moe_tokens_free(t->train);
    moe_tokens_free(t->validation);
    moe_tokens_free(t->probe);
    moe_tokenizer_free(t->tokenizer);
    moe_corpus_free(t->corpus);
    moe__checkpoint_state_clear(&t->state);
    moe_recipe_free(t->recipe);
    g_free(t->weight);
    g_free(t->dir);
    g_free(t);
}
