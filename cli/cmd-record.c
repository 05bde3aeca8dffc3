/* SPDX-License-Identifier: MIT
 *
 * moescope record: a model's routing over text, into a trace.
 */
#include "cmd.h"
#include "progress.h"
#include "recipes.h"
#include "source.h"
#include "util.h"
#include "verdict.h"

#include <moescope/model.h>
#include <stdio.h>

typedef struct {
    char **data;
    char *out, *split;
    gboolean no_gates, stats, logits, slots, no_summary;
    gint64 max_tokens, chunk_tokens;
    int threads, compression, k;
} Options;

static void
options_clear(Options *o)
{
    g_strfreev(o->data);
    g_free(o->out);
    g_free(o->split);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* Which documents: one split, or, without one, all of them. */
typedef struct {
    bool all;
    MoeSplit split;
} Part;

static bool
parse_part(const Options *o, Part *part)
{
    static const char *const names[] = {"train", "validation", "probe"};
    const char *name = o->split ? o->split : o->data ? "all" : "validation";
    *part = (Part){.all = g_str_equal(name, "all"), .split = MOE_SPLIT_TRAIN};
    if (part->all)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        part->split = (MoeSplit)i;
        if (g_str_equal(name, names[i]))
            return true;
    }
    return false;
}

static int
report(const char *path, const MoeEvaluation *evaluation, const MoeModel *model)
{
    printf("%s: %" G_GINT64_FORMAT " tokens predicted, %d routers recorded, %.4f nats a token, "
           "%.4f bits a byte\n",
           path, evaluation->tokens, moe_model_routers(model),
           evaluation->nats / (double)MAX(evaluation->tokens, 1),
           moe_evaluation_bits_per_byte(evaluation));
    return CMD_OK;
}

static int
run(const Options *o, const char *path, const Part *part, const char *command_line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(path, &error);
    if (!checkpoint)
        return cmd_fail(error);
    g_autoptr(MoeCorpus) corpus =
        cmd_corpus_open(moe_model_recipe(checkpoint->model), o->data, part->all, &error);
    if (!corpus)
        return cmd_fail(error);
    g_autoptr(MoeTokens) tokens = moe_tokens_new(corpus, checkpoint->tokenizer, part->split);
    MoeRecordOptions options = {
        .max_tokens = o->max_tokens,
        .k = o->k,
        .trace = {.compression = o->compression,
                  .chunk_tokens = o->chunk_tokens,
                  .gates = !o->no_gates,
                  .score_stats = o->stats,
                  .logits = o->logits,
                  .slots = o->slots},
    };
    MoeEvaluation evaluation;
    bool recorded = moe_record(checkpoint, corpus, tokens, o->out, command_line, &options,
                               &evaluation, cmd_progress_begin(), &error);
    cmd_progress_end();
    if (recorded && !cmd_trace_finish(o->out, !o->no_summary, false, &error))
        return cmd_source_fail(error);
    if (recorded)
        return report(o->out, &evaluation, checkpoint->model);
    if (!g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED))
        return cmd_fail(error);
    cmd_say("%s; %s has what was recorded until then", error->message, o->out);
    return CMD_INTERRUPTED;
}

int
cmd_record(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "MODEL",
        .about = "Runs MODEL (a run folder or a checkpoint) over text and writes every routing "
                 "decision to a trace. Ctrl-C closes the trace with what it has.",
        .examples = "moescope record runs/first --max-tokens 4000 --out first.npz\n"
                    "moescope record runs/first --data my-texts --stats --out mine.npz\n",
        .least = 1,
        .most = 1,
    };
    g_auto(Options) o = {.compression = 3};
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, "the trace (a .npz file)", "FILE"},
        {"data", 'd', 0, G_OPTION_ARG_FILENAME_ARRAY, &o.data,
         "text, a file or folder; may be repeated (default: what MODEL was trained on)", "PATH"},
        {"split", 0, 0, G_OPTION_ARG_STRING, &o.split,
         "train | validation | probe | all (default: all of --data, else validation)", "NAME"},
        {"max-tokens", 0, 0, G_OPTION_ARG_INT64, &o.max_tokens,
         "about so many tokens, spread evenly over the text (default: all)", "N"},
        {"k", 'k', 0, G_OPTION_ARG_INT, &o.k,
         "experts each unit is sent to (default 0: as the recipe says, moe.k_eval or moe.k)", "N"},
        {"no-gates", 0, 0, G_OPTION_ARG_NONE, &o.no_gates, "leave out the gates", NULL},
        {"stats", 0, 0, G_OPTION_ARG_NONE, &o.stats,
         "entropy and margin of the router's scores, a unit", NULL},
        {"logits", 0, 0, G_OPTION_ARG_NONE, &o.logits, "all logits", NULL},
        {"slots", 0, 0, G_OPTION_ARG_NONE, &o.slots,
         "with limited capacity: each pick's place in the queue for its expert", NULL},
        {"no-summary", 0, 0, G_OPTION_ARG_NONE, &o.no_summary,
         "don't write the trace's summary into it", NULL},
        {"compression", 0, 0, G_OPTION_ARG_INT, &o.compression, "0 (stored) … 9 (default: 3)", "N"},
        {"chunk-tokens", 0, 0, G_OPTION_ARG_INT64, &o.chunk_tokens,
         "tokens a chunk (default: as the recipe says, trace.chunk_tokens)", "N"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &o.threads, "threads (default: all)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    g_autofree char *command_line = g_strjoinv(" ", argv);
    int status;
    Part part;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status) ||
        !cmd_set_threads(o.threads, &status))
        return status;
    if (!o.out)
        return cmd_usage("found no --out, expected the name of the trace to write");
    if (!g_str_has_suffix(o.out, ".npz"))
        return cmd_usage("found --out %s, expected a name that ends with .npz", o.out);
    if (!parse_part(&o, &part))
        return cmd_usage("found --split %s, expected train, validation, probe or all", o.split);
    if (o.max_tokens < 0)
        return cmd_usage("found --max-tokens %" G_GINT64_FORMAT ", expected 0 or more",
                         o.max_tokens);
    if (o.k < 0)
        return cmd_usage("found --k %d, expected 0 or more", o.k);
    if (o.compression < 0 || o.compression > 9)
        return cmd_usage("found --compression %d, expected 0 … 9", o.compression);
    if (o.chunk_tokens < 0)
        return cmd_usage("found --chunk-tokens %" G_GINT64_FORMAT ", expected 0 or more",
                         o.chunk_tokens);
    return run(&o, argv[1], &part, command_line);
}
