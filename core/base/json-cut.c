/* SPDX-License-Identifier: MIT
 *
 * json-cut.c: a few members of a large JSON object. What a trace says of itself is short; what
 * programs add to its meta.json (texts of all tokens, expected loads) may be megabytes, and nodes
 * of those take most of the time that opening a trace takes. All of it is looked at (RFC 8259), no
 * more than the members asked for are copied.
 */
#include "base/json-in.h"

#include <string.h>

enum { DEPTH_MAX = 64 };

static bool scan_value(const char **at, int depth);

static void
skip_blanks(const char **at)
{
    while (**at == ' ' || **at == '\n' || **at == '\r' || **at == '\t')
        ++*at;
}

static bool
take(const char **at, char wanted)
{
    skip_blanks(at);
    if (**at != wanted)
        return false;
    ++*at;
    return true;
}

static bool
scan_escape(const char **at)
{
    char letter = *(*at)++;
    if (letter != 'u')
        return letter && strchr("\"\\/bfnrt", letter);
    for (int i = 0; i < 4; i++)
        if (!g_ascii_isxdigit(*(*at)++)) /* the NUL isn't one, so nothing is read behind it */
            return false;
    return true;
}

static bool
scan_string(const char **at)
{
    if (!take(at, '"'))
        return false;
    while (**at != '"') {
        if ((unsigned char)**at < ' ')
            return false;
        if (*(*at)++ == '\\' && !scan_escape(at))
            return false;
    }
    ++*at;
    return true;
}

static bool
scan_digits(const char **at)
{
    const char *first = *at;
    while (g_ascii_isdigit(**at))
        ++*at;
    return *at > first;
}

static bool
scan_number(const char **at)
{
    *at += **at == '-';
    const char *first = *at;
    if (!scan_digits(at) || (*first == '0' && *at > first + 1))
        return false;
    if (**at == '.' && (++*at, !scan_digits(at)))
        return false;
    if (**at != 'e' && **at != 'E')
        return true;
    ++*at;
    *at += **at == '+' || **at == '-';
    return scan_digits(at);
}

static bool
scan_word(const char **at, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*at, word, length) != 0)
        return false;
    *at += length;
    return true;
}

static bool
scan_array(const char **at, int depth)
{
    if (take(at, ']'))
        return true;
    do
        if (!scan_value(at, depth))
            return false;
    while (take(at, ','));
    return take(at, ']');
}

static bool
scan_object(const char **at, int depth)
{
    if (take(at, '}'))
        return true;
    do
        if (!scan_string(at) || !take(at, ':') || !scan_value(at, depth))
            return false;
    while (take(at, ','));
    return take(at, '}');
}

/* Leaves `at` behind a value of brackets up to `depth` deep; false where there is none. */
static bool
scan_value(const char **at, int depth)
{
    skip_blanks(at);
    switch (**at) {
    case '{':
        ++*at;
        return depth > 0 && scan_object(at, depth - 1);
    case '[':
        ++*at;
        return depth > 0 && scan_array(at, depth - 1);
    case '"':
        return scan_string(at);
    case 't':
        return scan_word(at, "true");
    case 'f':
        return scan_word(at, "false");
    case 'n':
        return scan_word(at, "null");
    default:
        return scan_number(at);
    }
}

static bool
is_wanted(const char *key, size_t length, const char *const *keys)
{
    for (; *keys; keys++)
        if (strlen(*keys) == length && memcmp(*keys, key, length) == 0)
            return true;
    return false;
}

/* Adds the member at hand to `out` if it is wanted. A key with escapes could be any. */
static bool
cut_member(const char **at, const char *const *keys, GString *out)
{
    skip_blanks(at);
    const char *first = *at;
    if (!scan_string(at))
        return false;
    size_t length = (size_t)(*at - first) - 2;
    if (memchr(first, '\\', length + 2) || !take(at, ':') || !scan_value(at, DEPTH_MAX - 1))
        return false;
    if (is_wanted(first + 1, length, keys)) {
        if (out->len > 1)
            g_string_append_c(out, ',');
        g_string_append_len(out, first, *at - first);
    }
    return true;
}

static bool
cut_members(const char *at, const char *const *keys, GString *out)
{
    g_string_append_c(out, '{');
    if (!take(&at, '{'))
        return false;
    if (!take(&at, '}')) {
        do
            if (!cut_member(&at, keys, out))
                return false;
        while (take(&at, ','));
        if (!take(&at, '}'))
            return false;
    }
    skip_blanks(&at);
    g_string_append_c(out, '}');
    return *at == '\0';
}

JsonNode *
moe__json_object_some(const char *text, const char *const *keys, GError **error)
{
    g_autoptr(GString) cut = g_string_new(NULL);
    bool plain = g_utf8_validate(text, -1, NULL) && cut_members(text, keys, cut);
    /* Of anything unusual the other parser has the say, and the sentence on what is wrong. */
    return moe__json_object_parse(plain ? cut->str : text, error);
}
