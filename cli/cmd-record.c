/* SPDX-License-Identifier: MIT
 *
 * moescope record: a model's routing over text, into a trace.
 */
#include "cmd.h"
#include "progress.h"
#include "util.h"

#include <moescope/model.h>
#include <stdio.h>

typedef struct {
    char **data;
    char *out, *split;
    gboolean no_gates, stats, logits;
    gint64 max_tokens;
    int threads, compression;
} Options;

static bool
parse_split(const char *name, MoeSplit *split, bool *all)
{
    static const char *const names[] = {"train", "validation", "probe"};
    *all = g_str_equal(name, "all");
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        *split = (MoeSplit)i;
        if (g_str_equal(name, names[i]))
            return true;
    }
    return *all;
}

/* The text: --data, or what the model was trained on, in which case the split matters. */
static MoeCorpus *
open_corpus(const Options *o, const MoeModel *model, bool all, GError **error)
{
    const MoeRecipe *recipe = moe_model_recipe(model);
    MoeCorpusOptions options = moe_corpus_options(recipe);
    /* Everything in one split: documents of no other. */
    if (all)
        options.validation = options.probe = 0;
    if (o->data)
        return moe_corpus_load((const char *const *)o->data, (int)g_strv_length(o->data), &options,
                               error);
    g_auto(GStrv) paths = g_strsplit(moe_recipe_text(recipe, "data.corpus"), ",", -1);
    return moe_corpus_load((const char *const *)paths, (int)g_strv_length(paths), &options, error);
}

static int
report(const char *path, const MoeEvaluation *evaluation, const MoeModel *model)
{
    printf("%s: %" G_GINT64_FORMAT " tokens predicted by %d routers, %.4f nats a token, %.4f bits "
           "a byte\n",
           path, evaluation->tokens, moe_model_routers(model),
           evaluation->nats / (double)MAX(evaluation->tokens, 1),
           moe_evaluation_bits_per_byte(evaluation));
    return CMD_OK;
}

static int
run(const Options *o, const char *path, MoeSplit split, bool all, const char *command_line)
{
    g_autoptr(GError) error = NULL;
    moe_set_threads(o->threads);
    g_autoptr(MoeCheckpoint) checkpoint = moe_checkpoint_open(path, &error);
    if (!checkpoint)
        return cmd_fail(error);
    g_autoptr(MoeCorpus) corpus = open_corpus(o, checkpoint->model, all, &error);
    if (!corpus)
        return cmd_fail(error);
    g_autoptr(MoeTokens) tokens = moe_tokens_new(corpus, checkpoint->tokenizer, split);
    MoeRecordOptions options = {
        .max_tokens = o->max_tokens,
        .trace = {.compression = o->compression,
                  .gates = !o->no_gates,
                  .score_stats = o->stats,
                  .logits = o->logits},
    };
    MoeEvaluation evaluation;
    bool recorded = moe_record(checkpoint, corpus, tokens, o->out, command_line, &options,
                               &evaluation, cmd_progress_begin(), &error);
    cmd_progress_end();
    if (recorded)
        return report(o->out, &evaluation, checkpoint->model);
    cmd_fail(error);
    return g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED) ? CMD_INTERRUPTED : CMD_FAILED;
}

int
cmd_record(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "MODEL",
        .about = "Runs MODEL (a run folder or a checkpoint) over text and writes every routing "
                 "decision to a trace. Ctrl-C closes the trace with what it has.",
        .least = 1,
        .most = 1,
    };
    Options o = {.compression = 1};
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, "the trace (a .npz file)", "FILE"},
        {"data", 'd', 0, G_OPTION_ARG_FILENAME_ARRAY, &o.data,
         "text, a file or folder; may be repeated (default: what MODEL was trained on)", "PATH"},
        {"split", 0, 0, G_OPTION_ARG_STRING, &o.split,
         "train | validation | probe | all (default: all of --data, else validation)", "NAME"},
        {"max-tokens", 0, 0, G_OPTION_ARG_INT64, &o.max_tokens,
         "about so many tokens, spread evenly over the text (default: all)", "N"},
        {"no-gates", 0, 0, G_OPTION_ARG_NONE, &o.no_gates, "leave out the gates", NULL},
        {"stats", 0, 0, G_OPTION_ARG_NONE, &o.stats,
         "entropy and margin of the router's scores, a unit", NULL},
        {"logits", 0, 0, G_OPTION_ARG_NONE, &o.logits, "all logits", NULL},
        {"compression", 0, 0, G_OPTION_ARG_INT, &o.compression, "0 (stored) … 9 (default: 1)", "N"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &o.threads, "threads (default: all)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    g_autofree char *command_line = g_strjoinv(" ", argv);
    int status;
    MoeSplit split;
    bool all;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status))
        return status;
    const char *name = o.split ? o.split : o.data ? "all" : "validation";
    if (!o.out)
        status = cmd_usage("found no --out, expected the name of the trace to write");
    else if (!parse_split(name, &split, &all))
        status = cmd_usage("found --split %s, expected train, validation, probe or all", name);
    else if (o.compression < 0 || o.compression > 9)
        status = cmd_usage("found --compression %d, expected 0 … 9", o.compression);
    else
        status = run(&o, argv[1], all ? MOE_SPLIT_TRAIN : split, all, command_line);
    g_strfreev(o.data);
    g_free(o.out);
    g_free(o.split);
    return status;
}
