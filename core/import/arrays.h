/* SPDX-License-Identifier: MIT
 *
 * arrays.h: what a file of Python's holds, as one list of named arrays, whichever of numpy.save(),
 * numpy.savez(), torch.save(), pickle.dump() and safetensors wrote it. Told apart by content;
 * values are read when asked for.
 */
#ifndef MOE_IMPORT_ARRAYS_H
#define MOE_IMPORT_ARRAYS_H

#include "import/python.h"

typedef enum {
    MOE_ITEM_ARRAY, /* also lists of numbers, and lists of equally long lists of them */
    MOE_ITEM_NUMBER,
    MOE_ITEM_TEXTS, /* a list of lists of strings, or of strings */
    MOE_ITEM_NONE,
    MOE_ITEM_UNREAD, /* an array of a type that isn't read: only asking for its values fails */
} MoeItemKind;

/* A leaf. Its path is the keys and places that lead to it, joined by "/": "router_logits/3"; of an
 * archive or a safetensors file the array's name as it is, of a .npy file "". */
typedef struct MoeItem {
    MoeItemKind kind;
    char *parent; /* path of what holds it; "" at the top */
    char *name;   /* the rest */
    int siblings; /* items of the list or tuple that holds it; 0: a dict or the top does */
    bool keyed;   /* what holds it is the value of a key of a dict */
    /* Of ARRAY. */
    MoeStoredType type;
    int ndim;
    int64_t shape[MOE_VALUES_AXES];
    double number; /* of NUMBER */
    /* Where its values are. */
    const MoePy *node;
    const MoePyDoc *doc;
    int index;
} MoeItem;

typedef struct MoeArrays MoeArrays;

/* Fails with MOE_ERROR_UNSUPPORTED if the content is of none of these kinds, and as their readers
 * do. */
MoeArrays *moe__arrays_open(const char *path, GError **error);
void moe__arrays_free(MoeArrays *arrays);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MoeArrays, moe__arrays_free)
/* As it may be shown. */
const char *moe__arrays_path(const MoeArrays *arrays);
/* In the order of the file. */
int moe__arrays_count(const MoeArrays *arrays);
const MoeItem *moe__arrays_item(const MoeArrays *arrays, int i);
/* The item `name` of `parent`, or NULL. */
const MoeItem *moe__arrays_find(const MoeArrays *arrays, const char *parent, const char *name);
/* The values of an ARRAY; of anything else an error. */
bool moe__arrays_values(const MoeArrays *arrays, const MoeItem *item, MoeValues *out,
                        GError **error);
/* The same of place `part` along its first axis, of an ARRAY of two axes or more; -1: all of it. */
bool moe__arrays_part(const MoeArrays *arrays, const MoeItem *item, int64_t part, MoeValues *out,
                      GError **error);

/* Whether a file that begins with these bytes may be of one of the kinds: cheap, for score(). */
bool moe__arrays_may_be(const uint8_t *head, size_t length);
bool moe__item_is_float(const MoeItem *item);
/* Boolean or integer. */
bool moe__item_is_integer(const MoeItem *item);
/* The product of the first `axes` lengths. */
int64_t moe__item_count(const MoeItem *item, int axes);
/* "[2, 3]" (transfer full) */
char *moe__item_shape(const MoeItem *item);
/* The last number in a name ("layers.3.gate": 3); -1 if there is none. */
int moe__item_number(const char *name);

#endif
