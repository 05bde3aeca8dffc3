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
