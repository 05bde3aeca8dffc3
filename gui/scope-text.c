/* SPDX-License-Identifier: MIT */
#include "scope-text.h"

#include <stdbool.h>
#include <string.h>

char *
scope_text_count(gint64 n)
{
    g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, n);
    GString *text = g_string_new(NULL);
    size_t length = strlen(digits);
    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            g_string_append_c(text, ',');
        g_string_append_c(text, digits[i]);
    }
    return g_string_free(text, FALSE);
}

/* Words have small letters alone; what has dots, digits or slashes is somebody's name for it. */
static bool
begins_with_word(const char *text)
{
    size_t length = strcspn(text, " ,;:");
    return length > 0 && strspn(text, "abcdefghijklmnopqrstuvwxyz") >= length;
}

char *
scope_text_sentence(const char *message)
{
    const char *colon = strstr(message, ": ");
    if (g_str_has_prefix(message, "figure ") && colon)
        message = colon + 2;
    GString *text = g_string_new(message);
    if (begins_with_word(message))
        text->str[0] = g_ascii_toupper(text->str[0]);
    if (text->len > 0 && !strchr(".!?…", text->str[text->len - 1]))
        g_string_append_c(text, '.');
    return g_string_free(text, FALSE);
}

PangoAttrList *
scope_text_breaks(const char *message)
{
    PangoAttrList *list = pango_attr_list_new();
    for (const char *at = strstr(message, "--"); at; at = strstr(at, "--")) {
        PangoAttribute *whole = pango_attr_allow_breaks_new(FALSE);
        whole->start_index = (guint)(at - message);
        at += strcspn(at, " ,;");
        whole->end_index = (guint)(at - message);
        pango_attr_list_insert(list, whole);
    }
    return list;
}

/* What an index or a power at `text` covers: braces or brackets, or letters and digits, of which
 * one letter may be followed by "-1". 0: it is none. */
static size_t
index_length(const char *text)
{
    if (*text == '{' || *text == '(') {
        size_t end = strcspn(text, *text == '{' ? "}" : ")");
        return text[end] ? end + 1 : 0;
    }
    size_t n = 0;
    while (g_ascii_isalnum(text[n]))
        n++;
    if (n == 1 && text[n] == '-' && g_ascii_isdigit(text[n + 1]))
        n += 2 + strspn(text + n + 2, "0123456789");
    return n;
}

/* Not <sub> and <sup>, of whose smaller font Pango 1.50 warns where a text is cut. */
char *
scope_text_formula(const char *formula)
{
    GString *markup = g_string_new(NULL);
    for (const char *at = formula; *at;) {
        bool low = *at == '_', braces = at[0] && at[1] == '{';
        size_t n = (low || *at == '^') && at > formula ? index_length(at + 1) : 0;
        const char *from = n > 0 ? at + 1 + braces : at, *rise = low ? "-2pt" : "4pt";
        size_t length = n > 0 ? n - 2 * braces : (size_t)(g_utf8_next_char(at) - at);
        g_autofree char *part = g_markup_escape_text(from, (gssize)length);
        if (n > 0)
            g_string_append_printf(markup, "<span size=\"smaller\" rise=\"%s\">%s</span>", rise,
                                   part);
        else
            g_string_append(markup, part);
        at = n > 0 ? at + 1 + n : from + length;
    }
    return g_string_free(markup, FALSE);
}

char *
scope_text_title(const char *name)
{
    char *title = g_strdelimit(g_strdup(name), "-_", ' ');
    title[0] = g_ascii_toupper(title[0]);
    return title;
}

char *
scope_text_stem(const char *path)
{
    static const char *const endings[] = {".gz",   ".npz", ".sum",        ".jsonl", ".json",
                                          ".csv",  ".npy", ".pt",         ".pth",   ".pkl",
                                          ".gguf", ".txt", ".safetensors"};
    char *stem = g_path_get_basename(path);
    for (bool cut = true; cut;) {
        cut = false;
        for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
            if (g_str_has_suffix(stem, endings[i]) && strlen(stem) > strlen(endings[i])) {
                stem[strlen(stem) - strlen(endings[i])] = '\0';
                cut = true;
            }
    }
    return stem;
}

/* A name that a shell takes as it stands stays without quotes. */
static char *
quote(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./,=:+@%";
    return *word && strspn(word, plain) == strlen(word) ? g_strdup(word) : g_shell_quote(word);
}

char *
scope_text_path(const char *path)
{
    g_autofree char *here = g_get_current_dir();
    size_t length = strlen(here);
    bool below = g_str_has_prefix(path, here) && path[length] == '/' && path[length + 1];
    return quote(below ? path + length + 1 : path);
}

char *
scope_text_imported(const char *path)
{
    g_autofree char *stem = scope_text_stem(path), *name = g_strconcat(stem, ".npz", NULL);
    return quote(name);
}

char *
scope_text_import_command(const char *const *paths, const char *const *choices)
{
    g_autofree char *target = scope_text_imported(paths[0]);
    g_autoptr(GString) command = g_string_new("moescope import");
    for (; *paths; paths++) {
        g_autofree char *source = scope_text_path(*paths);
        g_string_append_printf(command, " %s", source);
    }
    for (; choices && *choices; choices++) {
        g_autofree char *word = quote(*choices);
        g_string_append_printf(command, " %s", word);
    }
    g_string_append_printf(command, " -o %s", target);
    return g_string_free(g_steal_pointer(&command), FALSE);
}
