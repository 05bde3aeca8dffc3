/* SPDX-License-Identifier: MIT
 *
 * Recording a checkpoint's routing over a text.
 */
#include "base/json-out.h"
#include "model/evaluate.h"

#include <stdlib.h>

/* When the trace was made: SOURCE_DATE_EPOCH where set, for output that is the same every time. */
static char *
creation_time(void)
{
    const char *epoch = g_getenv("SOURCE_DATE_EPOCH");
    g_autoptr(GDateTime) time =
        epoch ? g_date_time_new_from_unix_utc(g_ascii_strtoll(epoch, NULL, 10))
              : g_date_time_new_now_utc();
    return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("");
}

static char *
make_meta(MoeCheckpoint *checkpoint, const MoeCorpus *corpus, const MoeRouterInfo *infos,
          const char *command_line)
{
    int n = moe_corpus_domains(corpus);
    g_autofree const char **domains = g_new0(const char *, n + 1);
    for (int i = 0; i < n; i++)
        domains[i] = moe_corpus_domain_name(corpus, i);
    g_autofree char *created = creation_time();
    GString *more = g_string_new(", \"created\": ");
    moe__json_append_string(more, created);
    g_string_append_printf(more,
                           ", \"step\": %" G_GINT64_FORMAT ", \"checkpoint\": ", checkpoint->step);
    moe__json_append_string(more, checkpoint->path);
    g_string_append(more, ", \"command_line\": ");
    moe__json_append_string(more, command_line ? command_line : "");
    g_autofree char *more_text = g_string_free(more, FALSE);
    g_autofree char *extra = moe__trace_extra(checkpoint->model, checkpoint->tokenizer, more_text);
    return moe_trace_meta(infos, moe_model_routers(checkpoint->model), domains, n, extra);
}

/* Ends a recording that came to an end (`failure` NULL) or not. A cancelled one keeps what it has,
 * as a finished archive. Takes `failure`. */
static bool
close_trace(MoeTraceWriter *writer, GError *failure, GError **error)
{
    if (failure && !g_error_matches(failure, MOE_ERROR, MOE_ERROR_CANCELLED)) {
        moe_trace_writer_abandon(writer);
        g_propagate_error(error, failure);
        return false;
    }
    bool closed = moe_trace_writer_close(writer, error);
    if (!failure)
        return closed;
    /* That it could not be closed says more than that it was stopped. */
    if (closed)
        g_propagate_error(error, failure);
    else
        g_error_free(failure);
    return false;
}

/* Whether all routers can pick `k` experts a unit. */
static bool
check_k(const MoeCheckpoint *checkpoint, int k, GError **error)
{
    for (int i = 0; k != 0 && i < moe_model_routers(checkpoint->model); i++) {
        const MoeLayer *layer = moe_model_router(checkpoint->model, i);
        if (k < 0 || k > moe_layer_experts(layer)) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "%s: found k = %d, expected 1 … %d, the experts of router %d",
                        checkpoint->path, k, moe_layer_experts(layer), i);
            return false;
        }
        const MoePart *select = moe_layer_part(layer, MOE_PLACE_SELECT);
        if (select->flags & MOE_PART_K_VARIES) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "%s: found k = %d, but moe.select = %s itself decides how many experts "
                        "each unit gets",
                        checkpoint->path, k, select->name);
            return false;
        }
    }
    return true;
}

/* Whether there is anything to record. */
static bool
check_request(const MoeCheckpoint *checkpoint, const MoeTokens *tokens, GError **error)
{
    if (moe_model_routers(checkpoint->model) == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "%s: the model has no router (moe.every = 0), so there is nothing to record",
                    checkpoint->path);
        return false;
    }
    if (moe_tokens_count(tokens, -1) > 0)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "the split has no text (data.validation, data.probe), so there is nothing to "
                "record");
    return false;
}

bool
moe_record(MoeCheckpoint *checkpoint, const MoeCorpus *corpus, const MoeTokens *tokens,
           const char *path, const char *command_line, const MoeRecordOptions *options,
           MoeEvaluation *evaluation, const MoeProgress *progress, GError **error)
{
    MoeModel *model = checkpoint->model;
    const MoeRecipe *recipe = moe_model_recipe(model);
    if (!check_request(checkpoint, tokens, error) || !check_k(checkpoint, options->k, error))
        return false;
    int rows = options->rows ? options->rows : (int)moe_recipe_int(recipe, "train.batch");
    int length = options->length ? options->length : (int)moe_recipe_int(recipe, "train.length");
    MoeTraceOptions trace = options->trace;
    if (trace.chunk_tokens == 0)
        trace.chunk_tokens = moe_recipe_int(recipe, "trace.chunk_tokens");
    g_autofree MoeRouterInfo *infos = moe__router_infos(model, options->k);
    g_autofree char *meta = make_meta(checkpoint, corpus, infos, command_line);
    MoeTraceWriter *writer =
        moe_trace_writer_new(path, meta, infos, moe_model_routers(model), &trace, error);
    if (!writer)
        return false;
    g_autoptr(MoePasses) passes =
        moe__passes_new(model, checkpoint->tokenizer, rows, length, options->k);
    g_autoptr(MoeRecorder) recorder = moe__recorder_new(model, infos, &trace);
    MoePassSink sink = {recorder, writer, checkpoint->step};
    MoeEvaluation total = {0};
    GError *failure = NULL;
    if (moe__passes_measure(passes, tokens, writer, checkpoint->step, &failure))
        moe__passes_run(passes, tokens, options->max_tokens, &sink, &total, NULL, progress,
                        &failure);
    if (evaluation)
        *evaluation = total;
    return close_trace(writer, failure, error);
}
