/* SPDX-License-Identifier: MIT
 *
 * A corpus: the bytes of each domain, cut into documents, and each document's split.
 */
#include "text/source.h"
#include "text/utf8.h"

#include <moescope/text.h>

#include <math.h>
#include <string.h>

/* The longest document, bytes: positions within one are int32_t. */
static const int64_t longest_document = (int64_t)1 << 30;

typedef struct Domain {
    char *name;
    MoeBytes bytes; /* of all its files, one after the other */
} Domain;

struct MoeCorpus {
    GArray *domains;   /* of Domain */
    GArray *documents; /* of MoeDocument, domain by domain */
};

static void
domain_clear(gpointer data)
{
    Domain *domain = data;
    g_free(domain->name);
    g_free(domain->bytes.data);
}

static MoeCorpus *
corpus_new(void)
{
    MoeCorpus *corpus = g_new(MoeCorpus, 1);
    corpus->domains = g_array_new(FALSE, TRUE, sizeof(Domain));
    corpus->documents = g_array_new(FALSE, FALSE, sizeof(MoeDocument));
    g_array_set_clear_func(corpus->domains, domain_clear);
    return corpus;
}

void
moe_corpus_free(MoeCorpus *corpus)
{
    if (!corpus)
        return;
    g_array_unref(corpus->domains);
    g_array_unref(corpus->documents);
    g_free(corpus);
}

/* --- Cutting into documents -------------------------------------------------------------------*/

/* Where the document that starts at the beginning of `text` ends: behind the last line end within
 * block/2 … block, else the first one up to 3/2 block, else at `block`, between characters. A
 * remainder below 3/2 block stays whole, so that no document is a scrap. */
static size_t
document_end(const char *text, size_t length, size_t block)
{
    size_t half = block / 2;
    if (length < block + half)
        return length;
    const char *line_end = memrchr(text + half, '\n', block - half);
    if (!line_end)
        line_end = memchr(text + block, '\n', half);
    if (line_end)
        return (size_t)(line_end - text) + 1;
    return MAX(moe__utf8_floor(text, length, block), 1);
}

static void
cut_file(MoeCorpus *corpus, int domain, const char *text, size_t length, int64_t block)
{
    block = block == 0 ? longest_document : MIN(block, longest_document);
    for (size_t at = 0; at < length;) {
        size_t size = document_end(text + at, length - at, (size_t)block);
        MoeDocument document = {.text = text + at, .length = size, .domain = domain};
        g_array_append_val(corpus->documents, document);
        at += size;
    }
}

/* --- Splits -----------------------------------------------------------------------------------*/

static int64_t
share_count(double share, int64_t n)
{
    /* the nudge keeps a product such as 0.29 · 100 from falling below its whole number */
    return share > 0 ? MAX((int64_t)floor(share * (double)n + 1e-9), 1) : 0;
}

/* FNV-1a: names a random stream after the domain, so that its split doesn't depend on which other
 * domains are there. */
static uint64_t
stream_of(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    return hash;
}

/* Deals a domain's documents out to the splits: the first ones of a shuffled order. */
static bool
split_domain(MoeDocument *documents, int64_t n, const char *name, const MoeCorpusOptions *options,
             GError **error)
{
    int64_t validation = share_count(options->validation, n);
    int64_t probe = share_count(options->probe, n);
    int64_t train = options->validation + options->probe < 1 ? 1 : 0;
    if (validation + probe + train > n) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "domain \"%s\" has %" G_GINT64_FORMAT " document(s), expected at least %" //
                    G_GINT64_FORMAT " to fill every split: use a smaller block or smaller shares",
                    name, n, validation + probe + train);
        return false;
    }
    g_autofree int64_t *order = g_new(int64_t, n);
    MoeRng rng = moe_rng(options->seed, stream_of(name));
    for (int64_t i = 0; i < n; i++) {
        /* Fisher-Yates, inside out */
        int64_t j = (int64_t)moe_rng_below(&rng, (uint64_t)i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    for (int64_t i = 0; i < n; i++)
        documents[order[i]].split = i < validation           ? MOE_SPLIT_VALIDATION
                                    : i < validation + probe ? MOE_SPLIT_PROBE
                                                             : MOE_SPLIT_TRAIN;
    return true;
}

/* --- Loading ----------------------------------------------------------------------------------*/

static bool
check_options(const MoeCorpusOptions *options, GError **error)
{
    double validation = options->validation, probe = options->probe;
    if (options->block < 0 || options->max_bytes < 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "block and max_bytes of a corpus are %" G_GINT64_FORMAT " and %" //
                    G_GINT64_FORMAT ", expected 0 or more",
                    options->block, options->max_bytes);
        return false;
    }
    if (!(validation >= 0 && probe >= 0 && validation + probe <= 1 + 1e-9)) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                    "the shares for validation and probe are %g and %g, expected 0 … 1 together",
                    validation, probe);
        return false;
    }
    return true;
}

/* Reads a source's files into its domain, up to max_bytes. Appends to `ends` where each ends. */
static bool
read_files(const MoeSource *source, int64_t max_bytes, MoeBytes *bytes, GArray *ends,
           GError **error)
{
    size_t limit = max_bytes > 0 ? (size_t)max_bytes : SIZE_MAX;
    /* Three bytes more tell whether the limit falls inside a character. */
    size_t read_limit = max_bytes > 0 ? limit + 3 : SIZE_MAX;
    for (guint i = 0; i < source->files->len && bytes->length < limit; i++) {
        if (!moe__source_read(source->files->pdata[i], read_limit, bytes, error))
            return false;
        size_t end = bytes->length;
        if (end > limit) {
            end = moe__utf8_floor(bytes->data, end, limit);
            bytes->length = limit;
        }
        g_array_append_val(ends, end);
    }
    return true;
}

static bool
load_domain(MoeCorpus *corpus, const MoeSource *source, const MoeCorpusOptions *options,
            GError **error)
{
    int index = (int)corpus->domains->len;
    g_array_set_size(corpus->domains, corpus->domains->len + 1);
    Domain *domain = &g_array_index(corpus->domains, Domain, index);
    domain->name = g_strdup(source->domain);

    g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(size_t));
    if (!read_files(source, options->max_bytes, &domain->bytes, ends, error))
        return false;
    guint first = corpus->documents->len;
    size_t start = 0;
    for (guint i = 0; i < ends->len; i++) {
        size_t end = g_array_index(ends, size_t, i);
        cut_file(corpus, index, domain->bytes.data + start, end - start, options->block);
        start = end;
    }
    int64_t n = corpus->documents->len - first;
    if (n == 0) {
        g_set_error(error, MOE_ERROR, MOE_ERROR_DATA, "%s: no text in it, expected at least a byte",
                    source->origin);
        return false;
    }
    return split_domain(&g_array_index(corpus->documents, MoeDocument, first), n, domain->name,
                        options, error);
}

MoeCorpus *
moe_corpus_load(const char *const *paths, int n_paths, const MoeCorpusOptions *options,
                GError **error)
{
    g_return_val_if_fail(options, NULL);
    if (!check_options(options, error))
        return NULL;
    g_autoptr(GPtrArray) sources = moe__sources_list(paths, n_paths, error);
    if (!sources)
        return NULL;
    g_autoptr(MoeCorpus) corpus = corpus_new();
    for (guint i = 0; i < sources->len; i++) {
        if (!load_domain(corpus, sources->pdata[i], options, error))
            return NULL;
    }
    return g_steal_pointer(&corpus);
}

/* --- What is in it ----------------------------------------------------------------------------*/

int
moe_corpus_domains(const MoeCorpus *corpus)
{
    return (int)corpus->domains->len;
}

const char *
moe_corpus_domain_name(const MoeCorpus *corpus, int domain)
{
    g_return_val_if_fail(domain >= 0 && domain < (int)corpus->domains->len, NULL);
    return g_array_index(corpus->domains, Domain, domain).name;
}

int64_t
moe_corpus_documents(const MoeCorpus *corpus)
{
    return corpus->documents->len;
}

MoeDocument
moe_corpus_document(const MoeCorpus *corpus, int64_t i)
{
    g_return_val_if_fail(i >= 0 && i < corpus->documents->len, (MoeDocument){0});
    return g_array_index(corpus->documents, MoeDocument, i);
}
