/* SPDX-License-Identifier: MIT
 *
 * scope-text.h: words that several parts of the window put together: numbers, names of files,
 * commands.
 */
#ifndef SCOPE_TEXT_H
#define SCOPE_TEXT_H

#include <pango/pango.h>

G_BEGIN_DECLS

/* "12,345". (transfer full) */
char *scope_text_count(gint64 n);
/* What the library says as a sentence: a capital, unless the first word is a name, and a full stop;
 * without "figure NAME: " before it, which the reader sees anyway. (transfer full) */
char *scope_text_sentence(const char *message);
/* For a label that shows it: a line doesn't end within "--option". (transfer full) */
PangoAttrList *scope_text_breaks(const char *message);
/* A formula as markup: indices and powers of "w^A_e", "c_(i)", "Σ_{d<=s}" and "S_t-1" are set as
 * such. (transfer full) */
char *scope_text_formula(const char *formula);
/* "Cell size" of "cell-size". (transfer full) */
char *scope_text_title(const char *name);
/* "german" of "/data/german.npz", "log" of "log.jsonl.gz". (transfer full) */
char *scope_text_stem(const char *path);
/* The path as one would type it: below the current folder relative to it, quoted where a shell
 * needs that. (transfer full) */
char *scope_text_path(const char *path);
/* What an import of `path` is called, as a word of a command: "log.npz". (transfer full) */
char *scope_text_imported(const char *path);
/* What imports `path` on the command line: "moescope import log.jsonl --experts 60 -o log.npz".
 * `choices` may be NULL. (transfer full) */
char *scope_text_import_command(const char *const *paths, const char *const *choices);

G_END_DECLS

#endif
