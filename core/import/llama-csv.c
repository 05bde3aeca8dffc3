/* SPDX-License-Identifier: MIT
 *
 * Traces of llama.cpp: "layer,expert" a line, k lines a token and layer, a pass (one ubatch) layer
 * after layer; or, of another fork, 'layer,"e e e"'. Nothing names the tokens: a pass ends where
 * the layer goes back. llama.cpp computes a pass's last layer only for tokens whose output is asked
 * for, the last ones of the pass: the others have no picks there. How columns are named and parted,
 * and which others there are, doesn't matter (llama-line.c).
 */
#include "import/importers.h"
#include "import/llama-line.h"
#include "import/llama-whole.h"

#include <string.h>

enum { LAYERS = UINT16_MAX + 1, REPORT_EVERY = 65536, PASS_MAX = 1 << 26 };

/* How a file ends, as far as it can be told before k and all layers are known. */
typedef struct Tail {
    int layer;             /* of the last line; -1: there is none */
    int64_t picks, before; /* of that layer in the pass; of the pass in all others */
    int64_t first;         /* picks of the pass's first layer; 0: that is the one */
    int64_t passes;        /* before the last one */
    uint64_t line;         /* where the last one begins */
    bool broken;           /* a line that was cut off follows */
    bool cut;              /* the last pass is incomplete, and left out */
} Tail;

typedef struct Passes {
    MoeImport *import;
    GArray *tails; /* Tail, of each file */
    MoeLlamaWhole whole;
    int *index;             /* [LAYERS]: of a layer among those that occur; -1: it doesn't */
    GArray *layers;         /* int, ascending */
    int max_expert, listed; /* listed: experts a line */
    bool has_gates, unnamed;
    int64_t lines, others; /* that say picks, or something else */
    GArray **ids, **gates; /* [n_layers], int32_t, double: the pass so far; gates may be empty */
    int n_layers, k;
    int current;   /* of the pass: layer index; -1: none yet */
    int64_t picks; /* of the pass */
    int32_t doc, pos;
    int32_t *expert; /* [n_layers × k] */
    double *gate;
} Passes;

static void
passes_clear(Passes *passes)
{
    for (int i = 0; passes->ids && i < passes->n_layers; i++) {
        g_array_unref(passes->ids[i]);
        g_array_unref(passes->gates[i]);
    }
    g_free(passes->ids);
    g_free(passes->gates);
    g_free(passes->gate);
    g_free(passes->index);
    g_free(passes->expert);
    g_array_unref(passes->layers);
    g_array_unref(passes->tails);
    moe__llama_whole_clear(&passes->whole);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Passes, passes_clear)

/* --- Looking ----------------------------------------------------------------------------------*/

static bool
learn(Passes *passes, const MoeLlamaLine *line, const MoeStream *stream, GError **error)
{
    if (passes->index[line->layer] < 0) {
        g_array_append_val(passes->layers, line->layer);
        passes->index[line->layer] = 0;
    }
    if (passes->lines++ == 0) {
        passes->listed = (int)line->ids->len;
        passes->has_gates = line->gates->len > 0;
        passes->unnamed = !line->named;
    }
    if (passes->listed != (int)line->ids->len)
        return moe__stream_fail(stream, error, "found %u experts, %d before", line->ids->len,
                                passes->listed);
    if (passes->has_gates != (line->gates->len > 0))
        return moe__stream_fail(stream, error, "some lines have gates, others have none");
    for (guint i = 0; i < line->ids->len; i++)
        passes->max_expert = MAX(passes->max_expert, g_array_index(line->ids, int32_t, i));
    return true;
}

/* --- How a file ends --------------------------------------------------------------------------*/

static void
begin_tail(Tail *tail, uint64_t line)
{
    tail->passes += tail->layer >= 0;
    tail->layer = -1;
    tail->picks = tail->before = tail->first = 0;
    tail->line = line;
}

static void
learn_tail(Tail *tail, const MoeLlamaLine *line, uint64_t number)
{
    if (line->layer < tail->layer || tail->layer < 0)
        begin_tail(tail, number);
    if (line->layer != tail->layer) {
        tail->first = tail->first > 0 ? tail->first : tail->picks;
        tail->before += tail->picks;
        tail->picks = 0;
    }
    tail->layer = line->layer;
    tail->picks += line->ids->len;
}

/* Before learn_tail(): a line of one expert, of k that is told. */
static void
learn_whole(Passes *passes, const Tail *tail, const MoeLlamaLine *line)
{
    if (line->ids->len != 1)
        return;
    bool pass = line->layer < tail->layer || tail->layer < 0;
    moe__llama_whole_take(&passes->whole, g_array_index(line->ids, int32_t, 0),
                          line->layer != tail->layer, pass);
}

/* Whether a program was stopped amid its last pass: a layer is missing, or a part of a token that
 * other layers have. What goes before it shows that k isn't to blame. */
static bool
is_cut(const Passes *passes, const Tail *tail, int k)
{
    int last = g_array_index(passes->layers, int, passes->layers->len - 1);
    if (tail->layer < 0 || k <= 0)
        return false;
    if (passes->layers->len == 1) /* a part of a token may as well be another k */
        return (tail->picks > k || tail->passes > 0) && tail->broken;
    bool partial = tail->picks < tail->first && tail->picks % k;
    return tail->passes > 0 && tail->first % k == 0 &&
           (tail->layer != last || partial || tail->broken);
}

/* Finds the files that end so, and says it. */
static void
settle_tails(Passes *passes, int k)
{
    int n;
    const MoeImportFile *files = moe_import_files(passes->import, &n);
    for (int i = 0; i < n; i++) {
        Tail *tail = &g_array_index(passes->tails, Tail, i);
        tail->cut = is_cut(passes, tail, k);
        if (!tail->cut)
            continue;
        g_autofree char *name = g_filename_display_basename(files[i].path);
        if (passes->layers->len == 1)
            moe_import_note(passes->import,
                            "%s ends within a token: its picks so far were left out", name);
        else
            moe_import_note(passes->import,
                            "%s ends within a pass, which begins on line %" G_GUINT64_FORMAT
                            ": its %" G_GINT64_FORMAT " picks were left out",
                            name, tail->line, tail->before + tail->picks);
    }
}

/* --- Passes -----------------------------------------------------------------------------------*/

static bool
check_pass(const Passes *passes, const MoeStream *stream, GError **error)
{
    guint expected = passes->ids[0]->len;
    for (int r = 0; r < passes->n_layers; r++) {
        guint found = passes->ids[r]->len;
        bool last = r > 0 && r == passes->n_layers - 1;
        if (found % (guint)passes->k)
            return moe__stream_fail(stream, error,
                                    "layer %d has %u picks in the pass that ends here, expected a "
                                    "multiple of k = %d (--k)",
                                    g_array_index(passes->layers, int, r), found, passes->k);
        if (last ? found > expected : found != expected)
            return moe__stream_fail(stream, error,
                                    "layer %d has %u picks in the pass that ends here, layer %d "
                                    "has %u",
                                    g_array_index(passes->layers, int, r), found,
                                    g_array_index(passes->layers, int, 0), expected);
    }
    return true;
}

static void
gather(const Passes *passes, int token, int tokens)
{
    int k = passes->k;
    for (int r = 0; r < passes->n_layers; r++) {
        int there = (int)passes->ids[r]->len / k, at = token - (tokens - there);
        for (int i = 0; i < k; i++) {
            passes->expert[r * k + i] =
                at < 0 ? -1 : g_array_index(passes->ids[r], int32_t, at * k + i);
            passes->gate[r * k + i] = at < 0 || !passes->has_gates
                                          ? 0
                                          : g_array_index(passes->gates[r], double, at *k + i);
        }
    }
}

static void
clear_pass(Passes *passes)
{
    for (int r = 0; r < passes->n_layers; r++) {
        g_array_set_size(passes->ids[r], 0);
        g_array_set_size(passes->gates[r], 0);
    }
    passes->current = -1;
    passes->picks = 0;
}

static bool
end_pass(Passes *passes, int file, const MoeStream *stream, GError **error)
{
    if (passes->current < 0)
        return true;
    if (!check_pass(passes, stream, error))
        return false;
    int tokens = (int)passes->ids[0]->len / passes->k;
    for (int t = 0; t < tokens; t++) {
        gather(passes, t, tokens);
        const MoeImportToken token = {
            .id = -1,
            .doc = passes->doc,
            .pos = passes->pos++,
            .domain = moe_import_domain(passes->import, file),
            .expert = passes->expert,
            .gate = passes->has_gates ? passes->gate : NULL,
        };
        if (!moe_import_token(passes->import, &token, error))
            return false;
    }
    clear_pass(passes);
    return true;
}

static bool
bring(Passes *passes, int file, const MoeLlamaLine *line, const MoeStream *stream, GError **error)
{
    int r = passes->index[line->layer];
    if (r < 0 || (int)line->ids->len != passes->listed)
        return moe__stream_fail(stream, error, "the file changed while it was read");
    /* With a single layer nothing goes back: every token is a pass. */
    bool whole = passes->n_layers == 1 && passes->ids[0]->len == (guint)passes->k;
    if ((r < passes->current || whole) && !end_pass(passes, file, stream, error))
        return false;
    passes->current = r;
    passes->picks += line->ids->len;
    if (passes->picks > PASS_MAX)
        return moe__stream_fail(stream, error, "found a pass of more than %d picks", PASS_MAX);
    g_array_append_vals(passes->ids[r], line->ids->data, line->ids->len);
    g_array_append_vals(passes->gates[r], line->gates->data, line->gates->len);
    return true;
}

/* --- Files ------------------------------------------------------------------------------------*/

/* A heading begins a document: such files are put together with cat. */
static bool
begin_document(Passes *passes, int file, const MoeStream *stream, GError **error)
{
    if (!passes->ids) {
        begin_tail(&g_array_index(passes->tails, Tail, file), stream->line + 1);
        return true;
    }
    if (!end_pass(passes, file, stream, error))
        return false;
    passes->doc += passes->pos > 0;
    passes->pos = 0;
    return true;
}

static bool
take_line(Passes *passes, int file, MoeLlamaLine *line, const MoeStream *stream, char *text,
          GError **error)
{
    Tail *tail = &g_array_index(passes->tails, Tail, file);
    MoeLlamaKind kind = moe__llama_line(line, stream, text, error);
    bool odd = kind == MOE_LLAMA_PICKS && (int)line->ids->len != passes->listed;
    if (stream->unended && tail->layer >= 0 && (odd || kind == MOE_LLAMA_FAILED)) {
        tail->broken = true; /* the last line was cut off */
        g_clear_error(error);
        return true;
    }
    switch (kind) {
    case MOE_LLAMA_HEADING:
        return begin_document(passes, file, stream, error);
    case MOE_LLAMA_OTHER:
        passes->others += !passes->ids;
        return true;
    case MOE_LLAMA_PICKS:
        if (passes->ids)
            return bring(passes, file, line, stream, error);
        learn_whole(passes, tail, line);
        learn_tail(tail, line, stream->line);
        return learn(passes, line, stream, error);
    default:
        return false;
    }
}

static bool
read_file(Passes *passes, int file, const char *path, GError **error)
{
    g_autoptr(MoeStream) stream = moe__stream_open(path, error);
    g_auto(MoeLlamaLine) line = moe__llama_line_new();
    GError *reason = NULL;
    char *text;
    if (!stream)
        return false;
    while ((text = moe__csv_line(stream, &reason))) {
        if (!take_line(passes, file, &line, stream, text, error) ||
            (stream->line % REPORT_EVERY == 0 &&
             !moe_import_progress(passes->import, file, moe__stream_done(stream), error)))
            return false;
    }
    if (reason) {
        g_propagate_error(error, reason);
        return false;
    }
    if (!passes->ids)
        return true;
    bool partial = passes->n_layers > 1 || passes->ids[0]->len < (guint)passes->k;
    if (g_array_index(passes->tails, Tail, file).cut && partial)
        clear_pass(passes);
    return begin_document(passes, file, stream, error);
}

static bool
read_all(Passes *passes, GError **error)
{
    int n;
    const MoeImportFile *files = moe_import_files(passes->import, &n);
    for (int i = 0; i < n; i++)
        if (!read_file(passes, i, files[i].path, error))
            return false;
    return true;
}

static gint
compare_layers(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

/* What a reader has to know of how the lines were read. */
static void
tell(const Passes *passes)
{
    if (passes->unnamed && passes->listed == 1)
        moe_import_note(passes->import, "no line names the columns: the first was taken for the "
                                        "layer, the second for the expert");
    if (passes->others > 0)
        moe_import_note(passes->import,
                        "%" G_GINT64_FORMAT " lines of \"gate_input\" were passed over",
                        passes->others);
}

static bool
begin(Passes *passes, GError **error)
{
    g_array_sort(passes->layers, compare_layers);
    for (guint i = 0; i < passes->layers->len; i++)
        passes->index[g_array_index(passes->layers, int, i)] = (int)i;
    const MoeImportShape shape = {
        .layers = (const int *)passes->layers->data,
        .n_layers = (int)passes->layers->len,
        .max_expert = passes->max_expert,
        .k = passes->listed > 1 ? passes->listed : 0,
        .has_gates = passes->has_gates,
    };
    tell(passes);
    moe__llama_whole_tell(&passes->whole, passes->import);
    if (passes->layers->len > 0)
        settle_tails(passes, shape.k ? shape.k : moe_import_options(passes->import)->k);
    if (!moe_import_begin(passes->import, &shape, error))
        return false;
    passes->n_layers = shape.n_layers;
    passes->k = moe_import_k(passes->import);
    passes->expert = g_new(int32_t, (gsize)passes->n_layers * (gsize)passes->k);
    passes->gate = g_new(double, (gsize)passes->n_layers *(gsize)passes->k);
    passes->ids = g_new(GArray *, (gsize)passes->n_layers);
    passes->gates = g_new(GArray *, (gsize)passes->n_layers);
    for (int r = 0; r < passes->n_layers; r++) {
        passes->ids[r] = g_array_new(FALSE, FALSE, sizeof(int32_t));
        passes->gates[r] = g_array_new(FALSE, FALSE, sizeof(double));
    }
    return true;
}

static bool
read_llama(MoeImport *import, GError **error)
{
    g_auto(Passes) passes = {
        .import = import,
        .index = g_new(int, LAYERS),
        .layers = g_array_new(FALSE, FALSE, sizeof(int)),
        .tails = g_array_new(FALSE, TRUE, sizeof(Tail)),
        .current = -1,
    };
    int n;
    moe_import_files(import, &n);
    g_array_set_size(passes.tails, (guint)n);
    for (int i = 0; i < n; i++)
        g_array_index(passes.tails, Tail, i).layer = -1;
    const MoeImportOptions *options = moe_import_options(import);
    moe__llama_whole_init(&passes.whole, options->experts, options->k);
    for (int i = 0; i < LAYERS; i++)
        passes.index[i] = -1;
    return read_all(&passes, error) && begin(&passes, error) && read_all(&passes, error);
}

static int
score_llama(const MoeImportHead *head)
{
    return moe__llama_score(head->text);
}

const MoeImporter moe__import_llama_csv = {
    .struct_size = sizeof(MoeImporter),
    .name = "llama-csv",
    .help = "CSV of llama.cpp's moe-trace: layer,expert a line, in the order of evaluation",
    .cite = "github.com/ggml-org/llama.cpp/pull/28544",
    .score = score_llama,
    .read = read_llama,
};
