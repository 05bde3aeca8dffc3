/* SPDX-License-Identifier: MIT */
#include "text/pretoken.h"

#include "text/utf8.h"

#include <string.h>

typedef enum { LETTER, NUMBER, SPACE, OTHER } Class;

/* \s of the pattern is Unicode's White_Space; GLib's isspace lacks two of its control codes. */
static Class
class_of(gunichar c)
{
    if (c == MOE_STRAY_BYTE)
        return OTHER;
    if (c < 0x80) {
        if (g_ascii_isalpha((char)c))
            return LETTER;
        if (g_ascii_isdigit((char)c))
            return NUMBER;
        return c == ' ' || (c >= '\t' && c <= '\r') ? SPACE : OTHER;
    }
    if (c == 0x85 || g_unichar_isspace(c))
        return SPACE;
    if (g_unichar_isalpha(c))
        return LETTER;
    switch (g_unichar_type(c)) {
    case G_UNICODE_DECIMAL_NUMBER:
    case G_UNICODE_LETTER_NUMBER:
    case G_UNICODE_OTHER_NUMBER:
        return NUMBER;
    default:
        return OTHER;
    }
}

/* Where the run of characters of one class that goes on at `at` ends; `last` gets the start of its
 * last character. */
static size_t
run_end(const char *text, size_t length, size_t at, Class class, size_t *last)
{
    while (at < length) {
        size_t size;
        if (class_of(moe__utf8_next(text + at, length - at, &size)) != class)
            break;
        *last = at;
        at += size;
    }
    return at;
}

static size_t
contraction_length(const char *text, size_t length)
{
    static const char *const endings[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        size_t n = strlen(endings[i]);
        if (length >= n && memcmp(text, endings[i], n) == 0)
            return n;
    }
    return 0;
}

/* White space leaves its last character to the word behind it, which may begin with a blank. */
static size_t
space_length(const char *text, size_t length)
{
    size_t last = 0, end = run_end(text, length, 0, SPACE, &last);
    return end == length || last == 0 ? end : last;
}

size_t
moe__word_length(const char *text, size_t length)
{
    if (text[0] == '\'') {
        size_t n = contraction_length(text, length);
        if (n > 0)
            return n;
    }
    size_t size, last;
    size_t start = text[0] == ' ' && length > 1 ? 1 : 0;
    Class class = class_of(moe__utf8_next(text + start, length - start, &size));
    if (class == SPACE)
        return space_length(text, length);
    return run_end(text, length, start + size, class, &last);
}
