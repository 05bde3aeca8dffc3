/* SPDX-License-Identifier: MIT
 *
 * text.h: corpora with domains, tokenizers, and streams of tokens to train and record on.
 */
#ifndef MOESCOPE_TEXT_H
#define MOESCOPE_TEXT_H

#include <moescope/base.h>
#include <moescope/recipe.h>

G_BEGIN_DECLS

/* --- Corpus: documents, each of one domain, each in one split ---------------------------------*/

typedef enum { MOE_SPLIT_TRAIN, MOE_SPLIT_VALIDATION, MOE_SPLIT_PROBE, MOE_N_SPLITS } MoeSplit;

typedef struct MoeCorpusOptions {
    int64_t block;     /* bytes: a file is cut into documents of about this size, at line
                        * ends where possible; 0: each file is one document (of up to 1 GiB) */
    double validation; /* share of each domain's documents, 0 … 1 */
    double probe;      /* likewise; each is at least one document when its share > 0 */
    uint64_t seed;     /* of the split */
    int64_t max_bytes; /* per domain, 0: all */
} MoeCorpusOptions;

/* The options that a recipe's [data] gives. */
MOE_API MoeCorpusOptions moe_corpus_options(const MoeRecipe *recipe);

typedef struct MoeCorpus MoeCorpus;

/* Reads files and folders. A file is one domain, named as the file without its endings (".gz",
 * then ".txt" and the like); a folder's files are likewise a domain each, or its .txt and .txt.gz
 * files only, if it has any: a README beside them is no text to learn from. A folder's sub-folders
 * are a domain each, of all files below them. Gzip is recognised by content. Hidden files are
 * skipped; domains and files are ordered by name, so that the result doesn't depend on the file
 * system. Bytes are kept as they are. A domain's documents are dealt out to the splits by a
 * shuffle that depends on the seed, the domain's name and its number of documents alone. Errors:
 * unreadable or corrupt files, two sources of one domain name, a domain without text or with too
 * few documents for the splits that have a share, options out of range, nothing at all. */
MOE_API MoeCorpus *moe_corpus_load(const char *const *paths, int n_paths,
                                   const MoeCorpusOptions *options, GError **error);
MOE_API void moe_corpus_free(MoeCorpus *corpus);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeCorpus, moe_corpus_free)

MOE_API int moe_corpus_domains(const MoeCorpus *corpus);
MOE_API const char *moe_corpus_domain_name(const MoeCorpus *corpus, int domain);
MOE_API int64_t moe_corpus_documents(const MoeCorpus *corpus);

typedef struct MoeDocument {
    const char *text; /* borrowed from the corpus; not NUL-terminated, any bytes */
    size_t length;
    int domain;
    MoeSplit split;
} MoeDocument;
MOE_API MoeDocument moe_corpus_document(const MoeCorpus *corpus, int64_t i);

/* --- Tokenizer --------------------------------------------------------------------------------*/

typedef struct MoeTokenizer MoeTokenizer;

/* 256 tokens, one a byte. */
MOE_API MoeTokenizer *moe_tokenizer_bytes(void);
/* Byte-level BPE (Sennrich et al. 2016, over bytes as in GPT-2) of `vocabulary` >= 256 tokens
 * learned from the training split. Words are cut as by GPT-2's pattern. Ties go to the pair with
 * the lower ids, so that the result is the same everywhere. No two tokens are the same bytes. The
 * vocabulary ends up smaller where no further pair occurs twice. Errors: a vocabulary out of range,
 * MOE_ERROR_CANCELLED. */
MOE_API MoeTokenizer *moe_tokenizer_train_bpe(const MoeCorpus *corpus, int vocabulary,
                                              const MoeProgress *progress, GError **error);
/* Saved as `tokenizer.json` in the layout that Hugging Face's tokenizers reads and encodes with to
 * the same ids. Files of that layout from elsewhere load too (GPT-2's without its added token);
 * what would encode otherwise is refused as MOE_ERROR_UNSUPPORTED. */
MOE_API bool moe_tokenizer_save(const MoeTokenizer *tokenizer, const char *path, GError **error);
MOE_API MoeTokenizer *moe_tokenizer_load(const char *path, GError **error);
MOE_API void moe_tokenizer_free(MoeTokenizer *tokenizer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTokenizer, moe_tokenizer_free)

MOE_API int moe_tokenizer_size(const MoeTokenizer *tokenizer);
/* "bytes", or "bpe" if it has any merges. */
MOE_API const char *moe_tokenizer_kind(const MoeTokenizer *tokenizer);
/* Appends the ids (int32_t) of a text to `ids`. Decoding the ids gives the same bytes. Any number
 * of threads may encode at once. */
MOE_API void moe_tokenizer_encode(const MoeTokenizer *tokenizer, const char *text, size_t length,
                                  GArray *ids);
/* The bytes that a token stands for: any bytes, also parts of a UTF-8 character. (transfer none) */
MOE_API const char *moe_tokenizer_token(const MoeTokenizer *tokenizer, int32_t id, size_t *length);
/* The token for a person to read: valid UTF-8 as it is, control characters and stray bytes as
 * \n, \t, \xNN. (transfer full) */
MOE_API char *moe_tokenizer_display(const MoeTokenizer *tokenizer, int32_t id);

/* --- Token streams ----------------------------------------------------------------------------*/

/* One split of one corpus under one tokenizer: per domain, the tokens of its documents in order. */
typedef struct MoeTokens MoeTokens;

MOE_API MoeTokens *moe_tokens_new(const MoeCorpus *corpus, const MoeTokenizer *tokenizer,
                                  MoeSplit split);
MOE_API void moe_tokens_free(MoeTokens *tokens);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeTokens, moe_tokens_free)
/* Tokens of one domain, or of all (domain -1). */
MOE_API int64_t moe_tokens_count(const MoeTokens *tokens, int domain);
/* Bytes that these tokens stand for (to turn nats per token into bits per byte). */
MOE_API int64_t moe_tokens_bytes(const MoeTokens *tokens, int domain);

/* A batch of `rows` sequences of `length` tokens; all arrays are [rows × length], the caller's. */
typedef struct MoeBatch {
    int rows, length;
    int32_t *id;     /* token; 0: padding */
    int32_t *target; /* the token after it in its document; -1: none (its end, or padding) */
    int32_t *doc;    /* document number in the corpus; -1: padding */
    int32_t *pos;    /* position in its document, tokens; 0: padding */
    int32_t *domain; /* -1: padding */
} MoeBatch;
MOE_API MoeBatch *moe_batch_new(int rows, int length);
MOE_API void moe_batch_free(MoeBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeBatch, moe_batch_free)

/* Batch number `number` for training: each row draws a domain (`weight` per domain, NULL: by its
 * number of tokens) and a window of length+1 tokens of its stream, from random stream `number` of
 * `seed`: the batch depends on nothing else. Windows may span documents; the last token of each
 * has no target. Errors: a domain with weight has fewer than length+1 tokens; a weight is negative
 * or not finite; none is above 0. */
MOE_API bool moe_tokens_draw(const MoeTokens *tokens, uint64_t seed, uint64_t number,
                             const double *weight, MoeBatch *batch, GError **error);
/* Walks all documents in order, domain by domain, in windows of up to `length` tokens that never
 * span documents; fills up to batch->rows rows and pads the rest. *cursor starts at 0. Returns the
 * number of rows filled, 0 at the end. *cursor is the number of tokens walked. */
MOE_API int moe_tokens_walk(const MoeTokens *tokens, int64_t *cursor, MoeBatch *batch);
/* Rows that a whole walk gives at this length. */
MOE_API int64_t moe_tokens_windows(const MoeTokens *tokens, int length);

G_END_DECLS

#endif
