/* SPDX-License-Identifier: MIT
 *
 * What a run leaves behind: metrics.jsonl, trace.npz, checkpoints, notes.
 */
#include "base/json-out.h"
#include "model/evaluate.h"
#include "model/trainer.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* The trace of a run holds the state of every step, and picks of snapshots. */
static MoeTraceOptions
trace_options(const MoeTrainer *t)
{
    return (MoeTraceOptions){.compression = 6,
                             .chunk_tokens = moe_recipe_int(t->recipe, "trace.chunk_tokens"),
                             .gates = true,
                             .score_stats = true,
                             .slots = true};
}

void
moe__trainer_note(const MoeTrainer *t, const char *format, ...)
{
    if (!t->hooks || !t->hooks->note)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    t->hooks->note(line, t->hooks->user);
}

static bool
file_error(const char *path, const char *what, GError **error)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: can't %s: %s", path, what,
                g_strerror(errno));
    return false;
}

/* Cuts a file to what it held at the checkpoint. */
static bool
cut(const char *path, int64_t length, GError **error)
{
    GStatBuf now;
    if (g_stat(path, &now) != 0)
        return file_error(path, "read", error);
    if (now.st_size < length) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED,
                    "%s: found %" G_GINT64_FORMAT " bytes, but it had %" G_GINT64_FORMAT
                    " when the checkpoint was saved",
                    path, (int64_t)now.st_size, length);
        return false;
    }
    return truncate(path, length) == 0 || file_error(path, "cut", error);
}

static bool
open_metrics(MoeTrainer *t, const MoeRunPosition *position, GError **error)
{
    g_autofree char *path = moe__run_file(t->dir, "metrics.jsonl");
    if (position && !cut(path, position->metrics, error))
        return false;
    t->metrics = fopen(path, position ? "a" : "w");
    return t->metrics || file_error(path, "open", error);
}

static bool
open_trace(MoeTrainer *t, const MoeRunPosition *position, GError **error)
{
    int n = moe_model_routers(t->model);
    if (n == 0)
        return true;
    g_autofree char *path = moe__run_file(t->dir, "trace.npz");
    g_autofree MoeRouterInfo *infos = moe__run_router_infos(t->model);
    const MoeTraceOptions options = trace_options(t);
    if (position) {
        t->trace = moe_trace_writer_resume(path, position->trace, infos, n, &options, error);
        return t->trace != NULL;
    }
    g_autofree char *extra = moe__trace_extra(t->model, t->tokenizer, "");
    g_autofree char *meta = moe_trace_meta(infos, n, (const char *const *)t->state.domains,
                                           moe_corpus_domains(t->corpus), extra);
    t->trace = moe_trace_writer_new(path, meta, infos, n, &options, error);
    return t->trace != NULL;
}

/* When, where and how: a line for each time that the run was started or resumed. */
static bool
write_session(MoeTrainer *t, GError **error)
{
    g_autofree char *path = moe__run_file(t->dir, "sessions.jsonl");
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
    g_autofree char *engine = moe_engine_description();
    GString *line = moe__json_line();
    moe__json_string(line, "started", time);
    moe__json_int(line, "from_step", t->state.step);
    moe__json_string(line, "moescope", moe_version());
    moe__json_string(line, "engine", engine);
    moe__json_string(line, "host", g_get_host_name());
    g_autofree char *text = moe__json_line_end(line);
    FILE *file = fopen(path, "a");
    if (!file)
        return file_error(path, "open", error);
    bool written = fputs(text, file) >= 0;
    return (fclose(file) == 0 && written) || file_error(path, "write", error);
}

bool
moe__trainer_open_outputs(MoeTrainer *t, MoeRunPosition *position, GError **error)
{
    return open_metrics(t, position, error) && open_trace(t, position, error) &&
           write_session(t, error);
}

static bool
write_metrics(MoeTrainer *t, GString *line, GError **error)
{
    g_autofree char *text = moe__json_line_end(line);
    if (fputs(text, t->metrics) >= 0 && fflush(t->metrics) == 0)
        return true;
    g_autofree char *path = moe__run_file(t->dir, "metrics.jsonl");
    return file_error(path, "write", error);
}

/* Picks a unit in the step that was just made, where a schedule moves them; 0: nowhere. */
static int
scheduled_k(const MoeTrainer *t)
{
    if (moe_model_routers(t->model) == 0 || moe_recipe_has(t->recipe, "moe.k_schedule", "constant"))
        return 0;
    return moe_layer_k_at(moe_model_router(t->model, 0), t->state.step - 1);
}

bool
moe__trainer_log_step(MoeTrainer *t, GError **error)
{
    const MoeTrainStatus *s = &t->status;
    GString *line = moe__json_line();
    moe__json_int(line, "step", s->step);
    moe__json_real(line, "loss", s->loss);
    moe__json_real(line, "balance", s->balance);
    moe__json_real(line, "lr", s->lr);
    moe__json_real(line, "grad_norm", s->grad_norm);
    int k = scheduled_k(t);
    if (k > 0)
        moe__json_int(line, "k", k);
    moe__json_float(line, "tokens_per_s", (float)s->tokens_per_s);
    if (!write_metrics(t, line, error))
        return false;
    if (!t->trace)
        return true;
    return moe_trace_writer_state(t->trace, s->step, t->loads, error) &&
           moe_trace_writer_series(t->trace, "loss", s->step, s->loss, error) &&
           moe_trace_writer_series(t->trace, "balance", s->step, s->balance, error) &&
           moe_trace_writer_series(t->trace, "lr", s->step, s->lr, error) &&
           moe_trace_writer_series(t->trace, "grad_norm", s->step, s->grad_norm, error) &&
           (k == 0 || moe_trace_writer_series(t->trace, "k", s->step, k, error));
}

bool
moe__trainer_validate(MoeTrainer *t, GError **error)
{
    if (moe_tokens_count(t->validation, -1) == 0)
        return true;
    int n = moe_corpus_domains(t->corpus);
    MoeEvaluation total;
    g_autofree MoeEvaluation *domains = g_new0(MoeEvaluation, n);
    if (!moe_evaluate(t->model, t->tokenizer, t->validation,
                      moe_recipe_int(t->recipe, "train.eval_tokens"), &total, domains, NULL, error))
        return false;
    t->status.bits_per_byte = moe_evaluation_bits_per_byte(&total);
    GString *line = moe__json_line();
    moe__json_int(line, "step", t->state.step);
    moe__json_real(line, "validation_loss", total.tokens ? total.nats / (double)total.tokens : NAN);
    moe__json_real(line, "validation_bits_per_byte", t->status.bits_per_byte);
    for (int i = 0; i < n; i++) {
        g_autofree char *key = g_strdup_printf("validation_bits_per_byte/%s", t->state.domains[i]);
        moe__json_real(line, key, moe_evaluation_bits_per_byte(&domains[i]));
    }
    return write_metrics(t, line, error) &&
           (!t->trace || moe_trace_writer_series(t->trace, "validation_bits_per_byte",
                                                 t->state.step, t->status.bits_per_byte, error));
}

bool
moe__trainer_snapshot(MoeTrainer *t, GError **error)
{
    if (!t->trace || moe_tokens_count(t->probe, -1) == 0)
        return true;
    g_autoptr(MoePasses) passes =
        moe__passes_new(t->model, t->tokenizer, t->batch->rows, t->batch->length, 0);
    g_autofree MoeRouterInfo *infos = moe__run_router_infos(t->model);
    const MoeTraceOptions options = trace_options(t);
    g_autoptr(MoeRecorder) recorder = moe__recorder_new(t->model, infos, &options);
    MoePassSink sink = {recorder, t->trace, t->state.step};
    MoeEvaluation total = {0};
    return moe__passes_run(passes, t->probe, moe_recipe_int(t->recipe, "train.snapshot_tokens"),
                           &sink, &total, NULL, NULL, error);
}

bool
moe__trainer_checkpoint(MoeTrainer *t, GError **error)
{
    MoeRunPosition position = {0};
    if (t->trace && !moe_trace_writer_flush(t->trace, &position.trace, error))
        return false;
    if (fsync(fileno(t->metrics)) != 0) {
        g_autofree char *path = moe__run_file(t->dir, "metrics.jsonl");
        return file_error(path, "write", error);
    }
    position.metrics = ftell(t->metrics);
    /* The position first: a checkpoint without one couldn't be resumed. */
    if (!moe__run_position_save(t->dir, t->state.step, position, error) ||
        !moe__checkpoint_save(t->dir, &t->state, t->model, t->adamw, t->tokenizer, error))
        return false;
    moe__run_prune(t->dir, (int)moe_recipe_int(t->recipe, "train.keep"));
    moe__trainer_note(t, "checkpoint of step %" G_GINT64_FORMAT " saved", t->state.step);
    return true;
}
