/* SPDX-License-Identifier: MIT
 *
 * plain.h: whether a name out of a file can be printed as it stands. Control characters in one
 * could forge lines of a message, or steer a terminal.
 */
#ifndef MOESCOPE_TRACE_PLAIN_H
#define MOESCOPE_TRACE_PLAIN_H

#include <glib.h>
#include <stdbool.h>

/* Whether none of the `n` bytes of valid UTF-8 is part of a control character: C0, DEL, or C1,
 * which are 0xc2 0x80 … 0xc2 0x9f. A tab does no harm. */
static inline bool
moe__is_plain(const char *text, gsize n)
{
    const guchar *bytes = (const guchar *)text;
    for (gsize i = 0; i < n; i++)
        if ((bytes[i] < 0x20 && bytes[i] != '\t') || bytes[i] == 0x7f ||
            (bytes[i] == 0xc2 && i + 1 < n && bytes[i + 1] < 0xa0))
            return false;
    return true;
}

#endif
