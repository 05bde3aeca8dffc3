/* SPDX-License-Identifier: MIT
 *
 * python.h: what a pickle holds, as a plain tree. Nothing of it was executed: the readers
 * (pickle.h, pt.h) know a fixed list of containers and arrays and refuse everything else.
 *
 * A node may stand in several places of the tree, as in Python, but never below itself, and the
 * tree written out in full is bounded by the size of the file: walking it naively is safe.
 */
#ifndef MOESCOPE_IMPORT_PYTHON_H
#define MOESCOPE_IMPORT_PYTHON_H

#include "import/values.h"

typedef enum {
    MOE_PY_NONE,
    MOE_PY_BOOL,
    MOE_PY_INT,
    MOE_PY_BIG, /* an integer beyond int64_t, as the bytes that the file has for it */
    MOE_PY_FLOAT,
    MOE_PY_STRING, /* UTF-8 as the file has it: unchecked, may hold NUL */
    MOE_PY_BYTES,
    MOE_PY_TUPLE,
    MOE_PY_LIST, /* also numpy arrays of objects or texts, flat */
    MOE_PY_DICT, /* also OrderedDict, defaultdict and Counter */
    MOE_PY_SET,
    MOE_PY_ARRAY,   /* numpy.ndarray or torch.Tensor: moe__py_values() */
    MOE_PY_STORAGE, /* a torch storage by itself */
    MOE_PY_DTYPE,   /* numpy.dtype, torch.float32 */
    MOE_PY_UNREAD,  /* an array or number that isn't read: complex, dates, records, negated views */
    MOE_PY_GLOBAL,  /* one of the known functions or classes, by itself */
} MoePyKind;

enum { MOE_PY_DEPTH_MAX = 64 }; /* how deep a tree may be */

typedef struct MoePy MoePy;

/* A block of values that arrays share. */
typedef struct MoePyStorage {
    char *key;           /* in a torch file; NULL for numpy's and nested ones */
    MoeStoredType type;  /* U8 for an untyped storage */
    uint64_t size;       /* bytes */
    const uint8_t *data; /* [size]; NULL while it lies in a member of an archive */
} MoePyStorage;

typedef struct MoePyArray {
    MoeLayout layout;
    const MoePyStorage *storage; /* NULL: none was given yet (while being read) */
} MoePyArray;

struct MoePy {
    uint8_t kind, colour; /* colour: of the walk that checks the tree */
    uint16_t height;      /* levels below */
    float weight;         /* nodes of it and below, each counted wherever it stands */
    int64_t count;        /* bytes, items or pairs */
    union {
        bool truth;
        int64_t integer; /* also the number of a global */
        double number;
        const uint8_t *bytes; /* [count], STRING, BYTES and BIG; not ended by a 0 */
        MoePy **items;        /* [count]; of DICT [2 * count]: key, value, key, value … */
        MoePyArray *array;
        MoePyStorage *storage;
        MoeStoredType type; /* of DTYPE; or one of pickle-machine.h's */
    };
};

/* A tree with all that it points at. */
typedef struct MoePyDoc MoePyDoc;

void moe__py_doc_free(MoePyDoc *doc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoePyDoc, moe__py_doc_free)
const MoePy *moe__py_root(const MoePyDoc *doc);

/* "dict", "list", … */
const char *moe__py_kind_name(MoePyKind kind);
/* Whether `value` is a string of these characters. */
bool moe__py_is(const MoePy *value, const char *text);
/* The value of the string `key`, or NULL (also if `dict` is no dict). */
const MoePy *moe__py_get(const MoePy *dict, const char *key);
/* A string as valid UTF-8 up to its first NUL; NULL if `value` is none. (transfer full) */
char *moe__py_string(const MoePy *value);
/* An integer or a boolean; of a float or anything else false. */
bool moe__py_integer(const MoePy *value, int64_t *out);
/* A float, an integer or a boolean. */
bool moe__py_number(const MoePy *value, double *out);
/* The values of an ARRAY, copied into C order. Fails with MOE_ERROR_FORMAT if they aren't there,
 * and as reading the file does. */
bool moe__py_values(const MoePyDoc *doc, const MoePy *array, MoeValues *out, GError **error);

#endif
