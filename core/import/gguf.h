/* SPDX-License-Identifier: MIT
 *
 * gguf.h: GGUF, versions 2 and 3 (ggml, docs/gguf.md): what llama.cpp keeps models and importance
 * matrices in. Metadata and the tensors that aren't quantised are read.
 */
#ifndef MOESCOPE_IMPORT_GGUF_H
#define MOESCOPE_IMPORT_GGUF_H

#include "import/python.h"

typedef struct MoeGguf MoeGguf;

/* Maps a file, which must not be cut short while it is open, and reads all but the values. Errors
 * name the file and the byte: MOE_ERROR_FORMAT, _TRUNCATED, _UNSUPPORTED (big-endian, version 1),
 * G_FILE_ERROR. */
MoeGguf *moe__gguf_open(const char *path, GError **error);
void moe__gguf_free(MoeGguf *gguf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeGguf, moe__gguf_free)
/* The metadata as a dict of bools, numbers, strings and lists of them: moe__py_get(). Lives as
 * long as the file is open. */
const MoePy *moe__gguf_metadata(const MoeGguf *gguf);
/* The tensors in the order of the file; the name lives as long as the file is open. */
int moe__gguf_count(const MoeGguf *gguf);
const char *moe__gguf_name(const MoeGguf *gguf, int i);
/* The index of a tensor, or -1. */
int moe__gguf_find(const MoeGguf *gguf, const char *name);
/* Reads tensor `i`. Its axes are in C order, the reverse of ggml's: "ne = [1, E]" is [E, 1].
 * Fails with MOE_ERROR_UNSUPPORTED if it is quantised, MOE_ERROR_FORMAT if its values aren't
 * within the file. */
bool moe__gguf_values(const MoeGguf *gguf, int i, MoeValues *out, GError **error);

#endif
