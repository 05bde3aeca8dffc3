/* SPDX-License-Identifier: MIT
 *
 * python-doc.h: how the readers build a tree.
 */
#ifndef MOESCOPE_IMPORT_PYTHON_DOC_H
#define MOESCOPE_IMPORT_PYTHON_DOC_H

#include "import/python.h"

/* Fetches the bytes of a storage that isn't in memory. */
typedef const uint8_t *(*MoePyFetchFunc)(const MoePyStorage *storage, void *user, GError **error);

struct MoePyDoc {
    GBytes *bytes;          /* the file, or its data.pkl; strings point into it */
    char *name;             /* of the file, for messages */
    const MoePy *root;      /* NULL until it has been read */
    GPtrArray *chunks;      /* of nodes */
    guint used;             /* nodes of the last chunk */
    GPtrArray *blocks;      /* whatever else nodes point at */
    GHashTable *storages;   /* key -> MoePyStorage of a torch file */
    uint64_t budget;        /* bytes that may still be allocated */
    MoePyFetchFunc fetch;   /* NULL: every storage has its data */
    void *user;             /* of fetch */
    GDestroyNotify release; /* of user */
};

/* An empty tree over `bytes` (referenced). */
MoePyDoc *moe__py_doc_new(GBytes *bytes, const char *name);

/* A node, or NULL if the budget is spent. Kinds with bytes, items or the like are still empty. */
MoePy *moe__py_new(MoePyDoc *doc, MoePyKind kind);
MoePy *moe__py_new_bytes(MoePyDoc *doc, MoePyKind kind, const uint8_t *bytes, uint64_t count);
/* An array without storage. */
MoePy *moe__py_new_array(MoePyDoc *doc);
/* Takes `size` from the budget without allocating: for work that its caller could ask for again and
 * again. False if the budget is spent. */
bool moe__py_charge(MoePyDoc *doc, uint64_t size);
/* `size` zeroed bytes that live as long as the tree; NULL if the budget is spent. */
void *moe__py_allocate(MoePyDoc *doc, uint64_t size);
/* Appends a pointer to the items of a container; for a dict twice, key before value, and then
 * count it. False if the budget is spent. */
bool moe__py_append(MoePyDoc *doc, MoePy *container, MoePy *item);
bool moe__py_insert(MoePyDoc *doc, MoePy *dict, MoePy *key, MoePy *value);

/* A text of numpy's fixed width, `width` bytes, of which zeros end it: characters of 32 bits
 * (`wide`) or of a byte, which the tree then points at. NULL if the budget is spent. */
MoePy *moe__py_text(MoePyDoc *doc, const uint8_t *bytes, int64_t width, bool wide);
/* Appends n of them to a list. */
bool moe__py_add_texts(MoePyDoc *doc, MoePy *list, const uint8_t *bytes, int64_t n, int64_t width,
                       bool wide);

/* Checks the tree below `root`: no cycle, not too deep, every array complete, and no more nodes
 * than the file could mean. Returns what is wrong (transfer none), or NULL. */
const char *moe__py_check(MoePyDoc *doc, MoePy *root);

#endif
