/* SPDX-License-Identifier: MIT
 *
 * import-pickle.h: pickles for the tests of importers, of what Python's literals say: dicts, lists,
 * tuples, numbers, texts in single quotes, None, nan.
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
        } else {
            at = import_pickle_word(out, at);
        }
    }
    g_string_append_c(out, '.');
    return import_file(name, out->str, (gssize)out->len);
}

#endif
