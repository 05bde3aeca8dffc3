/* SPDX-License-Identifier: MIT
 *
 * A pull reader for JSON (RFC 8259) and JSON Lines: the caller asks for one event after another,
 * nothing is built. Values at the top follow each other, with or without blanks between them.
 * Beyond the RFC it reads what Python writes: NaN, Infinity, -Infinity, and a lone surrogate, as
 * U+FFFD.
 */
#ifndef MOE_IMPORT_JSON_PULL_H
#define MOE_IMPORT_JSON_PULL_H

#include "import/stream.h"

typedef enum {
    MOE_JSON_END, /* of the stream */
    MOE_JSON_OBJECT,
    MOE_JSON_OBJECT_END,
    MOE_JSON_ARRAY,
    MOE_JSON_ARRAY_END,
    MOE_JSON_KEY,
    MOE_JSON_STRING,
    MOE_JSON_INT,  /* without fraction and exponent, and fits */
    MOE_JSON_REAL, /* any other number */
    MOE_JSON_BOOL,
    MOE_JSON_NULL,
    MOE_JSON_ERROR, /* json->error says what and where; stays */
} MoeJsonEvent;

enum { MOE_JSON_DEPTH = 64 };

typedef struct MoeJson {
    MoeStream *stream;  /* borrowed */
    MoeJsonEvent event; /* the last one */
    int depth;          /* open objects and arrays */
    uint64_t arrays;    /* bit i: the one at depth i is an array */
    int state;          /* what may follow (json-pull.c) */
    bool colon;         /* that behind the last key was taken with it */
    uint64_t line;      /* from 1 */
    uint64_t begin;     /* place in the stream where the last event begins */
    int64_t integer;    /* of MOE_JSON_INT; 1 or 0 of MOE_JSON_BOOL */
    double real;        /* of either number */
    /* Of MOE_JSON_KEY and _STRING: what stands between the quotation marks, as it stands there.
     * Good until the next event. */
    const char *raw;
    size_t raw_length;
    bool escaped;  /* it has escapes */
    GString *text; /* for moe__json_text() */
    bool ended;    /* the error is that the text does */
    GError *error;
} MoeJson;

MoeJson *moe__json_new(MoeStream *stream);
void moe__json_free(MoeJson *json);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeJson, moe__json_free)

MoeJsonEvent moe__json_next(MoeJson *json);
/* Within an object: whether the next key is key[length], marks and colon with it (`"layer":`),
 * without escapes, spaced as most programs do it; `key` has to have bytes up to a multiple of
 * eight. If so it is taken, as moe__json_next() would, else nothing is. */
bool moe__json_quick_key(MoeJson *json, const char *key, size_t length);
/* After a KEY: passes over its value. After OBJECT or ARRAY: over what is left of it. Strings and
 * brackets are looked at, what stands between them is not. Returns false with json->error. */
bool moe__json_skip(MoeJson *json);
/* The last key or string, unescaped, NUL-terminated; good until the next event. NULL, with
 * json->error, if it isn't UTF-8. */
const char *moe__json_text(MoeJson *json);
/* Whether the last key or string is `text` (one with escapes never is). */
bool moe__json_is(const MoeJson *json, const char *text);

/* Ends the reading with MOE_ERROR_FORMAT, "PATH: line L, byte B: MESSAGE". Returns false. */
bool moe__json_fail(MoeJson *json, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Whether the error is that the text was cut off: it ends within an object at its top, be it amid a
 * number or a word. */
bool moe__json_is_cut(const MoeJson *json);
/* Hands the error on. Returns false. */
bool moe__json_give_up(const MoeJson *json, GError **error);

/* --- What a value has to be; false with json->error if it isn't -------------------------------*/

/* The next value as an integer from low to high. `what` names it in the message. */
bool moe__json_take_int(MoeJson *json, const char *what, int64_t low, int64_t high, int64_t *out);
/* The array that follows, appended to `out` (of int32_t). */
bool moe__json_take_ints(MoeJson *json, const char *what, GArray *out);
/* The same where the array is open already: its rest, with its end. */
bool moe__json_rest_ints(MoeJson *json, const char *what, GArray *out);
/* The array that follows, of numbers (double); its rest where it is open already. */
bool moe__json_take_reals(MoeJson *json, const char *what, GArray *out);
bool moe__json_rest_reals(MoeJson *json, const char *what, GArray *out);
/* Whether the value at hand is an integer from low to high. */
bool moe__json_check_int(MoeJson *json, const char *what, int64_t low, int64_t high);
/* The next value as text. (transfer none: good until the next event) */
const char *moe__json_take_text(MoeJson *json, const char *what);
/* The next object of those that follow each other at the top, a line each as a rule, or that stand
 * in an array there. Returns false at the end, and with json->error where something else comes. */
bool moe__json_next_row(MoeJson *json);
/* The next event has to be `wanted`. */
bool moe__json_expect(MoeJson *json, MoeJsonEvent wanted, const char *what);

/* The steps of the reader that cross files. */
bool moe__json_number(MoeJson *json);
/* Takes the value that follows where it is a plain integer and the window shows it whole. */
bool moe__json_quick_int(MoeJson *json);
/* Within an array: takes plain integers, or numbers, as far as the window shows them whole, which
 * may be none. */
void moe__json_quick_ints(MoeJson *json, GArray *out);
void moe__json_quick_reals(MoeJson *json, GArray *out);
/* The number at `text`, with the "," or "]" that ends it, at which it returns; NULL if it is
 * something else. */
const uint8_t *moe__json_scan_real(const uint8_t *text, double *value);
/* The number that a NUL-terminated text begins with, also one that C has and JSON hasn't (".5"), in
 * a fifth of strtod()'s time; returns the byte behind, NULL if there is none. */
const char *moe__number_scan(const char *text, double *value);
/* Behind the opening quotation mark at bytes[at]; leaves `at` behind the closing one. */
bool moe__json_scan_string(MoeJson *json);

#endif
