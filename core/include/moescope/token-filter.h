/* SPDX-License-Identifier: MIT
 *
 * token-filter.h: a part of a trace's tokens, by domain, document, position, id or text: what a
 * summary may be counted of (MoeSummaryOptions.filter), and figures made of.
 */
#ifndef MOESCOPE_TOKEN_FILTER_H
#define MOESCOPE_TOKEN_FILTER_H

#include <moescope/trace.h>

G_BEGIN_DECLS

/* Tokens that fit all that is given; all zeros: every token. Who fills one keeps what it points
 * to. */
typedef struct MoeTokenFilter {
    char **domains; /* of one of these names, ended by NULL; NULL: of any or none */
    bool by_document, by_position;
    int32_t first_document, last_document; /* both included */
    int32_t first_position, last_position; /* in the document, from 0; both included */
    const int32_t *ids;                    /* one of these n_ids; n_ids 0: of any */
    int n_ids;
    char *text;       /* in the token's text, which the trace has to bring; NULL: any */
    bool ignore_case; /* of text */
    /* For callers who know better: whether tokens of an id are chosen; NULL: all are. */
    bool (*takes)(int32_t id, void *data);
    void *takes_data; /* has to live as long as any copy */
} MoeTokenFilter;

/* Makes one of words such as
 *
 *   domain=law,code doc=12 pos=0-127 id=464,11 text=" the"
 *
 * doc and pos are a number, FIRST-LAST or FIRST-; text~=the ignores case; quotes are the shell's.
 * Fails with MOE_ERROR_DATA on anything else. (transfer full) */
MOE_API MoeTokenFilter *moe_token_filter_parse(const char *text, GError **error);
/* The same in words; `takes` can't be said. (transfer full) */
MOE_API char *moe_token_filter_text(const MoeTokenFilter *filter);
/* NULL stays NULL. (transfer full) */
MOE_API MoeTokenFilter *moe_token_filter_copy(const MoeTokenFilter *filter);
/* Frees one that the library made. */
MOE_API void moe_token_filter_free(MoeTokenFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTokenFilter, moe_token_filter_free)

/* The tokens that a filter chooses from a trace, as they are there: a bit a token. Chunks that the
 * trace gets later are not in it. */
typedef struct MoeTokenSet MoeTokenSet;

/* Reads the columns of tokens that the filter looks at. Fails with MOE_ERROR_DATA on a domain that
 * the trace doesn't know, and where it has no such column, or no texts, to choose by; with the
 * errors of moe_trace_read(). (transfer full) */
MOE_API MoeTokenSet *moe_token_set_new(const MoeTrace *trace, const MoeTokenFilter *filter,
                                       GError **error);
MOE_API void moe_token_set_free(MoeTokenSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTokenSet, moe_token_set_free)
/* Chosen tokens of all chunks. */
MOE_API int64_t moe_token_set_count(const MoeTokenSet *set);
/* Token t of a chunk is bit t % 64 of word t / 64; NULL: a chunk that isn't in it. (transfer none)
 */
MOE_API const uint64_t *moe_token_set_bits(const MoeTokenSet *set, int chunk);
static inline bool
moe_token_set_has(const uint64_t *bits, int64_t token)
{
    return (bits[token / 64] >> (token % 64) & 1) != 0;
}

G_END_DECLS

#endif
