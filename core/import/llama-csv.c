/* SPDX-License-Identifier: MIT
 *
 * Traces of llama.cpp: "layer,expert" a line, k lines a token and layer, a pass (one ubatch) layer
 * after layer; or, of another fork, 'layer,"e e e"'. Nothing names the tokens: a pass ends where
 * the layer goes back. llama.cpp computes a pass's last layer only for tokens whose output is asked
 * for, the last ones of the pass: the others have no picks there.
 */
#include "import/importers.h"
#include "import/stream.h"

#include <string.h>

enum { LAYERS = UINT16_MAX + 1, REPORT_EVERY = 65536, PASS_MAX = 1 << 26 };

static const char heading[] = "layer,expert";

typedef struct Passes {
    MoeImport *import;
    int *index;             /* [LAYERS]: of a layer among those that occur; -1: it doesn't */
    GArray *layers;         /* int, ascending */
    int max_expert, listed; /* listed: experts a line, 0: one */
    GArray **ids;           /* [n_layers], int32_t: the pass so far */
    int n_layers, k;
    int current;   /* of the pass: layer index; -1: none yet */
    int64_t picks; /* of the pass */
    int32_t doc, pos;
    int32_t *expert; /* [n_layers × k] */
} Passes;

static void
passes_clear(Passes *passes)
{
    for (int i = 0; passes->ids && i < passes->n_layers; i++)
        g_array_unref(passes->ids[i]);
    g_free(passes->ids);
    g_free(passes->index);
    g_free(passes->expert);
    g_array_unref(passes->layers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Passes, passes_clear)

/* --- Lines ------------------------------------------------------------------------------------*/

/* A number up to 65535 at *at, which goes behind it; -1 if there is none. */
static int
take_number(const char **at)
{
    int value = -1;
    for (; g_ascii_isdigit(**at); ++*at)
        value = MIN(MAX(value, 0) * 10 + (**at - '0'), LAYERS);
    return value == LAYERS ? -1 : value;
}

/* "3,17" or '3,"17 4 2"': the layer, and its experts in `out`. */
static bool
parse(const MoeStream *stream, const char *line, int *layer, GArray *out, GError **error)
{
    const char *at = line;
    g_array_set_size(out, 0);
    *layer = take_number(&at);
    bool good = *layer >= 0 && *at++ == ',';
    bool quoted = good && *at == '"';
    at += quoted;
    while (good && g_ascii_isdigit(*at)) {
        int32_t id = take_number(&at);
        good = id >= 0;
        g_array_append_val(out, id);
        at += quoted && *at == ' ';
    }
    at += good && quoted && *at == '"';
    if (good && *at == 0 && out->len > 0 && (quoted || out->len == 1))
        return true;
    return moe__stream_fail(stream, error, "found \"%.40s\", expected layer,expert", line);
}

static bool
learn(Passes *passes, const MoeStream *stream, int layer, const GArray *ids, GError **error)
{
    if (passes->index[layer] < 0) {
        g_array_append_val(passes->layers, layer);
        passes->index[layer] = 0;
    }
    if (passes->listed == 0)
        passes->listed = (int)ids->len;
    if (passes->listed != (int)ids->len)
        return moe__stream_fail(stream, error, "found %u experts, %d before", ids->len,
                                passes->listed);
    for (guint i = 0; i < ids->len; i++)
        passes->max_expert = MAX(passes->max_expert, g_array_index(ids, int32_t, i));
    return true;
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
        for (int i = 0; i < k; i++)
            passes->expert[r * k + i] =
                at < 0 ? -1 : g_array_index(passes->ids[r], int32_t, at * k + i);
    }
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
        };
        if (!moe_import_token(passes->import, &token, error))
            return false;
    }
    for (int r = 0; r < passes->n_layers; r++)
        g_array_set_size(passes->ids[r], 0);
    passes->current = -1;
    passes->picks = 0;
    return true;
}

static bool
bring(Passes *passes, int file, const MoeStream *stream, int layer, const GArray *ids,
      GError **error)
{
    int r = passes->index[layer];
    if (r < 0 || (int)ids->len != passes->listed)
        return moe__stream_fail(stream, error, "the file changed while it was read");
    /* With a single layer nothing goes back: every token is a pass. */
    bool whole = passes->n_layers == 1 && passes->ids[0]->len == (guint)passes->k;
    if ((r < passes->current || whole) && !end_pass(passes, file, stream, error))
        return false;
    passes->current = r;
    passes->picks += ids->len;
    if (passes->picks > PASS_MAX)
        return moe__stream_fail(stream, error, "found a pass of more than %d picks", PASS_MAX);
    g_array_append_vals(passes->ids[r], ids->data, ids->len);
    return true;
}

/* --- Files ------------------------------------------------------------------------------------*/

/* A heading begins a document: such files are put together with cat. */
static bool
begin_document(Passes *passes, int file, const MoeStream *stream, GError **error)
{
    if (!passes->ids)
        return true;
    if (!end_pass(passes, file, stream, error))
        return false;
    passes->doc += passes->pos > 0;
    passes->pos = 0;
    return true;
}

static bool
take_line(Passes *passes, int file, const MoeStream *stream, const char *line, GArray *ids,
          GError **error)
{
    int layer;
    if (*line == 0 || *line == '#')
        return true;
    if (g_str_equal(line, heading))
        return begin_document(passes, file, stream, error);
    return parse(stream, line, &layer, ids, error) &&
           (passes->ids ? bring(passes, file, stream, layer, ids, error)
                        : learn(passes, stream, layer, ids, error));
}

static bool
read_file(Passes *passes, int file, const char *path, GError **error)
{
    g_autoptr(MoeStream) stream = moe__stream_open(path, error);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
    GError *reason = NULL;
    const char *line;
    size_t length;
    if (!stream)
        return false;
    while ((line = moe__stream_line(stream, &length, &reason))) {
        if (!take_line(passes, file, stream, line, ids, error) ||
            (stream->line % REPORT_EVERY == 0 &&
             !moe_import_progress(passes->import, file, moe__stream_done(stream), error)))
            return false;
    }
    if (reason) {
        g_propagate_error(error, reason);
        return false;
    }
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
    };
    if (!moe_import_begin(passes->import, &shape, error))
        return false;
    passes->n_layers = shape.n_layers;
    passes->k = moe_import_k(passes->import);
    passes->expert = g_new(int32_t, (gsize)passes->n_layers * (gsize)passes->k);
    passes->ids = g_new(GArray *, (gsize)passes->n_layers);
    for (int r = 0; r < passes->n_layers; r++)
        passes->ids[r] = g_array_new(FALSE, FALSE, sizeof(int32_t));
    return true;
}

static bool
read_llama(MoeImport *import, GError **error)
{
    g_auto(Passes) passes = {
        .import = import,
        .index = g_new(int, LAYERS),
        .layers = g_array_new(FALSE, FALSE, sizeof(int)),
        .current = -1,
    };
    for (int i = 0; i < LAYERS; i++)
        passes.index[i] = -1;
    return read_all(&passes, error) && begin(&passes, error) && read_all(&passes, error);
}

/* The heading, or lines of 'layer,"e e e"'. */
static int
score_llama(const MoeImportHead *head)
{
    size_t length = strcspn(head->text, "\r\n");
    if (length == strlen(heading) && strncmp(head->text, heading, length) == 0)
        return 90;
    size_t digits = strspn(head->text, "0123456789");
    if (digits == 0 || strncmp(head->text + digits, ",\"", 2) != 0)
        return 0;
    size_t list = strspn(head->text + digits + 2, "0123456789 ");
    return head->text[digits + 2 + list] == '"' && digits + list + 3 == length ? 80 : 0;
}

const MoeImporter moe__import_llama_csv = {
    .struct_size = sizeof(MoeImporter),
    .name = "llama-csv",
    .help = "CSV of llama.cpp's moe-trace: layer,expert a line, in the order of evaluation",
    .cite = "github.com/ggml-org/llama.cpp/pull/28544",
    .score = score_llama,
    .read = read_llama,
};
