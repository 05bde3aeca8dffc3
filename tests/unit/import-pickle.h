/* SPDX-License-Identifier: MIT
 *
 * import-pickle.h: pickles for the tests of importers, of what Python's literals say: dicts, lists,
 * tuples, numbers, texts in single quotes, None, nan; and numpy's arrays of small numbers as
 * "@2x3:1 2 3 4 5 6;", of int32.
 */
#ifndef MOESCOPE_TESTS_IMPORT_PICKLE_H
#define MOESCOPE_TESTS_IMPORT_PICKLE_H

#include "import-file.h"

#include <string.h>

/* The opcodes of one number or name; returns what follows it. */
static inline const char *
import_pickle_word(GString *out, const char *at)
{
    size_t n = strcspn(at, ",:]}) ");
    g_autofree char *word = g_strndup(at, n);
    bool real = strpbrk(word, ".n") != NULL;
    if (g_str_equal(word, "None"))
        g_string_append_c(out, 'N');
    else
        g_string_append_printf(out, "%c%s\n", real ? 'F' : 'I', word);
    return at + n;
}

/* An array, from behind its "@"; returns what follows its ";". */
static inline const char *
import_pickle_array(GString *out, const char *at)
{
    size_t shape = strcspn(at, ":"), n = strcspn(at, ";");
    g_autofree char *axes = g_strndup(at, shape);
    g_autofree char *values = g_strndup(at + shape + 1, n - shape - 1);
    g_auto(GStrv) lengths = g_strsplit(axes, "x", -1), numbers = g_strsplit(values, " ", -1);
    g_string_append(out, "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR"
                         "(I1\n(");
    for (int i = 0; lengths[i]; i++)
        g_string_append_printf(out, "I%s\n", lengths[i]);
    g_string_append(out, "tcnumpy\ndtype\n(Vi4\nI0\nI1\ntR(I3\nV<\nNNNI-1\nI-1\nI0\ntbI00\nU");
    g_string_append_c(out, (char)(4 * g_strv_length(numbers))); /* less than 64 numbers */
    for (int i = 0; numbers[i]; i++) {
        g_string_append_c(out, (char)atoi(numbers[i]));
        g_string_append_len(out, "\0\0\0", 3);
    }
    g_string_append(out, "tb");
    return at + n + 1;
}

/* Writes `name` as pickle.dump(LITERAL) would. (transfer full) */
static inline char *
import_pickle(const char *name, const char *literal)
{
    static const char open[] = "{[(", ends[] = "}])", made[] = "dlt";
    g_autoptr(GString) out = g_string_new("\x80\x02");
    for (const char *at = literal; *at;) {
        if (strchr(" ,:", *at)) {
            at++;
        } else if (strchr(open, *at)) {
            g_string_append_c(out, '(');
            at++;
        } else if (strchr(ends, *at)) {
            g_string_append_c(out, made[strchr(ends, *at++) - ends]);
        } else if (*at == '\'') {
            size_t n = strcspn(at + 1, "'");
            g_string_append_printf(out, "V%.*s\n", (int)n, at + 1);
            at += n + 2;
        } else if (*at == '@') {
            at = import_pickle_array(out, at + 1);
        } else {
            at = import_pickle_word(out, at);
        }
    }
    g_string_append_c(out, '.');
    return import_file(name, out->str, (gssize)out->len);
}

#endif
