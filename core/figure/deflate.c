/* SPDX-License-Identifier: MIT
 *
 * A compressor for pictures of plots, as differences from the row above: what repeats there is the
 * pixel to the left, mostly zero, so that nothing else is looked for, which is several times as
 * quick as zlib.
 * DEFLATE Compressed Data Format, RFC 1951; ZLIB Compressed Data Format, RFC 1950 (Deutsch, 1996).
 */
#include "figure/deflate.h"

#include "figure/huffman.h"

#include <libdeflate.h>
#include <string.h>

enum { LITERALS = 286, DISTANCES = 4, END = 256, SHORTEST = 3, LONGEST = 258 };
/* Tokens of a block, which has codes of its own. */
#define BLOCK (1 << 16)
/* The modulus of Adler's checksum. */
#define ADLER     65521
#define FILTER_UP 2

/* A length as its code and what is added to the code's least value. */
typedef struct Code {
    int symbol, extra, extra_bits;
} Code;

/* Tokens are bytes, or beyond 255 a match with the pixel to the left, of that length. */
#define MATCH(LENGTH) (256 + (LENGTH))

struct Deflater {
    int length, unit;
    GByteArray *out;
    guint8 *at; /* in `out`, where there is room for a block */
    guint32 adler;
    guint64 bits;
    int n_bits;
    guint16 *tokens; /* [BLOCK] */
    int n_tokens;
    unsigned count[LITERALS];
    Code codes[LONGEST + 1];
};

/* Section 3.2.5: codes by four share a number of extra bits. */
static Code
code_of(int length)
{
    if (length == LONGEST)
        return (Code){LITERALS - 1, 0, 0};
    int extra_bits = 0, group = 0, least = SHORTEST;
    while (length >= least + (1 << extra_bits)) {
        least += 1 << extra_bits;
        group++;
        extra_bits = group < 8 ? 0 : group / 4 - 1;
    }
    return (Code){END + 1 + group, length - least, extra_bits};
}

Deflater *
moe__deflater_new(int length, int unit)
{
    Deflater *deflater = g_new0(Deflater, 1);
    deflater->length = length;
    deflater->unit = unit;
    deflater->out = g_byte_array_new();
    deflater->adler = 1;
    deflater->tokens = g_new(guint16, BLOCK);
    for (int i = SHORTEST; i <= LONGEST; i++)
        deflater->codes[i] = code_of(i);
    /* A window of 32 KiB; "fast". */
    static const guint8 head[2] = {0x78, 0x5e};
    g_byte_array_append(deflater->out, head, 2);
    return deflater;
}

/* --- Bits -------------------------------------------------------------------------------------*/

static void
put(Deflater *deflater, unsigned bits, int n)
{
    deflater->bits |= (guint64)bits << deflater->n_bits;
    deflater->n_bits += n;
    if (deflater->n_bits < 32)
        return;
    guint32 little = GUINT32_TO_LE((guint32)deflater->bits);
    memcpy(deflater->at, &little, sizeof(little));
    deflater->at += sizeof(little);
    deflater->bits >>= 32;
    deflater->n_bits -= 32;
}

/* Lengths of codes are written with codes of their own, in this order (section 3.2.7). */
static void
put_lengths(Deflater *deflater, const guint8 *lengths, int n)
{
    static const guint8 order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                     11, 4,  12, 3, 13, 2, 14, 1, 15};
    unsigned count[19] = {0};
    guint8 own[19];
    guint16 code[19];
    for (int i = 0; i < n; i++)
        count[lengths[i]]++;
    moe__huffman(count, 19, 7, own, code);
    put(deflater, 19 - 4, 4);
    for (int i = 0; i < 19; i++)
        put(deflater, own[order[i]], 3);
    for (int i = 0; i < n; i++)
        put(deflater, code[lengths[i]], own[lengths[i]]);
}

static void
put_token(Deflater *deflater, int token, const guint8 *lengths, const guint16 *codes)
{
    if (token < MATCH(0)) {
        put(deflater, codes[token], lengths[token]);
        return;
    }
    Code code = deflater->codes[token - MATCH(0)];
    put(deflater, codes[code.symbol], lengths[code.symbol]);
    put(deflater, (unsigned)code.extra, code.extra_bits);
    put(deflater, 0, 1); /* the one distance there is */
}

/* Tokens of 15 bits and 5 more at most, and the lengths of codes. */
#define ROOM(TOKENS) (4 * (guint)(TOKENS) + 1024)

static void
put_block(Deflater *deflater, bool last)
{
    GByteArray *out = deflater->out;
    guint written = out->len;
    g_byte_array_set_size(out, written + ROOM(deflater->n_tokens));
    deflater->at = out->data + written;
    guint8 lengths[LITERALS + DISTANCES] = {0};
    guint16 codes[LITERALS];
    deflater->count[END] = 1;
    moe__huffman(deflater->count, LITERALS, 15, lengths, codes);
    lengths[LITERALS + deflater->unit - 1] = 1;
    put(deflater, last, 1);
    put(deflater, 2, 2);
    put(deflater, LITERALS - 257, 5);
    put(deflater, DISTANCES - 1, 5);
    put_lengths(deflater, lengths, LITERALS + DISTANCES);
    for (int i = 0; i < deflater->n_tokens; i++)
        put_token(deflater, deflater->tokens[i], lengths, codes);
    put(deflater, codes[END], lengths[END]);
    g_byte_array_set_size(out, (guint)(deflater->at - out->data));
    deflater->n_tokens = 0;
    memset(deflater->count, 0, sizeof(deflater->count));
}

/* --- Tokens -----------------------------------------------------------------------------------*/

static void
add(Deflater *deflater, int token, int symbol)
{
    if (deflater->n_tokens == BLOCK)
        put_block(deflater, false);
    deflater->tokens[deflater->n_tokens++] = (guint16)token;
    deflater->count[symbol]++;
}

static void
add_match(Deflater *deflater, int length)
{
    while (length > 0) {
        int part = MIN(length, LONGEST);
        if (length > part && length - part < SHORTEST)
            part -= SHORTEST;
        add(deflater, MATCH(part), deflater->codes[part].symbol);
        length -= part;
    }
}

/* n zeros, of which the first `given` can't be told by those to the left. */
static void
add_zeros(Deflater *deflater, int n, int given)
{
    int first = n - given < SHORTEST ? n : given;
    for (int i = 0; i < first; i++)
        add(deflater, 0, 0);
    add_match(deflater, n - first);
}

/* How many of n bytes are equal; mostly none is. */
static int
alike(const guint8 *a, const guint8 *b, int n)
{
    int i = 0;
    if (a[0] != b[0])
        return 0;
    for (; i + 8 <= n && memcmp(a + i, b + i, 8) == 0; i += 8)
        continue;
    while (i < n && a[i] == b[i])
        i++;
    return i;
}

static void
add_pixels(Deflater *deflater, const guint8 *more, int from, int to)
{
    int unit = deflater->unit;
    for (int i = from; i < to;) {
        int left = i >= from + unit ? alike(more + i, more + i - unit, to - i) : 0;
        if (left >= SHORTEST) {
            add_match(deflater, left);
            i += left;
            continue;
        }
        for (int end = MIN(i + unit, to); i < end; i++)
            add(deflater, more[i], more[i]);
    }
}

/* Adler's sum and that of the sums, with n zeros more. */
static guint32
sum_of_zeros(guint32 adler, int n)
{
    guint64 sum = adler & 0xffff, sums = adler >> 16;
    return (guint32)((sums + (guint64)n * sum) % ADLER << 16 | sum);
}

/* Of a filter byte, and of a row that is zero but for some bytes. */
static void
add_to_checksum(Deflater *deflater, const guint8 *more, int from, int to)
{
    static const guint8 filter = FILTER_UP;
    guint32 adler = libdeflate_adler32(deflater->adler, &filter, 1);
    adler = sum_of_zeros(adler, from);
    if (to > from)
        adler = libdeflate_adler32(adler, more + from, (gsize)(to - from));
    deflater->adler = sum_of_zeros(adler, deflater->length - to);
}

void
moe__deflater_row(Deflater *deflater, const guint8 *more, int from, int to)
{
    add(deflater, FILTER_UP, FILTER_UP);
    add_zeros(deflater, from, deflater->unit);
    add_pixels(deflater, more, from, to);
    add_zeros(deflater, deflater->length - to, deflater->unit);
    add_to_checksum(deflater, more, from, to);
}

GByteArray *
moe__deflater_finish(Deflater *deflater)
{
    GByteArray *out = deflater->out;
    put_block(deflater, true);
    guint32 rest = GUINT32_TO_LE((guint32)deflater->bits);
    g_byte_array_append(out, (const guint8 *)&rest, ((guint)deflater->n_bits + 7) / 8);
    guint32 sum = GUINT32_TO_BE(deflater->adler);
    g_byte_array_append(out, (const guint8 *)&sum, 4);
    g_free(deflater->tokens);
    g_free(deflater);
    return out;
}

/* --- At once ----------------------------------------------------------------------------------*/

GByteArray *
moe__zlib_pack(const void *data, gsize n, int level)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
    if (!compressor)
        g_error("out of memory: a compressor");
    gsize bound = libdeflate_zlib_compress_bound(compressor, n);
    GByteArray *packed = g_byte_array_sized_new((guint)bound);
    g_byte_array_set_size(packed, (guint)bound);
    gsize size = libdeflate_zlib_compress(compressor, data, n, packed->data, bound);
    g_byte_array_set_size(packed, (guint)size);
    libdeflate_free_compressor(compressor);
    return packed;
}
