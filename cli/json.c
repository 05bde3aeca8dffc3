/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <math.h>
#include <stdio.h>

static void
append_quoted(GString *json, const char *text)
{
    /* A file name may be no UTF-8; JSON is nothing else. */
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_string_append_c(json, '"');
    for (const char *c = valid; *c; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_printf(json, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            g_string_append_printf(json, "\\u%04x", (unsigned char)*c);
        else
            g_string_append_c(json, *c);
    }
    g_string_append_c(json, '"');
}

/* What stands before a value: a comma unless it is the first, and its key. */
static void
begin(GString *json, const char *key)
{
    char last = json->len ? json->str[json->len - 1] : '{';
    if (last != '{' && last != '[')
        g_string_append(json, ", ");
    if (!key)
        return;
    append_quoted(json, key);
    g_string_append(json, ": ");
}

void
json_open(GString *json, const char *key, char bracket)
{
    begin(json, key);
    g_string_append_c(json, bracket);
}

void
json_close(GString *json, char bracket)
{
    g_string_append_c(json, bracket);
}

void
json_text(GString *json, const char *key, const char *text)
{
    begin(json, key);
    append_quoted(json, text);
}

void
json_int(GString *json, const char *key, gint64 value)
{
    begin(json, key);
    g_string_append_printf(json, "%" G_GINT64_FORMAT, value);
}

void
json_real(GString *json, const char *key, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    begin(json, key);
    g_string_append(json,
                    isfinite(value) ? g_ascii_formatd(text, sizeof text, "%.15g", value) : "null");
}

void
json_bool(GString *json, const char *key, gboolean value)
{
    begin(json, key);
    g_string_append(json, value ? "true" : "false");
}

void
json_print(GString *json)
{
    puts(json->str);
    g_string_free(json, TRUE);
}
