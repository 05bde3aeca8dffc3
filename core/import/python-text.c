/* SPDX-License-Identifier: MIT
 *
 * python-text.c: numpy's texts of a fixed width ("<U4", "|S4"), which zeros fill up.
 */
#include "import/python-doc.h"

#include <string.h>

/* The code point of a character; such as aren't any become U+FFFD. */
static gunichar
character_at(const uint8_t *bytes, int64_t i)
{
    uint32_t point;
    memcpy(&point, bytes + 4 * i, sizeof point);
    bool valid = point < 0x110000 && (point < 0xd800 || point > 0xdfff);
    return valid ? point : 0xfffd;
}

/* Characters up to the zeros that end a text. */
static int64_t
length_of(const uint8_t *bytes, int64_t width, int step)
{
    int64_t n = width / step;
    static const uint8_t zeros[4];
    while (n > 0 && memcmp(bytes + (n - 1) * step, zeros, (size_t)step) == 0)
        n--;
    return n;
}

/* A text of 32 bits a character, as UTF-8. */
static MoePy *
wide_text(MoePyDoc *doc, const uint8_t *bytes, int64_t n)
{
    uint8_t *out = moe__py_allocate(doc, (uint64_t)n * 4);
    uint64_t length = 0;
    for (int64_t i = 0; out && i < n; i++)
        length += (uint64_t)g_unichar_to_utf8(character_at(bytes, i), (char *)out + length);
    return out ? moe__py_new_bytes(doc, MOE_PY_STRING, out, length) : NULL;
}

MoePy *
moe__py_text(MoePyDoc *doc, const uint8_t *bytes, int64_t width, bool wide)
{
    int64_t n = length_of(bytes, width, wide ? 4 : 1);
    return wide ? wide_text(doc, bytes, n)
                : moe__py_new_bytes(doc, MOE_PY_STRING, bytes, (uint64_t)n);
}

bool
moe__py_add_texts(MoePyDoc *doc, MoePy *list, const uint8_t *bytes, int64_t n, int64_t width,
                  bool wide)
{
    for (int64_t i = 0; i < n; i++) {
        MoePy *text = moe__py_text(doc, bytes + i * width, width, wide);
        if (!text || !moe__py_append(doc, list, text))
            return false;
    }
    return true;
}
