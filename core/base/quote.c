/* SPDX-License-Identifier: MIT */
#include "base/quote.h"

#include <glib.h>

#define SHOWN 60

char *
moe__quote(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    if (g_utf8_strlen(valid, -1) <= SHOWN)
        return g_strdup_printf("\"%s\"", valid);
    g_autofree char *head = g_utf8_substring(valid, 0, SHOWN);
    return g_strdup_printf("\"%s…\"", head);
}
