/* SPDX-License-Identifier: MIT
 *
 * Batches out of streams: drawn at random for training, or walked through in order for measuring.
 */
#include "text/tokens.h"

#include <math.h>

MoeBatch *
moe_batch_new(int rows, int length)
{
    g_return_val_if_fail(rows > 0 && length > 0, NULL);
    MoeBatch *batch = g_new(MoeBatch, 1);
    size_t n = (size_t)rows * (size_t)length;
    *batch = (MoeBatch){
        .rows = rows,
        .length = length,
        .id = g_new0(int32_t, n),
        .target = g_new0(int32_t, n),
        .doc = g_new0(int32_t, n),
        .pos = g_new0(int32_t, n),
        .domain = g_new0(int32_t, n),
    };
    return batch;
}

void
moe_batch_free(MoeBatch *batch)
{
    if (!batch)
        return;
    g_free(batch->id);
    g_free(batch->target);
    g_free(batch->doc);
    g_free(batch->pos);
    g_free(batch->domain);
    g_free(batch);
}

static void
pad(MoeBatch *batch, int row, int from)
{
    size_t at = (size_t)row * (size_t)batch->length;
    for (int i = from; i < batch->length; i++) {
        batch->id[at + i] = 0;
        batch->target[at + i] = -1;
        batch->doc[at + i] = -1;
        batch->pos[at + i] = 0;
        batch->domain[at + i] = -1;
    }
}

void
moe__batch_fill(MoeBatch *batch, int row, const MoeStream *stream, int domain, int64_t at, int n)
{
    size_t out = (size_t)row * (size_t)batch->length;
    int document = moe__stream_find(stream, at);
    for (int i = 0; i < n; i++, at++, out++) {
        int64_t end = stream->span[document + 1].start;
        if (at == end)
            end = stream->span[++document + 1].start;
        const MoeSpan *span = &stream->span[document];
        batch->id[out] = stream->ids[at];
        batch->target[out] = at + 1 < end ? stream->ids[at + 1] : -1;
        batch->doc[out] = span->doc;
        batch->pos[out] = (int32_t)(at - span->start);
        batch->domain[out] = domain;
    }
    pad(batch, row, n);
}

/* --- Drawing ----------------------------------------------------------------------------------*/

static double
weight_of(const MoeTokens *tokens, const double *weight, int domain)
{
    return weight ? weight[domain] : (double)tokens->streams[domain].count;
}

static bool
check_weights(const MoeTokens *tokens, const double *weight, int length, GError **error)
{
    double total = 0;
    for (int domain = 0; domain < tokens->domains; domain++) {
        double w = weight_of(tokens, weight, domain);
        if (!(w >= 0 && isfinite(w))) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "the weight of domain %d is %g, expected a number of 0 or more", domain, w);
            return false;
        }
        int64_t count = tokens->streams[domain].count;
        if (w > 0 && count <= length) {
            g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                        "domain %d has %" G_GINT64_FORMAT
                        " tokens in this split, expected at least %d for sequences of %d",
                        domain, count, length + 1, length);
            return false;
        }
        total += w;
    }
    if (total > 0)
        return true;
    g_set_error(error, MOE_ERROR, MOE_ERROR_DATA,
                "no domain has a weight above 0, expected at least one to draw from");
    return false;
}

/* Uniform in [0, 1) with 53 bits. */
static double
uniform(MoeRng *rng)
{
    uint64_t high = moe_rng_u32(rng) >> 5, low = moe_rng_u32(rng) >> 6;
    return (double)(high << 26 | low) * 0x1p-53;
}

static int
draw_domain(const MoeTokens *tokens, const double *weight, MoeRng *rng)
{
    double total = 0;
    for (int domain = 0; domain < tokens->domains; domain++)
        total += weight_of(tokens, weight, domain);
    double left = uniform(rng) * total;
    int chosen = -1;
    for (int domain = 0; domain < tokens->domains && left >= 0; domain++) {
        double w = weight_of(tokens, weight, domain);
        /* never one without weight, whatever rounding leaves */
        if (w > 0)
            chosen = domain;
        left -= w;
    }
    return chosen;
}

bool
moe_tokens_draw(const MoeTokens *tokens, uint64_t seed, uint64_t number, const double *weight,
                MoeBatch *batch, GError **error)
{
    if (!check_weights(tokens, weight, batch->length, error))
        return false;
    MoeRng rng = moe_rng(seed, number);
    for (int row = 0; row < batch->rows; row++) {
        int domain = draw_domain(tokens, weight, &rng);
        const MoeStream *stream = &tokens->streams[domain];
        uint64_t places = (uint64_t)(stream->count - batch->length);
        int64_t at = (int64_t)moe_rng_below(&rng, places);
        moe__batch_fill(batch, row, stream, domain, at, batch->length);
    }
    return true;
}

/* --- Walking ----------------------------------------------------------------------------------*/

int
moe_tokens_walk(const MoeTokens *tokens, int64_t *cursor, MoeBatch *batch)
{
    int rows = 0, domain = 0;
    int64_t before = 0; /* tokens of the domains before this one */
    while (rows < batch->rows && domain < tokens->domains) {
        const MoeStream *stream = &tokens->streams[domain];
        int64_t at = *cursor - before;
        if (at >= stream->count) {
            before += stream->count;
            domain++;
            continue;
        }
        int64_t end = stream->span[moe__stream_find(stream, at) + 1].start;
        int n = (int)MIN(end - at, batch->length);
        moe__batch_fill(batch, rows++, stream, domain, at, n);
        *cursor += n;
    }
    for (int row = rows; row < batch->rows; row++)
        pad(batch, row, 0);
    return rows;
}

int64_t
moe_tokens_windows(const MoeTokens *tokens, int length)
{
    g_return_val_if_fail(length > 0, 0);
    int64_t windows = 0;
    for (int domain = 0; domain < tokens->domains; domain++) {
        const MoeStream *stream = &tokens->streams[domain];
        for (int i = 0; i < stream->documents; i++) {
            int64_t n = stream->span[i + 1].start - stream->span[i].start;
            windows += (n + length - 1) / length;
        }
    }
    return windows;
}
