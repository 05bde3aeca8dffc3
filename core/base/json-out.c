/* SPDX-License-Identifier: MIT */
#include "base/json-out.h"

#include <math.h>

/* Invalid UTF-8 (a file name, a broken corpus) becomes U+FFFD: JSON is UTF-8 or it isn't JSON. */
void
moe__json_append_string(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_string_append_c(out, '"');
    for (const char *c = valid; *c; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_printf(out, "\\%c", *c);
        else if (*c == '\n')
            g_string_append(out, "\\n");
        else if (*c == '\t')
            g_string_append(out, "\\t");
        else if ((unsigned char)*c < 0x20)
            g_string_append_printf(out, "\\u%04x", (unsigned char)*c);
        else
            g_string_append_c(out, *c);
    }
    g_string_append_c(out, '"');
}

void
moe__json_append_real(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE] = "null";
    static const char *const format[] = {"%.15g", "%.16g", "%.17g"};
    for (size_t i = 0; isfinite(value) && i < G_N_ELEMENTS(format); i++) {
        g_ascii_formatd(text, sizeof text, format[i], value);
        if (g_ascii_strtod(text, NULL) == value)
            break;
    }
    g_string_append(out, text);
}

void
moe__json_append_float(GString *out, float value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE] = "null";
    static const char *const format[] = {"%.6g", "%.7g", "%.8g", "%.9g"};
    for (size_t i = 0; isfinite(value) && i < G_N_ELEMENTS(format); i++) {
        g_ascii_formatd(text, sizeof text, format[i], (double)value);
        if ((float)g_ascii_strtod(text, NULL) == value)
            break;
    }
    g_string_append(out, text);
}

GString *
moe__json_line(void)
{
    return g_string_new("{");
}

static void
append_key(GString *line, const char *key)
{
    if (line->len > 1)
        g_string_append(line, ", ");
    moe__json_append_string(line, key);
    g_string_append(line, ": ");
}

void
moe__json_int(GString *line, const char *key, int64_t value)
{
    append_key(line, key);
    g_string_append_printf(line, "%" G_GINT64_FORMAT, value);
}

void
moe__json_real(GString *line, const char *key, double value)
{
    append_key(line, key);
    moe__json_append_real(line, value);
}

void
moe__json_float(GString *line, const char *key, float value)
{
    append_key(line, key);
    moe__json_append_float(line, value);
}

void
moe__json_bool(GString *line, const char *key, bool value)
{
    append_key(line, key);
    g_string_append(line, value ? "true" : "false");
}

void
moe__json_string(GString *line, const char *key, const char *text)
{
    append_key(line, key);
    if (text)
        moe__json_append_string(line, text);
    else
        g_string_append(line, "null");
}

char *
moe__json_line_end(GString *line)
{
    g_string_append(line, "}\n");
    return g_string_free(line, FALSE);
}
