/* SPDX-License-Identifier: MIT
 *
 * tokenizer-layout.h: tokenizer.json as a tree that has been checked to be of the one layout that
 * this version encodes as Hugging Face's `tokenizers` would.
 */
#ifndef MOE_TEXT_TOKENIZER_LAYOUT_H
#define MOE_TEXT_TOKENIZER_LAYOUT_H

#include <json-glib/json-glib.h>
#include <stdbool.h>

/* The member "model", with objects and arrays in "vocab" and "merges", of the text of a
 * tokenizer.json; borrowed from `parser`. `path` is for messages. NULL with MOE_ERROR_FORMAT if it
 * isn't such a file, MOE_ERROR_UNSUPPORTED if it is of another layout. */
JsonObject *moe__tokenizer_layout(JsonParser *parser, const char *path, const char *text,
                                  size_t length, GError **error);

#endif
