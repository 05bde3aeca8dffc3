/* SPDX-License-Identifier: MIT */
#include "text/utf8.h"

gunichar
moe__utf8_next(const char *text, size_t length, size_t *size)
{
    unsigned char first = (unsigned char)text[0];
    *size = 1;
    if (first < 0x80)
        return first;
    gunichar c = g_utf8_get_char_validated(text, (gssize)MIN(length, 4));
    /* the two highest values are GLib's signs for "no character" and "cut off" */
    if (c >= (gunichar)-2)
        return MOE_STRAY_BYTE;
    *size = (size_t)(g_utf8_next_char(text) - text);
    return c;
}

size_t
moe__utf8_floor(const char *text, size_t length, size_t cut)
{
    if (cut >= length)
        return length;
    size_t start = cut;
    while (start > 0 && cut - start < 3 && ((unsigned char)text[start] & 0xC0) == 0x80)
        start--;
    size_t size;
    moe__utf8_next(text + start, length - start, &size);
    return start + size > cut ? start : cut;
}
