/* SPDX-License-Identifier: MIT
 *
 * A split of a corpus as streams of tokens, one a domain.
 */
#include "text/tokens.h"

#include "text/tokenizer.h"

#include <string.h>

/* Encodes documents on all threads. Gives an array of GArray *, NULL outside the split. Each
 * document is encoded on its own, so the result doesn't depend on which thread does it. */
static GArray **
encode_documents(const MoeCorpus *corpus, const MoeTokenizer *tokenizer, MoeSplit split)
{
    int64_t n = moe_corpus_documents(corpus);
    GArray **encoded = g_new0(GArray *, n);
#pragma omp parallel num_threads(moe_threads())
    {
        MoeEncoder *encoder = moe__encoder_new(tokenizer);
#pragma omp for schedule(dynamic, 4)
        for (int64_t i = 0; i < n; i++) {
            MoeDocument document = moe_corpus_document(corpus, i);
            if (document.split != split)
                continue;
            encoded[i] = g_array_new(FALSE, FALSE, sizeof(int32_t));
            moe__encoder_run(encoder, document.text, document.length, encoded[i]);
        }
        moe__encoder_free(encoder);
    }
    return encoded;
}

static void
size_streams(MoeTokens *tokens, const MoeCorpus *corpus, GArray *const *encoded)
{
    for (int64_t i = 0; i < moe_corpus_documents(corpus); i++) {
        MoeDocument document = moe_corpus_document(corpus, i);
        if (!encoded[i])
            continue;
        MoeStream *stream = &tokens->streams[document.domain];
        stream->documents++;
        stream->count += encoded[i]->len;
        stream->bytes += (int64_t)document.length;
    }
    for (int domain = 0; domain < tokens->domains; domain++) {
        MoeStream *stream = &tokens->streams[domain];
        stream->ids = g_new(int32_t, stream->count);
        stream->span = g_new0(MoeSpan, stream->documents + 1);
        stream->span[stream->documents] = (MoeSpan){stream->count, -1};
    }
}

/* Moves the encoded documents into their streams. */
static void
join_documents(MoeTokens *tokens, const MoeCorpus *corpus, GArray **encoded)
{
    g_autofree int64_t *end = g_new0(int64_t, tokens->domains);
    g_autofree int *document = g_new0(int, tokens->domains);
    for (int64_t i = 0; i < moe_corpus_documents(corpus); i++) {
        if (!encoded[i])
            continue;
        int domain = moe_corpus_document(corpus, i).domain;
        MoeStream *stream = &tokens->streams[domain];
        stream->span[document[domain]++] = (MoeSpan){end[domain], (int32_t)i};
        memcpy(stream->ids + end[domain], encoded[i]->data, encoded[i]->len * sizeof(int32_t));
        end[domain] += encoded[i]->len;
        g_array_unref(encoded[i]);
    }
}

MoeTokens *
moe_tokens_new(const MoeCorpus *corpus, const MoeTokenizer *tokenizer, MoeSplit split)
{
    MoeTokens *tokens = g_new(MoeTokens, 1);
    tokens->domains = moe_corpus_domains(corpus);
    tokens->streams = g_new0(MoeStream, tokens->domains);
    g_autofree GArray **encoded = encode_documents(corpus, tokenizer, split);
    size_streams(tokens, corpus, encoded);
    join_documents(tokens, corpus, encoded);
    return tokens;
}

void
moe_tokens_free(MoeTokens *tokens)
{
    if (!tokens)
        return;
    for (int domain = 0; domain < tokens->domains; domain++) {
        g_free(tokens->streams[domain].ids);
        g_free(tokens->streams[domain].span);
    }
    g_free(tokens->streams);
    g_free(tokens);
}

int64_t
moe_tokens_count(const MoeTokens *tokens, int domain)
{
    g_return_val_if_fail(domain >= -1 && domain < tokens->domains, 0);
    int64_t count = 0;
    for (int i = 0; i < tokens->domains; i++)
        count += domain < 0 || i == domain ? tokens->streams[i].count : 0;
    return count;
}

int64_t
moe_tokens_bytes(const MoeTokens *tokens, int domain)
{
    g_return_val_if_fail(domain >= -1 && domain < tokens->domains, 0);
    int64_t bytes = 0;
    for (int i = 0; i < tokens->domains; i++)
        bytes += domain < 0 || i == domain ? tokens->streams[i].bytes : 0;
    return bytes;
}

int
moe__stream_find(const MoeStream *stream, int64_t at)
{
    int low = 0, high = stream->documents;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (stream->span[middle].start <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}
