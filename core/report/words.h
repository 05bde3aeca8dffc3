/* SPDX-License-Identifier: MIT
 *
 * words.h: numbers as sentences have them. All return text to g_free().
 */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include <moescope/base.h>

#define NBSP "\xc2\xa0"

/* Decimals that a number deserves: one figure of half the interval's width and two of the number,
 * or three figures of the number where there is no interval. */
int moe__say_decimals(double value, double low, double high);
/* "9.2 [8.8, 9.6]"; shares in per cent: "22.6 % [22.0, 23.2]"; without an interval the value alone.
 */
char *moe__say(double value, double low, double high, const char *unit);
/* The value of moe__say() without its interval. */
char *moe__say_value(double value, double low, double high, const char *unit);
/* The same number of decimals as moe__say() gives `value`: what stands beside it. */
char *moe__say_beside(double number, double value, double low, double high, const char *unit);
/* "[8.8, 9.6]" as it stands in moe__say(); NULL: there is none. */
char *moe__say_interval(double value, double low, double high, const char *unit);
/* With so many decimals, per cent without the sign. */
char *moe__say_fixed(double value, int decimals, const char *unit);
/* A number alone. */
char *moe__say_number(double value, const char *unit);
/* Whether numbers of that unit are said in per cent. */
bool moe__say_percent(const char *unit);

/* "{name}" in a template stands for the text beside it; `keys` ends with a NULL. */
typedef struct SayKey {
    const char *name, *text;
} SayKey;
char *moe__say_fill(const char *words, const SayKey *keys);

/* "a", "a and b", "a, b and c". */
char *moe__say_list(const char *const *texts, int n);
/* "1 layer", "2 layers", "1,234 tokens". */
char *moe__say_count(int64_t n, const char *one, const char *many);

#endif
