/* SPDX-License-Identifier: MIT
 *
 * moescope import: what other tools recorded, as a trace, or as a summary if it is counts.
 */
#include "cmd.h"
#include "progress.h"
#include "util.h"
#include "verdict.h"

#include <moescope/import.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char **domains;
    char *out, *as, *gates, *score, *select, *axes, *id_type, *model, *kinds;
    GArray *layers; /* int */
    gboolean list, logits, no_summary;
    int experts, k, shared, compression;
    gint64 chunk_tokens;
} Options;

static void
options_clear(Options *o)
{
    g_strfreev(o->domains);
    g_free(o->out);
    g_free(o->as);
    g_free(o->gates);
    g_free(o->score);
    g_free(o->select);
    g_free(o->axes);
    g_free(o->id_type);
    g_free(o->model);
    g_free(o->kinds);
    if (o->layers)
        g_array_unref(o->layers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static int
list_importers(void)
{
    int n, width = 0;
    moe_init();
    const MoeImporter *const *importers = moe_importers(&n);
    for (int i = 0; i < n; i++)
        width = MAX(width, (int)strlen(importers[i]->name));
    for (int i = 0; i < n; i++)
        printf("%-*s  %s\n%-*s  (%s)\n", width, importers[i]->name, importers[i]->help, width, "",
               importers[i]->cite);
    return CMD_OK;
}

/* What isn't in the trace, or has to be known of it. */
static void
report_notes(const MoeImportReport *got)
{
    if (got->incomplete)
        cmd_say("%" G_GINT64_FORMAT " tokens lacked a layer and were left out", got->incomplete);
    if (got->pads)
        cmd_say("%" G_GINT64_FORMAT " tokens were padding and were left out", got->pads);
    if (got->disagreeing)
        cmd_say("in %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                " units the picks aren't the k highest logits: another rule chose (a bias, groups, "
                "noise, a capacity); the picks of the file were kept",
                got->disagreeing, got->compared);
    g_auto(GStrv) notes = g_strsplit(got->notes ? got->notes : "", "\n", -1);
    for (int i = 0; notes[i]; i++)
        cmd_say("%s", notes[i]);
}

/* Of tokens with their picks, or of counts. */
static void
report_size(const char *out, const MoeImportReport *got)
{
    g_autofree char *k = got->k > 0 ? g_strdup_printf("k %d of ", got->k) : g_strdup("");
    if (got->summary)
        printf("%s: a summary by %s, %" G_GINT64_FORMAT
               " tokens, %d routers, %s%d experts, %d domains\n",
               out, got->importer, got->tokens, got->routers, k, got->experts, got->domains);
    else
        printf("%s: %s, %" G_GINT64_FORMAT " tokens in %" G_GINT64_FORMAT
               " documents, %d routers, %s%d experts\n",
               out, got->importer, got->tokens, got->documents, got->routers, k, got->experts);
}

static int
report(const Options *o, const MoeImportReport *got)
{
    const char *out = o->out;
    report_size(out, got);
    report_notes(got);
    g_autoptr(GError) error = NULL;
    if (got->summary ? cmd_verdict_summary(out, &error)
                     : cmd_trace_finish(out, !o->no_summary, true, &error))
        return CMD_OK;
    cmd_fail(error); /* of the check alone: the file is written */
    return g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED) ? CMD_INTERRUPTED : CMD_FAILED;
}

static int
run(const Options *o, char **sources, int n, MoeImportGates gates)
{
    g_autoptr(GError) error = NULL;
    MoeImportReport got;
    const MoeImportOptions options = {
        .importer = o->as,
        .experts = o->experts,
        .k = o->k,
        .score = o->score,
        .select = o->select,
        .gates = gates,
        .domains = (const char *const *)o->domains,
        .n_domains = o->domains ? (int)g_strv_length(o->domains) : 0,
        .layers = o->layers ? (const int *)(const void *)o->layers->data : NULL,
        .n_layers = o->layers ? (int)o->layers->len : 0,
        .model = o->model,
        .compression = o->compression,
        .chunk_tokens = o->chunk_tokens,
        .logits = o->logits,
        .axes = o->axes,
        .id_type = o->id_type,
        .kinds = o->kinds,
        .shared = o->shared,
    };
    bool good = moe_import((const char *const *)sources, n, o->out, &options, cmd_progress_begin(),
                           &got, &error);
    cmd_progress_end();
    if (good) {
        int status = report(o, &got);
        g_free(got.notes);
        return status;
    }
    cmd_fail(error);
    return g_error_matches(error, MOE_ERROR, MOE_ERROR_CANCELLED) ? CMD_INTERRUPTED : CMD_FAILED;
}

static bool
parse_gates(const char *text, MoeImportGates *gates)
{
    *gates = !text                             ? MOE_IMPORT_GATES_UNTOLD
             : g_str_equal(text, "sum-to-one") ? MOE_IMPORT_GATES_SUM_TO_ONE
                                               : MOE_IMPORT_GATES_AS_SCORED;
    return !text || *gates == MOE_IMPORT_GATES_SUM_TO_ONE || g_str_equal(text, "as-scored");
}

/* "0,7,15" or "1-26", rising. */
static bool
parse_layers(const char *text, GArray **layers)
{
    *layers = NULL;
    if (!text)
        return true;
    *layers = g_array_new(FALSE, FALSE, sizeof(int));
    for (char *at = (char *)text;; at++) {
        gint64 before = (*layers)->len ? g_array_index(*layers, int, (*layers)->len - 1) : -1;
        if (!g_ascii_isdigit(*at))
            return false;
        gint64 first = g_ascii_strtoll(at, &at, 10), last = first;
        if (*at == '-' && g_ascii_isdigit(at[1]))
            last = g_ascii_strtoll(at + 1, &at, 10);
        if (first <= before || last < first || last > 65535)
            return false;
        for (int layer = (int)first; layer <= last; layer++)
            g_array_append_val(*layers, layer);
        if (*at == 0)
            return true;
        if (*at != ',')
            return false;
    }
}

/* What is wrong with the numbers; else CMD_OK. */
static int
check(const Options *o)
{
    if (!o->out)
        return cmd_usage("found no --out, expected the name of the file to write");
    if (!g_str_has_suffix(o->out, ".npz"))
        return cmd_usage("found --out %s, expected a name that ends with .npz", o->out);
    if (o->experts < 0 || o->experts > 65535)
        return cmd_usage("found --experts %d, expected 1 … 65535", o->experts);
    if (o->k < 0)
        return cmd_usage("found --k %d, expected 1 or more", o->k);
    if (o->shared < 0 || o->shared > 65535)
        return cmd_usage("found --shared %d, expected 0 … 65535", o->shared);
    if (o->compression < 0 || o->compression > 9)
        return cmd_usage("found --compression %d, expected 0 … 9", o->compression);
    if (o->chunk_tokens < 0)
        return cmd_usage("found --chunk-tokens %" G_GINT64_FORMAT ", expected 0 or more",
                         o->chunk_tokens);
    return CMD_OK;
}

int
cmd_import(int argc, char **argv)
{
    static const CmdArguments arguments = {
        .names = "SRC…",
        .about =
            "Turns what other tools recorded into a trace, and what they counted into a summary. "
            "SRC is a file, plain or gzip'd, or a folder of them; the format is told by "
            "content. What the files don't say is asked for, never guessed.",
        .examples = "moescope import --list\n"
                    "moescope import log.jsonl --experts 60 --k 2 --score softmax --select top-k "
                    "--gates sum-to-one --domain chat --out theirs.npz\n",
        .most = -1,
    };
    g_auto(Options) o = {.compression = 1};
    g_autofree char *layers = NULL;
    const GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out, "the trace or summary (a .npz file)",
         "FILE"},
        {"list", 0, 0, G_OPTION_ARG_NONE, &o.list, "list the formats that are read", NULL},
        {"as", 0, 0, G_OPTION_ARG_STRING, &o.as, "insist on a format (default: by content)",
         "NAME"},
        {"experts", 0, 0, G_OPTION_ARG_INT, &o.experts, "routed experts a layer", "N"},
        {"k", 'k', 0, G_OPTION_ARG_INT, &o.k, "experts a token", "N"},
        {"kinds", 0, 0, G_OPTION_ARG_STRING, &o.kinds,
         "what experts are, in the order of their ids, where they aren't all alike: "
         "ffn:8,zero:1,copy:1,constant:2",
         "KIND:N,…"},
        {"shared", 0, 0, G_OPTION_ARG_INT, &o.shared,
         "experts beside these that every token passes", "N"},
        {"score", 0, 0, G_OPTION_ARG_STRING, &o.score,
         "how the router scores: softmax, sigmoid, …, unknown", "NAME"},
        {"select", 0, 0, G_OPTION_ARG_STRING, &o.select,
         "by which rule experts are chosen: top-k, …, unknown", "NAME"},
        {"gates", 0, 0, G_OPTION_ARG_STRING, &o.gates,
         "sum-to-one (over a token's picks) | as-scored", "NAME"},
        {"domain", 'd', 0, G_OPTION_ARG_STRING_ARRAY, &o.domains,
         "what the text is; once for all, or once a SRC in their order; {file}: the file's name",
         "NAME"},
        {"layers", 0, 0, G_OPTION_ARG_STRING, &layers,
         "which layers these are, where files don't say: 0,7,15 or 1-26", "LIST"},
        {"model", 0, 0, G_OPTION_ARG_STRING, &o.model, "which model, of a file that has several",
         "NAME"},
        {"logits", 0, 0, G_OPTION_ARG_NONE, &o.logits,
         "record the logits too, where the files have any", NULL},
        {"axes", 0, 0, G_OPTION_ARG_STRING, &o.axes,
         "of one array of logits for all layers: LTE | TLE | BSE | LBSE | BSLE (T token, L layer, "
         "E expert, B sequence, S token in it)",
         "AXES"},
        {"id-type", 0, 0, G_OPTION_ARG_STRING, &o.id_type,
         "what bare ids in base64 are, where files don't say: int8 | uint8 | int16 | uint16 | "
         "int32 | int64 (default: int32)",
         "TYPE"},
        {"no-summary", 0, 0, G_OPTION_ARG_NONE, &o.no_summary,
         "don't write the trace's summary into it", NULL},
        {"compression", 0, 0, G_OPTION_ARG_INT, &o.compression, "0 (stored) … 9 (default: 1)", "N"},
        {"chunk-tokens", 0, 0, G_OPTION_ARG_INT64, &o.chunk_tokens,
         "tokens a chunk (default: 65536, fewer where tokens have many layers)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    int status;
    MoeImportGates gates;
    if (!cmd_options(&arguments, entries, &argc, &argv, &status))
        return status;
    if (o.list)
        return list_importers();
    if (argc < 2)
        return cmd_usage("found no file, expected SRC…");
    if (!parse_layers(layers, &o.layers))
        return cmd_usage("found --layers %s, expected rising numbers, 0,7,15 or 1-26", layers);
    if (!parse_gates(o.gates, &gates))
        return cmd_usage("found --gates %s, expected sum-to-one or as-scored", o.gates);
    status = check(&o);
    return status == CMD_OK ? run(&o, argv + 1, argc - 1, gates) : status;
}
