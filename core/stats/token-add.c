/* SPDX-License-Identifier: MIT
 *
 * token-add.c: picks to counts by token id: unit by unit, or 64 experts at a time with AVX-512,
 * which adds to those bytes that a set's bits name.
 */
#include "stats/token-add.h"

#include "stats/picks.h"
#include "stats/token-order.h"

#include <string.h>

/* Sets are fetched so many tokens before they are needed, rows while they are found. */
enum { SETS_AHEAD = MOE_TOKEN_ORDER_BEYOND };

/* --- In plain C -------------------------------------------------------------------------------*/

/* The set of a unit of a router that has too many experts for the chunk to bring them. */
static const uint64_t *
gather_set(const MoeTraceView *view, int64_t unit, int words, uint64_t *set)
{
    memset(set, 0, (size_t)words * sizeof *set);
    for (int slot = 0; slot < view->k; slot++) {
        int32_t expert = moe__pick(view, slot * view->units + unit);
        if (expert >= 0)
            set[expert / 64] |= (uint64_t)1 << expert % 64;
    }
    return set;
}

static inline void
add_one(MoeTokenRows *rows, const MoeTokenPlace *place, int at)
{
    if (++place->bytes[at] == 0)
        moe__token_rows_carry(rows, place->row, at);
}

static void
add_unit(MoeTokenRows *rows, const MoeTokenPlace *place, const uint64_t *set, uint16_t first)
{
    for (int w = 0; w < rows->width / 64; w++)
        for (uint64_t left = set[w]; left; left &= left - 1)
            add_one(rows, place, 64 * w + __builtin_ctzll(left));
    if (first != MOE_NO_CHOICE)
        add_one(rows, place, rows->width + first);
}

static void
add_portable(MoeTokenRows *rows, const MoeTallyChunk *chunk, const MoeTokenPlace *places,
             int n_places, uint64_t *set)
{
    int words = rows->width / 64;
    for (int p = 0; p < n_places; p++)
        for (int64_t i = 0; i < places[p].n * chunk->units_per_token; i++) {
            int64_t token = places[p].token[i / chunk->units_per_token];
            int64_t unit = token * chunk->units_per_token + i % chunk->units_per_token;
            const uint64_t *own = chunk->sets ? chunk->sets + unit * words
                                              : gather_set(chunk->view, unit, words, set);
            add_unit(rows, &places[p], own, chunk->first[unit]);
        }
}

static const MoeTokenKernel portable = {.name = "portable", .add = add_portable};

/* --- With AVX-512 -----------------------------------------------------------------------------*/

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw")))

/* Units whose ones fit into bytes; tokens of a place that are added one by one. */
enum { MOST = 255, SINGLY = 6 };

/* Adds counts to 64 bytes of a row from `at` on. */
AVX512 static inline void
add_counts(MoeTokenRows *rows, const MoeTokenPlace *place, int at, __m512i counts)
{
    __m512i sum = _mm512_add_epi8(_mm512_load_si512(place->bytes + at), counts);
    _mm512_store_si512(place->bytes + at, sum);
    uint64_t wrapped = _mm512_cmplt_epu8_mask(sum, counts);
    for (; G_UNLIKELY(wrapped); wrapped &= wrapped - 1)
        moe__token_rows_carry(rows, place->row, at + __builtin_ctzll(wrapped));
}

AVX512 static inline __m512i
add_ones(__m512i counts, uint64_t set)
{
    return _mm512_mask_add_epi8(counts, set, counts, _mm512_set1_epi8(1));
}

/* The bit of a first choice in word w. */
static inline uint64_t
bit_of(uint32_t first, uint32_t w)
{
    return (uint64_t)(first >> 6 == w) << (first & 63);
}

/* Experts 64 w … 64 w + 63, of tokens of one unit. */
AVX512 static inline void
add_word(MoeTokenRows *rows, const MoeTallyChunk *chunk, const MoeTokenPlace *place, int words,
         int w)
{
    const uint64_t *sets = chunk->sets + w;
    const uint16_t *first = chunk->first;
    const uint32_t *token = place->token, *last = token + place->n;
    while (token < last) {
        __m512i picks = _mm512_setzero_si512(), firsts = picks;
        for (const uint32_t *end = MIN(last, token + MOST); token < end; token++) {
            __builtin_prefetch(sets + (size_t)token[SETS_AHEAD] * (size_t)words);
            picks = add_ones(picks, sets[(size_t)*token * (size_t)words]);
            firsts = add_ones(firsts, bit_of(first[*token], (uint32_t)w));
        }
        add_counts(rows, place, 64 * w, picks);
        add_counts(rows, place, rows->width + 64 * w, firsts);
    }
}

/* The same of `heads` <= MOST units a token. */
AVX512 static void
add_heads(MoeTokenRows *rows, const MoeTallyChunk *chunk, const MoeTokenPlace *place, int heads,
          int w)
{
    const uint64_t *sets = chunk->sets + w;
    const int64_t full = MOST / heads;
    for (int64_t done = 0; done < place->n; done += full) {
        __m512i picks = _mm512_setzero_si512(), firsts = picks;
        for (int64_t i = done, end = MIN(place->n, done + full); i < end; i++)
            for (int64_t unit = (int64_t)place->token[i] * heads, h = 0; h < heads; h++, unit++) {
                picks = add_ones(picks, sets[unit * chunk->words]);
                firsts = add_ones(firsts, bit_of(chunk->first[unit], (uint32_t)w));
            }
        add_counts(rows, place, 64 * w, picks);
        add_counts(rows, place, rows->width + 64 * w, firsts);
    }
}

AVX512 static void
add_place(MoeTokenRows *rows, const MoeTallyChunk *chunk, const MoeTokenPlace *place)
{
    if (chunk->units_per_token > 1)
        for (int w = 0; w < chunk->words; w++)
            add_heads(rows, chunk, place, chunk->units_per_token, w);
    else if (chunk->words == 1)
        add_word(rows, chunk, place, 1, 0);
    else
        for (int w = 0; w < chunk->words; w++)
            add_word(rows, chunk, place, chunk->words, w);
}

/* Adds one to the bytes that a set names, and notes those that wrapped. */
AVX512 static inline void
add_set(MoeTokenRows *rows, const MoeTokenPlace *place, int at, uint64_t set)
{
    __m512i sum = add_ones(_mm512_load_si512(place->bytes + at), set);
    _mm512_store_si512(place->bytes + at, sum);
    uint64_t wrapped = _mm512_mask_testn_epi8_mask(set, sum, sum);
    for (; G_UNLIKELY(wrapped); wrapped &= wrapped - 1)
        moe__token_rows_carry(rows, place->row, at + __builtin_ctzll(wrapped));
}

/* Places whose tokens follow each other: most ids have a token or two, in no order that a CPU could
 * foresee, so there is no loop over a place's. */
AVX512 static void
add_through(MoeTokenRows *rows, const MoeTallyChunk *chunk, const MoeTokenPlace *place,
            const uint32_t *last)
{
    const uint64_t *sets = chunk->sets;
    const uint16_t *first = chunk->first;
    const uint32_t *end = place->token + place->n;
    for (const uint32_t *token = place->token; token < last; token++) {
        __builtin_prefetch(sets + token[SETS_AHEAD]);
        add_set(rows, place, 0, sets[*token]);
        add_set(rows, place, 64, bit_of(first[*token], 0));
        bool next = token + 1 == end;
        place += next;
        end = next ? end + place->n : end;
    }
}

/* Places of one word and tokens of one unit: those of many tokens are summed before they are added,
 * since a CPU that adds to what it has just stored waits for it; the others between them go through
 * as they come. */
AVX512 static void
add_places(MoeTokenRows *rows, const MoeTallyChunk *chunk, const MoeTokenPlace *places,
           int n_places)
{
    for (int p = 0; p < n_places;) {
        const MoeTokenPlace *from = &places[p];
        const uint32_t *end = from->token;
        for (; p < n_places && places[p].n <= SINGLY && places[p].token == end; p++)
            end += places[p].n;
        add_through(rows, chunk, from, end);
        if (p < n_places && places[p].n > SINGLY)
            add_word(rows, chunk, &places[p++], 1, 0);
    }
}

AVX512 static void
add_avx512(MoeTokenRows *rows, const MoeTallyChunk *chunk, const MoeTokenPlace *places,
           int n_places, uint64_t *set)
{
    if (!chunk->sets || chunk->units_per_token > MOST) {
        add_portable(rows, chunk, places, n_places, set);
        return;
    }
    if (chunk->words == 1 && chunk->units_per_token == 1) {
        add_places(rows, chunk, places, n_places);
        return;
    }
    for (int p = 0; p < n_places; p++)
        add_place(rows, chunk, &places[p]);
}

static const MoeTokenKernel avx512 = {.name = "avx512", .add = add_avx512};
#endif

/* --- Choosing ---------------------------------------------------------------------------------*/

const MoeTokenKernel *const *
moe__token_kernels(void)
{
    static const MoeTokenKernel *kernels[3];
    static gsize chosen;
    if (g_once_init_enter(&chosen)) {
        int n = 0;
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
            kernels[n++] = &avx512;
#endif
        kernels[n] = &portable;
        g_once_init_leave(&chosen, 1);
    }
    return kernels;
}
