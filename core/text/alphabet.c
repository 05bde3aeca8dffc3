/* SPDX-License-Identifier: MIT */
#include "text/alphabet.h"

/* Bytes that aren't printable in Latin-1, or are a blank, are the characters from U+0100 on. The
 * others stand for themselves. */
typedef struct Range {
    int first, last; /* bytes */
    int character;   /* of the first */
} Range;

static const Range ranges[] = {
    {0x00, 0x20, 256},
    {0x7f, 0xa0, 256 + 33},
    {0xad, 0xad, 256 + 67},
};

static gunichar
character_of(int byte)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
        if (byte >= ranges[i].first && byte <= ranges[i].last)
            return (gunichar)(ranges[i].character + byte - ranges[i].first);
    }
    return (gunichar)byte;
}

/* -1: none. */
static int
byte_of(gunichar c)
{
    if (c < 256)
        return character_of((int)c) == c ? (int)c : -1;
    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
        int byte = (int)c - ranges[i].character + ranges[i].first;
        if (byte >= ranges[i].first && byte <= ranges[i].last)
            return byte;
    }
    return -1;
}

char *
moe__alphabet_write(const char *bytes, size_t length)
{
    GString *text = g_string_sized_new(2 * length);
    for (size_t i = 0; i < length; i++)
        g_string_append_unichar(text, character_of((unsigned char)bytes[i]));
    return g_string_free(text, FALSE);
}

GBytes *
moe__alphabet_read(const char *text)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    for (; *text; text = g_utf8_next_char(text)) {
        int byte = byte_of(g_utf8_get_char(text));
        if (byte < 0)
            return NULL;
        guint8 value = (guint8)byte;
        g_byte_array_append(bytes, &value, 1);
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}
