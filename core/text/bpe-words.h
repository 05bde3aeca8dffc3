/* SPDX-License-Identifier: MIT
 *
 * bpe-words.h: the different words of a corpus and how often each occurs.
 */
#ifndef MOE_TEXT_BPE_WORDS_H
#define MOE_TEXT_BPE_WORDS_H

#include <moescope/text.h>

typedef struct MoeWord {
    const char *text; /* borrowed from the corpus */
    size_t length;
    int64_t count;
} MoeWord;

/* The words of the training split in order of first appearance: an array of MoeWord. NULL if
 * `progress` asks to stop, with MOE_ERROR_CANCELLED. `total` is what is reported as the work
 * ahead. */
GArray *moe__words_count(const MoeCorpus *corpus, int64_t total, const MoeProgress *progress,
                         GError **error);

/* Sets MOE_ERROR_CANCELLED for BPE training. */
void moe__bpe_cancelled(GError **error);

#endif
