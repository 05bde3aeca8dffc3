/* SPDX-License-Identifier: MIT
 *
 * legacy.h: the format of torch.save() before 1.6, still written with
 * _use_new_zipfile_serialization=False and by pickle.dump() of a tensor: five pickles in a row (a
 * magic number, 1001, facts about the machine, the object, the keys of its storages), then each
 * storage as its number of elements (int64) and its values.
 */
#ifndef MOESCOPE_IMPORT_LEGACY_H
#define MOESCOPE_IMPORT_LEGACY_H

#include "import/python.h"

/* Whether a file that begins with these bytes is such a stream. */
bool moe__legacy_is(const uint8_t *bytes, size_t length);
/* Reads a stream that takes up all `length` bytes, which have to live as long as `doc`; storages
 * keep pointing at them. NULL on error. (transfer none) */
MoePy *moe__legacy_read(MoePyDoc *doc, const uint8_t *bytes, size_t length, const char *name,
                        int nesting, GError **error);

#endif
